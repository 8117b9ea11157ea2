"""Mobile numbers as gateways want them, and texts without them for everybody else."""

import re
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

_THAILAND = 66
_LIKE_A_NUMBER = re.compile(r"\+?\d(?:[ -]?\d){6,}")
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class NumberForm(StrEnum):
    """+66812345678, 66812345678 or 0812345678."""

    E164 = "e164"
    DIGITS = "digits"
    NATIONAL = "national"


def gateway_number(mobile: str, form: NumberForm = NumberForm.E164) -> str:
    """The number in the gateway's form; '' where it cannot be reached by SMS.

    0066... is how Thailand is dialled from abroad; phonenumbers would take it for the number of another country.
    """
    text = "".join(mobile.split())
    try:
        number = phonenumbers.parse(f"+{text[2:]}" if text.startswith("00") else text, "TH")
    except NumberParseException:
        return ""
    if phonenumbers.number_type(number) not in _MOBILE:  # an invalid number has no type
        return ""
    e164 = str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    match form:
        case NumberForm.E164:
            return e164
        case NumberForm.DIGITS:
            return e164.removeprefix("+")
        case NumberForm.NATIONAL:
            return f"0{number.national_number}" if number.country_code == _THAILAND else e164


def masked_digits(text: str) -> str:
    """The text without anything that may be a phone number, where it is not known whose it could be."""
    return _LIKE_A_NUMBER.sub("***", text)


def masked(text: str, number: str) -> str:
    """The text without the number, in whatever form it stands there."""
    digits = number.lstrip("+0")
    for one in sorted({digits, digits.removeprefix(str(_THAILAND))} - {""}, key=len, reverse=True):
        text = text.replace(one, "***")
    return text

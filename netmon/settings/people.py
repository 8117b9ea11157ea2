"""service_centres.csv, technicians.csv, volunteers.csv. A phone number never stands in a complaint."""

import re
from pathlib import Path
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberMatcher, PhoneNumberType

from netmon.model.ids import CentreId, TechnicianId
from netmon.model.inventory import ServiceCentre, Technician, Volunteer
from netmon.settings.complaints import Kind, Page, did_you_mean, quote
from netmon.settings.sheets import (
    CENTRES,
    LANGUAGES,
    TECHNICIANS,
    VOLUNTEERS,
    Sheet,
    choice,
    take_id,
)
from netmon.settings.tables import Texts, read_rows
from netmon.settings.values import mail_address
from netmon.settings.villages import take_village_id

_MOBILE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_THAI: Any = PhoneMetadata.metadata_for_region("TH")
_USUAL = re.compile(rf"(?:0|\+66)({_THAI.mobile.national_number_pattern})", re.ASCII)
"""A Thai mobile and nothing else, by phonenumbers' own table, many times faster than asking phonenumbers."""
_SPACED = str.maketrans("", "", " -")
_AS_NUMBER = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+")
_LONGEST_CELL = 100
_DECIMALS = re.compile(r"\.0+$")
_DIALLED_ABROAD = re.compile(r"^\W*0\s?0\s?66")
"""0066, the way Thailand is dialled from abroad; phonenumbers would take its zeros for Thailand's own 0."""


def read_centres(directory: Path, page: Page, texts: Texts) -> Sheet[ServiceCentre]:
    """Read service_centres.csv."""
    sheet: Sheet[ServiceCentre] = Sheet(CENTRES)
    for row, (own, name, phone, email) in read_rows(directory, CENTRES, page, texts):
        if not take_id(sheet, own, row, page):
            continue
        _need_name(name, row, page)
        address = _email(email, row, page) if email else ""
        sheet.add(ServiceCentre(id=CentreId(own), name=name, phone=phone, email=address), row)
    return sheet


def read_technicians(directory: Path, page: Page, texts: Texts) -> Sheet[Technician]:
    """Read technicians.csv; a mobile that is none is ''."""
    sheet: Sheet[Technician] = Sheet(TECHNICIANS)
    for row, (own, name, centre, email, mobile, language) in read_rows(directory, TECHNICIANS, page, texts):
        if not take_id(sheet, own, row, page):
            continue
        _need_name(name, row, page)
        number = read_mobile(mobile)
        if mobile and not number:
            page.warn(row, "mobile", _what_is_wrong(mobile), "type it again as text, e.g. 08x-xxx-xxxx")
        sheet.add(
            Technician(
                id=TechnicianId(own),
                name=name,
                centre=CentreId(centre),
                email=_email(email, row, page),
                mobile=number,
                language=_language(language, row, page),
            ),
            row,
        )
    return sheet


def read_volunteers(directory: Path, page: Page, texts: Texts) -> Sheet[Volunteer]:
    """Read volunteers.csv; a mobile that is none is ''."""
    sheet: Sheet[Volunteer] = Sheet(VOLUNTEERS)
    for row, (village, name, mobile, language) in read_rows(directory, VOLUNTEERS, page, texts):
        own = take_village_id(village, row, page, "village")
        if own is None or not take_id(sheet, own, row, page, "village"):
            continue
        _need_name(name, row, page)
        number = read_mobile(mobile)
        if not number:
            what = f"the volunteer of village {own} has no valid mobile: {_what_is_wrong(mobile)}"
            fix = "no SMS can be sent; type the number again as text, e.g. 08x-xxx-xxxx"
            page.warn(row, "mobile", what, fix, kind=Kind.VOLUNTEER_WITHOUT_MOBILE)
        sheet.add(Volunteer(village=own, name=name, mobile=number, language=_language(language, row, page)), row)
    return sheet


def read_mobile(text: str) -> str:
    """A mobile number in E.164, '' where the text has none. The 0 in front, which Excel drops, is not missed."""
    usual = _USUAL.fullmatch(text.translate(_SPACED))
    return f"+66{usual[1]}" if usual else read_unusual_mobile(text)


def read_unusual_mobile(text: str) -> str:
    """The same for any text, slowly."""
    text = _DIALLED_ABROAD.sub("+66", _DECIMALS.sub("", text[:_LONGEST_CELL]))
    try:
        candidates = [phonenumbers.parse(text, "TH")]
    except phonenumbers.NumberParseException:
        candidates = []
    if not any(map(_is_mobile, candidates)):  # two numbers in a cell, or a number with a remark
        candidates = [match.number for match in PhoneNumberMatcher(text, "TH")]
    for number in candidates:
        if _is_mobile(number):
            return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return ""


def _is_mobile(number: phonenumbers.PhoneNumber) -> bool:
    return phonenumbers.number_type(number) in _MOBILE_TYPES


def _what_is_wrong(text: str) -> str:
    if not text:
        return "it is empty"
    if _AS_NUMBER.fullmatch(text):
        return "Excel has shortened it, and its last digits are lost"
    return "it is not a mobile number"


def _need_name(name: str, row: int, page: Page) -> None:
    if not name:
        page.wrong(row, "name", "is empty", "write the name; messages need it")


def _email(text: str, row: int, page: Page) -> str:
    if not text:
        page.wrong(row, "email", "is empty", "give the address tickets are mailed to")
        return ""
    try:
        return mail_address(text)
    except ValueError:
        page.wrong(row, "email", f"{quote(text)} is no e-mail address", "write one address such as a@example.org")
        return ""


def _language(text: str, row: int, page: Page) -> str:
    language = choice(text, LANGUAGES, "th")
    if language is None:
        page.wrong(row, "language", f"{quote(text)} is no language here", did_you_mean(text, LANGUAGES))
    return language or "th"

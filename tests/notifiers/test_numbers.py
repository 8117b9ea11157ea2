"""Numbers as gateways want them, and texts without them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.notifiers.numbers import NumberForm, gateway_number, masked


@pytest.mark.parametrize("text", ["+66812345678", "0066812345678", "00 66 81 234 5678", "081-234-5678", "๐๘๑๒๓๔๕๖๗๘"])
def test_however_it_is_written_it_is_the_same_number(text: str) -> None:
    forms = [gateway_number(text, form) for form in (NumberForm.E164, NumberForm.DIGITS, NumberForm.NATIONAL)]
    assert forms == ["+66812345678", "66812345678", "0812345678"]


@pytest.mark.parametrize("text", ["", "081", "ช่าง", "+66", "00", "1100", "+" * 300])
def test_what_is_no_number_is_none(text: str) -> None:
    assert gateway_number(text) == ""


@given(before=st.text("abc ", max_size=5), form=st.sampled_from(NumberForm))
def test_no_form_of_the_number_survives_masking(before: str, form: NumberForm) -> None:
    number = gateway_number("+66812345678", form)
    for written in ("+66812345678", "66812345678", "0812345678", "0066812345678"):
        assert "12345678" not in masked(f"{before}{written}{before}", number)

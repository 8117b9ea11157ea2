"""The table attached to the mail of a large fault: readable by Excel, harmless in Excel."""

import csv
import io
from codecs import BOM_UTF8

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.notifiers.village_table import safe_cell, village_table
from tests.notifiers.letters import NINE_FIFTEEN, device_of, fault_of, letter, village
from tests.notifiers.makers import sent


def rows(content: bytes) -> list[list[str]]:
    assert content.startswith(BOM_UTF8)
    text = content.removeprefix(BOM_UTF8).decode()
    assert text.count("\n") == text.count("\r\n") == len(text.splitlines())
    return list(csv.reader(io.StringIO(text, newline="")))


def test_every_village_has_a_row_with_its_times() -> None:
    there = [village(1), village(2)]
    fault = fault_of(there).with_recovered({device_of(there[0]).id}, NINE_FIFTEEN + 3600)
    headings, first, second = rows(village_table([letter(villages=there, fault=fault)]))
    assert len(headings) == len(first)
    assert first[:7] == ["T-2569-000123", "37060101", "บ้านหนองแวง", "1", "นาป่าแซง", "ปทุมราชวงศา", "อำนาจเจริญ"]
    assert first[10:] == ["2026-11-20 09:15:00+07:00", "2026-11-20 10:15:00+07:00", "ap-37060101"]
    assert second[11] == ""


def test_a_mail_of_many_villages_carries_the_table_and_says_so() -> None:
    mail = sent(letter(villages=[village(number) for number in range(1, 61)]))
    (table,) = mail.iter_attachments()
    assert table.get_filename() == "T-2569-000123-villages.csv"
    content = table.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert len(rows(content)) == 61
    body = mail.get_body(("plain",))
    assert body is not None
    assert "และอีก 10 หมู่บ้าน ดูรายการทั้งหมดได้ในไฟล์แนบ" in body.get_content()
    assert mail["Content-Language"] == "th, en"


def test_a_mail_of_few_villages_carries_none() -> None:
    assert not list(sent(letter(villages=[village(number) for number in range(1, 51)])).iter_attachments())


@pytest.mark.parametrize("text", ["=1+1", "+66", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "  =1", "\u3000＝1", "\u202e=1"])
def test_a_cell_that_begins_like_a_formula_is_text(text: str) -> None:
    assert safe_cell(text).startswith("'")


@given(st.text())
def test_no_cell_is_a_formula_or_has_a_second_line(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert len(cell.splitlines()) <= 1

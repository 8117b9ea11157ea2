"""SMS: always one message, and what is given up first."""

import itertools
import random
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.faults import MILD, Cause, Resolution
from netmon.model.ids import TicketNumber, VillageId
from netmon.model.inventory import Village
from netmon.model.notices import Audience, Channel, Letter, Recipient, Stage
from netmon.notifiers import SmsRenderer, Templates
from netmon.notifiers.sms import LONGEST, units
from tests.notifiers.letters import NINE_FIFTEEN, fault_of, letter, noc_letter, resolved, village
from tests.notifiers.makers import CONTACT

SMS = SmsRenderer(Templates(), CONTACT)
VILLAGES = 24_700
STEMS = """หนองแวง โนนสะอาด นาดี ห้วยน้ำเย็น คลองสิบสอง เขาชะอางค์ โต๊ะเมือง หนองบัวลำพัฒนา วังน้ำเขียว ดอนไชย กุดน้ำใส
บ่อ ซับสมบูรณ์ เวียงหวาย สระสี่เหลี่ยม แม่สาน ปากคลอง ทุ่งควายกิน""".split()
ENDINGS = ("", "เหนือ", "ใต้", "น้อย", "สามัคคี", "เจริญทรัพย์", "เฉลิมพระเกียรติพัฒนา", " (จัดสรรสหกรณ์การเกษตรนิคมสร้างตนเอง)")
LONG_NAMES = (
    "บ้านโครงการพัฒนาพื้นที่สูงตามพระราชดำริห้วยแม่เกี๋ยง",
    "ชุมชนหมู่บ้านจัดสรรสหกรณ์การเกษตรนิคมสร้างตนเองลำโดมน้อย",
    "บ้านหนองบัวลำพัฒนาเฉลิมพระเกียรติพัฒนา",
    "บ้าน" + "ก" * 56,
    "ก" * 60,
    "น้ำ" * 20,
)


def generated(count: int) -> list[Village]:
    """Villages as varied as the country's: names of up to 60 characters, towns without moo, second points."""
    rng = random.Random(7)
    stems = itertools.cycle(itertools.product(STEMS, ENDINGS, ("บ้าน", "บ้าน", "ชุมชน", "")))
    found = []
    for n, (stem, ending, prefix) in zip(range(count), stems, strict=False):
        name = LONG_NAMES[n // 50 % len(LONG_NAMES)] if n % 50 == 0 else (prefix + stem + ending)[:60]
        suffix = rng.choice(("", "", "", "-2", "-12"))
        code = f"{rng.randint(100101, 969999)}{rng.randint(0, 30):02d}{suffix}"
        found.append(village(id=VillageId(code), name=name))
    return found


def telling(one: Village, stage: Stage = Stage.OPENED, cause: Cause = Cause.UPLINK, **other: str) -> Letter:
    about = fault_of([one], cause=cause)
    if stage is Stage.RESOLVED:
        about = resolved(about, NINE_FIFTEEN + 17_220)
    made = letter(stage, Channel.SMS, villages=[one], fault=about)
    assert made.ticket is not None
    ticket = replace(made.ticket, number=TicketNumber(other.get("number", "T-2569-000123")))
    return replace(made, ticket=ticket, person=replace(made.person, language=other.get("language", "th")))


@pytest.mark.parametrize(("language", "count"), [("th", VILLAGES), ("en", VILLAGES // 10)])
def test_the_text_fits_one_message_for_every_village_of_the_country(language: str, count: int) -> None:
    cases = itertools.cycle(itertools.product((Stage.OPENED, Stage.RESOLVED, Stage.RELABELLED), Cause))
    number = "T-2569-999999"
    too_long, incomplete = [], []
    for one, (stage, cause) in zip(generated(count), cases, strict=False):
        text = SMS.render(telling(one, stage, cause, language=language, number=number))
        if units(text) > LONGEST or not unicodedata.is_normalized("NFC", text):
            too_long.append(text)
        if not text.startswith(("เน็ตประชารัฐ ", "Net Pracharat ")) or not ("09:15" in text or "14:02" in text):
            incomplete.append(text)
        # A second point of a village takes its number's room; English is for a few, and longer.
        if CONTACT not in text and language == "th" and "-" not in one.id and cause not in MILD:
            incomplete.append(text)
    assert not too_long
    assert not incomplete


@pytest.mark.parametrize("name", LONG_NAMES)
@pytest.mark.parametrize("language", ["th", "en"])
def test_the_longest_names_still_tell_what_and_when(name: str, language: str) -> None:
    worst = village(id=VillageId("96999930-99"), name=name)
    for stage, cause in itertools.product((Stage.OPENED, Stage.EXTENDED, Stage.RELABELLED, Stage.MERGED), Cause):
        text = SMS.render(telling(worst, stage, cause, number="T-2569-999999", language=language))
        assert units(text) <= LONGEST
        assert "09:15" in text
        assert "30" in text


@given(st.text(max_size=200), st.integers(0, 99), st.sampled_from(Cause), st.text(max_size=80))
def test_no_name_and_no_contact_makes_it_longer(name: str, moo: int, cause: Cause, contact: str) -> None:
    one = village(id=VillageId(f"370601{moo:02d}"), name=name)
    text = SmsRenderer(Templates(), contact).render(telling(one, cause=cause)) if contact else SMS.render(telling(one))
    assert units(text) <= LONGEST
    assert "\n" not in text


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("บ้านบ่อ", "T-2569-000123", "เน็ตประชารัฐ บ้านบ่อ ม.5 ใช้ได้แล้ว 20/11 14:02 #3f โทร 1111 กด 88"),
        ("บ้านโนนสะอาด", "T-2569-000123", "เน็ตประชารัฐ บ.โนนสะอาด ม.5 ใช้ได้แล้ว 20/11 14:02 #3f โทร 1111 กด 88"),
        ("บ้านโนนสะอาดใต้", "T-2569-000123", "เน็ตประชารัฐ บ.โนนสะอาดใต้ ม.5 ใช้ได้แล้ว 20/11 14:02 โทร 1111 กด 88"),
        ("บ้านโนนสะอาดเจริญทรัพย์", "T-2569-000123", "เน็ตประชารัฐ บ.โนนสะอาดเจริญทรัพย์ ม.5 ใช้ได้แล้ว 14:02 โทร 1111 กด 88"),
        ("บ้าน" + "ก" * 30, "T-2569-000123", "เน็ตประชารัฐ ม.5 ใช้ได้แล้ว 14:02 โทร 1111 กด 88"),
    ],
)
def test_parts_are_given_up_in_a_fixed_order(name: str, number: str, expected: str) -> None:
    assert SMS.render(telling(village(name=name), Stage.RESOLVED, number=number)) == expected


def test_of_another_day_the_date_stays_longer_than_the_name() -> None:
    late = replace(telling(village(name="บ้าน" + "ก" * 30)), at=NINE_FIFTEEN + 86_400)
    assert SMS.render(late) == "เน็ตประชารัฐ ม.5 ขัดข้อง 20/11 09:15 แจ้งช่างแล้ว โทร 1111 กด 88"


def test_the_number_to_call_goes_last_but_before_what_happened(tmp_path: Path) -> None:
    (tmp_path / "th").mkdir()
    path = tmp_path / "th" / "sms.txt"
    texts = []
    for filler in (46, 50, 60, 66):
        path.write_text("ก" * filler + " {{ when }} {{ code }} {{ contact }}")
        texts.append(SmsRenderer(Templates(tmp_path), CONTACT).render(telling(village())).lstrip("ก "))
    assert texts == ["20/11 09:15 1111 กด 88", "09:15 1111 กด 88", "09:15", "09:"]


def test_an_operators_endless_template_is_cut_and_still_sent(tmp_path: Path) -> None:
    (tmp_path / "th").mkdir()
    (tmp_path / "th" / "sms.txt").write_text("น้ำท่วม" * 50 + "{{ name }}")
    text = SmsRenderer(Templates(tmp_path), CONTACT).render(telling(village()))
    assert units(text) <= LONGEST
    assert units(text) > LONGEST - 4


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (Cause.POWER, "คาดว่าไฟดับ"),
        (Cause.FEEDER, "ต้นทางขัดข้อง"),
        (Cause.UPLINK, "ขัดข้อง"),
        (Cause.ACCESS_POINT, "ขัดข้อง"),
        (Cause.UNKNOWN, "ขัดข้อง"),
    ],
)
def test_a_volunteer_is_told_of_the_fault_and_that_somebody_comes(cause: Cause, said: str) -> None:
    expected = f"เน็ตประชารัฐ บ.มน ม.5 {said} 09:15 แจ้งช่างแล้ว โทร 1111 กด 88"
    assert SMS.render(telling(village(name="บ้านมน"), cause=cause)) in {
        expected,
        expected.replace("09:15", "20/11 09:15"),
    }


def test_towns_have_no_moo_and_second_points_are_numbered() -> None:
    town = village(id=VillageId("37060100-2"), name="ชุมชนวัดใต้")
    assert SMS.render(telling(town)) == "เน็ตประชารัฐ จุด 2 ขัดข้อง 09:15 แจ้งช่างแล้ว โทร 1111 กด 88"


def test_the_text_is_about_the_volunteers_own_village() -> None:
    first, own = village(4, name="บ้านอื่น"), village(5)
    about = fault_of([first, own])
    several = letter(channel=Channel.SMS, villages=[first, own], fault=about)
    notice = replace(several.notice, recipient=Recipient(Audience.VOLUNTEER, own.id))
    assert "บ.หนองแวง ม.5" in SMS.render(replace(several, notice=notice))


def test_a_village_that_is_back_is_told_so_while_others_stay_dark() -> None:
    own, other = village(5), village(6)
    about = fault_of([own, other]).with_recovered({fault_of([own]).members[0].device}, NINE_FIFTEEN + 3600)
    text = SMS.render(letter(Stage.RESOLVED, Channel.SMS, villages=[own, other], fault=about))
    assert "ใช้ได้แล้ว 20/11 10:15" in text


def test_an_operators_end_does_not_claim_that_it_works() -> None:
    ended = resolved(fault_of([village()]), NINE_FIFTEEN + 3600, Resolution.OPERATOR)
    text = SMS.render(letter(Stage.RESOLVED, Channel.SMS, fault=ended))
    assert "ใช้ได้" not in text
    assert "ปิดงานแล้ว 20/11 10:15" in text


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("language", ["th", "en"])
def test_no_text_asks_or_links(stage: Stage, language: str) -> None:
    made = noc_letter(stage, Channel.SMS) if stage in {Stage.BLIND, Stage.SIGHTED} else letter(stage, Channel.SMS)
    text = SMS.render(replace(made, person=replace(made.person, language=language)))
    assert "?" not in text
    assert "http" not in text
    assert "  " not in text

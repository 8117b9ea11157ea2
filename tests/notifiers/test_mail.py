"""Mail: what the technician reads, and what mail programs rely on."""

import re
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netmon.model.faults import Cause, Fault, Member, Resolution, Scope
from netmon.model.ids import CentreId, DeviceId, FaultId, VillageId
from netmon.model.inventory import Device, PointKind, Role, ServiceCentre, Village
from netmon.model.notices import Audience, Channel, Notice, Person, Recipient, Stage, Tried
from netmon.model.tickets import TicketEvent, TicketStatus
from netmon.notifiers import MailComposer, Templates
from netmon.notifiers.mail import message_id
from tests.notifiers.letters import NINE_FIFTEEN, device_of, fault_of, letter, noc_letter, resolved, village
from tests.notifiers.makers import LETTERHEAD, html, mail_composer, part, plain, sent, wording

FIRST_LINES = {
    Stage.OPENED: "ขัดข้อง: บ้านหนองแวง หมู่ที่ 5 ตำบลนาป่าแซง อำเภอปทุมราชวงศา จังหวัดอำนาจเจริญ",
    Stage.EXTENDED: "เพิ่มหมู่บ้าน: บ้านหนองแวง หมู่ที่ 5",
    Stage.RELABELLED: "เปลี่ยนสาเหตุ: บ้านหนองแวง หมู่ที่ 5",
    Stage.RESOLVED: "กลับมาใช้ได้แล้ว: บ้านหนองแวง หมู่ที่ 5",
    Stage.MERGED: "รวมเข้ากับใบงานอื่น: บ้านหนองแวง หมู่ที่ 5",
}


@pytest.mark.parametrize("stage", FIRST_LINES)
def test_the_first_line_tells_state_and_place(stage: Stage) -> None:
    assert plain(letter(stage)).startswith(FIRST_LINES[stage])


def test_a_mail_tells_all_a_technician_needs() -> None:
    note = TicketEvent(NINE_FIFTEEN + 900, "สมชาย ใจดี", "note", "ไฟ LOS แดง\nวัดแสงไม่ได้")
    text = plain(letter(villages=[village(contact="ผู้ใหญ่บ้านประยูร")], history=(note,)))
    for needed in (
        "ตั้งแต่: 20 พ.ย. 2569 09:15 น. (ผ่านมาแล้ว 4 นาที)",
        "สาเหตุ: อุปกรณ์กระจายสัญญาณ Wi-Fi (AP) ขัดข้อง (ความมั่นใจ 95%)",
        "น่าจะเป็นเพราะaccess_point",
        "  - uplink_answers ap-37060105",
        "ตรวจก่อน: ",
        "ที่ตั้ง: ศาลากลางหมู่บ้าน",
        "ผู้ติดต่อในพื้นที่: ผู้ใหญ่บ้านประยูร",
        "อุปกรณ์กระจายสัญญาณ Wi-Fi (AP): ap-37060105 IP 10.64.1.5",
        "https://www.google.com/maps?q=15.810000,104.920000",
        "ใบงาน T-2569-000123: เปิดใบงานแล้ว รอรับงาน",
        "20 พ.ย. 2569 09:30 น. สมชาย ใจดี: บันทึก: ไฟ LOS แดง วัดแสงไม่ได้",
        "หรือโทร 1111 กด 88",
    ):
        assert needed in text


def test_a_mail_tells_what_was_tried_until_the_end_of_an_outage() -> None:
    tried = Tried(tries=3, within=12.0, every=20.0, last_try=NINE_FIFTEEN + 230, last_answer=NINE_FIFTEEN - 15)
    thai, english = plain(letter(tried=tried)).split("---------- English")
    assert (
        "ลองแล้ว: ping อย่างน้อย 3 ครั้งภายใน 12 วินาทีก่อนแจ้ง และ ping ต่อทุก 20 วินาที (ล่าสุด 09:18 น.) ยังไม่มีคำตอบ "
        "อุปกรณ์ตอบครั้งสุดท้ายเมื่อ 20 พ.ย. 2569 09:14 น."
    ) in thai
    assert "every 20 seconds since (last at 09:18), without an answer; the last answer came on 20 Nov" in english
    assert "<strong>ลองแล้ว:</strong>" in html(letter(tried=tried))
    just_started = plain(letter(tried=Tried(tries=3, within=12.0, every=0.5)))
    assert "ping ต่อทุก 0.5 วินาที ยังไม่มีคำตอบ\n" in just_started
    mild = fault_of([village()], cause=Cause.AGENT)  # it answers pings
    for silent in (letter(), letter(Stage.RESOLVED, tried=tried), letter(fault=mild, tried=tried)):
        assert "ลองแล้ว" not in plain(silent)


def test_answers_go_to_whoever_reads_them() -> None:
    assert sent(letter())["Reply-To"] is None
    composer = MailComposer(Templates(), replace(LETTERHEAD, reply_to="noc@example.invalid"), wording)
    assert composer.compose(letter())["Reply-To"] == "noc@example.invalid"


def test_thai_comes_first_and_english_below_in_both_forms() -> None:
    for text in (plain(letter()), html(letter())):
        assert text.index("ขัดข้อง") < text.index("แจ้งกลับ:") < text.index("Outage") < text.index("To answer:")


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("stage", FIRST_LINES)
def test_every_stage_and_cause_can_be_told_in_both_forms(stage: Stage, cause: Cause) -> None:
    message = sent(letter(stage, fault=fault_of([village()], cause=cause)))
    for subtype in ("plain", "html"):
        assert "T-2569-000123" in part(message, subtype)


@pytest.mark.parametrize("status", TicketStatus)
@pytest.mark.parametrize("kind", PointKind)
def test_every_status_kind_and_role_has_words(status: TicketStatus, kind: PointKind) -> None:
    sample = letter(villages=[village(kind=kind)], devices=tuple(device_of(village(), role) for role in Role))
    assert sample.ticket is not None
    assert "10.64.1.5" in plain(replace(sample, ticket=replace(sample.ticket, status=status, accepted_by="สมชาย")))


@pytest.mark.parametrize("cause", [Cause.AGENT, Cause.DEGRADED, Cause.UNUSED])
def test_what_leaves_the_wifi_working_is_not_called_an_outage(cause: Cause) -> None:
    assert plain(letter(fault=fault_of([village()], cause=cause))).startswith("ต้องตรวจสอบ: ")


@pytest.mark.parametrize(
    ("resolution", "begins"),
    [
        (Resolution.RECOVERED, "กลับมาใช้ได้แล้ว: "),
        (Resolution.OPERATOR, "ปิดงานโดยเจ้าหน้าที่: "),
        (Resolution.INVENTORY, "ปิดงาน: นำอุปกรณ์ออกจากทะเบียนแล้ว: "),
    ],
)
def test_only_a_recovery_is_called_working_again(resolution: Resolution, begins: str) -> None:
    ended = resolved(fault_of([village()]), NINE_FIFTEEN + 3600, resolution)
    assert plain(letter(Stage.RESOLVED, fault=ended)).startswith(begins)


def test_a_recovery_tells_how_long_it_lasted() -> None:
    text = plain(letter(Stage.RESOLVED))
    assert "เวลาที่ขัดข้อง: 20 พ.ย. 2569 09:15 น. ถึง 20 พ.ย. 2569 14:02 น. (รวม 4 ชั่วโมง 47 นาที)" in text
    assert "Outage: 20 Nov 2026 09:15 to 20 Nov 2026 14:02 (4 hours 47 minutes)" in text
    assert "ตรวจก่อน" not in text


def test_an_operators_word_stands_in_place_of_confidence() -> None:
    text = plain(letter(Stage.RELABELLED, fault=fault_of([village()], cause=Cause.POWER, overruled_by="NOC มานี")))
    assert "สาเหตุ: ไฟฟ้าดับ (ระบุโดย NOC มานี)" in text
    assert "ความมั่นใจ" not in text


def test_many_villages_are_grouped_by_amphoe_the_first_fifty_and_a_count() -> None:
    villages = [village(n % 12, id=VillageId(f"3706{n // 12 + 1:02d}{n % 12:02d}"), name=f"บ้านที่{n}") for n in range(60)]
    villages += [village(id=VillageId("37010101"), name="บ้านบุ่ง", amphoe="เมืองอำนาจเจริญ")]
    text = plain(letter(villages=villages[::-1])).partition("English")[0]
    assert text.startswith("ขัดข้อง: 61 หมู่บ้าน ในอำเภอปทุมราชวงศา จังหวัดอำนาจเจริญ และอีก 1 อำเภอ")
    assert text.count("แผนที่: ") == 50
    assert "และอีก 11 หมู่บ้าน" in text
    assert "อำเภอปทุมราชวงศา จังหวัดอำนาจเจริญ (60 หมู่บ้าน)" in text
    shown = re.findall(r"^  (บ้าน\S+)", text, re.MULTILINE)
    assert shown == ["บ้านบุ่ง", *(f"บ้านที่{n}" for n in range(49))]


def test_a_feeder_stands_above_its_villages() -> None:
    feeder = Device(id=DeviceId("olt-1"), role=Role.FEEDER, address="10.64.0.1", name="OLT ปทุมราชวงศา")
    villages = [village(n) for n in (1, 2, 3)]
    about = Fault(
        id=FaultId("f"),
        scope=Scope.FEEDER,
        key=feeder.id,
        cause=Cause.FEEDER,
        confidence=0.95,
        opened_at=NINE_FIFTEEN,
        members=(Member(feeder.id, tuple(v.id for v in villages), NINE_FIFTEEN),),
    )
    text = plain(letter(villages=villages, fault=about, devices=(feeder,)))
    line = "อุปกรณ์ต้นทาง (OLT): OLT ปทุมราชวงศา (olt-1) IP 10.64.0.1"
    assert text.count(line) == 1
    assert text.index(line) < text.index("บ้านหนองแวง หมู่ที่ 1")


def test_villages_that_are_back_are_told_from_those_still_dark() -> None:
    villages = [village(1), village(2)]
    about = fault_of(villages).with_recovered({device_of(villages[0]).id}, NINE_FIFTEEN + 1200)
    text = plain(letter(Stage.EXTENDED, villages=villages, fault=about))
    assert "ยังไม่กลับมา 1 จาก 2 หมู่บ้าน" in text
    assert "กลับมาแล้ว 20/11 09:35 น." in text


def test_bangkok_has_khet_and_khwaeng() -> None:
    one = village(id=VillageId("10330100"), tambon="คลองเตย", amphoe="คลองเตย", province="กรุงเทพมหานคร")
    assert plain(letter(villages=[one])).startswith("ขัดข้อง: บ้านหนองแวง แขวงคลองเตย เขตคลองเตย กรุงเทพมหานคร\n")


def test_a_letter_without_villages_names_the_device() -> None:
    feeder = Device(id=DeviceId("olt-1"), role=Role.FEEDER, address="10.64.0.1")
    assert plain(letter(villages=[], devices=(feeder,))).startswith("ขัดข้อง: olt-1\n")


def test_no_map_is_offered_where_the_place_is_unknown() -> None:
    assert "แผนที่" not in plain(letter(villages=[village(lat=None, lon=None)]))


def test_the_history_keeps_the_last_lines_and_leaves_out_netmons_own_affairs() -> None:
    events = [TicketEvent(NINE_FIFTEEN + n, "สมชาย", "note", f"ข้อ{n}.") for n in range(20)]
    events += [TicketEvent(NINE_FIFTEEN + 30, "netmon", "undelivered", "sms to volunteer 37060105 (opened): busy")]
    events += [TicketEvent(NINE_FIFTEEN + n, "netmon", "changed", f"villages dark: {n}") for n in range(40, 50)]
    events += [TicketEvent(NINE_FIFTEEN + 60, "netmon", "extended", "37060107, 37060108")]
    text = plain(letter(history=tuple(events))).partition("English")[0]
    assert "(มีรายการก่อนหน้านี้อีก 10 รายการ)" in text
    assert "ข้อ10." in text
    assert "ข้อ9." not in text
    assert "busy" not in text
    assert text.count("ปรับข้อสรุป") == 1
    assert "netmon: เพิ่มหมู่บ้าน 2 แห่ง" in text


@pytest.mark.parametrize("stage", [Stage.BLIND, Stage.SIGHTED])
def test_the_noc_is_told_that_nothing_is_known_in_a_thread_of_its_own(stage: Stage) -> None:
    message = sent(noc_letter(stage))
    text = part(message, "plain")
    assert "20 พ.ย. 2569 09:15 น." in text
    assert message["X-Netmon-Ticket"] is None
    assert message["In-Reply-To"] == (None if stage is Stage.BLIND else sent(noc_letter(Stage.BLIND))["Message-ID"])


def test_headers_say_that_a_machine_wrote_it_and_what_it_is_about() -> None:
    message = sent(letter())
    assert message["Subject"] == "บ้านหนองแวง ม.5 อ.ปทุมราชวงศา: AP ขัดข้อง [T-2569-000123]"
    assert message["From"] == "netmon เน็ตประชารัฐ <netmon@example.invalid>"
    assert message["To"] == "สมชาย ใจดี <somchai@technicians.invalid>"
    assert message["Date"] == "Fri, 20 Nov 2026 09:19:00 +0700"
    assert parsedate_to_datetime(message["Date"]).timestamp() == NINE_FIFTEEN + 240
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "bulk"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-Id"] == "<netmon.example.invalid>"
    assert message["Content-Language"] == "th, en"
    assert message["X-Netmon-Ticket"] == "T-2569-000123"
    assert message["X-Netmon-Idempotency-Key"] == letter().notice.key


def test_all_mails_of_a_ticket_hang_on_the_first_and_have_its_subject_while_place_and_cause_are_the_same() -> None:
    first = sent(letter())
    assert first["In-Reply-To"] is None
    for stage in set(FIRST_LINES) - {Stage.OPENED}:
        same = sent(letter(stage, revision=2))
        assert same["Subject"] == first["Subject"]
        later = sent(letter(stage, villages=[village(), village(7)], revision=2))
        assert later["Subject"] == "หลายหมู่บ้าน อ.ปทุมราชวงศา: AP ขัดข้อง [T-2569-000123]"
        assert later["In-Reply-To"] == later["References"] == first["Message-ID"] != later["Message-ID"]


FAR = village(id=VillageId("37010101"), name="บ้านบุ่ง", amphoe="เมืองอำนาจเจริญ")
TOWN = village(id=VillageId("10010100-2"), name="ชุมชนท่าเตียน", amphoe="พระนคร", province="กรุงเทพมหานคร")


@pytest.mark.parametrize(
    ("villages", "other", "thai", "english"),
    [
        (
            [village()],
            {"cause": Cause.POWER},
            "บ้านหนองแวง ม.5 อ.ปทุมราชวงศา: คาดว่าไฟดับ",
            "บ้านหนองแวง moo 5, amphoe ปทุมราชวงศา: power probably out",
        ),
        (
            [village()],
            {"cause": Cause.POWER, "overruled_by": "มานี"},
            "บ้านหนองแวง ม.5 อ.ปทุมราชวงศา: ไฟดับ",
            "บ้านหนองแวง moo 5, amphoe ปทุมราชวงศา: power out",
        ),
        (
            [village(), FAR],
            {"cause": Cause.FEEDER},
            "หลายหมู่บ้าน อ.เมืองอำนาจเจริญ และอำเภออื่น: ต้นทางขัดข้อง",
            "several villages, amphoe เมืองอำนาจเจริญ and others: feeder fault",
        ),
        (
            [TOWN],
            {"cause": Cause.AGENT},
            "ชุมชนท่าเตียน จุดที่ 2 เขตพระนคร: ไม่ตอบ SNMP (ไม่เร่งด่วน)",
            "ชุมชนท่าเตียน point 2, khet พระนคร: no SNMP (not urgent)",
        ),
    ],
)
def test_the_subject_says_where_and_what_in_the_readers_language(
    villages: list[Village], other: dict[str, Any], thai: str, english: str
) -> None:
    told = letter(villages=villages, fault=fault_of(villages, **other))
    assert sent(told)["Subject"] == f"{thai} [T-2569-000123]"
    reader = replace(told.person, language="en")
    assert sent(replace(told, person=reader))["Subject"] == f"{english} [T-2569-000123]"


def test_the_subject_of_a_feeder_without_villages_names_it() -> None:
    feeder = Device(id=DeviceId("olt-3701-1"), role=Role.FEEDER, address="10.64.0.9", name="OLT เมือง")
    about = fault_of([], cause=Cause.FEEDER, members=(Member(feeder.id, (), NINE_FIFTEEN),), key=feeder.id)
    told = letter(villages=[], fault=about, devices=(feeder,))
    assert sent(told)["Subject"] == "OLT เมือง (olt-3701-1): ต้นทางขัดข้อง [T-2569-000123]"


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("language", ["th", "en"])
def test_every_cause_has_a_subject_short_enough_for_a_phone(cause: Cause, language: str) -> None:
    told = letter(fault=fault_of([village()], cause=cause))
    subject = str(sent(replace(told, person=replace(told.person, language=language)))["Subject"])
    assert len(subject) <= 85
    assert subject.startswith("บ้านหนองแวง")


def test_the_message_travels_as_short_lines_of_ascii() -> None:
    raw = mail_composer().compose(letter()).as_bytes()
    assert raw.isascii()
    ids = (b"Message-ID: ", b"X-Netmon-Idempotency-Key: ")
    assert max(len(line) for line in raw.split(b"\r\n") if not line.startswith(ids)) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = sent(letter())
    assert message.get_content_type() == "multipart/alternative"
    forms = [(one.get_content_type(), one["Content-Transfer-Encoding"]) for one in message.iter_parts()]
    assert forms == [("text/plain", "base64"), ("text/html", "base64")]


def test_long_ids_stay_in_one_piece() -> None:
    sample = letter(Stage.EXTENDED)
    notice = replace(sample.notice, centre=CentreId("c" * 60), fault=FaultId("f" * 60))
    message = sent(replace(sample, notice=notice))
    assert message["References"] == message_id(replace(notice, stage=Stage.OPENED).key, "example.invalid")
    assert message["X-Netmon-Idempotency-Key"] == notice.key


@given(st.text(), st.text(), st.text(), st.integers(0, 10**9))
def test_a_message_id_is_lawful_for_any_key(fault: str, centre: str, recipient: str, revision: int) -> None:
    notice = Notice(
        stage=Stage.OPENED,
        channel=Channel.MAIL,
        recipient=Recipient(Audience.TECHNICIAN, recipient),
        fault=FaultId(fault),
        centre=CentreId(centre),
        revision=revision,
    )
    atom = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
    assert re.fullmatch(rf"<{atom}(\.{atom})*@example\.invalid>", message_id(notice.key, "example.invalid"))


HOSTILE = "x\r\nBcc: evil@example.invalid\r\n\r\n<script>alert(1)</script>\x00\u202e\ud800"


@given(st.text(max_size=40))
@example(HOSTILE)
@example("=?utf-8?b?QmNjOg==?=")
@example('"><img src=x onerror=alert(1)>')
def test_no_name_can_break_a_header_or_the_page(text: str) -> None:
    centre = ServiceCentre(id=CentreId("c"), name=text)
    device = Device(id=DeviceId("ap-1"), role=Role.AP, village=village().id, address="10.64.0.9", name=text)
    sample = letter(
        villages=[village(name=text, place=text, contact=text)],
        devices=(device,),
        centre=centre,
        person=Person(text, email="a@example.invalid"),
        history=(TicketEvent(NINE_FIFTEEN, text, "note", text),),
    )
    message, harmless = sent(sample), sent(letter())
    assert message.keys() == harmless.keys()
    assert not message.defects
    assert "\n" not in message["Subject"] + message["To"]
    page, tags = part(message, "html"), re.compile(r"<(/?[a-z]+)")
    assert set(tags.findall(page)) <= set(tags.findall(part(harmless, "html"))) | {"br"}
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e]", page + part(message, "plain"))


def test_the_page_works_in_the_dark_and_on_a_phone_and_fetches_nothing() -> None:
    page = html(letter())
    assert '<meta name="color-scheme" content="light dark">' in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert not re.search(r"<(img|script|link|iframe)|url\(", page)
    assert re.findall(r'(?:href|src)="([^"]*)"', page) == ["https://www.google.com/maps?q=15.810000,104.920000"] * 2


@pytest.mark.parametrize(("cause", "importance"), [(Cause.AGENT, "low"), (Cause.UNUSED, "low"), (Cause.POWER, None)])
def test_a_mail_about_what_takes_nobody_s_wifi_away_is_of_low_importance(cause: Cause, importance: str | None) -> None:
    fault = fault_of((village(),), cause=cause)
    letters = (letter(fault=fault), letter(Stage.RESOLVED, fault=resolved(fault, NINE_FIFTEEN + 900)))
    assert [sent(one)["Importance"] for one in letters] == [importance] * 2
    said = plain(letters[1])
    assert ("กลับเป็นปกติแล้ว" in said) is ("Back to normal" in said) is (importance == "low")


def test_the_noc_is_told_of_agents_that_are_silent_in_a_whole_area_and_of_their_return() -> None:
    fault = fault_of((), scope=Scope.AREA_AGENTS, key="country", cause=Cause.AGENT, evidence=())
    notice = replace(noc_letter(Stage.BLIND).notice, fault=fault.id, revision=0)
    opened, over = (
        replace(noc_letter(Stage.BLIND), notice=replace(notice, stage=stage), fault=one)
        for stage, one in ((Stage.OPENED, fault), (Stage.RESOLVED, resolved(fault, NINE_FIFTEEN + 900)))
    )
    assert plain(opened).startswith("ต้องตรวจสอบ\nตั้งแต่: 20 พ.ย. 2569 09:15 น.")
    assert "น่าจะเป็นเพราะagent" in plain(opened)
    assert "UDP 161" in html(opened)
    assert plain(over).startswith("กลับเป็นปกติแล้ว\nช่วงเวลาที่ผิดปกติ: 20 พ.ย. 2569 09:15 น. ถึง 20 พ.ย. 2569 09:30 น.")
    assert sent(over)["In-Reply-To"] == sent(opened)["Message-ID"]

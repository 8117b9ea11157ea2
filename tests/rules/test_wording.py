"""The sentence that says why."""

import re
from dataclasses import replace
from string import Formatter

import pytest

from netmon.model.faults import COUNTRY, Cause, Evidence, EvidenceKind, Fault, Member, Scope
from netmon.model.ids import CentreId, DeviceId, FaultId, VillageId
from netmon.model.inventory import Device, Inventory, Role, Village
from netmon.model.paths import PathTrace
from netmon.rules.places import villages_name
from netmon.rules.wording import CAUSES, EVIDENCE, Certainty, certainty, evidence_lines, sentence

T = 1_700_000_000.0  # 15 November 2023, 05:13:20 in Bangkok


def village(one: str, name: str, amphoe: str, province: str) -> Village:
    return Village(
        id=VillageId(one), name=name, tambon="ธาตุ", amphoe=amphoe, province=province, centre=CentreId("TOT-1")
    )


VILLAGES = [
    village("34150105", "บ้านหนองแวง", "วารินชำราบ", "อุบลราชธานี"),
    village("34150106", "บ้านโนนโหนน", "วารินชำราบ", "อุบลราชธานี"),
    village("10010100", "ชุมชนท่าเตียน", "พระนคร", "กรุงเทพมหานคร"),
]
INVENTORY = Inventory(
    villages={one.id: one for one in VILLAGES},
    devices=[Device(id=DeviceId("olt-3415-1"), role=Role.FEEDER, name="OLT วารินชำราบ 1")],
)


def fault(
    cause: Cause, confidence: float, *evidence: Evidence, scope: Scope = Scope.DEVICE, key: str = "ap-1"
) -> Fault:
    return Fault(
        id=FaultId("F1"),
        scope=scope,
        key=key,
        cause=cause,
        confidence=confidence,
        opened_at=T,
        members=(Member(DeviceId("ap-1"), (VillageId("34150105"),), T),),
        evidence=evidence,
    )


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_cause_and_every_kind_of_evidence_has_words(language: str) -> None:
    assert set(CAUSES[language]) == set(Cause)
    assert set(EVIDENCE[language]) == set(EvidenceKind)
    for cause in Cause:
        for scope, key in (
            (Scope.DEVICE, "ap-1"),
            (Scope.FEEDER, "olt-3415-1"),
            (Scope.AMPHOE, "3415"),
            (Scope.AMPHOES, "3415"),
            (Scope.AGENT, "ap-1"),
            (Scope.AGENTS, "olt-3415-1"),
            (Scope.AREA_AGENTS, "34"),
            (Scope.AREA_AGENTS, COUNTRY),
        ):
            every = [Evidence(kind, "olt-3415-1", T, 3, 4, "ไฟดับ") for kind in EvidenceKind]
            told = fault(cause, 0.6, *every, scope=scope, key=key)
            lines = evidence_lines(told, INVENTORY, language)
            assert len(set(lines)) == len(EvidenceKind)
            for text in (*lines, sentence(told, INVENTORY, language)):
                assert text
                assert "{" not in text
                assert "  " not in text


@pytest.mark.parametrize("kind", list(EvidenceKind))
def test_both_languages_tell_the_same_facts(kind: EvidenceKind) -> None:
    fields = [{name for _, name, _, _ in Formatter().parse(EVIDENCE[one][kind]) if name} for one in ("th", "en")]
    assert fields[0] == fields[1]


@pytest.mark.parametrize("cause", list(Cause))
def test_thai_says_so_in_thai_and_english_uses_no_thai_but_names(cause: Cause) -> None:
    assert re.search("[ก-๙]", CAUSES["th"][cause])
    assert not re.search("[ก-๙]", CAUSES["en"][cause])


@pytest.mark.parametrize(
    ("confidence", "word", "thai"),
    [
        (1.0, Certainty.SURE, "แน่ใจ"),
        (0.95, Certainty.NEARLY, "ค่อนข้างแน่ใจ"),
        (0.8, Certainty.LIKELY, "น่าจะ"),
        (0.5, Certainty.LIKELY, "น่าจะ"),
        (0.49, Certainty.MAYBE, "อาจจะ"),
    ],
)
def test_confidence_is_worded_honestly(confidence: float, word: Certainty, thai: str) -> None:
    assert certainty(confidence) is word
    assert sentence(fault(Cause.ACCESS_POINT, confidence), INVENTORY, "th").startswith(thai)


def test_access_point_sentence_says_where_and_why() -> None:
    told = fault(
        Cause.ACCESS_POINT,
        0.95,
        Evidence(EvidenceKind.DEVICE_SILENT, "ap-1", T),
        Evidence(EvidenceKind.UPLINK_ANSWERS, "ap-1", T),
    )
    assert sentence(told, INVENTORY, "th") == (
        "ค่อนข้างแน่ใจว่าเป็นเพราะอุปกรณ์กระจายสัญญาณ Wi-Fi ของบ้านหนองแวง หมู่ 5 ต.ธาตุ อ.วารินชำราบ จ.อุบลราชธานีขัดข้อง "
        "เนื่องจากอุปกรณ์ปลายทาง (ONU) ที่อยู่ก่อนหน้า ap-1 ยังตอบสนอง"
    )
    assert sentence(told, INVENTORY, "en") == (
        "Almost certainly the Wi-Fi access point of บ้านหนองแวง moo 5, tambon ธาตุ, amphoe วารินชำราบ, อุบลราชธานี "
        "has failed, because the uplink before ap-1 still answers."
    )
    assert evidence_lines(told, INVENTORY, "th")[0] == "ap-1 ไม่ตอบสนองตั้งแต่เวลา 05:13 น."


@pytest.mark.parametrize(
    ("path", "thai", "english"),
    [
        (
            PathTrace(device=DeviceId("ap-1"), at=T, hops=("10.0.0.1", "", "10.0.0.3"), last_device=DeviceId("olt-9")),
            "ไล่เส้นทาง (traceroute) ไปยัง ap-1 เมื่อเวลา 05:13 น. อุปกรณ์สุดท้ายที่ตอบคือ olt-9 (10.0.0.3) "
            "ซึ่งเป็นช่วงที่ 3 ของเส้นทาง ถัดจากนั้นไม่มีคำตอบ",
            "the path to ap-1 was traced at 05:13: the last that answers is olt-9 (10.0.0.3), hop 3, and nothing "
            "beyond it",
        ),
        (
            PathTrace(device=DeviceId("ap-1"), at=T, hops=("",)),
            "ไล่เส้นทาง (traceroute) ไปยัง ap-1 เมื่อเวลา 05:13 น. ไม่มีอุปกรณ์ใดบนเส้นทางตอบ",
            "the path to ap-1 was traced at 05:13: nothing on the way answers",
        ),
        (
            PathTrace(device=DeviceId("ap-1"), at=T, hops=("10.0.0.1", "10.9.9.9"), reached=True),
            "ไล่เส้นทาง (traceroute) ไปยัง ap-1 เมื่อเวลา 05:13 น. ไปถึงแล้ว อุปกรณ์กำลังกลับมา",
            "the path to ap-1 was traced at 05:13 and leads there: it is coming back",
        ),
    ],
)
def test_the_last_line_says_up_to_where_everything_answers(path: PathTrace, thai: str, english: str) -> None:
    told = replace(fault(Cause.UPLINK, 0.6, Evidence(EvidenceKind.DEVICE_SILENT, "ap-1", T)), path=path)
    assert [evidence_lines(told, INVENTORY, one)[-1] for one in ("th", "en")] == [thai, english]
    assert len(evidence_lines(told, INVENTORY, "th")) == 2


def test_power_cut_names_the_district_and_how_many() -> None:
    told = fault(
        Cause.POWER,
        0.7,
        Evidence(EvidenceKind.NEIGHBOURS_SILENT, "3415", T, 12, 14),
        Evidence(EvidenceKind.SEVERAL_FEEDERS, "", T, 2, 2),
        scope=Scope.AMPHOE,
        key="3415",
    )
    assert sentence(told, INVENTORY, "th") == (
        "น่าจะเป็นเพราะไฟฟ้าดับที่อำเภอวารินชำราบ จังหวัดอุบลราชธานี เนื่องจากจุดบริการในอำเภอวารินชำราบ จังหวัดอุบลราชธานี "
        "ขาดการติดต่อในเวลาใกล้เคียงกัน 12 จาก 14 จุด และจุดที่ขาดการติดต่อใช้อุปกรณ์ต้นทางต่างกัน 2 แห่ง"
    )


def test_uplink_that_may_as_well_be_power_says_so() -> None:
    assert "หรือไฟฟ้าในบริเวณนั้นดับ" in sentence(fault(Cause.UPLINK, 0.6), INVENTORY, "th")
    assert "หรือไฟฟ้า" not in sentence(fault(Cause.UPLINK, 0.9), INVENTORY, "th")


def test_fault_of_many_villages_of_one_feeder_names_the_feeder_not_one_village() -> None:
    told = fault(Cause.UPLINK, 0.7, scope=Scope.FEEDER, key="olt-3415-1")
    assert sentence(told, INVENTORY, "th") == (
        "น่าจะเป็นเพราะสายใยแก้วช่วงหลังอุปกรณ์ต้นทาง OLT วารินชำราบ 1 ขัดข้อง หรือไฟฟ้าในบริเวณนั้นดับ"
    )


def test_unknown_cause_claims_nothing() -> None:
    told = fault(Cause.UNKNOWN, 0.3, Evidence(EvidenceKind.UPLINK_NOT_WATCHED, "ap-1", T))
    assert sentence(told, INVENTORY, "en").endswith(
        "is silent, and the cause cannot be told yet (the uplink before ap-1 cannot be watched)."
    )
    assert "เป็นเพราะ" not in sentence(told, INVENTORY, "th")


def test_feeder_is_called_by_its_name() -> None:
    told = fault(Cause.FEEDER, 0.95, scope=Scope.FEEDER, key="olt-3415-1")
    assert "OLT วารินชำราบ 1" in sentence(told, INVENTORY, "th")


def test_places_are_named_as_thais_name_them() -> None:
    ids = [one.id for one in VILLAGES]
    assert villages_name(ids[:2], INVENTORY, "th") == "บ้านหนองแวง หมู่ 5 ต.ธาตุ อ.วารินชำราบ จ.อุบลราชธานี และอีก 1 จุด"
    assert villages_name(ids[2:], INVENTORY, "th") == "ชุมชนท่าเตียน แขวงธาตุ เขตพระนคร กรุงเทพมหานคร"
    assert villages_name([], INVENTORY, "en") == ""


def over_amphoes(*codes: str) -> Inventory:
    """A village in each of these amphoes, named after its number."""
    names = {"3415": "วารินชำราบ", "3407": "เดชอุดม", "3403": "เขื่องใน", "3404": "เขมราฐ"}
    return Inventory(
        villages={
            VillageId(f"{code}0101"): Village(
                id=VillageId(f"{code}0101"),
                name="บ้านใหม่",
                tambon="ธาตุ",
                amphoe=names[code],
                province="อุบลราชธานี",
                centre=CentreId("C34"),
            )
            for code in codes
        }
    )


def spanning(cause: Cause, *codes: str) -> Fault:
    members = tuple(Member(DeviceId(f"onu-{code}"), (VillageId(f"{code}0101"),), T) for code in codes)
    evidence = Evidence(EvidenceKind.NEIGHBOURS_SILENT, codes[0], T, 40, 41)
    return replace(fault(cause, 0.9, evidence, scope=Scope.AMPHOES, key=codes[0]), members=members)


def test_power_cut_over_several_amphoes_names_them_and_counts_the_villages_of_all() -> None:
    two = ("3407", "3415")
    assert sentence(spanning(Cause.POWER, *two), over_amphoes(*two), "th") == (
        "ค่อนข้างแน่ใจว่าเป็นเพราะไฟฟ้าดับที่อำเภอเดชอุดมและอำเภอวารินชำราบ จังหวัดอุบลราชธานี เนื่องจากจุดบริการในอำเภอเดชอุดม"
        "และอำเภอวารินชำราบ จังหวัดอุบลราชธานี ขาดการติดต่อในเวลาใกล้เคียงกัน 40 จาก 41 จุด"
    )
    four = ("3403", "3404", "3407", "3415")
    assert "อำเภอเขื่องใน อำเภอเขมราฐ และอีก 2 อำเภอ จังหวัดอุบลราชธานี" in sentence(
        spanning(Cause.POWER, *four), over_amphoes(*four), "th"
    )
    assert sentence(spanning(Cause.POWER, *two), over_amphoes(*two), "en") == (
        "Almost certainly the power is out at amphoes เดชอุดม and วารินชำราบ, อุบลราชธานี, because 40 of 41 points in "
        "amphoes เดชอุดม and วารินชำราบ, อุบลราชธานี fell silent at about the same time."
    )


@pytest.mark.parametrize(
    ("cause", "thai", "english"),
    [
        (Cause.UPLINK, "สายใยแก้วหลายเส้นในอำเภอ", "several fibre lines in amphoes"),
        (Cause.FEEDER, "อุปกรณ์ต้นทางในอำเภอ", "the feeders in amphoes"),
    ],
)
def test_lines_and_feeders_of_several_amphoes_fail_together(cause: Cause, thai: str, english: str) -> None:
    two = ("3407", "3415")
    assert thai in sentence(spanning(cause, *two), over_amphoes(*two), "th")
    assert english in sentence(spanning(cause, *two), over_amphoes(*two), "en")

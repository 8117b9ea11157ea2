"""The sentence that says why, and the evidence line by line, in Thai and English.

The same text stands in mails, tickets, the status page and `netmon explain`. Confidence is worded in four steps, so
that nobody takes a guess for knowledge: แน่ใจ from .98, which is an operator's word or as good as that; ค่อนข้างแน่ใจ from
.85, where one in ten may still be wrong; น่าจะ from .50; อาจจะ below. Where echo alone cannot tell two
causes apart, the sentence names both.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from netmon.model.faults import Cause, Evidence, EvidenceKind, Fault, Scope
from netmon.model.inventory import Inventory
from netmon.model.paths import PathTrace
from netmon.rules.places import amphoe_name, amphoes_name, area_name, device_name, villages_name

_BANGKOK_TIME = timezone(timedelta(hours=7), "ICT")


class Certainty(StrEnum):
    """Confidence in words."""

    SURE = "sure"
    NEARLY = "nearly"
    LIKELY = "likely"
    MAYBE = "maybe"


_FROM = ((0.98, Certainty.SURE), (0.85, Certainty.NEARLY), (0.5, Certainty.LIKELY))


def certainty(confidence: float) -> Certainty:
    """The word for a confidence of 0..1."""
    return next((word for least, word in _FROM if confidence >= least), Certainty.MAYBE)


_OPENINGS: Mapping[str, Mapping[Certainty, str]] = {
    "th": {
        Certainty.SURE: "แน่ใจว่าเป็นเพราะ",
        Certainty.NEARLY: "ค่อนข้างแน่ใจว่าเป็นเพราะ",
        Certainty.LIKELY: "น่าจะเป็นเพราะ",
        Certainty.MAYBE: "อาจจะเป็นเพราะ",
    },
    "en": {
        Certainty.SURE: "Certainly ",
        Certainty.NEARLY: "Almost certainly ",
        Certainty.LIKELY: "Probably ",
        Certainty.MAYBE: "Possibly ",
    },
}

CAUSES: Mapping[str, Mapping[Cause, str]] = {
    "th": {
        Cause.POWER: "ไฟฟ้าดับที่{place}",
        Cause.FEEDER: "อุปกรณ์ต้นทาง {device} หรือสายที่ไปถึงอุปกรณ์นี้ขัดข้อง",
        Cause.UPLINK: "สายใยแก้วหรืออุปกรณ์ปลายทาง (ONU) ของ{place}ขัดข้อง",
        Cause.ACCESS_POINT: "อุปกรณ์กระจายสัญญาณ Wi-Fi ของ{place}ขัดข้อง",
        Cause.AGENT: "ระบบตอบ SNMP ในอุปกรณ์ {device} ค้างหรือถูกเปลี่ยนการตั้งค่า แต่บริการอาจยังใช้งานได้ตามปกติ",
        Cause.DEGRADED: "คุณภาพสัญญาณของ{place}ต่ำกว่าปกติ",
        Cause.UNUSED: "ไม่มีผู้ใช้งาน Wi-Fi ที่{place}ติดต่อกันหลายวัน",
        Cause.UNKNOWN: "{place}ขาดการติดต่อ และยังระบุสาเหตุไม่ได้",
    },
    "en": {
        Cause.POWER: "the power is out at {place}",
        Cause.FEEDER: "the feeder {device}, or the line to it, has failed",
        Cause.UPLINK: "the fibre or the ONU of {place} has failed",
        Cause.ACCESS_POINT: "the Wi-Fi access point of {place} has failed",
        Cause.AGENT: "the SNMP agent of {device} hangs or was set up anew, though the service may well be working",
        Cause.DEGRADED: "the quality of the link to {place} is below normal",
        Cause.UNUSED: "nobody has used the Wi-Fi at {place} for days",
        Cause.UNKNOWN: "{place} is silent, and the cause cannot be told yet",
    },
}
"""What a cause means, by language; `{place}` and `{device}` are filled in."""

_BRANCH = {
    "th": "สายใยแก้วช่วงหลังอุปกรณ์ต้นทาง {device} ขัดข้อง",
    "en": "the fibre beyond the feeder {device} has failed",
}
"""Cause.UPLINK for many villages of one feeder."""

_TOGETHER: Mapping[Cause, Mapping[str, str]] = {
    Cause.UPLINK: {
        "th": "สายใยแก้วหลายเส้นใน{place}ขัดข้องพร้อมกัน",
        "en": "several fibre lines in {place} have failed together",
    },
    Cause.FEEDER: {
        "th": "อุปกรณ์ต้นทางใน{place} หรือสายร่วมที่ไปถึงอุปกรณ์เหล่านั้นขัดข้องพร้อมกัน",
        "en": "the feeders in {place}, or the line that they share, have failed together",
    },
}
"""Causes of a whole amphoe or several."""

_AGENTS: Mapping[Scope, Mapping[str, str]] = {
    Scope.AGENTS: {
        "th": "การเข้าถึง SNMP ของอุปกรณ์ที่ต่อผ่าน {device} ถูกปิดกั้นหรือตั้งค่าผิด แต่บริการอาจยังใช้งานได้ตามปกติ",
        "en": "SNMP to the devices behind {device} is blocked or set up wrongly, though the service may well work",
    },
    Scope.AREA_AGENTS: {
        "th": "การเข้าถึง SNMP ของอุปกรณ์{area} ถูกปิดกั้นระหว่างทางหรือถูกเปลี่ยน community "
        "(เรื่องของศูนย์ปฏิบัติการ จึงไม่เปิดใบงานให้ศูนย์บริการ)",
        "en": "SNMP from netmon to the devices {area} is blocked on the way, or their community was "
        "changed (a matter for the NOC: no service centre gets a ticket)",
    },
}
"""Cause.AGENT for many devices at once."""

_OR_POWER = {"th": " หรือไฟฟ้าในบริเวณนั้นดับ", "en": ", or the power is out there"}

EVIDENCE: Mapping[str, Mapping[EvidenceKind, str]] = {
    "th": {
        EvidenceKind.DEVICE_SILENT: "{device} ไม่ตอบสนองตั้งแต่เวลา {time}",
        EvidenceKind.UPLINK_ANSWERS: "อุปกรณ์ปลายทาง (ONU) ที่อยู่ก่อนหน้า {device} ยังตอบสนอง",
        EvidenceKind.UPLINK_SILENT: "อุปกรณ์ปลายทาง (ONU) ที่อยู่ก่อนหน้า {device} ไม่ตอบสนองเช่นกัน",
        EvidenceKind.UPLINK_NOT_WATCHED: "ระบบตรวจสอบอุปกรณ์ปลายทาง (ONU) ที่อยู่ก่อนหน้า {device} ไม่ได้",
        EvidenceKind.FEEDER_ANSWERS: "อุปกรณ์ต้นทาง {device} ยังตอบสนอง",
        EvidenceKind.FEEDER_SILENT: "อุปกรณ์ต้นทาง {device} ไม่ตอบสนอง",
        EvidenceKind.FEEDER_NOT_WATCHED: "ระบบไม่ได้ตรวจสอบอุปกรณ์ต้นทาง {device}",
        EvidenceKind.ALL_BELOW_SILENT: "อุปกรณ์ทั้งหมดที่ต่อผ่าน {device} ไม่ตอบสนอง ({count} จาก {total} เครื่อง)",
        EvidenceKind.SILENT_BEFORE_IT: "จุดบริการ {count} จาก {total} จุดที่ต่อผ่าน {device} "
        "ขาดการติดต่อไปก่อนหน้านั้น ขณะที่อุปกรณ์นี้ยังตอบสนองอยู่",
        EvidenceKind.OLT_ONLINE: "อุปกรณ์ต้นทางรายงานว่า {device} ยังออนไลน์อยู่",
        EvidenceKind.OLT_OFFLINE: "อุปกรณ์ต้นทางรายงานว่า {device} ออฟไลน์ แต่ไม่ได้บอกสาเหตุ",
        EvidenceKind.OLT_DYING_GASP: "{device} แจ้งไฟดับ (dying gasp) ไปยังอุปกรณ์ต้นทางก่อนขาดการติดต่อ",
        EvidenceKind.OLT_LOSS_OF_SIGNAL: "อุปกรณ์ต้นทางไม่ได้รับสัญญาณแสงจาก {device} (LOS)",
        EvidenceKind.OLT_DYING_GASPS: "อุปกรณ์ปลายทาง (ONU) {count} จาก {total} เครื่องแจ้งไฟดับ (dying gasp) ก่อนขาดการติดต่อ",
        EvidenceKind.OLT_LOSSES_OF_SIGNAL: "อุปกรณ์ต้นทางไม่ได้รับสัญญาณแสง (LOS) จากอุปกรณ์ปลายทาง (ONU) "
        "{count} จาก {total} เครื่อง",
        EvidenceKind.NEIGHBOURS_SILENT: "จุดบริการ{group} ขาดการติดต่อในเวลาใกล้เคียงกัน {count} จาก {total} จุด",
        EvidenceKind.SEVERAL_FEEDERS: "จุดที่ขาดการติดต่อใช้อุปกรณ์ต้นทางต่างกัน {count} แห่ง",
        EvidenceKind.ONE_FEEDER: "จุดที่ขาดการติดต่อใช้อุปกรณ์ต้นทางเดียวกัน คือ {device}",
        EvidenceKind.AGENT_SILENT: "{device} ยังตอบ ping แต่ไม่ตอบ SNMP ตั้งแต่เวลา {time}",
        EvidenceKind.AGENTS_SILENT: "อุปกรณ์{group} ไม่ตอบ SNMP {count} จาก {total} เครื่อง ทั้งที่ยังตอบ ping",
        EvidenceKind.OPERATOR_SAID: "เจ้าหน้าที่ศูนย์ปฏิบัติการแจ้งเมื่อเวลา {time}: {note}",
    },
    "en": {
        EvidenceKind.DEVICE_SILENT: "{device} has not answered since {time}",
        EvidenceKind.UPLINK_ANSWERS: "the uplink before {device} still answers",
        EvidenceKind.UPLINK_SILENT: "the uplink before {device} does not answer either",
        EvidenceKind.UPLINK_NOT_WATCHED: "the uplink before {device} cannot be watched",
        EvidenceKind.FEEDER_ANSWERS: "the feeder {device} still answers",
        EvidenceKind.FEEDER_SILENT: "the feeder {device} does not answer",
        EvidenceKind.FEEDER_NOT_WATCHED: "the feeder {device} is not watched",
        EvidenceKind.ALL_BELOW_SILENT: "every device behind {device} is silent ({count} of {total})",
        EvidenceKind.SILENT_BEFORE_IT: "{count} of {total} points behind {device} fell silent while it still answered",
        EvidenceKind.OLT_ONLINE: "the OLT says that {device} is online",
        EvidenceKind.OLT_OFFLINE: "the OLT says that {device} is offline, but not why",
        EvidenceKind.OLT_DYING_GASP: "{device} told the OLT that its power was failing (dying gasp)",
        EvidenceKind.OLT_LOSS_OF_SIGNAL: "the OLT receives no light from {device} (loss of signal)",
        EvidenceKind.OLT_DYING_GASPS: "{count} of {total} ONUs told the OLT that their power was failing (dying gasp)",
        EvidenceKind.OLT_LOSSES_OF_SIGNAL: "the OLT receives no light from {count} of {total} ONUs (loss of signal)",
        EvidenceKind.NEIGHBOURS_SILENT: "{count} of {total} points {group} fell silent at about the same time",
        EvidenceKind.SEVERAL_FEEDERS: "the silent points hang on {count} different feeders",
        EvidenceKind.ONE_FEEDER: "the silent points all hang on one feeder, {device}",
        EvidenceKind.AGENT_SILENT: "{device} answers ping, but has not answered SNMP since {time}",
        EvidenceKind.AGENTS_SILENT: "{count} of {total} devices {group} do not answer SNMP, though they answer ping",
        EvidenceKind.OPERATOR_SAID: "an operator said at {time}: {note}",
    },
}
"""What a piece of evidence says, by language."""

_PLACES = frozenset({Scope.AMPHOE, Scope.AMPHOES})

_PATH: Mapping[str, Mapping[str, str]] = {
    "th": {
        "part": "ไล่เส้นทาง (traceroute) ไปยัง {device} เมื่อเวลา {time} อุปกรณ์สุดท้ายที่ตอบคือ {hop} "
        "ซึ่งเป็นช่วงที่ {number} ของเส้นทาง ถัดจากนั้นไม่มีคำตอบ",
        "nothing": "ไล่เส้นทาง (traceroute) ไปยัง {device} เมื่อเวลา {time} ไม่มีอุปกรณ์ใดบนเส้นทางตอบ",
        "reached": "ไล่เส้นทาง (traceroute) ไปยัง {device} เมื่อเวลา {time} ไปถึงแล้ว อุปกรณ์กำลังกลับมา",
    },
    "en": {
        "part": "the path to {device} was traced at {time}: the last that answers is {hop}, hop {number}, and nothing "
        "beyond it",
        "nothing": "the path to {device} was traced at {time}: nothing on the way answers",
        "reached": "the path to {device} was traced at {time} and leads there: it is coming back",
    },
}
"""How far the way to a device goes, by language."""

_TOLD_IN_SENTENCE = 2
"""Pieces of evidence that the one sentence carries; the others stand in the evidence lines."""


def sentence(fault: Fault, inventory: Inventory, language: str) -> str:
    """One sentence: what it is, how sure, and why; `language` is th or en."""
    meaning = _words(fault, language).format(
        place=_place(fault, inventory, language),
        device=device_name(_subject(fault), inventory),
        area=area_name(fault.key, inventory, language) if fault.scope is Scope.AREA_AGENTS else "",
    )
    is_lit = any(one.kind is EvidenceKind.OLT_ONLINE for one in fault.evidence)
    is_guess = certainty(fault.confidence) in {Certainty.LIKELY, Certainty.MAYBE}
    if fault.cause is Cause.UPLINK and is_guess and not is_lit:
        meaning += _OR_POWER[language]
    opening = _OPENINGS[language][certainty(fault.confidence)] if _is_judgement(fault) else ""
    # What is alike for every fault ("it is silent") says less than what tells this cause from others.
    telling = [one for one in fault.evidence if one.kind is not EvidenceKind.DEVICE_SILENT] or fault.evidence
    reasons = [_line(one, fault, inventory, language) for one in telling[:_TOLD_IN_SENTENCE]]
    return _joined(opening + meaning, reasons, fault, language)


def _words(fault: Fault, language: str) -> str:
    if fault.cause is Cause.AGENT and fault.scope in _AGENTS:
        return _AGENTS[fault.scope][language]
    if fault.scope in _PLACES and fault.cause in _TOGETHER:
        return _TOGETHER[fault.cause][language]
    is_branch = fault.cause is Cause.UPLINK and fault.scope is Scope.FEEDER
    return _BRANCH[language] if is_branch else CAUSES[language][fault.cause]


def evidence_lines(fault: Fault, inventory: Inventory, language: str) -> tuple[str, ...]:
    """Everything the conclusion rests on, one line each, and last how far the way to the device goes."""
    lines = [_line(one, fault, inventory, language) for one in fault.evidence]
    return (*lines, *([] if fault.path is None else [_path_line(fault.path, inventory, language)]))


def _path_line(path: PathTrace, inventory: Inventory, language: str) -> str:
    """For whoever drives there: up to where everything answers."""
    whose = "" if path.last_device is None else device_name(path.last_device, inventory)
    return _PATH[language][_reach(path)].format(
        device=device_name(path.device, inventory),
        time=_clock(path.at, language),
        hop=f"{whose} ({path.last})" if whose else path.last,
        number=path.last_number,
    )


def _reach(path: PathTrace) -> str:
    if path.reached:
        return "reached"
    return "part" if path.last else "nothing"


def _joined(statement: str, reasons: list[str], fault: Fault, language: str) -> str:
    told = (" และ" if language == "th" else " and ").join(reasons)
    if told and not _is_judgement(fault):
        told = f" ({told})"
    elif told:
        # Thai puts a space before Latin letters.
        gap = " " if told[0].isascii() else ""
        told = f" เนื่องจาก{gap}{told}" if language == "th" else f", because {told}"
    text = statement + told
    return text if language == "th" else f"{text[0].upper()}{text[1:]}."


def _is_judgement(fault: Fault) -> bool:
    """Degraded and unused are measured and unknown claims nothing: no "probably" there."""
    return fault.cause not in {Cause.DEGRADED, Cause.UNUSED, Cause.UNKNOWN}


def _subject(fault: Fault) -> str:
    """The device the fault is about."""
    if fault.scope in _PLACES and fault.members:
        return fault.members[0].device
    return fault.key


def _place(fault: Fault, inventory: Inventory, language: str) -> str:
    if fault.scope is Scope.AMPHOES:
        return amphoes_name(fault.villages, inventory, language)
    if fault.scope is Scope.AMPHOE:
        return amphoe_name(fault.key, fault.villages, inventory, language)
    return villages_name(fault.villages, inventory, language) or device_name(_subject(fault), inventory)


def _line(evidence: Evidence, fault: Fault, inventory: Inventory, language: str) -> str:
    subject = device_name(evidence.subject, inventory)
    return EVIDENCE[language][evidence.kind].format(
        device=subject,
        group=_group(evidence, fault, inventory, language),
        count=evidence.count,
        total=evidence.total,
        note=evidence.note,
        time=_clock(evidence.at, language),
    )


def _group(evidence: Evidence, fault: Fault, inventory: Inventory, language: str) -> str:
    """Feeder, amphoe or area that the neighbours share, with its preposition."""
    if fault.scope is Scope.AREA_AGENTS:
        return area_name(evidence.subject, inventory, language)
    if fault.scope is Scope.AGENTS:
        feeder = device_name(evidence.subject, inventory)
        return f"ที่ต่อผ่าน {feeder}" if language == "th" else f"behind {feeder}"
    if fault.scope is Scope.AMPHOES:
        name = amphoes_name(fault.villages, inventory, language)
        return f"ใน{name}" if language == "th" else f"in {name}"
    if evidence.subject not in inventory.index_of:
        name = amphoe_name(evidence.subject, fault.villages, inventory, language)
        return f"ใน{name}" if language == "th" else f"in {name}"
    feeder = device_name(evidence.subject, inventory)
    return f"ที่ใช้อุปกรณ์ต้นทาง {feeder}" if language == "th" else f"of feeder {feeder}"


def _clock(at: float, language: str) -> str:
    moment = datetime.fromtimestamp(at, UTC).astimezone(_BANGKOK_TIME)
    return f"{moment:%H:%M} น." if language == "th" else f"{moment:%H:%M}"

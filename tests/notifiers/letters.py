"""Letters for the tests of this room, about villages that are not there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from netmon.model.faults import Cause, Evidence, EvidenceKind, Fault, Member, Resolution, Scope
from netmon.model.ids import CentreId, DeviceId, FaultId, TicketNumber, VillageId
from netmon.model.inventory import Device, Role, ServiceCentre, Village
from netmon.model.notices import Audience, Channel, Letter, Notice, Person, Recipient, Stage
from netmon.model.tickets import Ticket, TicketEvent, TicketStatus

NINE_FIFTEEN = datetime(2026, 11, 20, 2, 15, tzinfo=UTC).timestamp()
"""09:15 in Thailand."""
CENTRE = ServiceCentre(id=CentreId("tot-3706"), name="ศูนย์บริการลูกค้า ทีโอที ปทุมราชวงศา", phone="045000000")
ADDRESSES = {Channel.MAIL: Person("สมชาย ใจดี", email="somchai@technicians.invalid")}
ADDRESSES[Channel.SMS] = Person("บัวลา ศรีสุข", mobile="+66610000005")


def village(number: int = 5, **other: Any) -> Village:
    """The village with that moo in tambon 370601, or what `other` says."""
    values: dict[str, Any] = {
        "id": VillageId(f"370601{number:02d}"),
        "name": "บ้านหนองแวง",
        "tambon": "นาป่าแซง",
        "amphoe": "ปทุมราชวงศา",
        "province": "อำนาจเจริญ",
        "centre": CENTRE.id,
        "lat": 15.81,
        "lon": 104.92,
        "place": "ศาลากลางหมู่บ้าน",
    }
    return Village(**(values | other))


def device_of(one: Village, role: Role = Role.AP) -> Device:
    """A village's device."""
    return Device(id=DeviceId(f"{role}-{one.id}"), role=role, address="10.64.1.5", village=one.id)


def fault_of(villages: Sequence[Village], **other: Any) -> Fault:
    """A fault with one dead access point in each of these villages."""
    members = tuple(Member(device_of(one).id, (one.id,), NINE_FIFTEEN) for one in villages)
    evidence = (
        Evidence(EvidenceKind.DEVICE_SILENT, members[0].device if members else "", NINE_FIFTEEN),
        Evidence(EvidenceKind.UPLINK_ANSWERS, members[0].device if members else "", NINE_FIFTEEN + 20),
    )
    values: dict[str, Any] = {
        "id": FaultId("19a9f00d5"),
        "scope": Scope.DEVICE,
        "key": members[0].device if members else "feeder-1",
        "cause": Cause.ACCESS_POINT,
        "confidence": 0.95,
        "opened_at": NINE_FIFTEEN + 40,
        "members": members,
        "evidence": evidence,
    }
    return Fault(**(values | other))


def resolved(fault: Fault, at: float, resolution: Resolution = Resolution.RECOVERED) -> Fault:
    """The fault after its end; only a recovery brings its devices back."""
    if resolution is Resolution.RECOVERED:
        fault = fault.with_recovered({member.device for member in fault.members}, at)
    return replace(fault, resolved_at=at, resolution=resolution)


def letter(
    stage: Stage = Stage.OPENED,
    channel: Channel = Channel.MAIL,
    *,
    villages: Sequence[Village] | None = None,
    fault: Fault | None = None,
    revision: int = 0,
    **other: Any,
) -> Letter:
    """A letter about one access point, to the technician (mail) or the first village's volunteer (SMS)."""
    there = (village(),) if villages is None else tuple(villages)
    about = fault or fault_of(there)
    if fault is None and stage is Stage.RESOLVED:
        about = resolved(about, NINE_FIFTEEN + 17_220)
    recipient = Recipient(Audience.TECHNICIAN, "tot-3706-t1")
    if channel is Channel.SMS:
        recipient = Recipient(Audience.VOLUNTEER, there[0].id if there else "37060105")
    notice = Notice(
        stage=stage, channel=channel, recipient=recipient, fault=about.id, centre=CENTRE.id, revision=revision
    )
    values: dict[str, Any] = {
        "notice": notice,
        "person": ADDRESSES[channel],
        "at": NINE_FIFTEEN + 240 if about.is_open else (about.resolved_at or 0) + 60,
        "fault": about,
        "ticket": Ticket(
            number=TicketNumber("T-2569-000123"),
            fault=about.id,
            centre=CENTRE.id,
            status=TicketStatus.ACKNOWLEDGED if about.is_open else TicketStatus.RESOLVED,
            villages=tuple(one.id for one in there),
            opened_at=NINE_FIFTEEN + 45,
        ),
        "centre": CENTRE,
        "villages": there,
        "devices": tuple(device_of(one) for one in there),
        "history": (TicketEvent(NINE_FIFTEEN + 45, "netmon", "opened"),),
    }
    return Letter(**(values | other))


def noc_letter(stage: Stage, channel: Channel = Channel.MAIL) -> Letter:
    """A letter to the NOC about netmon's own blindness."""
    recipient = Recipient(Audience.NOC, "noc")
    notice = Notice(stage=stage, channel=channel, recipient=recipient, revision=int(NINE_FIFTEEN))
    return Letter(notice=notice, person=replace(ADDRESSES[channel], name="NOC"), at=NINE_FIFTEEN + 600)

"""What a mail's templates are given: a letter sorted out for its reader.

Villages come grouped by amphoe in the order of their codes, the first SHOWN of them; each carries its own devices, and
devices that serve many villages (feeders) stand above. Of the history the last lines stay; netmon's own lines say
what happened, and only a person's note, or the ticket it was merged into, is quoted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from string import Formatter

from netmon.model.faults import MILD, Fault, Resolution
from netmon.model.ids import VillageId
from netmon.model.inventory import Device, PointKind, Role, Village
from netmon.model.notices import Letter, Stage
from netmon.model.tickets import TicketEvent
from netmon.notifiers.rendering import clean

Wording = Callable[[Fault, str], tuple[str, Sequence[str]]]
"""(fault, language) -> its sentence and its evidence lines, in the present inventory's names."""

SHOWN = 50
"""Villages listed in a mail."""
HISTORY_SHOWN = 12
_OVER = frozenset({"recovered", "normal"})
"""States that say how long it lasted."""
_NETMON = "netmon"
_BANGKOK = "10"


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device as a mail names it: `label` is its name and id."""

    role: Role
    label: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageLine:
    """A village as a mail names it. `point` is 0 for the first point there; times are Unix seconds."""

    name: str
    moo: int
    point: int
    tambon: str
    kind: PointKind
    place: str
    opening_hours: str
    contact: str
    map: str
    failed_at: float
    back_at: float | None
    devices: tuple[DeviceLine, ...]


@dataclass(frozen=True, slots=True)
class AmphoeGroup:
    """The villages of one amphoe; `count` is how many there are, `villages` those shown."""

    amphoe: str
    province: str
    in_bangkok: bool
    count: int
    villages: tuple[VillageLine, ...]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that happened to the ticket; `villages` how many it was about, `said` what is quoted."""

    at: float
    author: str
    what: str
    villages: int
    said: str


def state_of(letter: Letter) -> str:
    """What the letter tells, as the key of the headline: the stage, and for an end and a mild cause which kind."""
    if letter.notice.stage is Stage.RESOLVED:
        resolution = letter.fault.resolution if letter.fault is not None else None
        ends = {Resolution.INVENTORY: "withdrawn", Resolution.OPERATOR: "closed", Resolution.MERGED: "merged"}
        return ends.get(resolution, "normal" if _is_mild(letter) else "recovered") if resolution else "recovered"
    if letter.notice.stage is Stage.OPENED and _is_mild(letter):
        return "noticed"
    return letter.notice.stage.value


def _is_mild(letter: Letter) -> bool:
    return letter.fault is not None and letter.fault.cause in MILD


def point_of(village: VillageId) -> int:
    """Which point of its village: 2 for `34010105-2`, 0 for the first."""
    return int(village.partition("-")[2] or 0)


def failed_at(fault: Fault, villages: Iterable[VillageId]) -> float:
    """When the first of these villages fell silent (Unix seconds), by what is still dark if anything is."""
    wanted = set(villages)
    members = [member for member in fault.members if wanted.intersection(member.villages)]
    dark = [member.failed_at for member in members if member.recovered_at is None]
    return min(dark or [member.failed_at for member in members], default=fault.failed_at)


def recovered_at(fault: Fault, village: VillageId) -> float | None:
    """When a village came back (Unix seconds), None while it is dark."""
    if village in fault.dark_villages:
        return None
    moments = [m.recovered_at for m in fault.members if village in m.villages and m.recovered_at is not None]
    return max(moments, default=fault.resolved_at)


class Particulars:
    """One ticket letter, sorted out once for both languages and both forms of the mail."""

    def __init__(self, letter: Letter, *, wording: Wording, contact: str, map_link: str) -> None:
        if letter.fault is None or letter.ticket is None:
            raise ValueError(f"a notice of stage {letter.notice.stage} needs its fault and ticket")
        self._letter, self._fault, self._ticket = letter, letter.fault, letter.ticket
        self._wording = wording
        self._contact, self._map_link = contact, map_link
        self._state = state_of(letter)
        dark = set(self._fault.dark_villages)
        self._dark_count = sum(village.id in dark for village in letter.villages)
        backs = [recovered_at(self._fault, village.id) for village in letter.villages]
        known = [moment for moment in backs if moment is not None]
        self._until = max(known) if known and self._dark_count == 0 else self._fault.resolved_at or letter.at

    def in_language(self, language: str) -> Mapping[str, object]:
        """The variables of `mail.txt` and `mail.html`. Times are Unix seconds, confidence is in percent."""
        letter, fault, ticket = self._letter, self._fault, self._ticket
        sentence, evidence = self._wording(fault, language)
        own = {device.village for device in letter.devices}
        upstream = [device_line(one) for one in letter.devices if one.village is None or one.role is Role.FEEDER]
        events = history_lines(letter.history)
        return {
            "state": self._state,
            "over": self._state in _OVER,
            "at": letter.at,
            "since": failed_at(fault, (village.id for village in letter.villages)),
            "until": self._until,
            "cause": fault.cause.value,
            "confidence": round(fault.confidence * 100),
            "overruled_by": fault.overruled_by,
            "sentence": sentence,
            "evidence": evidence,
            "tried": None if fault.cause in MILD or self._dark_count == 0 else letter.tried,
            "upstream": upstream[:SHOWN],
            "groups": self._groups(),
            "about": ", ".join(line.label for line in upstream[:1]) or ", ".join(sorted(filter(None, own))[:1]),
            "village_count": len(letter.villages),
            "dark_count": self._dark_count,
            "hidden": max(0, len(letter.villages) - SHOWN),
            "number": ticket.number,
            "status": ticket.status.value,
            "accepted_by": ticket.accepted_by,
            "centre": letter.centre.name if letter.centre is not None else ticket.centre,
            "history": events[-HISTORY_SHOWN:],
            "earlier": max(0, len(events) - HISTORY_SHOWN),
            "contact": self._contact,
        }

    def _groups(self) -> tuple[AmphoeGroup, ...]:
        villages = sorted(self._letter.villages, key=lambda village: village.id)
        groups, shown = [], 0
        for _, members in groupby(villages, key=lambda village: village.amphoe_code):
            there = tuple(members)
            lines = tuple(self._village_line(village) for village in there[: SHOWN - shown])
            shown += len(lines)
            first = there[0]
            groups.append(AmphoeGroup(first.amphoe, first.province, in_bangkok(first), len(there), lines))
        return tuple(groups)

    def _village_line(self, village: Village) -> VillageLine:
        back = recovered_at(self._fault, village.id)
        if back is None and self._state in _OVER:
            back = self._until
        own = [device for device in self._letter.devices if device.village == village.id]
        return VillageLine(
            name=village.name,
            moo=village.moo,
            point=point_of(village.id),
            tambon=village.tambon,
            kind=village.kind,
            place=village.place,
            opening_hours=village.opening_hours,
            contact=village.contact,
            map=map_of(village, self._map_link),
            failed_at=failed_at(self._fault, [village.id]),
            back_at=back,
            devices=tuple(device_line(device) for device in own if device.role is not Role.FEEDER),
        )


def in_bangkok(village: Village) -> bool:
    """Whether the village's districts are called khet and khwaeng."""
    return village.province_code == _BANGKOK


def device_line(device: Device) -> DeviceLine:
    """The device with its name, if it has one, and its id."""
    label = f"{device.name} ({device.id})" if device.name and device.name != device.id else device.id
    return DeviceLine(device.role, label, device.address)


def map_of(village: Village, link: str) -> str:
    """The village's map link, '' where its place or the link is unknown."""
    if village.lat is None or village.lon is None or not link:
        return ""
    return Formatter().vformat(link, (), {"lat": f"{village.lat:.6f}", "lon": f"{village.lon:.6f}"})


def history_lines(history: Sequence[TicketEvent]) -> list[HistoryLine]:
    """What a technician wants of the history: of revisions in a row the last, nothing of netmon's own deliveries."""
    lines: list[HistoryLine] = []
    for event in history:
        if event.what == "undelivered":
            continue
        line = _history_line(event)
        if lines and line.what == "changed" and lines[-1].what == "changed":
            lines.pop()
        lines.append(line)
    return lines


def _history_line(event: TicketEvent) -> HistoryLine:
    if event.author != _NETMON:
        return HistoryLine(event.at, event.author, event.what, 0, clean(event.text))
    if event.what == "extended":
        return HistoryLine(event.at, event.author, event.what, len(event.text.split(",")), "")
    if event.what == "resolved" and event.text == Resolution.RECOVERED:
        return HistoryLine(event.at, event.author, Resolution.RECOVERED, 0, "")
    quoted = event.text if event.what in {"merged", "cancelled"} else ""
    return HistoryLine(event.at, event.author, event.what, 0, clean(quoted))

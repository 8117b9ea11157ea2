"""Who was really dark when, whom netmon could see go dark, and who is therefore due a ticket. From the ledger alone.

A spell is one event's darkness (or trouble) of one village, from its first device that died to its last that came
back. Netmon cannot be asked to tell it from another event that had darkened the village before, nor while it was cut
off itself, so a spell is *due* a ticket when some unbroken part of it that only this event explains lasted as long as
netmon promises to take (`patience`), before the drill ended.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmon.lab.ledger import read_lines, read_outages
from netmon.model.faults import Cause
from netmon.model.ids import VillageId

OPTIONAL = frozenset({"loss", "delay"})
"""Kinds whose ticket is explained, and whose lack of one is no miss."""
_OUTAGES = frozenset({"power_cut", "fibre_cut", "feeder_cut", "ap_fault", "uplink_fault", "flap"})
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spell:
    """One village's part in one event. `due_from` is when what is due a ticket began to show, None where none is."""

    village: VillageId
    since: float
    until: float | None
    due_from: float | None = None

    def explains(self, at: float, lag: float) -> bool:
        """Whether a village listed at that time, `lag` seconds behind the truth at most, is listed rightly."""
        return self.since <= at and (self.until is None or at <= self.until + lag)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueEvent:
    """One event of the ledger with its spells by village; `cause` is None where no ticket is due."""

    id: str
    kind: str
    cause: Cause | None
    since: float
    until: float | None
    spells: Mapping[VillageId, Spell]


@dataclass(frozen=True, slots=True)
class Truth:
    """All events in the order they began; `isolations` are netmon's own absences."""

    events: Sequence[TrueEvent]
    isolations: Sequence[Span]


def read_truth(ledger: Path, *, ended: float, patience: float) -> Truth:
    """The truth of a ledger; `ended` is when nobody looked any more.

    Raises:
        InputError: the ledger cannot be read, or is none.
    """
    lines = {line["event"]: line for line in read_lines(ledger) if line["truth"] == "event"}
    ends = {key: line["to"] if line["to"] is not None else ended for key, line in lines.items()}
    isolations = [(line["from"], ends[key]) for key, line in lines.items() if line["kind"] == "poller_isolation"]
    spells = {key: dict(_troubled(line)) for key, line in lines.items() if line["kind"] not in _OUTAGES}
    for one in read_outages(ledger):
        own = spells.setdefault(one.event, {})
        for village in one.villages:
            own[village] = _joined(own.get(village), Spell(village, one.since, one.until))
    dark = _by_village(spell for key, own in spells.items() if lines[key]["kind"] in _OUTAGES for spell in own.values())
    events = []
    for key, line in lines.items():
        due = line["cause"] and line["kind"] not in OPTIONAL
        events.append(
            TrueEvent(
                id=key,
                kind=line["kind"],
                cause=Cause(line["cause"]) if line["cause"] else None,
                since=line["from"],
                until=line["to"],
                spells={
                    village: _judged(spell, dark.get(village, ()), isolations, ended, patience) if due else spell
                    for village, spell in spells.get(key, {}).items()
                },
            )
        )
    return Truth(sorted(events, key=lambda one: (one.since, one.id)), isolations)


def _troubled(line: Mapping[str, object]) -> Iterator[tuple[VillageId, Spell]]:
    villages, since, until = line["villages"], line["from"], line["to"]
    if line["cause"] and isinstance(villages, list) and isinstance(since, float):
        for village in villages:
            yield village, Spell(village, since, until if isinstance(until, float) else None)


def _joined(known: Spell | None, new: Spell) -> Spell:
    if known is None:
        return new
    until = None if known.until is None or new.until is None else max(known.until, new.until)
    return Spell(known.village, min(known.since, new.since), until)


def _by_village(spells: Iterable[Spell]) -> dict[VillageId, list[Spell]]:
    found: dict[VillageId, list[Spell]] = {}
    for spell in spells:
        found.setdefault(spell.village, []).append(spell)
    return found


def _judged(spell: Spell, dark: Sequence[Spell], isolations: Sequence[Span], ended: float, patience: float) -> Spell:
    """The spell with the moment from which it alone showed, if it did so for long enough."""
    earlier = [other for other in dark if other.since < spell.since]
    hidden = [(other.since, ended if other.until is None else other.until) for other in earlier]
    for since, until in _without((spell.since, min(ended, spell.until or ended)), [*hidden, *isolations]):
        if until - since >= patience:
            return Spell(spell.village, spell.since, spell.until, since)
    return spell


def _without(span: Span, holes: Sequence[Span]) -> Iterator[Span]:
    """What is left of a span where there is no hole."""
    since, end = span
    for hole_since, hole_until in sorted(holes):
        if hole_until <= since:
            continue
        if hole_since >= end:
            break
        if hole_since > since:
            yield since, hole_since
        since = hole_until
    if since < end:
        yield since, end

"""The status page's facts, put into words: everything the template shows and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netmon.model.cases import Case
from netmon.model.country import village_health
from netmon.model.faults import Fault
from netmon.model.health import Health
from netmon.model.ids import CentreId, VillageId
from netmon.model.inventory import Inventory, ServiceCentre, Village
from netmon.model.tickets import Ticket
from netmon.web.headline import Asked, Mood, headline, mood_of
from netmon.web.overview import Counts, Moment, Overview, look_over
from netmon.web.sources import Explain
from netmon.web.times import clock_time, full_time, how_long, machine_time
from netmon.web.words import BANGKOK, CAUSE, HEALTH, REGION, STATUS, Words

MOST_CASES = 60
"""Faults shown, those with most dark villages first; the page says how many more there are."""
_NAMED = 3
_PAINTED = (
    Health.UP, Health.UNKNOWN, Health.BLIND, Health.RECOVERING, Health.SUSPECT, Health.UNREACHABLE, Health.DOWN,
)  # fmt: skip
"""From the bottom of the map to its top: nothing hides a dead village."""
_BIG_DOT, _SMALL_DOT, _CROWD = 9.0, 3.0, 110.0
_TROUBLE = frozenset({Health.DOWN, Health.UNREACHABLE, Health.SUSPECT, Health.RECOVERING})
_STANDS_OUT = 1.8
"""Dots on a map 530 wide: smaller the more there are, but one dead village among 24,700 must catch the eye."""


@dataclass(frozen=True, slots=True)
class When:
    """A moment for people and for machines, and how long ago."""

    text: str
    machine: str
    ago: str


@dataclass(frozen=True, slots=True)
class Tile:
    """Villages of one health; `path` draws them on the map, with dots `dot` wide."""

    health: str
    words: Words
    count: int
    path: str
    dot: str


@dataclass(frozen=True, slots=True)
class RegionLine:
    """One region: how many villages, how many of them up, and how many cut off (down or unreachable)."""

    words: Words
    villages: int
    up: int
    cut_off: int


@dataclass(frozen=True, slots=True)
class TicketLine:
    """One ticket."""

    number: str
    centre: str
    status: Words
    villages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCard:
    """One fault with its tickets; `where` is the amphoe or province that all of `named` lie in, '' where none is."""

    cause: Words
    confidence: int
    overruled_by: str
    dark: int
    where: str
    named: Sequence[str]
    since: When
    sentence: Words
    tickets: Sequence[TicketLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The whole page."""

    mood: Mood
    headline: Words
    reasons: Sequence[str]
    now: When
    last_probe: When | None
    overview: Overview
    total: int
    tiles: Sequence[Tile]
    unplaced: int
    regions: Sequence[RegionLine]
    cards: Sequence[FaultCard]
    more_cards: int


def make_board(moment: Moment, asked: Asked, explain: Explain) -> Board:
    """Put the moment into words: some milliseconds for the country."""
    overview = look_over(moment)
    codes = village_health(moment.fleet, moment.places.rows)
    cases = sorted(
        (case for case in moment.cases if case.fault.is_open),
        key=lambda case: (-len(case.fault.dark_villages), case.fault.failed_at),
    )
    mood = mood_of(overview, asked)
    total = len(moment.places.villages)
    return Board(
        mood=mood,
        headline=headline(mood, overview, asked),
        reasons=(asked.isolation.reason,) if asked.isolation is not None else tuple(asked.not_ready),
        now=When(full_time(asked.now), machine_time(asked.now), ""),
        last_probe=None if overview.last_probe is None else _when(overview.last_probe, asked.now),
        overview=overview,
        total=total,
        tiles=[
            Tile(
                health.label,
                HEALTH[health],
                overview.villages[health],
                moment.places.path(codes == health),
                _dot(health, total),
            )
            for health in _PAINTED
        ],
        unplaced=moment.places.unplaced,
        regions=[_region(words, overview.regions[region]) for region, words in REGION.items()],
        cards=[_card(case, moment.inventory, asked.now, explain) for case in cases[:MOST_CASES]],
        more_cards=max(0, len(cases) - MOST_CASES),
    )


def _dot(health: Health, total: int) -> str:
    width = max(_SMALL_DOT, min(_BIG_DOT, _CROWD / max(total, 1) ** 0.5))
    return f"{width * _STANDS_OUT if health in _TROUBLE else width:.1f}"


def _when(at: float, now: float) -> When:
    return When(clock_time(at, now), machine_time(at), how_long(now - at))


def _region(words: Words, counts: Counts) -> RegionLine:
    cut_off = counts[Health.DOWN] + counts[Health.UNREACHABLE]
    return RegionLine(words, sum(counts.values()), counts[Health.UP], cut_off)


def _card(case: Case, inventory: Inventory, now: float, explain: Explain) -> FaultCard:
    fault: Fault = case.fault
    dark = fault.dark_villages
    where, named = _names(dark, inventory)
    return FaultCard(
        cause=CAUSE[fault.cause],
        confidence=round(100 * fault.confidence),
        overruled_by=fault.overruled_by,
        dark=len(dark),
        where=where,
        named=named,
        since=_when(fault.failed_at, now),
        sentence=Words(explain(fault, "th"), explain(fault, "en")),
        tickets=[_ticket(ticket, inventory.centres) for ticket in case.tickets],
    )


def _names(dark: Sequence[VillageId], inventory: Inventory) -> tuple[str, Sequence[str]]:
    """What all the villages have in common, and the first of them by what tells them apart."""
    known = [inventory.villages.get(one) for one in dark]
    first = known[0] if known else None
    if len(known) < 2 or first is None:  # noqa: PLR2004
        return "", [_place(one, inventory.villages.get(one)) for one in dark]
    if {one and one.amphoe_code for one in known} == {first.amphoe_code}:
        return _amphoe(first), [_tambon(one) for one in known[:_NAMED] if one]
    if {one and one.province_code for one in known} == {first.province_code}:
        return _province(first), [f"{_tambon(one)} {_district(one)}" for one in known[:_NAMED] if one]
    return "", [_place(code, one) for code, one in zip(dark[:_NAMED], known, strict=False)]


def _place(code: VillageId, village: Village | None) -> str:
    return code if village is None else f"{_tambon(village)} {_amphoe(village)}"


def _amphoe(village: Village) -> str:
    return f"{_district(village)} {_province(village)}"


def _tambon(village: Village) -> str:
    return f"{village.name} {'แขวง' if village.province_code == BANGKOK else 'ต.'}{village.tambon}"


def _district(village: Village) -> str:
    return f"{'เขต' if village.province_code == BANGKOK else 'อ.'}{village.amphoe}"


def _province(village: Village) -> str:
    return village.province if village.province_code == BANGKOK else f"จ.{village.province}"


def _ticket(ticket: Ticket, centres: Mapping[CentreId, ServiceCentre]) -> TicketLine:
    centre = centres.get(ticket.centre)
    name = ticket.centre if centre is None else centre.name
    return TicketLine(ticket.number, name, STATUS[ticket.status], len(ticket.villages))

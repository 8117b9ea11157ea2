"""Which ticket answers to which event.

A village is listed rightly when an event really troubled it at that moment, or had until a little while before. The
ticket answers to the event that explains most of the villages it ever listed. Of the tickets that answer to one event
at one service centre the first is right and every other one is one too many, unless netmon itself withdrew it as
merged. Villages where nothing is built yet are neither right nor wrong.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netmon.lab.scoring.kept import KeptVillage, TicketState
from netmon.lab.scoring.truth import TrueEvent
from netmon.model.ids import CentreId, TicketNumber, VillageId
from netmon.model.tickets import TicketStatus


@dataclass(frozen=True, slots=True)
class Listing:
    """A village on a ticket: since when, and until when it stood there as dark (None: to the end)."""

    village: VillageId
    at: float
    dark_until: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredTicket:
    """A ticket with the event it answers to, '' for none, and its villages that this event does not explain."""

    number: TicketNumber
    centre: CentreId
    states: Sequence[TicketState]
    listings: Mapping[VillageId, Listing]
    event: str
    wrongly_listed: tuple[VillageId, ...]

    @property
    def is_withdrawn(self) -> bool:
        """Netmon merged it into another."""
        return self.states[-1].status is TicketStatus.CANCELLED

    @property
    def seen_at(self) -> float:
        """When the desk first had it."""
        return self.states[0].at


def score_tickets(
    tickets: Mapping[TicketNumber, Sequence[TicketState]],
    events: Sequence[TrueEvent],
    villages: Mapping[VillageId, KeptVillage],
    *,
    lag: float,
) -> list[ScoredTicket]:
    """Every ticket in the order the desk got them; `lag` is how long a listed village may have been back already."""
    scored = [_scored(number, states, events, villages, lag) for number, states in tickets.items()]
    return sorted(scored, key=lambda one: (one.seen_at, one.number))


def _scored(
    number: TicketNumber,
    states: Sequence[TicketState],
    events: Sequence[TrueEvent],
    villages: Mapping[VillageId, KeptVillage],
    lag: float,
) -> ScoredTicket:
    listings = _listings(states)
    built = [one for one in listings.values() if not (one.village in villages and villages[one.village].is_planned)]
    explained = Counter(event for one in built for event in _explaining(one, events, lag))
    # On equal terms the event that began first: `events` are in that order, and so is what is counted.
    best = max((event for event in events if explained[event.id]), key=lambda e: explained[e.id], default=None)
    wrong = [one.village for one in built if best is None or not _is_explained(one, best, lag)]
    return ScoredTicket(
        number=number,
        centre=states[0].centre,
        states=states,
        listings=listings,
        event=best.id if best else "",
        wrongly_listed=tuple(sorted(wrong)),
    )


def _explaining(listing: Listing, events: Sequence[TrueEvent], lag: float) -> list[str]:
    """Events that explain a listing: those that are true at that moment, else those that were until just before."""
    for patience in (0.0, lag):
        if found := [event.id for event in events if _is_explained(listing, event, patience)]:
            return found
    return []


def _is_explained(listing: Listing, event: TrueEvent, lag: float) -> bool:
    spell = event.spells.get(listing.village)
    return spell is not None and spell.explains(listing.at, lag)


def _listings(states: Sequence[TicketState]) -> dict[VillageId, Listing]:
    first: dict[VillageId, float] = {}
    back: dict[VillageId, float | None] = {}
    for state in states:
        still = set(state.dark) if state.status not in _OVER else set()
        for village in state.villages:
            first.setdefault(village, state.at)
            if village in still:
                back[village] = None
            elif back.get(village) is None:
                back[village] = state.at
    return {village: Listing(village, at, back[village]) for village, at in first.items()}


_OVER = frozenset({TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED, TicketStatus.REJECTED})

"""The health machine: one table says what happens to a device's health, and nothing else may change it.

A device is in one of seven healths. Eleven things can happen to it. `TRANSITIONS` holds every pair that can occur, with
the health that follows and the reason that becomes log field, metric label and ticket text. Where the health stays,
the pair stands in the table all the same: "nothing happens" is an answer, a missing row is a mistake.

    health      answered   missed  confirmed steady parent_down released child_answered unobserved isolated sighted
    unknown     up         suspect -         -      unreachable .        .              .          blind    .
    up          .          suspect -         -      .           .        .              unknown    blind    .
    suspect     up         .       down      -      unreachable .        unknown        unknown    blind    .
    down        recovering .       -         -      unreachable .        unknown        unknown    blind    .
    unreachable recovering .       -         -      .           unknown  unknown        unknown    blind    .
    blind       .          .       -         -      .           .        .              .          .        unknown
    recovering  .          suspect -         up     unreachable .        .              unknown    blind    .

`.` stays, `-` cannot happen (`ILLEGAL`). `inventory` makes everything unknown: the device is another one now.

Why it is so:

* One miss says little, so it makes a suspect; only the odds (`rules.odds`) make a suspect down. One answer clears it.
* What was dark has to answer for a while (`recovering`) before it counts as up. A miss in that time is a relapse and
  must be confirmed again like any other.
* A dead parent explains a silent child, which becomes unreachable; an `up` child keeps its last word until it misses.
  When the parent returns, its children are unknown until a fresh probe has spoken: the parent's return proves nothing
  about them. A child that answers proves that everything above it passes traffic, so what stood above it as suspect,
  down or unreachable is unknown too.
* An OLT that fails says nothing of its ONUs: those that have no address of their own are unknown, never down.
* While netmon itself is cut off, no probe counts and nobody's parent died; afterwards everybody is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from netmon.model.health import Health, HealthEvent, HealthReason, IllegalMoveError


@dataclass(frozen=True, slots=True)
class Move:
    """The health that follows, and why."""

    health: Health
    reason: HealthReason


_H, _E, _R = Health, HealthEvent, HealthReason


def _stays(health: Health, *events: HealthEvent) -> dict[tuple[Health, HealthEvent], Move]:
    return {(health, event): Move(health, _R.UNCHANGED) for event in events}


_BLINDED = Move(_H.BLIND, _R.POLLER_ISOLATED)
_BEHIND = Move(_H.UNREACHABLE, _R.BEHIND_DEAD_PARENT)
_REFUTED = Move(_H.UNKNOWN, _R.REFUTED_BY_CHILD)
_UNSEEN = Move(_H.UNKNOWN, _R.OBSERVER_FAILED)
_RETEST = Move(_H.UNKNOWN, _R.AWAITS_FRESH_PROBE)

TRANSITIONS: Mapping[tuple[Health, HealthEvent], Move] = MappingProxyType(
    {
        (_H.UNKNOWN, _E.ANSWERED): Move(_H.UP, _R.FIRST_ANSWER),
        (_H.UNKNOWN, _E.MISSED): Move(_H.SUSPECT, _R.FIRST_MISS),
        (_H.UNKNOWN, _E.PARENT_DOWN): _BEHIND,
        **_stays(_H.UNKNOWN, _E.RELEASED, _E.CHILD_ANSWERED, _E.SIGHTED),
        (_H.UP, _E.ANSWERED): Move(_H.UP, _R.STILL_ANSWERING),
        (_H.UP, _E.MISSED): Move(_H.SUSPECT, _R.FIRST_MISS),
        **_stays(_H.UP, _E.PARENT_DOWN, _E.RELEASED, _E.CHILD_ANSWERED, _E.SIGHTED),
        (_H.SUSPECT, _E.ANSWERED): Move(_H.UP, _R.REFUTED_BY_ANSWER),
        (_H.SUSPECT, _E.MISSED): Move(_H.SUSPECT, _R.STILL_SILENT),
        (_H.SUSPECT, _E.CONFIRMED): Move(_H.DOWN, _R.ODDS_CONFIRMED),
        (_H.SUSPECT, _E.PARENT_DOWN): _BEHIND,
        (_H.SUSPECT, _E.CHILD_ANSWERED): _REFUTED,
        **_stays(_H.SUSPECT, _E.RELEASED, _E.SIGHTED),
        (_H.DOWN, _E.ANSWERED): Move(_H.RECOVERING, _R.ANSWERS_AGAIN),
        (_H.DOWN, _E.MISSED): Move(_H.DOWN, _R.STILL_SILENT),
        (_H.DOWN, _E.PARENT_DOWN): _BEHIND,
        (_H.DOWN, _E.CHILD_ANSWERED): _REFUTED,
        **_stays(_H.DOWN, _E.RELEASED, _E.SIGHTED),
        (_H.UNREACHABLE, _E.ANSWERED): Move(_H.RECOVERING, _R.ANSWERS_AGAIN),
        (_H.UNREACHABLE, _E.RELEASED): _RETEST,
        (_H.UNREACHABLE, _E.CHILD_ANSWERED): _REFUTED,
        **_stays(_H.UNREACHABLE, _E.MISSED, _E.PARENT_DOWN, _E.SIGHTED),
        (_H.BLIND, _E.SIGHTED): _RETEST,
        **_stays(_H.BLIND, _E.ANSWERED, _E.MISSED, _E.PARENT_DOWN, _E.RELEASED, _E.CHILD_ANSWERED, _E.ISOLATED),
        (_H.RECOVERING, _E.ANSWERED): Move(_H.RECOVERING, _R.STILL_ANSWERING),
        (_H.RECOVERING, _E.MISSED): Move(_H.SUSPECT, _R.RELAPSED),
        (_H.RECOVERING, _E.STEADY): Move(_H.UP, _R.STEADY_AGAIN),
        (_H.RECOVERING, _E.PARENT_DOWN): _BEHIND,
        **_stays(_H.RECOVERING, _E.RELEASED, _E.CHILD_ANSWERED, _E.SIGHTED),
        **{(health, _E.ISOLATED): _BLINDED for health in Health if health is not _H.BLIND},
        **{(health, _E.UNOBSERVED): _UNSEEN for health in Health if health not in (_H.UNKNOWN, _H.BLIND)},
        **{(health, _E.UNOBSERVED): Move(health, _R.UNCHANGED) for health in (_H.UNKNOWN, _H.BLIND)},
        **{(health, _E.INVENTORY): Move(_H.UNKNOWN, _R.CHANGED_INVENTORY) for health in Health},
    }
)
"""(health, event) -> what follows. Complete but for `ILLEGAL`."""

ILLEGAL: frozenset[tuple[Health, HealthEvent]] = frozenset(
    # The odds are only ever asked about a suspect, so nothing else can be confirmed.
    {(health, _E.CONFIRMED) for health in Health if health is not _H.SUSPECT}
    # Steadiness is only ever timed while a device recovers.
    | {(health, _E.STEADY) for health in Health if health is not _H.RECOVERING}
)
"""Pairs that cannot happen; asking for one is a mistake of the caller."""


def step(health: Health, event: HealthEvent) -> Move:
    """What follows when `event` happens to a device in `health`.

    Raises:
        IllegalMoveError: the pair is one of ILLEGAL.
    """
    try:
        return TRANSITIONS[health, event]
    except KeyError:
        raise IllegalMoveError(f"nothing that is {health.label} can be {event}") from None


def diagram() -> str:
    """The moves that change a health as a Mermaid state diagram, for the README."""
    labels: dict[tuple[str, str], list[str]] = {}
    for (health, event), move in sorted(TRANSITIONS.items()):
        if move.health is not health:
            labels.setdefault((health.label, move.health.label), []).append(event.value)
    arrows = [f"    {start} --> {end}: {', '.join(events)}" for (start, end), events in labels.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> unknown", *arrows]) + "\n"

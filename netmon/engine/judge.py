"""The judge: turns answers and misses into health, by the rules.

Only restless devices (not plainly up) have a record here, so a calm country costs nothing. A first miss starts a
series of re-probes; the parent is probed at once too, because what a silent child may be called depends on it. The
parent's return releases its children, and nothing is said about them before a fresh probe.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from netmon.model.country import Country
from netmon.model.decisions import RecheckSoon
from netmon.model.fleet import Histories
from netmon.model.health import Health, HealthEvent
from netmon.model.inventory import Lifecycle
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Vitals
from netmon.rules.health import TRANSITIONS, step
from netmon.rules.kinship import Blame, Kin, blame
from netmon.rules.odds import OddsPolicy, RecoveryPolicy, misses_needed, recheck_spacing

log = logging.getLogger(__name__)

DARK = (Health.DOWN, Health.UNREACHABLE)
RELEASE_SPREAD = 2.0
"""Seconds over which released children are probed, so that a returning feeder is not greeted by a burst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPolicy:
    """How sure to be before saying down, and up again. `timeout` is the probe's, seconds."""

    odds: OddsPolicy
    recovery: RecoveryPolicy
    timeout: float


@dataclass(slots=True)
class Unrest:
    """One restless device. Monotonic seconds; `needed` misses in a row make it silent beyond doubt."""

    first_miss: float = 0.0
    misses: int = 0
    needed: int = 0
    confirmed_at: float | None = None
    answering_since: float | None = None
    released_at: float | None = None


class Judge:
    """Owns health. `dirty` tells the casework that something that matters to faults has changed."""

    def __init__(self, country: Country, policy: HealthPolicy, vitals: Vitals) -> None:
        self._country = country
        self.policy = policy
        self._vitals = vitals
        self._unrest: dict[int, Unrest] = {}
        self._proved: set[int] = set()
        self._histories: Histories | None = None
        self.dirty = True

    def wants_probe(self, index: int) -> bool:
        """Whether a probe out of turn still serves a purpose."""
        return self._country.fleet.health_of(index) is not Health.UP

    def is_steady(self, index: int, now: Now) -> bool:
        """Whether a device that is up has proved it: answered without a break for the policy's time."""
        up_for = now.monotonic - float(self._country.fleet.changed_at[index])
        return index in self._proved or up_for >= self.policy.recovery.steady

    def unrest_of(self, index: int) -> Unrest | None:
        """The record of a restless device."""
        return self._unrest.get(index)

    def hear(self, answered: Sequence[int], missed: Sequence[int], now: Now) -> list[RecheckSoon]:
        """Judge outcomes that may change something; returns the probes wanted out of turn."""
        wishes: list[RecheckSoon] = []
        for index in answered:
            self._answered(index, now, wishes)
        for index in missed:
            self._missed(index, now, wishes)
        return wishes

    def isolate(self, now: Now) -> None:
        """The poller is cut off: nothing is known of any device until it is sighted again."""
        self._histories = self._country.fleet.histories()
        self._everywhere(HealthEvent.ISOLATED, now)

    def sight(self, now: Now) -> None:
        """The isolation is over: every device awaits a fresh probe, and misses meanwhile were nobody's fault."""
        if self._histories is not None:
            self._country.fleet.restore_histories(self._histories)
            self._histories = None
        self._everywhere(HealthEvent.SIGHTED, now)

    def adopt(self, kept: Sequence[tuple[int, int]], changed: Sequence[int], now: Now) -> None:
        """After a reload: renumber the records of kept devices (new, old index); changed ones start anew."""
        self._unrest = {new: self._unrest[old] for new, old in kept if old in self._unrest}
        self._proved = {new for new, old in kept if old in self._proved}
        self._histories = None
        if self._country.isolation is not None:
            self._everywhere(HealthEvent.ISOLATED, now)
        for index in changed:
            self._apply(index, HealthEvent.INVENTORY, now)
        self.dirty = True

    def _everywhere(self, event: HealthEvent, now: Now) -> None:
        fleet = self._country.fleet
        moved = np.array(
            [step(health, event).health if (health, event) in TRANSITIONS else health for health in Health]
        )
        fleet.health[:] = moved[fleet.health]
        fleet.since[:], fleet.changed_at[:] = now.wall, now.monotonic
        self._unrest.clear()
        self._proved.clear()
        self.dirty = True

    def _answered(self, index: int, now: Now, wishes: list[RecheckSoon]) -> None:
        fleet = self._country.fleet
        before = fleet.health_of(index)
        if before is Health.DOWN:
            fleet.restart_history(index)
        after = self._apply(index, HealthEvent.ANSWERED, now)
        for above in self._ancestors(index):
            if fleet.health_of(above) in (Health.SUSPECT, Health.DOWN, Health.UNREACHABLE):
                self._refute(above, now, wishes)
        if after is Health.RECOVERING:
            self._watch_recovery(index, now, wishes)
        if before in DARK:
            self._release_children(index, now, wishes)

    def _refute(self, above: int, now: Now, wishes: list[RecheckSoon]) -> None:
        self._apply(above, HealthEvent.CHILD_ANSWERED, now)
        self._release_children(above, now, wishes)
        wishes.append(RecheckSoon(above, self.policy.timeout))

    def _watch_recovery(self, index: int, now: Now, wishes: list[RecheckSoon]) -> None:
        unrest = self._unrest.setdefault(index, Unrest())
        unrest.misses, unrest.confirmed_at = 0, None
        if unrest.answering_since is None:
            unrest.answering_since = now.monotonic
        answered_for = now.monotonic - unrest.answering_since
        if answered_for >= self.policy.recovery.steady:
            self._apply(index, HealthEvent.STEADY, now)
        else:
            left = self.policy.recovery.steady - answered_for
            wishes.append(RecheckSoon(index, min(left, self.policy.recovery.steady / 3)))

    def _release_children(self, index: int, now: Now, wishes: list[RecheckSoon]) -> None:
        children = self._country.inventory.children_of(index)
        for place, child in enumerate(children):
            if self._country.fleet.health_of(child) is not Health.UNREACHABLE:
                continue
            self._apply(child, HealthEvent.RELEASED, now)
            self._unrest[child] = Unrest(released_at=now.monotonic)
            wishes.append(RecheckSoon(child, RELEASE_SPREAD * place / len(children)))
            self._release_children(child, now, wishes)

    def _missed(self, index: int, now: Now, wishes: list[RecheckSoon]) -> None:
        fleet, inventory = self._country.fleet, self._country.inventory
        if inventory.devices[index].lifecycle is Lifecycle.PLANNED and not fleet.answered_at[index] > 0:
            return
        before = fleet.health_of(index)
        after = self._apply(index, HealthEvent.MISSED, now)
        if after is not Health.SUSPECT:
            return
        unrest = self._unrest.setdefault(index, Unrest())
        if before is not Health.SUSPECT:
            self._begin_series(index, unrest, now, wishes)
        unrest.misses += 1
        if unrest.misses >= unrest.needed:
            self._confirm(index, unrest, now, wishes)

    def _begin_series(self, index: int, unrest: Unrest, now: Now, wishes: list[RecheckSoon]) -> None:
        sent, lost = self._country.fleet.recent(index)
        policy = self.policy.odds
        unrest.needed = misses_needed(max(0, sent - 1), max(0, lost - 1), policy)
        unrest.first_miss, unrest.misses = now.monotonic, 0
        unrest.confirmed_at = unrest.answering_since = None
        spacing = recheck_spacing(unrest.needed, self.policy.timeout, policy)
        wishes.extend(RecheckSoon(index, spacing * place) for place in range(unrest.needed - 1))
        parent = self._country.inventory.parent_of(index)
        if parent >= 0 and self._country.fleet.health_of(parent) is not Health.BLIND:
            wishes.append(RecheckSoon(parent, 0.0))

    def _confirm(self, index: int, unrest: Unrest, now: Now, wishes: list[RecheckSoon]) -> None:
        match blame(self._kin(index, unrest.first_miss)):
            case Blame.OWN:
                unrest.confirmed_at = now.monotonic
                self._apply(index, HealthEvent.CONFIRMED, now)
                self._darken_children(index, now)
            case Blame.BEHIND:
                self._apply(index, HealthEvent.PARENT_DOWN, now)
                self._darken_children(index, now)
            case Blame.REFUTED:
                self._apply(index, HealthEvent.CHILD_ANSWERED, now)
            case Blame.WAIT:
                wishes.append(RecheckSoon(self._country.inventory.parent_of(index), 0.0))
                wishes.append(RecheckSoon(index, self.policy.timeout))

    def _kin(self, index: int, first_miss: float) -> Kin:
        fleet, inventory = self._country.fleet, self._country.inventory
        parent = inventory.parent_of(index)
        if parent < 0 or not inventory.devices[parent].is_watched:
            parent = -1
        siblings = [one for one in inventory.children_of(parent) if one != index] if parent >= 0 else []
        return Kin(
            first_missed_at=first_miss,
            parent=fleet.health_of(parent) if parent >= 0 else None,
            parent_probed_at=_moment(fleet.probed_at[parent]) if parent >= 0 else None,
            parent_answered_at=_moment(fleet.answered_at[parent]) if parent >= 0 else None,
            child_answered_at=self._newest_answer(inventory.children_of(index)),
            sibling_answered_at=self._newest_answer(siblings),
        )

    def _newest_answer(self, indices: Sequence[int]) -> float | None:
        answered = self._country.fleet.answered_at[list(indices)]
        return float(np.nanmax(answered)) if np.isfinite(answered).any() else None

    def _darken_children(self, index: int, now: Now) -> None:
        for child in self._country.inventory.children_of(index):
            if self._country.fleet.health_of(child) in (Health.SUSPECT, Health.DOWN, Health.RECOVERING):
                self._apply(child, HealthEvent.PARENT_DOWN, now)
                self._darken_children(child, now)

    def _ancestors(self, index: int) -> Iterator[int]:
        above = self._country.inventory.parent_of(index)
        while above >= 0:
            yield above
            above = self._country.inventory.parent_of(above)

    def _apply(self, index: int, event: HealthEvent, now: Now) -> Health:
        fleet = self._country.fleet
        before = fleet.health_of(index)
        move = step(before, event)
        if move.health is before:
            return before
        fleet.set_health(index, move.health, now)
        self._vitals.count(Vital.TRANSITIONS, label=move.reason)
        if move.health is Health.UP:
            self._unrest.pop(index, None)
            if event is HealthEvent.STEADY:
                self._proved.add(index)
        elif before is Health.UP:
            self._proved.discard(index)
        if move.health is not Health.SUSPECT:
            self.dirty = True
        if before in DARK or move.health in DARK:
            device = self._country.inventory.devices[index].id
            log.info("device=%s health=%s was=%s reason=%s", device, move.health.label, before.label, move.reason)
        return move.health


def _moment(column: float) -> float | None:
    return float(column) if column == column else None  # noqa: PLR0124 - NaN, the column's "never", differs from itself

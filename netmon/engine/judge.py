"""The judge: turns answers and misses into health, by the rules.

Only restless devices (not plainly up) have a record here, so a calm country costs nothing. A first miss starts a
series of re-probes; its parent and some of its children are asked at once too, because what a silent device may be
called depends on them. The parent's return releases its children, and nothing is said about them before a fresh probe.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from netmon.engine import kindred
from netmon.engine.agent_watch import AgentWatch
from netmon.model.country import Country
from netmon.model.decisions import RecheckSoon
from netmon.model.fleet import Histories
from netmon.model.health import Health, HealthEvent
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Vitals
from netmon.rules.agents import AgentPolicy
from netmon.rules.health import TRANSITIONS, step
from netmon.rules.kinship import Blame, Kin, blame
from netmon.rules.odds import OddsPolicy, RecoveryPolicy, misses_needed, recheck_spacing

log = logging.getLogger(__name__)

DARK = (Health.DOWN, Health.UNREACHABLE)
_REFUTABLE = (Health.SUSPECT, *DARK)
IN_QUESTION = frozenset({Health.UNKNOWN, Health.SUSPECT, Health.RECOVERING})
"""Health of which a further probe out of turn says more."""
_SUSPECT = int(Health.SUSPECT)
CHILDREN_ASKED = 4
"""Children asked about a silent parent: one answer is enough to refute it, and a few are not all lost at once."""
ROWS_NEEDED = 2
"""Times that an OLT must say "offline" of an ONU without an address: no probe is lost there, but an ONU may blink."""
RELEASE_SPREAD = 2.0
"""Seconds over which released children are probed, so that a returning feeder is not greeted by a burst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPolicy:
    """How sure to be before saying down, and up again. `timeout` is the probe's, seconds."""

    odds: OddsPolicy
    recovery: RecoveryPolicy
    timeout: float
    agents: AgentPolicy = field(default_factory=AgentPolicy)


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
    """Owns health. `dirty` tells the casework that something that matters to faults has changed.

    `agents` judges who answers SNMP, which never changes anybody's health.
    """

    def __init__(self, country: Country, policy: HealthPolicy, vitals: Vitals) -> None:
        self._country = country
        self.policy = policy
        self.agents = AgentWatch(country, lambda: self.policy.agents)
        self._vitals = vitals
        self._unrest: dict[int, Unrest] = {}
        self._proved: set[int] = set()
        self._below: dict[int, NDArray[np.intp]] = {}
        self._moves = 0
        self._histories: Histories | None = None
        self._contradicts = np.zeros(country.fleet.size, np.bool_)
        self.dirty = True

    @property
    def spacing(self) -> float:
        """Seconds between probes out of turn of one device at least: the odds hold for independent misses only."""
        return recheck_spacing(self.policy.odds.maximum, self.policy.timeout, self.policy.odds)

    def wants_probe(self, index: int) -> bool:
        """Whether a probe out of turn still serves a purpose: for the device itself, or for a relative in question."""
        country = self._country
        health = country.fleet.health_of(index)
        if health is not Health.UP:
            return health in IN_QUESTION
        if country.fleet.are(Health.SUSPECT, rows=self._beneath(index)).any():
            return True
        above = kindred.parent(country, index)
        return above >= 0 and country.fleet.health_of(above) is Health.SUSPECT

    def would_refute(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of these devices stand up beneath one that counts as dead: their next answer refutes it."""
        return self._contradicts[rows]

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
        health = self._country.fleet.health
        for index in answered:
            self._answered(index, now, wishes)
        for index in missed:
            unrest = self._unrest.get(index)
            # In a storm nearly all misses are one more of a series that goes on: nothing else follows from them.
            if unrest is not None and unrest.misses + 1 < unrest.needed and health[index] == _SUSPECT:
                unrest.misses += 1
            else:
                self._missed(index, now, wishes)
        return wishes

    def hear_rows(self, online: Sequence[int], offline: Sequence[int], now: Now) -> list[RecheckSoon]:
        """Judge what OLTs say of devices that have no address of their own; returns the probes wanted out of turn."""
        if not online and not offline:
            return []
        fleet = self._country.fleet
        fleet.probed_at[[*online, *offline]] = now.monotonic
        fleet.answered_at[list(online)] = now.monotonic
        matter = [index for index in online if fleet.health[index] not in (Health.UP, Health.BLIND)]
        return self._pingable(self.hear(matter, offline, now))

    def lose_sight(self, devices: Sequence[int], now: Now) -> list[RecheckSoon]:
        """Nothing is known of these devices any more: who told of them has failed, or tells of them no longer.

        Returns the probes wanted out of turn of what stands behind them.
        """
        seen = [one for one in devices if self._country.fleet.health_of(one) is not Health.UNKNOWN]
        for index in seen:
            self._apply(index, HealthEvent.UNOBSERVED, now)
            self._unrest.pop(index, None)
        return self._pingable(self._release_orphans(self._all_beneath(seen), now))

    def rehang(self, device: int, now: Now) -> list[RecheckSoon]:
        """It turned out to hang elsewhere: what is dead above it is another now. Returns the probes wanted."""
        among = np.append(self._beneath(device), device)
        return self._pingable(self._release_orphans(among, now))

    def _pingable(self, wishes: Iterable[RecheckSoon]) -> list[RecheckSoon]:
        devices = self._country.inventory.devices
        return [wish for wish in wishes if devices[wish.device].address]

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

    def adopt(self, kept: Sequence[tuple[int, int]], changed: Sequence[int], now: Now) -> list[RecheckSoon]:
        """After a reload: renumber the records of kept devices (new, old index); changed ones start anew.

        Returns the probes wanted out of turn: those in flight and queued were for the old numbers.
        """
        self._below.clear()
        country, size = self._country, self._country.fleet.size
        rows, old_rows = [new for new, _ in kept], [old for _, old in kept]
        self._unrest = {new: self._unrest[old] for new, old in kept if old in self._unrest}
        self._proved = {new for new, old in kept if old in self._proved}
        contradicts, self._contradicts = self._contradicts, np.zeros(size, np.bool_)
        self._contradicts[rows] = contradicts[old_rows]
        if self._histories is not None:
            lost, probes = np.zeros(size, np.uint64), np.zeros(size, np.uint8)
            lost[rows], probes[rows] = self._histories[0][old_rows], self._histories[1][old_rows]
            self._histories = lost, probes
        for index in changed:
            self._apply(index, HealthEvent.INVENTORY, now)
        if country.isolation is not None:
            self._everywhere(HealthEvent.ISOLATED, now)
        self.dirty = True
        return [*self._release_orphans(np.arange(size), now), *self._resume_series()]

    def _resume_series(self) -> Iterator[RecheckSoon]:
        for index in np.flatnonzero(self._country.fleet.are(Health.SUSPECT)).tolist():
            if (unrest := self._unrest.get(index)) is None:
                continue
            spacing = recheck_spacing(unrest.needed, self.policy.timeout, self.policy.odds)
            left = max(1, unrest.needed - unrest.misses)
            yield from (RecheckSoon(index, spacing * place) for place in range(left))
            if (above := kindred.parent(self._country, index)) >= 0:
                yield RecheckSoon(above, 0.0)

    def _release_orphans(self, among: NDArray[np.intp], now: Now) -> Iterator[RecheckSoon]:
        """Whoever is behind nothing dead any more (its parent moved, changed or went) awaits a fresh probe."""
        fleet = self._country.fleet
        behind = among[fleet.health[among] == Health.UNREACHABLE].tolist()
        for place, index in enumerate(behind):
            if not any(fleet.health_of(above) is Health.DOWN for above in kindred.ancestors(self._country, index)):
                self._apply(index, HealthEvent.RELEASED, now)
                self._unrest[index] = Unrest(released_at=now.monotonic)
                yield RecheckSoon(index, RELEASE_SPREAD * place / len(behind))

    def _everywhere(self, event: HealthEvent, now: Now) -> None:
        fleet = self._country.fleet
        moved = np.array(
            [step(health, event).health if (health, event) in TRANSITIONS else health for health in Health]
        )
        fleet.health[:] = moved[fleet.health]
        fleet.since[:], fleet.changed_at[:] = now.wall, now.monotonic
        self._unrest.clear()
        self._proved.clear()
        self._contradicts[:] = False
        self.dirty = True

    def _answered(self, index: int, now: Now, wishes: list[RecheckSoon]) -> None:
        fleet = self._country.fleet
        before = fleet.health_of(index)
        if before in DARK:
            fleet.restart_history(index)
        after = self._apply(index, HealthEvent.ANSWERED, now)
        self._contradicts[index] = False
        for above in kindred.ancestors(self._country, index):
            if fleet.health_of(above) in _REFUTABLE:
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
        children = list(kindred.children(self._country, index))
        for place, child in enumerate(children):
            if self._country.fleet.health_of(child) is not Health.UNREACHABLE:
                continue
            self._apply(child, HealthEvent.RELEASED, now)
            self._unrest[child] = Unrest(released_at=now.monotonic)
            wishes.append(RecheckSoon(child, RELEASE_SPREAD * place / len(children)))
            self._release_children(child, now, wishes)

    def _missed(self, index: int, now: Now, wishes: list[RecheckSoon]) -> None:
        if kindred.is_on_paper(self._country, index):
            return
        before = self._country.fleet.health_of(index)
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
        policy, device = self.policy.odds, self._country.inventory.devices[index]
        unrest.needed = misses_needed(max(0, sent - 1), max(0, lost - 1), policy) if device.address else ROWS_NEEDED
        unrest.first_miss, unrest.misses = now.monotonic, 0
        unrest.confirmed_at = unrest.answering_since = None
        spacing = recheck_spacing(unrest.needed, self.policy.timeout, policy)
        above, fleet = kindred.parent(self._country, index), self._country.fleet
        devices = self._country.inventory.devices
        up = (one for one in kindred.children(self._country, index) if fleet.health_of(one) is Health.UP)
        asked = list(islice((one for one in up if devices[one].address), CHILDREN_ASKED))
        if fleet.answered_at[index] > 0 or not asked:
            wishes.extend(RecheckSoon(index, spacing * place) for place in range(unrest.needed - 1))
        # Else it never answers (some ONUs do not) while its children do: its rounds are enough, series would be noise.
        asked += [above] if above >= 0 else []
        # Once more before the verdict, should the first of these probes be lost.
        moments = (0.0, spacing * (unrest.needed - 1) / 2)
        wishes.extend(RecheckSoon(relative, moment) for relative in asked for moment in moments)

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
                wishes.append(RecheckSoon(kindred.parent(self._country, index), 0.0))
                wishes.append(RecheckSoon(index, self.policy.timeout))

    def _kin(self, index: int, first_miss: float) -> Kin:
        country, fleet = self._country, self._country.fleet
        above = kindred.parent(country, index)
        children = self._newest_answer(self._beneath(index))
        if above < 0:
            return Kin(first_missed_at=first_miss, child_answered_at=children)
        beside = self._beneath(above)
        return Kin(
            first_missed_at=first_miss,
            parent=fleet.health_of(above),
            parent_probed_at=_moment(fleet.probed_at[above]),
            parent_answered_at=_moment(fleet.answered_at[above]),
            child_answered_at=children,
            sibling_answered_at=self._newest_answer(beside[beside != index]),
        )

    def _newest_answer(self, rows: NDArray[np.intp]) -> float | None:
        # NaN, never answered, is ignored; of nobody, or of those that never did, it is NaN.
        return _moment(np.fmax.reduce(self._country.fleet.answered_at[rows], initial=np.nan))

    def _beneath(self, index: int) -> NDArray[np.intp]:
        """Everything behind a device; remembered until the inventory changes, because a storm asks very often."""
        wiring = self._country.wiring
        if len(wiring.moves) != self._moves:
            self._moves = len(wiring.moves)
            self._below.clear()
        known = self._below.get(index)
        if known is None:
            below = [one for one in wiring.below(index) if one != index]
            known = self._below[index] = np.array(below, np.intp)
        return known

    def _all_beneath(self, devices: Sequence[int]) -> NDArray[np.intp]:
        """Everything behind any of these, each once."""
        return np.unique(np.concatenate([np.empty(0, np.intp), *map(self._beneath, devices)]))

    def _darken_children(self, index: int, now: Now) -> None:
        for child in kindred.children(self._country, index):
            if self._country.fleet.health_of(child) in (Health.SUSPECT, Health.DOWN, Health.RECOVERING):
                self._apply(child, HealthEvent.PARENT_DOWN, now)
                self._darken_children(child, now)

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
            self._contradicts[index] = False
        if move.health in DARK:
            self._await_contradiction(index)
        if move.health is not Health.SUSPECT:
            self.dirty = True
        if before in DARK or move.health in DARK:
            device = self._country.inventory.devices[index].id
            log.info("device=%s health=%s was=%s reason=%s", device, move.health.label, before.label, move.reason)
        return move.health

    def _await_contradiction(self, index: int) -> None:
        """Who is up beneath a dead device keeps its word until it misses; its answer would refute that death."""
        beneath = self._beneath(index)
        self._contradicts[beneath] = self._country.fleet.are(Health.UP, rows=beneath)


def _moment(column: float) -> float | None:
    return float(column) if column == column else None  # noqa: PLR0124 - NaN, the column's "never", differs from itself

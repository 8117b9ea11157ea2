"""Casework: from dead devices to faults and tickets, once a second where something has changed.

Prepare (read the whiteboard into an immutable Situation), decide (the rules, in a worker thread: a storm of thousands
must not hold the sweeps), carry out (a fault's state and outbox in one transaction, a storm in slices of many). What
the store did not take is decided again the next second, so nothing is lost while the disk is full.

The rules look at the whole situation each time. So that a storm costs a bounded share of a core, they look at
`LOOKED_AT_PER_SECOND` dead devices and members of open faults a second at most: of five thousand villages that fail
together they conclude every few seconds.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from netmon.engine.agent_watch import AgentGroups, AgentSituationBuilder
from netmon.engine.case_log import tell
from netmon.engine.judge import Judge
from netmon.engine.situation import GroupIndex, SituationBuilder
from netmon.engine.slices import CaseChange, slices
from netmon.errors import StoreError
from netmon.model.country import Country
from netmon.model.faults import AGENT_SCOPES, Fault, Resolution, Scope
from netmon.model.ids import FaultId
from netmon.model.inventory import Inventory
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Store, Vitals
from netmon.rules.agents import AgentPolicy, AgentSituation, conclude_agents
from netmon.rules.conclude import ConcludePolicy, Situation, conclude
from netmon.rules.ticket_policy import NoticePolicy, case_decisions

log = logging.getLogger(__name__)

LOOKED_AT_PER_SECOND = 1_000
LONGEST_REST = 10.0


@dataclass(frozen=True, slots=True)
class CasePolicy:
    """How faults are concluded, and whom to tell when."""

    conclude: ConcludePolicy
    notices: NoticePolicy


class Casework:
    """Owns the open cases."""

    def __init__(
        self,
        country: Country,
        judge: Judge,
        store: Store,
        *,
        policy: CasePolicy,
        vitals: Vitals,
        new_id: Callable[[], FaultId],
    ) -> None:
        self._country = country
        self._judge = judge
        self._store = store
        self._policy = policy
        self._vitals = vitals
        self._new_id = new_id
        self._unsettled = False
        self._outdated = False
        self._rests_until = float("-inf")
        self._ripens_at = float("inf")
        self._groups = GroupIndex(country.inventory)
        self._agent_groups = AgentGroups(country.inventory)
        self.trouble = ""

    def adopt(self, policy: CasePolicy) -> None:
        """After a reload: new thresholds, and the groups of the inventory now on the whiteboard."""
        self._policy = policy
        self._groups = GroupIndex(self._country.inventory)
        self._agent_groups = AgentGroups(self._country.inventory)

    def outdate(self) -> None:
        """The store holds the cases with other times now: read them before anything is decided."""
        self._outdated = True

    async def load(self) -> None:
        """Read the open cases from the store onto the whiteboard."""
        self._outdated = True
        self._country.cases = await self._store.open_cases()
        self._outdated = False

    async def tick(self, now: Now) -> None:
        """Conclude what can be concluded now; nothing while netmon is blind."""
        try:
            if await self._store.changed_elsewhere() or self._outdated:
                await self.load()
            is_dirty = self._judge.dirty or self._judge.agents.dirty or self._unsettled or now.wall >= self._ripens_at
            if self._country.isolation is None and is_dirty:
                if now.monotonic >= self._rests_until:
                    await self._conclude(now)
            elif not self._outdated:
                self._note_trouble("")
        except StoreError as error:
            self._note_trouble(str(error))

    def _note_trouble(self, reason: str) -> None:
        """One line when the store stops taking tickets and one when it takes them again."""
        if reason and reason != self.trouble:
            log.error("tickets=unwritten reason=%r", reason)
        elif self.trouble and not reason:
            log.info("tickets=written")
        self.trouble = reason

    async def _conclude(self, now: Now) -> None:
        country, judge = self._country, self._judge
        inventory, judge.dirty, judge.agents.dirty = country.inventory, False, False
        try:
            builder = SituationBuilder(country, judge, self._groups, now)
            situation = await builder.build(self._policy.conclude)
            if situation is None:
                judge.dirty = judge.agents.dirty = True
                return
            size = len(situation.dead) + sum(len(fault.members) for fault in situation.faults)
            self._rests_until = now.monotonic + min(LONGEST_REST, size / LOOKED_AT_PER_SECOND)
            self._unsettled = builder.anything_returns()
            policy = judge.agents.policy
            agents = AgentSituationBuilder(country, self._agent_groups, policy, now).build()
            changes = await asyncio.to_thread(self._decide, situation, agents, policy, inventory)
            if not await self._carry_out(changes, inventory, now):
                judge.dirty = judge.agents.dirty = True
        except BaseException:
            judge.dirty = judge.agents.dirty = True  # whatever went wrong, it is decided again
            raise

    def _decide(
        self, situation: Situation, agents: AgentSituation, policy: AgentPolicy, inventory: Inventory
    ) -> list[CaseChange]:
        before = {fault.id: fault for fault in (*situation.faults, *agents.faults)}
        concluded = conclude(situation, self._policy.conclude, self._new_id)
        self._unsettled |= _anything_settles(situation, concluded)
        self._ripens_at = _next_ripe(situation, concluded, self._policy.conclude.spans.ripe)
        changed = (*concluded, *conclude_agents(agents, policy, self._new_id))
        _tell_of_agents(before, changed)
        merged: dict[FaultId, list[Fault]] = {}
        for fault in changed:
            if fault.merged_into is not None and fault.id in before:
                merged.setdefault(fault.merged_into, []).append(before[fault.id])
        return [
            CaseChange(
                fault,
                case_decisions(
                    before.get(fault.id),
                    fault,
                    inventory,
                    self._policy.notices,
                    situation.now,
                    merged.get(fault.id, ()),
                ),
            )
            for fault in changed
        ]

    async def _carry_out(self, changes: Sequence[CaseChange], inventory: Inventory, now: Now) -> bool:
        """Write the changes slice by slice; False where netmon went blind or was reloaded before the last one."""
        country = self._country
        for part in slices(changes):
            if country.isolation is not None or country.inventory is not inventory:
                return False
            # Until they are read again the cases on the whiteboard are old: deciding from them would open a fault
            # twice.
            self._outdated = True
            decisions = [decision for change in part for decision in change.decisions]
            await self._store.commit(decisions, now)
            self._note_trouble("")
            for decision in decisions:
                self._vitals.count(Vital.DECISIONS, label=type(decision).__name__)
                tell(decision)
            await self._read_again({change.fault.id for change in part})
            self._outdated = False
        return country.isolation is None and country.inventory is inventory

    async def _read_again(self, faults: Collection[FaultId]) -> None:
        """Bring these cases on the whiteboard up to date; those that are over leave it."""
        fresh = [case for case in await self._store.cases(faults) if case.fault.is_open]
        kept = [case for case in self._country.cases if case.fault.id not in faults]
        self._country.cases = tuple(sorted((*kept, *fresh), key=lambda case: (case.fault.opened_at, case.fault.id)))


def _tell_of_agents(before: Mapping[FaultId, Fault], changed: Sequence[Fault]) -> None:
    """A silent agent changes nobody's health, so the log would not know of it; of an area nobody gets a ticket."""
    for fault in changed:
        if fault.scope not in AGENT_SCOPES or (fault.id in before and fault.is_open):
            continue
        level = logging.WARNING if fault.scope is Scope.AREA_AGENTS else logging.INFO
        seen, is_back = fault.evidence[0], fault.resolution is Resolution.RECOVERED
        says = "speaking" if is_back else fault.resolution or "silent"
        log.log(level, "agents=%s %s=%s devices=%d of=%d", says, fault.scope, fault.key, seen.count, seen.total)


def _next_ripe(situation: Situation, changed: Sequence[Fault], ripe: float) -> float:
    """When the next fault is old enough to be compared with its neighbours: time alone may join them."""
    faults = {fault.id: fault for fault in (*situation.faults, *changed)}
    moments = (fault.failed_at + ripe for fault in faults.values() if fault.is_open)
    return min((one for one in moments if one > situation.now.wall), default=float("inf"))


def _anything_settles(situation: Situation, changed: tuple[Fault, ...]) -> bool:
    """Whether a dead device has no fault yet: time alone will open one."""
    faults = {fault.id: fault for fault in (*situation.faults, *changed)}
    known = {m.device for f in faults.values() if f.is_open for m in f.members if m.recovered_at is None}
    return any(candidate.device not in known for candidate in situation.dead)

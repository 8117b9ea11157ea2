"""Casework: from dead devices to faults and tickets, once a second where something has changed.

Prepare (read the whiteboard into an immutable Situation), decide (the rules, in a worker thread: a storm of thousands
must not hold the sweeps), carry out (one transaction of state and outbox). What the store did not take is decided
again the next second, so nothing is lost while the disk is full.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from netmon.engine.judge import Judge
from netmon.engine.situation import GroupIndex, SituationBuilder
from netmon.errors import StoreError
from netmon.model.country import Country
from netmon.model.decisions import StoredDecision
from netmon.model.faults import Fault
from netmon.model.ids import FaultId
from netmon.model.inventory import Inventory
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Store, Vitals
from netmon.rules.conclude import ConcludePolicy, Situation, conclude
from netmon.rules.ticket_policy import NoticePolicy, case_decisions

log = logging.getLogger(__name__)


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
        self._groups = GroupIndex(country.inventory)
        self.trouble = ""

    def adopt(self, policy: CasePolicy) -> None:
        """After a reload: new thresholds, and the groups of the inventory now on the whiteboard."""
        self._policy = policy
        self._groups = GroupIndex(self._country.inventory)

    async def load(self) -> None:
        """Read the open cases from the store onto the whiteboard."""
        self._outdated = True
        self._country.cases = await self._store.open_cases()
        self._outdated = False

    async def tick(self, now: Now) -> None:
        """Conclude what can be concluded now; nothing while netmon is blind."""
        try:
            if self._store.changed_elsewhere() or self._outdated:
                await self.load()
            if self._country.isolation is None and (self._judge.dirty or self._unsettled):
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
        inventory, judge.dirty = country.inventory, False
        try:
            builder = SituationBuilder(country, judge, self._groups, now)
            situation = builder.build(self._policy.conclude)
            self._unsettled = builder.anything_returns()
            decisions = await asyncio.to_thread(self._decide, situation, inventory)
            if country.isolation is None and country.inventory is inventory:
                await self._carry_out(decisions, now)
            else:
                judge.dirty = True
        except BaseException:
            judge.dirty = True  # whatever went wrong, it is decided again
            raise

    def _decide(self, situation: Situation, inventory: Inventory) -> list[StoredDecision]:
        before = {fault.id: fault for fault in situation.faults}
        changed = conclude(situation, self._policy.conclude, self._new_id)
        merged: dict[FaultId, list[Fault]] = {}
        for fault in changed:
            if fault.merged_into is not None and fault.id in before:
                merged.setdefault(fault.merged_into, []).append(before[fault.id])
        self._unsettled |= _anything_settles(situation, changed)
        return [
            decision
            for fault in changed
            for decision in case_decisions(
                before.get(fault.id),
                fault,
                inventory,
                self._policy.notices,
                situation.now,
                merged.get(fault.id, ()),
            )
        ]

    async def _carry_out(self, decisions: list[StoredDecision], now: Now) -> None:
        if not decisions:
            return
        # Until they are read again the cases on the whiteboard are old: deciding from them would open a fault twice.
        self._outdated = True
        await self._store.commit(decisions, now)
        self._note_trouble("")
        for decision in decisions:
            self._vitals.count(Vital.DECISIONS, label=type(decision).__name__)
        await self.load()


def _anything_settles(situation: Situation, changed: tuple[Fault, ...]) -> bool:
    """Whether a dead device has no fault yet: time alone will open one."""
    faults = {fault.id: fault for fault in (*situation.faults, *changed)}
    known = {m.device for f in faults.values() if f.is_open for m in f.members if m.recovered_at is None}
    return any(candidate.device not in known for candidate in situation.dead)

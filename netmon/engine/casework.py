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
        self._groups = GroupIndex(country.inventory)
        self.trouble = ""

    def adopt(self, policy: CasePolicy) -> None:
        """After a reload: new thresholds, and the groups of the inventory now on the whiteboard."""
        self._policy = policy
        self._groups = GroupIndex(self._country.inventory)

    async def load(self) -> None:
        """Read the open cases from the store onto the whiteboard."""
        self._country.cases = await self._store.open_cases()

    async def tick(self, now: Now) -> None:
        """Conclude what can be concluded now; nothing while netmon is blind."""
        try:
            await self._work(now)
        except StoreError as error:
            self._note_trouble(str(error))
            self._judge.dirty = True

    async def _work(self, now: Now) -> None:
        if self._store.changed_elsewhere():
            await self.load()
        if self._country.isolation is not None or not (self._judge.dirty or self._unsettled):
            return
        self._judge.dirty = False
        country = self._country
        inventory = country.inventory
        situation = SituationBuilder(country, self._judge, self._groups, now).build(self._policy.conclude)
        decisions, self._unsettled = await asyncio.to_thread(self._decide, situation, inventory)
        if country.isolation is not None or country.inventory is not inventory:
            self._judge.dirty = True
            return
        await self._carry_out(decisions, now)
        self._note_trouble("")

    def _note_trouble(self, reason: str) -> None:
        if reason != self.trouble:
            if reason:
                log.error("tickets=unwritten reason=%r", reason)
            else:
                log.info("tickets=written")
        self.trouble = reason

    def _decide(self, situation: Situation, inventory: Inventory) -> tuple[list[StoredDecision], bool]:
        before = {fault.id: fault for fault in situation.faults}
        changed = conclude(situation, self._policy.conclude, self._new_id)
        merged: dict[FaultId, list[Fault]] = {}
        for fault in changed:
            if fault.merged_into is not None and fault.id in before:
                merged.setdefault(fault.merged_into, []).append(before[fault.id])
        decisions = [
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
        return decisions, _anything_waits(situation, changed)

    async def _carry_out(self, decisions: list[StoredDecision], now: Now) -> None:
        if not decisions:
            return
        await self._store.commit(decisions, now)
        for decision in decisions:
            self._vitals.count(Vital.DECISIONS, label=type(decision).__name__)
        await self.load()


def _anything_waits(situation: Situation, changed: tuple[Fault, ...]) -> bool:
    """A dead device without a fault is still settling; a fault with members back may still wait for the last."""
    known = {member.device for fault in (*situation.faults, *changed) for member in fault.members}
    return any(candidate.device not in known for candidate in situation.dead) or bool(situation.recovered)

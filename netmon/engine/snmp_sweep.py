"""The SNMP sweep: every device with a credential once a round at its own phase, as discovery found it.

A device is asked only while it answers the ICMP sweep, since SNMP to the dead is wasted and makes every outage a storm
of time-outs. What it has to say is found out on first contact, and again when it has restarted, when objects are gone
and once a day; a few discoveries begin in each slot, so that a start does not flood anybody. Readings go to the Fleet
one batch per slot, and what has not been read for three rounds is forgotten. An agent that answers is alive: where
ping has begun to doubt that, the judge is told.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netmon.engine.judge import Judge
from netmon.engine.pacing import keep_pace
from netmon.engine.plan import SnmpRound
from netmon.engine.sweep import Sweep
from netmon.model.chronicle import DeviceRecord
from netmon.model.country import Country
from netmon.model.health import Health
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Clock, SnmpBatch, SnmpPlan, SnmpReader, Vitals

log = logging.getLogger(__name__)

DISCOVERIES = 50
"""So many at a time."""
STARTS_PER_SLOT = 5
DISCOVER_AGAIN = 86_400.0
CHANGED_AGAIN = 600.0
"""Seconds. A device that seems changed at every poll is looked at anew this often at most."""
FIRST_RETRY, KNOWN_RETRY, LONGEST_RETRY = 60.0, 300.0, 3_600.0
"""Seconds. Who has spoken before is expected back sooner than who never did."""
ROUNDS_KEPT = 3
FORGET_EVERY_SLOTS = 100

_POLLED = np.array([health in (Health.UP, Health.RECOVERING) for health in Health])
_DOUBTED = np.array([health in (Health.SUSPECT, Health.DOWN, Health.UNREACHABLE) for health in Health])


class SnmpSweep:
    """Drives the reader and flushes what it learns. `sweep` gets the probes out of turn that an answer asks for."""

    def __init__(
        self, country: Country, plan: SnmpRound, reader: SnmpReader, *, judge: Judge, sweep: Sweep, vitals: Vitals
    ) -> None:
        self._country = country
        self._reader = reader
        self._judge = judge
        self._sweep = sweep
        self._vitals = vitals
        self._round = plan
        size = country.fleet.size
        self._plans: list[SnmpPlan | None] = [None] * size
        self._next_look: NDArray[np.float64] = np.full(size, -np.inf)
        self._looked_at: NDArray[np.float64] = np.full(size, -np.inf)
        self._pause: NDArray[np.float64] = np.full(size, FIRST_RETRY)
        self._wanted: deque[int] = deque()
        self._awaited: set[int] = set()
        self._queue: asyncio.Queue[int] = asyncio.Queue()
        self._sightings: list[DeviceRecord] = []

    def adopt(self, plan: SnmpRound, kept: Sequence[tuple[int, int]]) -> None:
        """After a reload (the Fleet must be on the whiteboard already): carry on with kept devices (new, old index).

        Discoveries under way are for nothing, and what a device is asked may have changed, so it is looked at again.
        """
        self._reader.forget()
        plans, size = self._plans, self._country.fleet.size
        self._round = plan
        self._plans = [None] * size
        for new, old in kept:
            self._plans[new] = plans[old]
        self._next_look, self._looked_at = np.full(size, -np.inf), np.full(size, -np.inf)
        self._pause = np.full(size, FIRST_RETRY)
        self._call_off()

    async def run(self, clock: Clock) -> None:
        """Sweep until cancelled."""
        self._call_off()
        async with asyncio.TaskGroup() as group:
            group.create_task(keep_pace(self.turn, clock, self._vitals))
            for _ in range(DISCOVERIES):
                group.create_task(self._discoveries(clock))

    def turn(self, slots: Sequence[int], now: Now) -> None:
        """Harvest what came, then poll whom these slots ask for, and begin some discoveries."""
        self._absorb(self._reader.harvest(now.monotonic), now)
        fleet = self._country.fleet
        for slot in slots:
            due = self._round.slots[slot % len(self._round.slots)]
            self._judge.agents.expect(due)
            for device in due[_POLLED[fleet.health[due]]].tolist():
                plan = self._plans[device]
                if now.monotonic >= self._next_look[device]:
                    self._want(device)
                if plan is not None:
                    self._reader.request(device, plan, now.monotonic)
            if slot % FORGET_EVERY_SLOTS == 0:
                fleet.readings.forget(now.monotonic - ROUNDS_KEPT * self._round.interval)
        for _ in range(min(STARTS_PER_SLOT * len(slots), len(self._wanted))):
            self._queue.put_nowait(self._wanted.popleft())

    def take_sightings(self) -> list[DeviceRecord]:
        """What discoveries since the last call found devices to be."""
        taken, self._sightings = self._sightings, []
        return taken

    def plan(self, device: int) -> SnmpPlan | None:
        """How a device is polled now; None where netmon does not know."""
        return self._plans[device]

    def planned(self) -> int:
        """How many devices netmon knows how to poll."""
        return sum(plan is not None for plan in self._plans)

    async def _discoveries(self, clock: Clock) -> None:
        country = self._country
        while True:
            device = await self._queue.get()
            if not _POLLED[country.fleet.health[device]]:  # it went down while it waited
                self._awaited.discard(device)
                continue
            generation, plan, who = country.fleet.generation, None, country.inventory.devices[device]
            try:
                plan = await self._reader.discover(who, self._plans[device])
            except Exception:  # one device that nobody foresaw must not end the sweep of all others
                log.exception("discovery of device=%s failed", who.id)
            if generation == country.fleet.generation:
                self._awaited.discard(device)
                self._found(device, plan, clock.now())

    def _call_off(self) -> None:
        """Let nobody be looked at that has not begun."""
        self._wanted.clear()
        self._awaited.clear()
        while not self._queue.empty():
            self._queue.get_nowait()

    def _want(self, device: int) -> None:
        if device not in self._awaited:
            self._awaited.add(device)
            self._wanted.append(device)

    def _found(self, device: int, plan: SnmpPlan | None, now: Now) -> None:
        self._vitals.count(Vital.SNMP_DISCOVERIES, label="found" if plan is not None else "nothing")
        if plan is None:
            self._found_nothing(device, now)
            return
        self._judge.agents.meet(device)
        who = self._country.inventory.devices[device]
        self._sightings.append(DeviceRecord(who.id, who.address, plan.identity))
        if self._plans[device] is None:
            log.info("device=%s speaks SNMP readings=%d", who.id, len(plan.outline))
        self._plans[device] = plan
        self._looked_at[device] = now.monotonic
        self._next_look[device] = now.monotonic + DISCOVER_AGAIN
        self._pause[device] = FIRST_RETRY
        self._country.fleet.readings.assign(device, plan.outline)
        self._reader.request(device, plan, now.monotonic)

    def _found_nothing(self, device: int, now: Now) -> None:
        """The plan so far, if there is one, stays: it does no harm, and the next poll may be answered."""
        is_known = bool(self._country.fleet.agents.known[device])
        self._next_look[device] = now.monotonic + self._pause[device]
        self._pause[device] = min(2 * self._pause[device], KNOWN_RETRY if is_known else LONGEST_RETRY)
        if self._plans[device] is None:  # else its polls tell
            self._judge.agents.hear([], [device], now)

    def _absorb(self, batch: SnmpBatch, now: Now) -> None:
        self._judge.agents.hear(batch.answered, batch.missed, now)
        if batch.missed:
            self._vitals.count(Vital.SNMP_POLLS_MISSED, len(batch.missed))
        if not batch.answered:
            return
        self._vitals.count(Vital.SNMP_POLLS_ANSWERED, len(batch.answered))
        fleet, plans = self._country.fleet, self._plans
        # A poll may outlive the plan it was made by; its readings would then stand in the wrong cells.
        good = [at for at, device in enumerate(batch.answered) if plans[device] is batch.plans[at]]
        devices = [batch.answered[at] for at in good]
        fleet.readings.write(devices, [batch.readings[at] for at in good], now.monotonic)
        for device in batch.changed:
            self._next_look[device] = min(self._next_look[device], self._looked_at[device] + CHANGED_AGAIN)
        rows = np.array(batch.answered, np.intp)
        doubted = rows[_DOUBTED[fleet.health[rows]]]
        if doubted.size:
            self._sweep.recheck(self._judge.hear(doubted.tolist(), [], now), now)

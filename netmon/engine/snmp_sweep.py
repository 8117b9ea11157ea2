"""The SNMP sweep: every device with a credential once a round at its own phase, as discovery found it.

A device is asked only while it answers the ICMP sweep, since SNMP to the dead is wasted and makes every outage a storm
of time-outs. What it has to say is found out on first contact, and again when it has restarted, when objects are gone
and once a day. First contacts go first, so that the picture is soon complete; what is to be looked at again waits for
its turn, a few in each slot after a change and one a second for the daily look, for a country that came back from a
power cut must not cost more than one at rest. Readings go to the Fleet one batch per slot, and what has not been read
for three rounds is forgotten. An agent that answers is alive: where ping has begun to doubt that, the judge is told.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from itertools import compress
from operator import is_

import numpy as np
from numpy.typing import NDArray

from netmon.engine.judge import Judge
from netmon.engine.pacing import SNMP, keep_pace
from netmon.engine.plan import SnmpRound
from netmon.engine.sweep import Sweep
from netmon.model.chronicle import DeviceRecord
from netmon.model.country import Country
from netmon.model.health import Health
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Clock, SnmpBatch, SnmpPlan, SnmpReader, Vitals

log = logging.getLogger(__name__)

DISCOVERIES = 1_000
"""So many at a time. A round of pings finds 2,500 new devices a second, and each may then take 0.4 s."""
FIRST_PER_SLOT = 500
"""First contacts begun, or waiting to be; most are short, see `probes.snmp.families`."""
AGAIN_PER_SLOT = 5
"""Looks begun at devices that have changed."""
LOOK_EVERY_SLOTS = 10
"""How often it is asked who is to be looked at; and one daily look begins."""
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
    """Drives the reader and flushes what it learns. `sweep` gets the probes out of turn that an answer asks for.

    `ended_at` is when each device's last poll ended, however it did: monotonic seconds, NaN where none has.
    """

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
        self._planned = self._told = 0
        self.ended_at: NDArray[np.float64] = np.full(size, np.nan)
        self._next_look: NDArray[np.float64] = np.full(size, -np.inf)
        self._looked_at: NDArray[np.float64] = np.full(size, -np.inf)
        self._pause: NDArray[np.float64] = np.full(size, FIRST_RETRY)
        self._asked = _asked(plan, size)
        self._changed: NDArray[np.bool_] = np.zeros(size, np.bool_)
        self._awaited: NDArray[np.bool_] = np.zeros(size, np.bool_)
        self._first: deque[int] = deque()
        self._again: deque[int] = deque()
        self._daily: deque[int] = deque()
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
        self._planned = sum(plan is not None for plan in self._plans)
        self._next_look, self._looked_at = np.full(size, -np.inf), np.full(size, -np.inf)
        self._pause = np.full(size, FIRST_RETRY)
        self._asked = _asked(plan, size)
        self.ended_at = np.full(size, np.nan)
        self._changed, self._awaited = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
        self._call_off()

    async def run(self, clock: Clock) -> None:
        """Sweep until cancelled."""
        self._call_off()
        async with asyncio.TaskGroup() as group:
            group.create_task(keep_pace(self.turn, clock, self._vitals, SNMP))
            for _ in range(DISCOVERIES):
                group.create_task(self._discoveries(clock))

    def turn(self, slots: Sequence[int], now: Now) -> None:
        """Harvest what came, then poll whom these slots ask for, and begin some discoveries."""
        self._absorb(self._reader.harvest(now.monotonic), now)
        fleet = self._country.fleet
        for slot in slots:
            if slot % LOOK_EVERY_SLOTS == 0:
                self._look_around(now)
            due = self._round.slots[slot % len(self._round.slots)]
            self._judge.agents.expect(due)
            self._request(due[_POLLED[fleet.health[due]]].tolist(), now.monotonic)
            if slot % FORGET_EVERY_SLOTS == 0:
                fleet.readings.forget(now.monotonic - ROUNDS_KEPT * self._round.interval)
        if len(slots) == 1:  # else the loop does not keep up with those it knows
            self._begin(self._first, FIRST_PER_SLOT - self._queue.qsize())
            self._begin(self._again, AGAIN_PER_SLOT)

    def _look_around(self, now: Now) -> None:
        """Note who is to be looked at now."""
        health = self._country.fleet.health
        due = self._asked & _POLLED[health] & (self._next_look <= now.monotonic) & ~self._awaited
        for device in np.flatnonzero(due).tolist():
            waiting = self._daily
            if self._plans[device] is None:
                waiting = self._first
            elif self._changed[device]:
                waiting = self._again
            waiting.append(device)
        self._awaited |= due
        self._begin(self._daily, 1)
        if self._planned != self._told:
            self._told = self._planned
            self._vitals.gauge(Vital.SNMP_PLANNED, self._planned)
            log.info("snmp=speaks devices=%d", self._planned)

    def _begin(self, waiting: deque[int], most: int) -> None:
        for _ in range(min(most, len(waiting))):
            self._queue.put_nowait(waiting.popleft())

    def take_sightings(self) -> list[DeviceRecord]:
        """What discoveries since the last call found devices to be."""
        taken, self._sightings = self._sightings, []
        return taken

    def plan(self, device: int) -> SnmpPlan | None:
        """How a device is polled now; None where netmon does not know."""
        return self._plans[device]

    def planned(self) -> int:
        """How many devices netmon knows how to poll."""
        return self._planned

    def pollable(self) -> NDArray[np.intp]:
        """Devices that netmon knows how to poll and that answer pings, by dense index."""
        answering = np.flatnonzero(self._asked & _POLLED[self._country.fleet.health])
        return np.array([device for device in answering.tolist() if self._plans[device] is not None], np.intp)

    def ask(self, devices: Sequence[int], now: Now) -> None:
        """Poll these out of turn; who is being polled already is left to that."""
        self._request(devices, now.monotonic)

    def hurry(self, waited: float, now: Now) -> None:
        """See `ports.SnmpReader`: for as long as somebody waits for all polls to end."""
        self._reader.hurry(waited, now.monotonic)

    def _request(self, devices: Sequence[int], now: float) -> None:
        plans, request = self._plans, self._reader.request
        for device in devices:
            plan = plans[device]
            if plan is not None:
                request(device, plan, now)

    async def _discoveries(self, clock: Clock) -> None:
        country = self._country
        while True:
            device = await self._queue.get()
            if not _POLLED[country.fleet.health[device]]:  # it went down while it waited
                self._awaited[device] = False
                continue
            generation, plan, who = country.fleet.generation, None, country.inventory.devices[device]
            try:
                plan = await self._reader.discover(who, self._plans[device])
            except Exception:  # one device that nobody foresaw must not end the sweep of all others
                log.exception("discovery failed device=%s", who.id)
            if generation == country.fleet.generation:
                self._awaited[device] = self._changed[device] = False
                self._found(device, plan, clock.now())

    def _call_off(self) -> None:
        """Let nobody be looked at that has not begun."""
        for waiting in (self._first, self._again, self._daily):
            waiting.clear()
        self._awaited[:] = False
        while not self._queue.empty():
            self._queue.get_nowait()

    def _found(self, device: int, plan: SnmpPlan | None, now: Now) -> None:
        self._vitals.count(Vital.SNMP_DISCOVERIES, label="found" if plan is not None else "nothing")
        if plan is None:
            self._found_nothing(device, now)
            return
        self._judge.agents.meet(device)
        who = self._country.inventory.devices[device]
        self._sightings.append(DeviceRecord(who.id, who.address, plan.identity))
        if self._plans[device] is None:
            self._planned += 1
            log.debug("device=%s snmp=speaks readings=%d", who.id, len(plan.outline))
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
        for vital, outcomes in ((Vital.SNMP_POLLS_MISSED, batch.missed), (Vital.SNMP_POLLS_UNHEARD, batch.unheard)):
            if outcomes:
                self._vitals.count(vital, len(outcomes))
                self.ended_at[outcomes] = now.monotonic
        if not batch.answered:
            return
        self._vitals.count(Vital.SNMP_POLLS_ANSWERED, len(batch.answered))
        self.ended_at[batch.answered] = now.monotonic
        fleet, devices, readings = self._country.fleet, batch.answered, batch.readings
        in_force = list(map(is_, map(self._plans.__getitem__, devices), batch.plans))
        if not all(in_force):  # a poll may outlive the plan it was made by; it would then stand in the wrong cells
            devices, readings = list(compress(devices, in_force)), list(compress(readings, in_force))
        fleet.readings.write(devices, readings, now.monotonic)
        for device in batch.changed:
            self._next_look[device] = min(self._next_look[device], self._looked_at[device] + CHANGED_AGAIN)
            self._changed[device] = True
        rows = np.array(batch.answered, np.intp)
        doubted = rows[_DOUBTED[fleet.health[rows]]]
        if doubted.size:
            self._sweep.recheck(self._judge.hear(doubted.tolist(), [], now), now)


def _asked(plan: SnmpRound, size: int) -> NDArray[np.bool_]:
    """Which devices are polled at all."""
    asked = np.zeros(size, np.bool_)
    for slot in plan.slots:
        asked[slot] = True
    return asked

"""The background sweep: what changes slowly (optics, voltages) is read once in half an hour or so, at leisure.

Only devices that answer pings and of which the SNMP sweep knows what they have to say in the background are asked,
each at its own phase and a few at a time. What has not been read for two rounds is forgotten.
"""

import asyncio
import logging
from collections.abc import Sequence

import numpy as np

from netmon.engine.pacing import BACKGROUND, keep_pace
from netmon.engine.plan import SnmpRound
from netmon.engine.snmp_sweep import SnmpSweep
from netmon.model.country import Country
from netmon.model.health import Health
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Clock, LeisureReader, SnmpPlan, Vitals

log = logging.getLogger(__name__)

AT_ONCE = 50
FORGET_EVERY_SLOTS = 600
LAY_OUT_SLOTS = 600
_ASKED = np.array([health in (Health.UP, Health.RECOVERING) for health in Health])


class BackgroundSweep:
    """Drives the slow reads and writes what they bring to the Fleet. `snmp` knows how each device is asked."""

    def __init__(
        self, country: Country, plan: SnmpRound, reader: LeisureReader, *, snmp: SnmpSweep, vitals: Vitals
    ) -> None:
        self._country = country
        self._round = plan
        self._reader = reader
        self._snmp = snmp
        self._vitals = vitals
        self._waiting: list[int] = []
        self._laid_out = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def adopt(self, plan: SnmpRound) -> None:
        """After a reload (the Fleet must be on the whiteboard already): another round, and nobody waits any more."""
        self._round = plan
        self._waiting.clear()

    async def run(self, clock: Clock) -> None:
        """Sweep until cancelled."""
        self._clock = clock
        try:
            await keep_pace(self.turn, clock, self._vitals, BACKGROUND)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def turn(self, slots: Sequence[int], now: Now) -> None:
        """Take up who is due in these slots, and begin as many reads as may be under way."""
        fleet = self._country.fleet
        for slot in slots:
            self._lay_out()
            self._waiting += self._round.slots[slot % len(self._round.slots)].tolist()
            if slot % FORGET_EVERY_SLOTS == 0:
                fleet.slow_readings.forget(now.monotonic - 2 * self._round.interval)
        while self._waiting and len(self._tasks) < AT_ONCE:
            device = self._waiting.pop()
            plan = self._snmp.plan(device)
            if plan is not None and _ASKED[fleet.health[device]] and self._reader.slow_outline(plan):
                task = asyncio.get_running_loop().create_task(self._read(device, plan))
                self._tasks.add(task)
                task.add_done_callback(self._done)

    def _lay_out(self) -> None:
        """Say of the next few devices what will be read of them, all within a minute.

        Left to each one's first reading, the pages of metrics would be laid out anew for as long as a round takes.
        """
        fleet = self._country.fleet
        start = self._laid_out if self._laid_out < fleet.size else 0
        self._laid_out = min(fleet.size, start + fleet.size // LAY_OUT_SLOTS + 1)
        for device in range(start, self._laid_out):
            plan = self._snmp.plan(device)
            if plan is None:
                continue
            outline = self._reader.slow_outline(plan)
            if outline and fleet.slow_readings.outline(device) != outline:
                fleet.slow_readings.assign(device, outline)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("reading a device in the background failed", exc_info=error)

    async def _read(self, device: int, plan: SnmpPlan) -> None:
        generation = self._country.fleet.generation
        readings = await self._reader.read_slowly(plan)
        self._vitals.count(Vital.SLOW_READS, label="missed" if readings is None else "answered")
        fleet = self._country.fleet
        if readings is None or generation != fleet.generation:
            return
        outline = self._reader.slow_outline(plan)
        if fleet.slow_readings.outline(device) != outline:
            fleet.slow_readings.assign(device, outline)
        fleet.slow_readings.write([device], [readings], self._clock.now().monotonic)

"""netmon's own engine, wired for a bench: everything a sweep touches in production, no shortcuts."""

from collections.abc import Sequence

from netmon.daemon.policies import health_policy, isolation_policy
from netmon.engine.clock import SystemClock
from netmon.engine.judge import Judge
from netmon.engine.plan import SLOT, build_plan
from netmon.engine.sweep import Sweep
from netmon.engine.watch import IsolationWatch
from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Role
from netmon.probes.icmp import open_pinger
from netmon.settings import Settings
from netmon.web.vitals import PrometheusVitals


class CalmSensor:
    """A sensor on a machine whose links never fail."""

    cut_off = ""

    async def run(self) -> None:
        """Nothing to follow."""


class BenchEngine:
    """A sweep over the given addresses, one device each."""

    def __init__(self, addresses: Sequence[str], *, round_seconds: float, timeout: float) -> None:
        devices = [
            Device(id=DeviceId(f"bench-{n}"), role=Role.AP, address=address) for n, address in enumerate(addresses)
        ]
        self._settings = Settings()
        self._inventory = Inventory(devices=devices)
        self._clock = SystemClock()
        self._rounds_slots = round(round_seconds / SLOT)
        vitals = PrometheusVitals()
        self._fleet = Fleet(len(devices), generation=1)
        country = Country(self._inventory, self._fleet)
        judge = Judge(country, health_policy(self._settings), vitals)
        watch = IsolationWatch(country, CalmSensor(), policy=isolation_policy(self._settings), vitals=vitals)
        plan = build_plan(self._inventory, (), interval=round_seconds, generation=1)
        self._pinger = open_pinger(vitals, timeout=timeout, namespace="")
        self._sweep = Sweep(country, plan, self._pinger, judge=judge, watch=watch, vitals=vitals)

    async def sweep(self, rounds: int) -> int:
        """Sweep that many paced rounds and one time-out more; returns how many device-rounds were answered."""
        answered = 0
        began = self._clock.now().monotonic
        for slot in range(rounds * self._rounds_slots):
            self._sweep.turn((slot,), self._clock.now())
            await self._clock.sleep(max(0.0, began + (slot + 1) * SLOT - self._clock.now().monotonic))
        self._sweep.turn((), self._clock.now())
        for index in range(self._fleet.size):
            sent, lost = self._fleet.recent(index)
            answered += sent - lost
        self._pinger.close()
        return answered

"""netmon's own SNMP engine, wired for a bench: discovery, plans, paced sweep, Fleet; everything as in production."""

import asyncio
import math
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from netmon.cli.bench.agents import COMMUNITY, OIDS, agent_hosts
from netmon.cli.bench.engine import CalmSensor
from netmon.daemon.policies import health_policy, isolation_policy
from netmon.engine.clock import SystemClock
from netmon.engine.judge import Judge
from netmon.engine.plan import SLOT, build_plan, build_snmp_round
from netmon.engine.snmp_sweep import SnmpSweep
from netmon.engine.sweep import Sweep
from netmon.engine.watch import IsolationWatch
from netmon.errors import ProbeError
from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Role
from netmon.model.readings import Measure, Quantity
from netmon.probes.icmp import open_pinger
from netmon.probes.snmp.agent import Agent
from netmon.probes.snmp.ber import format_oid
from netmon.probes.snmp.client import Patience
from netmon.probes.snmp.poller import PollerConfig, SnmpPoller, open_poller
from netmon.settings import Settings
from netmon.settings.profiles import load_profiles
from netmon.web.vitals import PrometheusVitals

PROFILE = "profile: bench\ntitle: The bench's agents\nextends: generic\ninterfaces: {uplink: ['^lo$']}\n"
"""netmon's generic profile, but that the loopback interface counts as the uplink: it is the one every machine has."""
_PER_SLOT = 82
"""Devices asked in one slot, as many as of the country's 49,400 in a minute: they share what a slot costs of itself."""
_LOOK = 0.02
_PATIENCE = 30.0
_SETTLE = 0.3


class BenchSnmpEngine:
    """A sweep over the bench's agents; make it inside a running loop."""

    def __init__(self, agents: int, port: int) -> None:
        settings = Settings()
        self._inventory = Inventory(
            devices=[
                Device(
                    id=DeviceId(f"bench-{n}"), role=Role.AP, address=host, credential="bench", profile="bench"
                )
                for n, host in enumerate(agent_hosts(agents))
            ]
        )  # fmt: skip
        self._slots = math.ceil(agents / _PER_SLOT)
        self._clock, self._vitals = SystemClock(), PrometheusVitals()
        self._fleet = Fleet(agents, generation=1)
        self._fleet.health[:] = Health.UP
        country = Country(self._inventory, self._fleet)
        judge = Judge(country, health_policy(settings), self._vitals)
        watch = IsolationWatch(country, CalmSensor(), policy=isolation_policy(settings), vitals=self._vitals)
        self._pinger = open_pinger(self._vitals, timeout=1.0, namespace="")
        plan = build_plan(self._inventory, (), interval=20.0, generation=1)
        sweep = Sweep(country, plan, self._pinger, judge=judge, watch=watch, vitals=self._vitals)
        patience = _patience(settings)
        self._longest_wait = patience.timeout * (patience.retries + 1) + SLOT
        self._poller = _open_poller(self._vitals, patience, port)
        self._snmp = SnmpSweep(
            country, build_snmp_round(self._inventory, self._slots * SLOT), self._poller,
            judge=judge, sweep=sweep, vitals=self._vitals,
        )  # fmt: skip

    async def discover(self) -> None:
        """Let the sweep find out how to poll every agent.

        Raises:
            ProbeError: it does not, or it would not ask for the bench's objects.
        """
        running = asyncio.create_task(self._snmp.run(self._clock))
        deadline = self._clock.now().monotonic + _PATIENCE
        while self._snmp.planned() < self._fleet.size and self._clock.now().monotonic < deadline:
            await self._clock.sleep(0.05)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        plan = await self._poller.discover(self._inventory.devices[0], None)
        polled = {format_oid(oid) for oid in plan.script.oids} if isinstance(plan, Agent) else set()
        if self._snmp.planned() < self._fleet.size or polled != set(OIDS):
            raise ProbeError(f"{self._snmp.planned()} agents discovered, {len(polled)} objects found")
        await self._clock.sleep(_SETTLE)
        self._snmp.turn((), self._clock.now())

    async def sweep(self, rounds: int) -> int:
        """Poll everybody that many times; returns how many polls were answered.

        A round begins when everybody has answered the last one, as with the others: a device that is still being asked
        would be left out of the next round, as it should be, and not measured. The answers are looked for every 20 ms.
        """
        before = self._answered()
        everybody = range(self._slots)
        for _ in range(rounds):
            began = self._clock.now().monotonic
            self._snmp.turn(everybody, self._clock.now())
            while self._is_waiting(began):
                await self._clock.sleep(_LOOK)
                self._snmp.turn((), self._clock.now())
        return self._answered() - before

    def _is_waiting(self, began: float) -> bool:
        """Whether somebody asked since then may still answer."""
        is_patient = self._clock.now().monotonic < began + self._longest_wait
        return is_patient and bool((self._fleet.readings.read_at < began).any())

    async def close(self) -> None:
        """Close the sockets.

        Raises:
            ProbeError: what the agents said did not arrive in the Fleet, so that the row would mean nothing.
        """
        self._pinger.close()
        await self._poller.close()
        received = Measure(Quantity.RECEIVE_BYTES, "lo")
        if not all(self._fleet.readings.of(device).get(received) for device in range(self._fleet.size)):
            raise ProbeError("answers did not reach the Fleet")

    def _answered(self) -> int:
        found = re.search(rb"^netmon_snmp_polls_answered_total (\S+)$", self._vitals.expose(), re.MULTILINE)
        return int(float(found[1])) if found else 0


def _patience(settings: Settings) -> Patience:
    return Patience(settings.probing.snmp_timeout, settings.probing.snmp_retries)


def _open_poller(vitals: PrometheusVitals, patience: Patience, port: int) -> SnmpPoller:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bench.yaml").write_text(PROFILE, encoding="utf-8")
        profiles = load_profiles(Path(folder))
    config = PollerConfig(communities={"bench": COMMUNITY.encode()}, profiles=profiles, patience=patience, port=port)
    return open_poller(vitals, config)

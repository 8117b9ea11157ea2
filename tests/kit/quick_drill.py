"""A drill in time that only the test moves: the lab's own country, timeline and ledger, netmon's own engine, the score.

What lies between is left out: no wire, no processes, no SNMP messages, no mails. Pings are answered by the lab's
responder with its delays and losses, OLTs tell what the lab's boxes know. So a drill of minutes takes seconds, and many
seeds can be tried; what it leaves behind is scored by `netmon.lab.scoring` as a drill's folder is.
"""

import asyncio
import itertools
import json
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from netmon.cli.drill.desk import ticket_state
from netmon.engine.casework import CasePolicy, Casework
from netmon.engine.judge import HealthPolicy, Judge
from netmon.engine.olt_watch import OltPace, OltParts, OltWatch
from netmon.engine.plan import SLOT, build_plan
from netmon.engine.sweep import Sweep
from netmon.engine.watch import IsolationWatch
from netmon.lab.addresses import REFERENCES
from netmon.lab.conductor import Conductor
from netmon.lab.country import Country as LabCountry
from netmon.lab.country import generate
from netmon.lab.events import place_events
from netmon.lab.inventory_files import write_inventory
from netmon.lab.ledger import Ledger
from netmon.lab.responder import Responder
from netmon.lab.scenario import Scenario, check_scenario
from netmon.lab.scoring.kept import Kept
from netmon.lab.scoring.score import Report, score
from netmon.lab.timeline import timeline
from netmon.model.country import Country
from netmon.model.faults import Fault
from netmon.model.fleet import Fleet
from netmon.model.ids import FaultId, TicketNumber
from netmon.model.inventory import Role
from netmon.model.onus import DownCause, OnuIndex, OnuRow, RowState
from netmon.model.tickets import Ticket
from netmon.ports import OltLink, PingBatch, SnmpPlan
from netmon.rules.conclude import ConcludePolicy
from netmon.rules.isolation import IsolationPolicy
from netmon.rules.odds import OddsPolicy, RecoveryPolicy
from netmon.rules.ticket_policy import NoticePolicy
from tests.kit.fake_store import FakeStore
from tests.kit.house import TURNS_PER_SECOND, CountingVitals, HouseClock, Sensor
from tests.kit.olts import Plan

PROMISE, PROMISE_BEYOND_INTERVAL = 60.0, 35.0
WARM_UP = 120.0
RESTART_TAKES = 5.0


class WirePinger:
    """Pings the lab's responder without a wire."""

    timeout = 1.0

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._packets: list[bytes] = []
        self.generation = 0
        self._in_flight: list[tuple[float, int, float | None]] = []
        self._unsent: list[int] = []

    def watch(self, addresses: Sequence[str], generation: int) -> None:
        self._packets = [_echo_request(one) if one else b"" for one in addresses]
        self.generation = generation
        self._in_flight.clear()
        self._unsent.clear()

    def send(self, targets: Sequence[int], now: float) -> None:
        for target in targets:
            packet = self._packets[target]
            if not packet:
                self._unsent.append(target)
                continue
            answer = self._responder.answer(packet)
            answers = answer is not None and answer[0] <= self.timeout
            rtt = answer[0] if answer is not None and answers else None
            self._in_flight.append((now + (self.timeout if rtt is None else rtt), target, rtt))

    def harvest(self, now: float) -> PingBatch:
        batch = PingBatch(self.generation, unsent=self._unsent)
        self._unsent = []
        later = []
        for one in self._in_flight:
            due, target, rtt = one
            if due > now:
                later.append(one)
            elif rtt is None:
                batch.missed.append(target)
            else:
                batch.answered.append(target)
                batch.rtts.append(rtt)
        self._in_flight = later
        return batch

    def close(self) -> None:
        self._in_flight.clear()


def _echo_request(address: str) -> bytes:
    header = bytes([0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0]) + bytes(4) + IPv4Address(address).packed
    return header + bytes([8, 0, 0, 0, 0, 0, 0, 0])


class LabOlt:
    """What one OLT of the lab tells of the ONUs that truly hang on it."""

    outline = ()

    def __init__(self, responder: Responder, index: int) -> None:
        self._responder = responder
        self._box = responder.agents.box(index)
        self._onus = [responder.agents.box(one) for one in self._box.below]

    @property
    def _is_silent(self) -> bool:
        return bool(self._responder._muted) or self._responder.branches.is_dark(self._box.index)

    async def find(self) -> Mapping[str, OnuIndex] | None:
        return None if self._is_silent else {onu.serial(): (number,) for number, onu in enumerate(self._onus)}

    async def states(self, rows: Sequence[OnuIndex]) -> Sequence[OnuRow] | None:
        return None if self._is_silent else [self._row(row[0]) for row in rows]

    async def optics(self, rows: Sequence[OnuIndex]) -> Sequence[Sequence[float | None]] | None:
        return None if self._is_silent else [[] for _ in rows]

    def _row(self, number: int) -> OnuRow:
        onu = self._onus[number]
        if onu.is_online():
            return OnuRow(RowState.ONLINE)
        down = onu.conditions.last_down(onu.index)
        if down is None or down.at < self._box.booted or not self._box.tells_causes():
            return OnuRow(RowState.OFFLINE)
        return OnuRow(RowState.OFFLINE, DownCause.DYING_GASP if down.gasped else DownCause.LOSS_OF_SIGNAL)


class QuickWire:
    """Stands for the wire: it goes down and up, and the kernel says so."""

    def __init__(self) -> None:
        self.sensor = Sensor()

    def down(self) -> None:
        self.sensor.cut_off = "the link is down"

    def up(self) -> None:
        self.sensor.cut_off = ""


class QuickDrill:
    """One scenario, played by `play`."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.kept = Kept(folder)
        self.clock, self.wire, self.store = HouseClock(), QuickWire(), FakeStore()
        self.lab: LabCountry = generate(scenario.country.plan())
        steps = timeline(scenario, self.lab, place_events(scenario, self.lab))
        self.responder = Responder(self.lab, clock=lambda: self.clock.now().wall)
        self.ledger = Ledger.create(self.kept.ledger)
        wire: Any = self.wire
        self.conductor = Conductor(self.lab, steps, self.responder, wire, self.ledger)
        self._numbers = itertools.count(1)
        self._known: dict[TicketNumber, tuple[Ticket, Fault]] = {}
        self._down_until: float | None = None
        self.start_netmon()

    def start_netmon(self) -> None:
        """The daemon's engine, anew, on the store as it is."""
        inventory, vitals = self.lab.inventory, CountingVitals()
        interval, snmp = self.scenario.intervals.ping or 20.0, self.scenario.intervals.snmp or 60.0
        self.country = Country(inventory, Fleet(len(inventory.devices), 1))
        pinger = WirePinger(self.responder)
        policy = HealthPolicy(odds=OddsPolicy(), recovery=RecoveryPolicy(), timeout=pinger.timeout)
        self.judge = Judge(self.country, policy, vitals)
        self.watch = IsolationWatch(self.country, self.wire.sensor, policy=IsolationPolicy(), vitals=vitals)
        plan = build_plan(inventory, REFERENCES, interval=interval, generation=1)
        self.sweep = Sweep(self.country, plan, pinger, judge=self.judge, watch=self.watch, vitals=vitals)
        self.casework = Casework(
            self.country,
            self.judge,
            self.store,
            policy=CasePolicy(ConcludePolicy(), NoticePolicy()),
            vitals=vitals,
            new_id=lambda: FaultId(f"F{next(self._numbers):05d}"),
        )
        parts = OltParts(plans=self, judge=self.judge, sweep=self.sweep, vitals=vitals, clock=self.clock)
        self._plans = {one.id: Plan(one.id) for one in inventory.devices if one.role is Role.FEEDER}
        self._links: dict[str, LabOlt] = {}
        self.olts = OltWatch(self.country, OltPace(snmp, 1_800.0), self, parts)
        self._turns = 0
        self._is_loaded = False

    def plan(self, device: int) -> SnmpPlan | None:
        return self._plans.get(self.lab.inventory.devices[device].id)

    def slow_outline(self, plan: SnmpPlan) -> tuple[Any, ...]:
        return ()

    async def read_slowly(self, plan: SnmpPlan) -> Sequence[float] | None:
        return None

    def olt(self, plan: SnmpPlan) -> OltLink | None:
        if not isinstance(plan, Plan):
            return None
        if plan.olt not in self._links:
            self._links[plan.olt] = LabOlt(self.responder, self.lab.inventory.index_of[plan.olt])  # type: ignore[index]
        return self._links[plan.olt]

    async def play(self) -> Report:
        """To its end; the score."""
        await self._live(WARM_UP)
        self.conductor.start(self.clock.now())
        await self._live(self.scenario.duration)
        self.ledger.close()
        write_inventory(self.lab, self.kept.inventory)
        ping = self.scenario.intervals.ping
        played = {
            "scenario": {"name": self.scenario.name},
            "patience": PROMISE if ping is None else ping + PROMISE_BEYOND_INTERVAL,
            "ended": self.clock.now().wall,
            "defaults": {},
            "changed": {},
            "daemon": {},
        }
        self.kept.played.write_text(json.dumps(played), encoding="utf-8")
        return score(self.kept)

    async def _live(self, seconds: float) -> None:
        for _ in range(round(seconds * TURNS_PER_SECOND)):
            self.clock.seconds += SLOT
            now = self.clock.now()
            while (due := self.conductor.next_due()) is not None and due <= now.monotonic:
                self.conductor.advance(now, self._announced)
            if self._down_until is not None:
                if now.monotonic < self._down_until:
                    continue
                self._down_until = None
                self.start_netmon()
            await self._turn()

    def _announced(self, said: Mapping[str, Any]) -> None:
        if said["lab"] == "restart_netmon":
            self._down_until = self.clock.now().monotonic + RESTART_TAKES

    async def _turn(self) -> None:
        if not self._is_loaded:
            await self.casework.load()
            self._is_loaded = True
        now = self.clock.now()
        self.sweep.turn([self._turns], now)
        self.olts.turn([self._turns], now)
        for _ in range(6):
            await asyncio.sleep(0)
        self._turns += 1
        if self._turns % 5 == 0:
            await self.watch.tick(self.judge, self.store, now)
        if self._turns % TURNS_PER_SECOND == 0:
            await self.casework.tick(now)
            self._note(now.wall)

    def _note(self, at: float) -> None:
        """The desk's journal."""
        with self.kept.tickets.open("a", encoding="utf-8") as journal:
            for number, ticket in self.store.by_number.items():
                fault = self.store.faults[ticket.fault]
                if self._known.get(number) == (ticket, fault):
                    continue
                self._known[number] = (ticket, fault)
                journal.write(ticket_state(ticket, fault, at).line())


def play(script: Mapping[str, Any], folder: Path) -> tuple[Report, QuickDrill]:
    """Play a scenario, given as YAML would give it."""
    folder.mkdir(parents=True, exist_ok=True)
    drill = QuickDrill(check_scenario(dict(script), "quick drill"), folder)
    return asyncio.run(drill.play()), drill

"""The SNMP sweep's promises, with a reader that the test plays."""

import asyncio
from dataclasses import dataclass, field

import pytest

from netmon.engine.judge import HealthPolicy, Judge
from netmon.engine.plan import SLOT, build_plan, build_snmp_round
from netmon.engine.snmp_sweep import CHANGED_AGAIN, DISCOVER_AGAIN, FIRST_RETRY, SnmpSweep
from netmon.engine.sweep import Sweep
from netmon.engine.watch import IsolationWatch
from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Role
from netmon.model.readings import Identity, Measure, Outline, Quantity
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import SnmpBatch, SnmpPlan
from netmon.rules.isolation import IsolationPolicy
from netmon.rules.odds import OddsPolicy, RecoveryPolicy
from tests.kit.country import StillClock
from tests.kit.fake_pinger import FakePinger

CPU = Measure(Quantity.CPU, "")
MEMORY = Measure(Quantity.MEMORY, "")
ROUND = 1.0
SLOTS = round(ROUND / SLOT)


@dataclass(eq=False)
class Plan:
    outline: Outline = (CPU,)
    identity: Identity = field(default_factory=Identity)


@dataclass
class PlayedReader:
    """Discovers what is in `speaks`; `batch` is what the next harvest brings."""

    speaks: dict[str, Plan] = field(default_factory=dict)
    batch: SnmpBatch = field(default_factory=SnmpBatch)
    discovered: list[str] = field(default_factory=list)
    requested: list[tuple[int, SnmpPlan]] = field(default_factory=list)
    forgotten: int = 0
    at_once: int = 0
    most_at_once: int = 0

    async def discover(self, device: Device, known: SnmpPlan | None) -> SnmpPlan | None:
        self.discovered.append(device.id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.001)
        self.at_once -= 1
        if device.address == "127.0.0.13":
            raise RuntimeError("nobody foresaw this device")
        return self.speaks.get(device.id)

    def request(self, index: int, plan: SnmpPlan, now: float) -> None:
        self.requested.append((index, plan))

    def harvest(self, now: float) -> SnmpBatch:
        batch, self.batch = self.batch, SnmpBatch()
        return batch

    def hurry(self, waited: float, now: float) -> None: ...

    def forget(self) -> None:
        self.forgotten += 1


class NoVitals:
    def __init__(self) -> None:
        self.counted: dict[tuple[Vital, str], float] = {}

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None:
        self.counted[vital, label] = self.counted.get((vital, label), 0) + amount

    def gauge(self, vital: Vital, value: float, label: str = "") -> None: ...

    def observe(self, vital: Vital, value: float) -> None: ...


class CalmSensor:
    cut_off = ""

    async def run(self) -> None: ...


class Stage:
    """A sweep over some devices, all up, and the hands to drive it."""

    def __init__(self, count: int, credential: str = "read") -> None:
        self.inventory = Inventory(
            devices=[
                Device(
                    id=DeviceId(f"ap-{n}"),
                    role=Role.AP,
                    address=f"127.0.{n // 250}.{n % 250 + 1}",
                    credential=credential,
                )
                for n in range(count)
            ]
        )
        self.clock, self.vitals, self.reader = StillClock(), NoVitals(), PlayedReader()
        self.country = Country(self.inventory, Fleet(count, generation=1))
        self.country.fleet.health[:] = Health.UP
        policy = HealthPolicy(odds=OddsPolicy(), recovery=RecoveryPolicy(), timeout=1.0)
        self.judge = Judge(self.country, policy, self.vitals)
        watch = IsolationWatch(self.country, CalmSensor(), policy=IsolationPolicy(), vitals=self.vitals)
        plan = build_plan(self.inventory, (), interval=20.0, generation=1)
        sweep = Sweep(self.country, plan, FakePinger(), judge=self.judge, watch=watch, vitals=self.vitals)
        self.snmp = SnmpSweep(
            self.country, build_snmp_round(self.inventory, ROUND), self.reader,
            judge=self.judge, sweep=sweep, vitals=self.vitals,
        )  # fmt: skip

    @property
    def now(self) -> Now:
        return self.clock.now()

    def everybody_speaks(self, outline: Outline = (CPU,)) -> None:
        self.reader.speaks = {device.id: Plan(outline) for device in self.inventory.devices}

    async def go(self, rounds: int = 1) -> None:
        """Let rounds pass, with as many workers as the sweep has itself, and all discoveries end."""
        workers = [asyncio.create_task(self.snmp._discoveries(self.clock)) for _ in range(50)]
        for slot in range(rounds * SLOTS):
            self.snmp.turn((slot,), self.now)
            self.clock.move(SLOT)
            await asyncio.sleep(0.003)
        await asyncio.sleep(0.02)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def answer(self, index: int, *values: float, changed: bool = False) -> None:
        """The device's poll ends with these readings."""
        self.reader.batch = SnmpBatch(
            answered=[index],
            plans=[self.reader.requested[-1][1]],
            readings=[list(values)],
            changed=[index] if changed else [],
        )
        self.snmp.turn((), self.now)


async def test_a_device_is_discovered_once_then_polled_once_a_round_and_its_readings_kept() -> None:
    stage = Stage(1)
    stage.everybody_speaks()
    await stage.go()
    assert stage.reader.discovered == ["ap-0"]
    stage.reader.requested.clear()
    await stage.go(rounds=3)
    assert [index for index, _ in stage.reader.requested] == [0, 0, 0]
    stage.answer(0, 0.25)
    assert stage.country.fleet.readings.of(0) == {CPU: 0.25}
    assert stage.reader.discovered == ["ap-0"]
    assert stage.snmp.planned() == 1


@pytest.mark.parametrize("health", [one for one in Health if one not in (Health.UP, Health.RECOVERING)])
async def test_no_snmp_is_sent_to_whom_ping_does_not_reach(health: Health) -> None:
    stage = Stage(1)
    stage.everybody_speaks()
    await stage.go()
    stage.reader.requested.clear()
    stage.country.fleet.health[:] = health
    await stage.go(rounds=2)
    assert stage.reader.requested == []


async def test_a_device_without_a_credential_is_never_asked() -> None:
    stage = Stage(3, credential="")
    stage.everybody_speaks()
    await stage.go(rounds=2)
    assert stage.reader.discovered == []


async def test_a_start_with_many_devices_discovers_a_few_at_a_time_and_all_in_the_end() -> None:
    stage = Stage(120)
    stage.everybody_speaks()
    await stage.go(rounds=4)
    assert sorted(stage.reader.discovered) == sorted(device.id for device in stage.inventory.devices)
    assert stage.reader.most_at_once <= 50


async def test_who_does_not_speak_snmp_is_tried_again_ever_more_seldom() -> None:
    stage = Stage(1)
    await stage.go()
    assert stage.reader.discovered == ["ap-0"]
    await stage.go(rounds=5)
    assert len(stage.reader.discovered) == 1
    stage.clock.move(FIRST_RETRY)
    await stage.go()
    assert len(stage.reader.discovered) == 2
    stage.clock.move(FIRST_RETRY)
    await stage.go()
    assert len(stage.reader.discovered) == 2
    assert stage.reader.requested == []
    assert stage.vitals.counted[Vital.SNMP_DISCOVERIES, "nothing"] == 2


async def test_a_device_that_breaks_its_discovery_does_not_harm_the_others(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(20)
    stage.everybody_speaks()
    await stage.go(rounds=2)
    assert stage.snmp.planned() == 19
    assert "ap-12" in caplog.text


async def test_discovery_comes_again_daily_and_after_a_change_but_not_at_every_poll() -> None:
    stage = Stage(1)
    stage.everybody_speaks()
    await stage.go()
    stage.answer(0, 0.5, changed=True)
    await stage.go(rounds=2)
    assert len(stage.reader.discovered) == 1
    stage.clock.move(CHANGED_AGAIN)
    await stage.go(rounds=2)
    assert len(stage.reader.discovered) == 2
    stage.clock.move(DISCOVER_AGAIN)
    await stage.go(rounds=2)
    assert len(stage.reader.discovered) == 3


async def test_an_answer_to_a_plan_that_was_replaced_is_dropped() -> None:
    stage = Stage(1)
    stage.everybody_speaks()
    await stage.go()
    stage.reader.requested.append((0, Plan((CPU, MEMORY))))
    stage.answer(0, 0.5, 0.75)
    assert stage.country.fleet.readings.of(0) == {}


async def test_an_agent_that_answers_proves_a_suspect_device_alive() -> None:
    stage = Stage(1)
    stage.everybody_speaks()
    await stage.go()
    stage.judge.hear([], [0], stage.now)
    assert stage.country.fleet.health_of(0) is Health.SUSPECT
    stage.answer(0, 0.5)
    assert stage.country.fleet.health_of(0) is Health.UP


async def test_readings_of_a_device_that_fell_silent_are_forgotten_after_some_rounds() -> None:
    stage = Stage(1)
    stage.everybody_speaks()
    await stage.go()
    stage.answer(0, 0.5)
    await stage.go(rounds=2)
    assert stage.country.fleet.readings.of(0) == {CPU: 0.5}
    await stage.go(rounds=11)
    assert stage.country.fleet.readings.of(0) == {}


async def test_a_reload_keeps_plans_with_their_devices_and_drops_polls_under_way() -> None:
    stage = Stage(2)
    stage.everybody_speaks()
    await stage.go()
    plan = stage.reader.speaks["ap-1"]
    kept = Inventory(devices=[stage.inventory.devices[1]])
    fleet = Fleet(1, generation=2)
    fleet.adopt(stage.country.fleet, [0], [1])
    stage.country.inventory, stage.country.fleet = kept, fleet
    stage.snmp.adopt(build_snmp_round(kept, ROUND), [(0, 1)])
    stage.reader.requested.clear()
    stage.snmp.turn(range(SLOTS), stage.now)
    assert stage.reader.forgotten == 1
    assert stage.reader.requested == [(0, plan)]
    stage.answer(0, 0.5)
    assert fleet.readings.of(0) == {CPU: 0.5}

"""What is read at leisure: each device once in its time, a few at a time, and nothing of who is down or has nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from netmon.engine.background import AT_ONCE, BackgroundSweep
from netmon.engine.plan import build_snmp_round
from netmon.engine.snmp_sweep import SnmpSweep
from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Role
from netmon.model.readings import Identity, Measure, Outline, Quantity
from netmon.model.vitals import Vital
from netmon.ports import OltLink, SnmpPlan
from tests.kit.country import StillClock
from tests.kit.house import CountingVitals

LIGHT = Measure(Quantity.OPTICAL_RECEIVE_POWER, "sfp1")
INTERVAL = 60.0


@dataclass(eq=False)
class Plan:
    number: int
    outline: Outline = ()
    identity: Identity = field(default_factory=Identity)


@dataclass
class Leisure:
    """Devices by number; those in `nothing` have nothing to read at leisure, those in `mute` do not answer."""

    nothing: set[int] = field(default_factory=set)
    mute: set[int] = field(default_factory=set)
    read: list[int] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    def slow_outline(self, plan: SnmpPlan) -> Outline:
        assert isinstance(plan, Plan)
        return () if plan.number in self.nothing else (LIGHT,)

    async def read_slowly(self, plan: SnmpPlan) -> Sequence[float] | None:
        assert isinstance(plan, Plan)
        self.read.append(plan.number)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.at_once -= 1
        return None if plan.number in self.mute else [-float(plan.number)]

    def olt(self, plan: SnmpPlan) -> OltLink | None:
        return None


class Known(SnmpSweep):
    """A sweep that has discovered everybody."""

    def __init__(self, count: int) -> None:
        self.known = [Plan(number) for number in range(count)]

    def plan(self, device: int) -> SnmpPlan | None:
        return self.known[device]


class Stage:
    def __init__(self, count: int) -> None:
        devices = [
            Device(
                id=DeviceId(f"sw-{n}"), role=Role.SWITCH, address=f"127.0.{n // 250}.{n % 250 + 1}", credential="read"
            )
            for n in range(count)
        ]
        inventory = Inventory(devices=devices)
        self.country = Country(inventory, Fleet(count, generation=1))
        self.country.fleet.health[:] = Health.UP
        self.clock, self.vitals, self.reader = StillClock(), CountingVitals(), Leisure()
        self.sweep = BackgroundSweep(
            self.country, build_snmp_round(inventory, INTERVAL), self.reader, snmp=Known(count), vitals=self.vitals
        )
        self.sweep._clock = self.clock
        self.slot = 0

    async def go(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.sweep.turn([self.slot], self.clock.now())
            self.slot += 1
            self.clock.move(0.1)
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)

    def light(self, number: int) -> dict[Measure, float]:
        return self.country.fleet.slow_readings.of(number)


async def test_everybody_is_read_once_in_the_interval_spread_over_it() -> None:
    stage = Stage(300)
    await stage.go(INTERVAL / 2)
    assert 100 < len(stage.reader.read) < 200
    await stage.go(INTERVAL / 2)
    assert sorted(stage.reader.read) == list(range(300))
    assert stage.light(7) == {LIGHT: -7.0}
    assert stage.vitals.counted[Vital.SLOW_READS, "answered"] == 300


async def test_who_is_down_or_has_nothing_to_say_is_not_asked_and_who_is_mute_has_no_reading() -> None:
    stage = Stage(20)
    stage.country.fleet.health[3] = Health.DOWN
    stage.reader.nothing, stage.reader.mute = {4}, {5}
    await stage.go(INTERVAL)
    assert sorted(stage.reader.read) == [n for n in range(20) if n not in (3, 4)]
    assert stage.light(3) == stage.light(4) == stage.light(5) == {}
    assert stage.vitals.counted[Vital.SLOW_READS, "missed"] == 1


async def test_a_burst_is_read_a_few_at_a_time() -> None:
    stage = Stage(300)
    stage.sweep.turn(range(round(INTERVAL * 10)), stage.clock.now())
    for _ in range(40):
        await asyncio.sleep(0)
        stage.sweep.turn([], stage.clock.now())
    assert len(stage.reader.read) == 300
    assert stage.reader.most_at_once <= AT_ONCE


async def test_what_was_not_read_for_two_rounds_is_forgotten() -> None:
    stage = Stage(2)
    await stage.go(INTERVAL)
    assert stage.light(1) == {LIGHT: -1.0}
    stage.reader.mute = {1}
    await stage.go(3 * INTERVAL + 1)
    assert stage.light(1) == {}
    assert stage.light(0) == {LIGHT: 0.0}


@pytest.mark.parametrize("again", [True, False])
async def test_a_read_that_outlives_a_reload_is_dropped(again: bool) -> None:
    stage = Stage(1)
    task = asyncio.create_task(stage.sweep._read(0, Plan(0)))
    await asyncio.sleep(0)
    if again:
        stage.country.fleet = Fleet(1, generation=2)
    await task
    assert stage.light(0) == ({} if again else {LIGHT: 0.0})
    assert np.isnan(stage.country.fleet.slow_readings.read_at[0]) == again


async def test_what_will_be_read_is_laid_out_in_a_minute_so_that_pages_are_not_laid_out_anew_all_the_time() -> None:
    stage = Stage(300)
    stage.reader.mute = set(range(300))
    await stage.go(INTERVAL)
    slow = stage.country.fleet.slow_readings
    assert all(slow.outline(device) == (LIGHT,) for device in range(300))
    version = slow.version
    stage.reader.mute.clear()
    await stage.go(INTERVAL)
    assert stage.light(7) == {LIGHT: -7.0}
    assert slow.version == version

"""Steps of the wall clock: seen by nobody until everything that waits for a time has been moved along."""

import logging
from dataclasses import dataclass

import pytest

from netmon.engine import clock as clocks
from netmon.engine.clock import SystemClock
from netmon.engine.clock_watch import TRUSTED_AFTER, ClockWatch
from netmon.model.country import Isolation
from netmon.model.notices import Channel
from netmon.model.vitals import Vital
from tests.kit.country import make_country
from tests.kit.fake_store import FakeStore
from tests.stores.sample import T0, RememberedVitals, at, notice, opening

HOUR = 3600.0


@dataclass
class Machine:
    """The three clocks of a machine."""

    CLOCK_BOOTTIME = 7
    wall: float = T0
    boot: float = 500.0
    up: float = 500.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.up

    def clock_gettime(self, _which: int) -> float:
        return self.boot

    def run(self, seconds: float) -> None:
        self.wall, self.boot, self.up = self.wall + seconds, self.boot + seconds, self.up + seconds

    def sleep(self, seconds: float) -> None:
        """The whole machine: CLOCK_MONOTONIC stands still."""
        self.wall, self.boot = self.wall + seconds, self.boot + seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(clocks, "time", machine)
    return machine


@dataclass
class Watched:
    """A clock watch, and whom it tells."""

    watch: ClockWatch
    clock: SystemClock
    store: FakeStore
    vitals: RememberedVitals
    told: list[float]


def watched() -> Watched:
    clock, store, vitals, told = SystemClock(), FakeStore(), RememberedVitals(), list[float]()
    country = make_country(4)
    country.fleet.since[:2] = T0 - 60
    country.isolation = Isolation(T0 - 30, "no link")

    def stepped() -> None:
        assert country.isolation is not None
        told.append(country.isolation.since)

    return Watched(ClockWatch(clock, country, store, vitals=vitals, stepped=stepped), clock, store, vitals, told)


@pytest.mark.parametrize("step", [-7 * HOUR, -3.0, 2.0, 10 * 365 * 86400.0])
async def test_a_held_notice_leaves_when_its_hold_is_over_however_the_clock_steps(
    machine: Machine, step: float, caplog: pytest.LogCaptureFixture
) -> None:
    all_of = watched()
    await all_of.store.commit(opening(notices=(notice(channel=Channel.SMS),), due=T0 + 300), at(0))
    machine.run(100)
    machine.wall += step
    assert all_of.clock.now().wall == T0 + 100
    await all_of.watch.tick()
    assert all_of.clock.now().wall == T0 + 100 + step
    assert all_of.told == [T0 - 30 + step]
    machine.run(199)
    assert await all_of.store.claim(all_of.clock.now(), 10, 60) == ()
    machine.run(1)
    assert len(await all_of.store.claim(all_of.clock.now(), 10, 60)) == 1
    await all_of.watch.tick()
    assert [record.getMessage() for record in caplog.records] == [f"clock=stepped by_seconds={step:.1f}"]
    assert (
        sum(all_of.vitals.counts.values()) == all_of.vitals.counts[Vital.CLOCK_STEPS, "forward" if step > 0 else "back"]
    )


async def test_while_the_store_does_not_take_a_step_the_old_time_goes_on(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    all_of = watched()
    all_of.store.trouble = "The disk is full."
    machine.wall += HOUR
    for _ in range(3):
        machine.run(1)
        await all_of.watch.tick()
    assert all_of.clock.now().wall == T0 + 3
    assert len(caplog.records) == 1
    assert all_of.told == []
    all_of.store.trouble = ""
    await all_of.watch.tick()
    assert all_of.clock.now().wall == T0 + 3 + HOUR


async def test_slewing_and_the_machines_sleep_are_no_steps(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    all_of = watched()
    for _ in range(100):
        machine.run(1)
        machine.wall += 0.0005 * 60
        await all_of.watch.tick()
        assert all_of.clock.now().wall == pytest.approx(machine.wall)
    machine.sleep(8 * HOUR)
    assert all_of.clock.now().wall == pytest.approx(machine.wall)
    await all_of.watch.tick()
    assert not caplog.records


async def test_history_is_deleted_only_by_a_clock_that_has_been_steady_for_a_day(machine: Machine) -> None:
    all_of = watched()
    assert not all_of.watch.is_trusted()
    machine.run(TRUSTED_AFTER)
    assert all_of.watch.is_trusted()
    machine.wall += 10 * 365 * 86400.0
    await all_of.watch.tick()
    machine.run(HOUR)
    assert not all_of.watch.is_trusted()

"""The loop's lag is what anybody waits who comes at any moment, not what the sweeps see of their own beat."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

import pytest

from netmon.engine.clock import SystemClock
from netmon.engine.lag import WINDOW, LagMeter
from netmon.model.time import Now
from netmon.model.vitals import Vital


@dataclass
class KeptVitals:
    observed: list[float] = field(default_factory=list)
    longest: float = 0.0

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None: ...

    def gauge(self, vital: Vital, value: float, label: str = "") -> None:
        assert vital is Vital.LOOP_LAG_LONGEST
        self.longest = value

    def observe(self, vital: Vital, value: float) -> None:
        assert vital is Vital.LOOP_LAG
        self.observed.append(value)


@dataclass
class HeldClock:
    """Sleeps take no time but what the loop is held for on a beat of its own: `hold` seconds from every `beat` on."""

    beat: float
    hold: float
    at: float = 0.0

    def now(self) -> Now:
        return Now(self.at, self.at)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.at += seconds
        within = self.at % self.beat
        if within < self.hold:
            self.at += self.hold - within


async def _measure(clock: HeldClock, seconds: float) -> KeptVitals:
    vitals = KeptVitals()
    running = asyncio.create_task(LagMeter(vitals).run(clock))
    while clock.at < seconds:  # noqa: ASYNC110 - a clock of its own
        await asyncio.sleep(0)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return vitals


@pytest.mark.parametrize(("beat", "hold"), [(0.1, 0.04), (0.1, 0.01), (0.05, 0.02), (1.0, 0.3)])
async def test_a_beat_that_holds_the_loop_is_met_as_often_as_it_holds_it(beat: float, hold: float) -> None:
    lags = (await _measure(HeldClock(beat, hold), 300.0)).observed
    late = [lag for lag in lags if lag > 1e-9]
    assert len(late) / len(lags) == pytest.approx(hold / beat, rel=0.1)
    assert max(late) == pytest.approx(hold, rel=0.15)


async def test_the_longest_lag_is_remembered_for_a_minute_and_forgotten_after_two() -> None:
    clock = HeldClock(beat=1e9, hold=0.0)
    vitals = KeptVitals()
    running = asyncio.create_task(LagMeter(vitals).run(clock))

    async def pass_until(moment: float) -> None:
        while clock.at < moment:  # noqa: ASYNC110
            await asyncio.sleep(0)

    await pass_until(10.0)
    clock.at += 0.5  # held
    await pass_until(11.0)
    assert vitals.longest == pytest.approx(0.5, abs=0.001)
    await pass_until(10.0 + WINDOW)
    assert vitals.longest == pytest.approx(0.5, abs=0.001)
    await pass_until(10.0 + 3 * WINDOW)
    assert vitals.longest < 0.001
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_a_real_loop_that_is_held_shows_it() -> None:
    vitals = KeptVitals()
    running = asyncio.create_task(LagMeter(vitals).run(SystemClock()))
    await asyncio.sleep(0.2)
    time.sleep(0.2)  # noqa: ASYNC251 - that is what is to be seen
    await asyncio.sleep(0.2)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert max(vitals.observed) > 0.1

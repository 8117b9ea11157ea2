"""How late the event loop runs its timers: the time anything that comes up just then has to wait.

The sweeps cannot tell: they sleep to their own beat, and what they do between two beats delays everybody but them. So
timers are set at moments that keep no beat: pauses that follow the golden ratio fall evenly on every phase of any
interval, so that each stretch for which the loop is held is met in proportion to its length.
"""

import math
from collections.abc import Iterator

from netmon.model.vitals import Vital
from netmon.ports import Clock, Vitals

MEAN_PAUSE = 0.05
"""Seconds: 20 timers a second tell the 99th percentile of a minute, and cost the loop a thousandth of a core."""
WINDOW = 60.0
"""Seconds. The longest lag is that of the present window and the one before it."""
_GOLDEN = (math.sqrt(5) - 1) / 2


class LagMeter:
    """Sets timers and reports how late each of them was."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals
        self._longest = 0.0
        self._longest_before = 0.0
        self._told = -1.0
        self._window_ends = -math.inf

    async def run(self, clock: Clock) -> None:
        """Measure until cancelled."""
        dues = _moments(clock.now().monotonic)
        due = next(dues)
        while True:
            await clock.sleep(max(0.0, due - clock.now().monotonic))
            now = clock.now().monotonic
            if now - due > WINDOW:  # the machine was asleep; each of the timers missed would tell the same
                self._note(now - due, now)
                dues = _moments(now)
                due = next(dues)
            while due <= now:
                # Whoever came while the loop was held waited, too, and not only the first of them.
                self._note(now - due, now)
                due = next(dues)

    def _note(self, lag: float, now: float) -> None:
        self._vitals.observe(Vital.LOOP_LAG, lag)
        if now >= self._window_ends:
            fresh = now < self._window_ends + WINDOW
            self._longest_before, self._longest = (self._longest if fresh else 0.0), 0.0
            self._window_ends = now + WINDOW
        self._longest = max(self._longest, lag)
        longest = max(self._longest, self._longest_before)
        if longest != self._told:
            self._told = longest
            self._vitals.gauge(Vital.LOOP_LAG_LONGEST, longest)


def _moments(start: float) -> Iterator[float]:
    """When the timers are due, monotonic seconds."""
    due, phase = start, 0.0
    while True:
        phase = (phase + _GOLDEN) % 1
        due += MEAN_PAUSE * (0.5 + phase)
        yield due

"""The only place that reads the machine's clocks for the engine."""

import asyncio
import time

from netmon.model.time import Now

STEP = 1.0
"""Seconds. What NTP slews, and its small steps, stay below and move nothing."""


class SystemClock:
    """`ports.Clock` on the machine's own clocks, its wall clock free of steps until they are adopted.

    A machine whose battery clock runs in local time starts seven hours ahead and is put right by NTP minutes later.
    Holds, leases and retries are kept in wall time, because they outlive the process; so a step is first carried into
    these (`clock_watch`) and only then seen by anybody. CLOCK_BOOTTIME goes on while the machine sleeps, so that
    sleep is no step.
    """

    def __init__(self) -> None:
        self._offset = time.time() - _boot_time()

    def now(self) -> Now:
        """This moment on both clocks."""
        boot, monotonic, wall = _boot_time(), time.monotonic(), time.time()
        if abs(wall - boot - self._offset) < STEP:
            self._offset = wall - boot
        return Now(monotonic=monotonic, wall=boot + self._offset)

    def step(self) -> float:
        """Seconds by which the machine's wall clock has been put forward (or back, below 0), 0 if it has not."""
        step = time.time() - _boot_time() - self._offset
        return step if abs(step) >= STEP else 0.0

    def adopt(self, step: float) -> None:
        """Tell that time from now on."""
        self._offset += step

    async def sleep(self, seconds: float) -> None:
        """Let at least that long pass."""
        await asyncio.sleep(seconds)


def _boot_time() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)

"""Tasks with human names that outlive their own mistakes.

An unexpected error is logged once per streak, counted, and the task starts again after a growing pause. Cancellation
always passes through.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from netmon.model.vitals import Vital
from netmon.ports import Clock, Vitals

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
CALM_AFTER = 60.0
"""A run this long ends a streak of errors."""


async def keep_running(name: str, work: Callable[[], Awaitable[None]], *, clock: Clock, vitals: Vitals) -> None:
    """Run `work` again and again until it returns by itself or is cancelled."""
    pause = 0.0
    while True:
        began = clock.now().monotonic
        try:
            await work()
        except Exception:
            if clock.now().monotonic - began > CALM_AFTER:
                pause = 0.0
            if not pause:
                log.exception("task failed and is started again task=%r", name)
            vitals.count(Vital.TASK_RESTARTS, label=name)
            pause = min(LONGEST_PAUSE, pause * 2 or FIRST_PAUSE)
            await clock.sleep(pause)
        else:
            return


async def every(seconds: float, work: Callable[[], Awaitable[None]], *, clock: Clock) -> None:
    """Run `work` at that pace until cancelled; a slow run delays the next, runs never overlap."""
    while True:
        began = clock.now().monotonic
        await work()
        await clock.sleep(max(0.0, seconds - (clock.now().monotonic - began)))


def start(
    group: asyncio.TaskGroup, name: str, work: Callable[[], Awaitable[None]], *, clock: Clock, vitals: Vitals
) -> asyncio.Task[None]:
    """Start a supervised task under its human name."""
    return group.create_task(keep_running(name, work, clock=clock, vitals=vitals), name=name)

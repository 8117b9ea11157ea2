"""What runs by the calendar: a few dozen jobs at most, never a job per device (APScheduler 3.x, memory job store)."""

import logging
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from netmon.ports import Clock, Store

log = logging.getLogger(__name__)

FORGET_AT_ONCE = 20
"""Faults per transaction. A storm's fault has hundreds of rows, and a commit should stay below 50 ms."""
FORGET_PAUSE = 0.2
"""Seconds between two slices, for everybody else who writes."""


def make_calendar() -> AsyncIOScheduler:
    """A scheduler whose late jobs still run, once, and never twice at a time.

    APScheduler's default misfire_grace_time of one second silently drops a job that a busy loop delayed.
    """
    return AsyncIOScheduler(
        timezone="Asia/Bangkok",
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )


def close_resolved_tickets(store: Store, clock: Clock, *, after: float) -> Callable[[], Awaitable[None]]:
    """A job: close tickets that have been resolved for `after` seconds without coming back."""

    async def job() -> None:
        now = clock.now()
        await store.close_resolved(now.wall - after, now)

    return job


def make_anew(calendar: AsyncIOScheduler) -> None:
    """After a step of the wall clock: set each job's next time by the new one, or a step back would stop them all."""
    for job in calendar.get_jobs():
        job.reschedule(job.trigger)


def forget_old_cases(
    store: Store, clock: Clock, *, keep: float, is_trusted: Callable[[], bool]
) -> Callable[[], Awaitable[None]]:
    """A job: delete what ended `keep` seconds ago, slice by slice; nothing while the wall clock `is_trusted` not.

    A clock that is years ahead for an hour at night would else cost the whole history.
    """

    async def job() -> None:
        if not is_trusted():
            return
        before, forgotten = clock.now().wall - keep, 0
        while gone := await store.forget(before, FORGET_AT_ONCE):
            forgotten += gone
            await clock.sleep(FORGET_PAUSE)
        if forgotten:
            log.info("history forgotten=%d older_than_days=%.0f", forgotten, keep / 86400)

    return job

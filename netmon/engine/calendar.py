"""What runs by the calendar: a few dozen jobs at most, never a job per device (APScheduler 3.x, memory job store)."""

from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from netmon.ports import Clock, Store


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

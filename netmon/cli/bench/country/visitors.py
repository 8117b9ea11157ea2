"""People at the pages: one who has the status page open, or fifty loads of it a second beside a report being drawn."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

OPEN_PAGE_EVERY = 10.0
"""Seconds: how often the page's own script asks for it again."""
LOADS = 50
"""Page loads a second."""
_REPORT_PAGE = 1_000
"""Villages in one answer."""
_BROWSER = {"accept-encoding": "gzip"}
_LAST_ANSWER_WITHIN = 10.0


@dataclass(slots=True)
class Visits:
    """Page loads so far: seconds that each good one took, and those that failed by what went wrong."""

    seconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    reports: int = 0

    @property
    def failed(self) -> int:
        """How many failed."""
        return self.failures.total()

    def quantile(self, share: float) -> float:
        """A quantile of the seconds, NaN without any."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))] if self.seconds else float("nan")


async def keep_page_open(address: str, visits: Visits) -> None:
    """Load the status page now and again, as an open browser does."""
    async with _client(address) as client:
        while True:
            await _load(client, "/", visits)
            await asyncio.sleep(OPEN_PAGE_EVERY)


async def crowd(address: str, visits: Visits) -> None:
    """Load the status page LOADS times a second, whether or not the loads before have been answered."""
    loop, began = asyncio.get_running_loop(), time.monotonic()
    running: set[asyncio.Task[None]] = set()
    async with _client(address) as client:
        try:
            for number in range(1_000_000_000):
                await asyncio.sleep(max(0.0, began + number / LOADS - time.monotonic()))
                load = loop.create_task(_load(client, "/", visits))
                running.add(load)
                load.add_done_callback(running.discard)
        finally:
            # Who has asked gets an answer: a load that we cut off ourselves must not count as failed.
            if running:
                await asyncio.wait(running, timeout=_LAST_ANSWER_WITHIN)


async def draw_reports(address: str, visits: Visits) -> None:
    """Read all villages, faults and tickets again and again, as whoever draws up a report does."""
    async with _client(address) as client:
        while True:
            villages = 0
            while True:
                page = await client.get("/api/v1/villages", params={"offset": villages, "limit": _REPORT_PAGE})
                found = len(page.raise_for_status().json()["villages"])
                villages += found
                if found < _REPORT_PAGE:
                    break
            for path in ("/api/v1/faults", "/api/v1/tickets"):
                (await client.get(path)).raise_for_status()
            visits.reports += 1
            await asyncio.sleep(1.0)


@contextmanager
def visited(work: Sequence[Coroutine[Any, Any, None]]) -> Iterator[None]:
    """Let these go on beside, in a loop of their own in a thread, until the end."""
    loop = asyncio.new_event_loop()
    tasks = [loop.create_task(one) for one in work]
    thread = threading.Thread(target=loop.run_forever, name="visitors", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending = asyncio.run_coroutine_threadsafe(_end(tasks), loop)
        ending.result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _end(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _load(client: httpx.AsyncClient, path: str, visits: Visits) -> None:
    began = time.monotonic()
    try:
        (await client.get(path)).raise_for_status()
    except httpx.HTTPError as error:
        visits.failures[_what(error)] += 1
    else:
        visits.seconds.append(time.monotonic() - began)


def _what(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"status {error.response.status_code}"
    return type(error).__name__


def _client(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://{address}", timeout=30, trust_env=False, headers=_BROWSER)

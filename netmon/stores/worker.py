"""A thread that owns a database connection. Work is queued and awaited in asyncio; the loop never touches a disk.

Writes that wait together share one transaction, since the flush to disk is what a commit costs. Where one of them
fails, all are rolled back and each is done again alone, so that none suffers for another.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from netmon.errors import StoreError
from netmon.model.vitals import Vital
from netmon.ports import Vitals
from netmon.stores.trouble import Trouble, store_error, trouble_of

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

WAITING_LIMIT = 1000
"""Calls that may wait. More means the database stands still, and the caller must know."""
SHARE = 16
"""Calls that share a transaction at most; keeps it under 50 ms."""


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    future: "Future[Any]" = field(default_factory=Future)


class Worker:
    """One thread, one connection. `timer` gives monotonic seconds; `before` runs first in each transaction."""

    def __init__(
        self,
        engine: sa.Engine,
        name: str,
        *,
        before: Work[None] | None = None,
        vitals: Vitals | None = None,
        timer: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._before = before
        self._vitals = vitals
        self._timer = timer
        self._queue: queue.Queue[_Job | None] = queue.Queue(WAITING_LIMIT)
        self._closing = threading.Lock()
        self._closed = False
        self._busy_since: float | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def call(self, work: Work[T]) -> T:
        """Do the work in a transaction; returns once that is committed.

        Raises:
            StoreError: the transaction failed and was rolled back.
            InputError: the work refused; nothing was changed.
        """
        job = _Job(work)
        with self._closing:
            if self._closed:
                raise StoreError("The database is closed already.")
            try:
                self._queue.put_nowait(job)
            except queue.Full:
                raise StoreError(f"The database stands still: {WAITING_LIMIT} calls wait for it.") from None
        result: T = await asyncio.wrap_future(job.future)
        return result

    def busy_for(self) -> float:
        """Seconds since the transaction in hand began; 0 between two."""
        began = self._busy_since
        return 0.0 if began is None else self._timer() - began

    async def close(self) -> None:
        """Finish what is queued, end the thread, close the connection."""
        with self._closing:
            ending, self._closed = not self._closed, True
        if ending:
            await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            jobs, ended = [first], False
            while len(jobs) < SHARE and not ended:
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    ended = True
                else:
                    jobs.append(job)
            self._carry_out([job for job in jobs if job.future.set_running_or_notify_cancel()])
            if ended:
                return

    def _carry_out(self, jobs: list[_Job]) -> None:
        if len(jobs) > 1 and self._try_together(jobs):
            return
        for job in jobs:
            try:
                result = self._transaction([job])[0]
            except SQLAlchemyError as error:
                self._count_failure(trouble_of(error))
                job.future.set_exception(store_error(error))
            except StoreError as error:
                self._count_failure(Trouble.CONFLICT)
                job.future.set_exception(error)
            except Exception as error:  # an InputError, or a mistake of ours that belongs to whoever called
                job.future.set_exception(error)
            else:
                job.future.set_result(result)

    def _count_failure(self, trouble: Trouble) -> None:
        if self._vitals is not None:
            self._vitals.count(Vital.STORE_FAILED, label=trouble.value)

    def _try_together(self, jobs: list[_Job]) -> bool:
        try:
            results = self._transaction(jobs)
        except Exception:
            return False  # told to each caller when it is tried alone
        for job, result in zip(jobs, results, strict=True):
            job.future.set_result(result)
        return True

    def _transaction(self, jobs: list[_Job]) -> list[Any]:
        self._busy_since = started = self._timer()
        try:
            with self._engine.begin() as connection:
                if self._before is not None:
                    self._before(connection)
                results = [job.work(connection) for job in jobs]
        finally:
            self._busy_since = None
        if self._vitals is not None:
            self._vitals.observe(Vital.STORE_COMMIT, self._timer() - started)
        return results

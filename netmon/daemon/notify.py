"""What netmon tells systemd (sd_notify(3)): ready, reloading, stopping, and that it is alive.

Alive means that work gets done, not that a timer fires: the watchdog is fed on the event loop, and only while the
sweep turns and the store's writer is not stuck. A full disk is no reason to be killed; standing still is.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Self

from netmon.ports import Clock

UP_EVERY = 0.05
"""Seconds between two looks whether the pages answer yet."""
PATIENCE_EVERY = 5.0
PATIENCE = 30.0
"""Seconds more that systemd is asked for, again and again, while a database is brought up to date."""
FEEDS_PER_WATCHDOG = 3


class Manager:
    """The service manager that started us, or nobody. Telling it something never fails."""

    def __init__(self, address: str = "", watchdog: float = 0.0) -> None:
        """Take the address of its datagram socket, and how many seconds it waits for a sign of life (0: for ever)."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._watchdog = watchdog

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], process: int) -> Self:
        """Read NOTIFY_SOCKET and WATCHDOG_USEC, which must be meant for this process."""
        ours = environment.get("WATCHDOG_PID", str(process)) == str(process)
        limit = environment.get("WATCHDOG_USEC", "") if ours else ""
        return cls(environment.get("NOTIFY_SOCKET", ""), int(limit) / 1e6 if limit.isdecimal() else 0.0)

    def tell(self, *assignments: str) -> None:
        """Send assignments such as READY=1 in one datagram."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            sock.sendto("\n".join(assignments).encode(), self._address)

    @contextlib.asynccontextmanager
    async def starting(self, clock: Clock) -> AsyncIterator[None]:
        """Ask for more time again and again while the start, a migration in it, takes its time."""

        async def ask() -> None:
            while True:
                self.tell("STATUS=Starting.", f"EXTEND_TIMEOUT_USEC={PATIENCE * 1e6:.0f}")
                await clock.sleep(PATIENCE_EVERY)

        asking = asyncio.create_task(ask(), name="patience")
        try:
            yield
        finally:
            asking.cancel()

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """Say that a reload is going on, and that it is over, whatever came of it."""
        self.tell("RELOADING=1")
        try:
            yield
        finally:
            self.tell("READY=1")

    async def run(
        self, is_up: Callable[[], bool], stalled: Callable[[], Sequence[str]], *, status: str, clock: Clock
    ) -> None:
        """Say ready once `is_up`, feed the watchdog while nothing is `stalled` (sentences), say stopping at the end."""
        try:
            while not is_up():
                await clock.sleep(UP_EVERY)
            self.tell("READY=1", f"STATUS={status}")
            told = status
            while True:
                reasons = stalled()
                if not reasons:
                    self.tell("WATCHDOG=1")
                now = " ".join(reasons) or status
                if now != told:
                    self.tell(f"STATUS={now}")
                told = now
                await clock.sleep(self._watchdog / FEEDS_PER_WATCHDOG or PATIENCE_EVERY)
        finally:
            self.tell("STOPPING=1", "STATUS=Stopping.")

"""The only place that reads the machine's clocks for the engine."""

import asyncio
import time

from netmon.model.time import Now


class SystemClock:
    """`ports.Clock` on the machine's own clocks."""

    def now(self) -> Now:
        """This moment on both clocks."""
        return Now(monotonic=time.monotonic(), wall=time.time())

    async def sleep(self, seconds: float) -> None:
        """Let at least that long pass."""
        await asyncio.sleep(seconds)

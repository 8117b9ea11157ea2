"""Time, and where netmon's own vital signs go."""

from typing import Protocol

from netmon.model.time import Now
from netmon.model.vitals import Vital


class Clock(Protocol):
    """Time is part of the world."""

    def now(self) -> Now:
        """This moment on both clocks."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let at least that long pass on the monotonic clock."""
        ...


class Vitals(Protocol):
    """Where netmon's own vital signs go. Never raises, never blocks."""

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None:
        """Add to a counter."""
        ...

    def gauge(self, vital: Vital, value: float, label: str = "") -> None:
        """Set a gauge."""
        ...

    def observe(self, vital: Vital, value: float) -> None:
        """Put a value into a histogram."""
        ...

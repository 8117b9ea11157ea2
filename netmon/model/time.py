"""One `now` per decision, passed down (DESIGN section 3)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Now:
    """A moment on both clocks.

    `monotonic` (seconds) measures intervals and never steps; `wall` (Unix seconds, UTC) is for records and readers.
    """

    monotonic: float
    wall: float

    def wall_of(self, monotonic: float) -> float:
        """Wall time of another monotonic moment, by today's offset between the clocks."""
        return self.wall + (monotonic - self.monotonic)

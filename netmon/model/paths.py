"""What echo requests tell about the way to a device."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Echoes:
    """How a few echo requests were answered; times in seconds, 0 where `received` is 0."""

    sent: int
    received: int
    least: float = 0.0
    mean: float = 0.0
    most: float = 0.0


@dataclass(frozen=True, slots=True)
class Hop:
    """A step of the way, counted from 1; an empty address kept silent, `rtt` is in seconds and None then."""

    number: int
    address: str = ""
    rtt: float | None = None

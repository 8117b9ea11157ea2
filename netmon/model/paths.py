"""What echo requests tell about the way to a device."""

from dataclasses import dataclass

from netmon.model.ids import DeviceId


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PathTrace:
    """How far the way to a dead device went at one time (Unix seconds).

    `hops` are addresses, '' where a hop kept silent; `last` is the last that answered, `last_device` whose it is, None
    where it is none of ours. A path that `reached` the device found it alive again.
    """

    device: DeviceId
    at: float
    hops: tuple[str, ...]
    last_device: DeviceId | None = None
    reached: bool = False

    @property
    def last(self) -> str:
        """Address of the last hop that answered; '' where none did."""
        return next((hop for hop in reversed(self.hops) if hop), "")

    @property
    def last_number(self) -> int:
        """Which hop that was, counted from 1; 0 where none answered."""
        return max((number for number, hop in enumerate(self.hops, start=1) if hop), default=0)

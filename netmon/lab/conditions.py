"""What events have done to devices, as far as an agent or an OLT can tell: power, line, uptime, traffic, troubles.

A device that was without power, or broken, starts again when it returns; one that only lost its line does not. An ONU
that loses its power gasps, which its OLT may hear; an OLT forgets what it knew of its ONUs when it starts again.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from netmon.lab.daily import busy_until

GASP_LOST: Final = 0.30
"""Share of dying gasps that the OLT does not hear; never in a gentle country."""

BATTERY_LASTS: Final = 4 * 3_600.0
RECHARGE: Final = 8 * 3_600.0
"""Seconds from full to empty, and back."""

Clock = Callable[[], float]
"""Unix seconds by a clock that never jumps."""


class Death(StrEnum):
    """How a device died."""

    POWER = "power"
    FAULT = "fault"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Down:
    """How an ONU went, as its OLT sees it: `gasped` if a dying gasp was heard."""

    death: Death
    at: float
    gasped: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an event adds to a living device.

    A silent agent, a fading line (dB a minute), nobody using it, no mains behind a UPS.
    """

    hung: bool = False
    fading: float = 0.0
    idle: bool = False
    no_mains: bool = False


class Conditions:
    """The conditions of all devices by dense index; only those an event has touched take room.

    `flow_of` names for a device the access point whose clients make its traffic (its own index where none does).
    """

    def __init__(self, clock: Clock, flow_of: Callable[[int], int], *, seed: int, gentle: bool) -> None:
        self.clock = clock
        self.began = clock()
        self.gentle = gentle
        self._flow_of = flow_of
        self.seed = seed
        self._gasp_lost = 0.0 if gentle else GASP_LOST
        self._dead: dict[int, dict[str, Death]] = {}
        self._downs: dict[int, Down] = {}
        self._ups: dict[int, float] = {}
        self._boots: dict[int, tuple[int, float, float]] = {}
        self._troubles: dict[int, dict[str, tuple[float, Trouble]]] = {}
        self._stops: dict[int, set[str]] = {}
        self._stopped: dict[int, float] = {}
        self._missed: dict[int, float] = {}
        self._batteries: dict[int, tuple[float, float]] = {}

    def die(self, index: int, event: str, death: Death) -> None:
        """An event takes a device; its OLT notes how, if it was alive."""
        holders = self._dead.setdefault(index, {})
        if not holders:
            heard = random.Random(f"{self.seed}/gasp/{event}/{index}").random() >= self._gasp_lost
            self._downs[index] = Down(death, self.clock(), gasped=death is Death.POWER and heard)
        holders[event] = death

    def revive(self, index: int, event: str) -> None:
        """An event lets go; nothing happens if it held not."""
        holders = self._dead.get(index, {})
        death = holders.pop(event, None)
        if death is None:
            return
        now = self.clock()
        if death is not Death.LINE and all(other is Death.LINE for other in holders.values()):
            self._boots[index] = (self.restarts(index) + 1, now, self.carried(index, now))
        if not holders:
            del self._dead[index]
            self._ups[index] = now

    def is_dead(self, index: int) -> bool:
        """Whether an event holds the device itself."""
        return index in self._dead

    def last_down(self, index: int) -> Down | None:
        """How the device last went; None if it never did since the lab began."""
        return self._downs.get(index)

    def last_up(self, index: int) -> float | None:
        """When the device last came back; None if it never did since the lab began."""
        return self._ups.get(index)

    def restarts(self, index: int) -> int:
        """How often the device has started again since the lab began."""
        return self._boots[index][0] if index in self._boots else 0

    def booted(self, index: int) -> tuple[float, float] | None:
        """When the device last started, and `carried` at that moment; None if it was before the lab began."""
        boot = self._boots.get(index)
        return boot[1:] if boot is not None else None

    def begin(self, index: int, event: str, trouble: Trouble) -> None:
        """Trouble for a living device until the event ends."""
        charge = self.charge(index, self.clock())
        self._troubles.setdefault(index, {})[event] = (self.clock(), trouble)
        if trouble.idle:
            self.stop_traffic(index, event)
        if trouble.no_mains:
            self._batteries[index] = self.clock(), charge

    def end(self, index: int, event: str) -> None:
        """The event's trouble is over; nothing happens if it made none."""
        charge = self.charge(index, self.clock())
        _, trouble = self._troubles.get(index, {}).pop(event, (0.0, Trouble()))
        if trouble.no_mains:
            self._batteries[index] = self.clock(), charge
        self.resume_traffic(index, event)

    def is_hung(self, index: int) -> bool:
        """Whether the agent keeps silent."""
        troubles = self._troubles.get(index)
        return troubles is not None and any(trouble.hung for _, trouble in troubles.values())

    def off_mains_since(self, index: int) -> float | None:
        """When the mains behind a UPS went; None while they are there."""
        moments = [since for since, trouble in self._troubles.get(index, {}).values() if trouble.no_mains]
        return min(moments, default=None)

    def charge(self, index: int, now: float) -> float:
        """Charge of a UPS's battery, 0 to 1."""
        at, charge = self._batteries.get(index, (now, 1.0))
        is_emptied = self.off_mains_since(index) is not None
        return min(1.0, max(0.0, charge + (at - now) / BATTERY_LASTS if is_emptied else charge + (now - at) / RECHARGE))

    def is_idle(self, index: int) -> bool:
        """Whether nobody uses the device."""
        troubles = self._troubles.get(index)
        return troubles is not None and any(trouble.idle for _, trouble in troubles.values())

    def faded(self, index: int, now: float) -> float:
        """How many dB the device's line has lost."""
        troubles = self._troubles.get(index, {}).values()
        return sum(trouble.fading * (now - since) / 60 for since, trouble in troubles)

    def stop_traffic(self, index: int, why: str) -> None:
        """An access point carries nothing until `why` is resumed."""
        if not self._stops.get(index):
            self._stopped[index] = self.clock()
        self._stops.setdefault(index, set()).add(why)

    def resume_traffic(self, index: int, why: str) -> None:
        """One reason less to carry nothing; the last one lets traffic flow."""
        stops = self._stops.get(index)
        if not stops or why not in stops:
            return
        stops.discard(why)
        if not stops:
            del self._stops[index]
            missed = busy_until(self.clock()) - busy_until(self._stopped.pop(index))
            self._missed[index] = self._missed.get(index, 0.0) + missed

    def carried(self, index: int, now: float) -> float:
        """What the device has carried until now, in seconds of a mean village; only differences mean anything."""
        flow = self._flow_of(index)
        return busy_until(self._stopped.get(flow, now)) - self._missed.get(flow, 0.0)

"""The whiteboard: what netmon holds true now, for whoever shows it. One writer (the engine), many readers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netmon.model.cases import Case
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.inventory import Inventory
from netmon.model.wiring import Wiring

NO_DEVICE = -1
"""Stands for the row of a village in which nothing is watched."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """netmon itself is cut off since `since` (Unix seconds), because of `reason`."""

    since: float
    reason: str


@dataclass(slots=True)
class Country:
    """Inventory and Fleet change together at a reload (the Fleet's generation tells); cases are the open ones.

    `wiring` has the inventory's parents as they truly are, as far as OLTs have told since the inventory was taken in.
    """

    inventory: Inventory
    fleet: Fleet
    cases: Sequence[Case] = ()
    isolation: Isolation | None = None
    _wiring: Wiring | None = None

    @property
    def wiring(self) -> Wiring:
        """Who hangs on whom."""
        if self._wiring is None or self._wiring.inventory is not self.inventory:
            self._wiring = Wiring(self.inventory)
        return self._wiring

    def shift(self, seconds: float) -> None:
        """The wall clock has been put forward by that much (back, below 0): say since when by the new time.

        The cases are read anew by whoever owns them.
        """
        self.fleet.since += seconds
        if self.isolation is not None:
            self.isolation = replace(self.isolation, since=self.isolation.since + seconds)


def village_rows(inventory: Inventory) -> NDArray[np.intp]:
    """`inventory.speaks_for` as a column in the order of `inventory.villages`; NO_DEVICE where nothing is watched."""
    speaker = inventory.speaks_for
    return np.fromiter((speaker.get(v, NO_DEVICE) for v in inventory.villages), np.intp, len(inventory.villages))


def village_health(fleet: Fleet, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Health codes of villages, `rows` as from `village_rows`; a village in which nothing is watched is unknown."""
    if fleet.size == 0:
        return np.full(len(rows), Health.UNKNOWN, np.uint8)
    return np.where(rows == NO_DEVICE, np.uint8(Health.UNKNOWN), fleet.health[rows]).astype(np.uint8)


def village_since(fleet: Fleet, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Since when (Unix seconds) villages have their health, NaN where that was never concluded."""
    if fleet.size == 0:
        return np.full(len(rows), np.nan)
    return np.where(rows == NO_DEVICE, np.nan, fleet.since[rows])

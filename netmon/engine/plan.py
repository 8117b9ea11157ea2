"""The sweep plan: who is probed in which slot. Built whole before a reload swaps it in, never edited."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import overload

import numpy as np
from numpy.typing import NDArray

from netmon.model.inventory import Inventory, Lifecycle
from netmon.model.regions import Region
from netmon.rules.schedule import slots

SLOT = 0.1
"""Seconds: the sweep's beat (DESIGN section 4: slots of at most 100 ms)."""
REGIONS = tuple(Region)
NO_REGION = len(REGIONS)


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """Targets 0..size-1 are devices by dense index, the rest are reference targets.

    `slots[k]` are the devices due `k * SLOT` seconds into each round; `region_of` holds an index into REGIONS (or
    NO_REGION) per device; `silent_by_design` marks planned devices, whose misses mean nothing until first seen.
    """

    generation: int
    addresses: Sequence[str]
    slots: Sequence[Sequence[int]]
    size: int
    region_of: NDArray[np.int8]
    silent_by_design: NDArray[np.bool_]

    @property
    def references(self) -> range:
        """Target indices of the reference targets."""
        return range(self.size, len(self.addresses))

    @property
    def round_seconds(self) -> float:
        """How long one round of the sweep takes."""
        return len(self.slots) * SLOT


def build_plan(inventory: Inventory, references: Sequence[str], *, interval: float, generation: int) -> SweepPlan:
    """Lay the watched devices out over a round of `interval` seconds, each at its own stable phase."""
    watched = [index for index, device in enumerate(inventory.devices) if device.is_watched]
    table = slots((inventory.devices[index].id for index in watched), interval, SLOT)
    return SweepPlan(
        generation=generation,
        addresses=(*(d.address if d.is_watched else "" for d in inventory.devices), *references),
        slots=[[watched[place] for place in slot] for slot in table],
        size=len(inventory.devices),
        region_of=_regions(inventory),
        silent_by_design=np.array([d.lifecycle is Lifecycle.PLANNED for d in inventory.devices], np.bool_),
    )


@dataclass(frozen=True, slots=True)
class SnmpRound:
    """Who is polled when: `slots[k]` are the devices due `k * SLOT` seconds into each round of `interval` seconds."""

    slots: Sequence[NDArray[np.intp]]
    interval: float


def build_snmp_round(inventory: Inventory, interval: float) -> SnmpRound:
    """Lay out the devices that netmon has an address and a credential of, each at its own stable phase."""
    asked = [index for index, device in enumerate(inventory.devices) if device.is_watched and device.credential]
    table = slots((inventory.devices[index].id for index in asked), interval, SLOT)
    return SnmpRound(_Slots(np.array(asked, np.intp), table), interval)


class _Slots(Sequence[NDArray[np.intp]]):
    """The slots of a round as stretches of one array: a round of 45 minutes has 27,000, most of a device or two."""

    def __init__(self, asked: NDArray[np.intp], table: Sequence[Sequence[int]]) -> None:
        self._starts = np.cumsum([0, *map(len, table)])
        self._devices = asked[np.fromiter(chain.from_iterable(table), np.intp, len(asked))]

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, at: int) -> NDArray[np.intp]: ...
    @overload
    def __getitem__(self, at: slice) -> list[NDArray[np.intp]]: ...
    def __getitem__(self, at: int | slice) -> NDArray[np.intp] | list[NDArray[np.intp]]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        one = range(len(self))[at]  # as a list takes it, from the end too, or raises
        return self._devices[self._starts[one] : self._starts[one + 1]]


def build_olt_round(inventory: Inventory, olts: Iterable[int], interval: float) -> list[list[int]]:
    """`[k]` are the OLTs, by dense index, whose ONUs are read `k * SLOT` seconds into each round."""
    asked = list(olts)
    table = slots((inventory.devices[index].id for index in asked), interval, SLOT)
    return [[asked[place] for place in slot] for slot in table]


def _regions(inventory: Inventory) -> NDArray[np.int8]:
    number = {region: index for index, region in enumerate(REGIONS)}
    rows = [
        number[inventory.villages[device.village].region] if device.village is not None else NO_REGION
        for device in inventory.devices
    ]
    return np.array(rows, np.int8)

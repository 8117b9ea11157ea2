"""Who is observed via which OLT, and what is known of each OLT; made anew with every inventory."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netmon.model.inventory import Inventory, Lifecycle, Role
from netmon.model.onus import OnuIndex, same_key
from netmon.ports import OltLink, SnmpPlan

NOBODY = -1
_SERIAL = re.compile(r"[A-Z]{4}[0-9A-F]{8}")
"""Of an ONU (ITU-T G.984.3): its vendor's four letters and four octets."""


@dataclass(slots=True, eq=False)
class Olt:
    """One OLT: the devices observed via it, where their rows are, and what is under way. Monotonic seconds.

    `wanted` are ONUs to be read out of turn, since `wanted_at`; `is_due` asks for all of them. `failures` counts reads
    in a row without an answer. `step` is which part of its ONUs has its light read next, at `optics_at`.
    """

    device: int
    onus: tuple[int, ...]
    plan: SnmpPlan | None = None
    link: OltLink | None = None
    rows: dict[int, OnuIndex] = field(default_factory=dict)
    found_at: float = -np.inf
    find_at: float = -np.inf
    find_pause: float = 0.0
    is_finding: bool = False
    is_reading: bool = False
    is_due: bool = False
    wanted: set[int] = field(default_factory=set)
    wanted_at: float = np.inf
    failures: int = 0
    answered_at: float = np.nan
    step: int = 0
    steps_done: int = 0
    optics_at: float = np.inf
    is_reading_optics: bool = False


class Observed:
    """The look-ups of one inventory: OLTs by device, and for every device the ONU whose row tells of it."""

    def __init__(self, inventory: Inventory) -> None:
        onus: dict[int, list[int]] = {}
        size = len(inventory.devices)
        self.onu_of: NDArray[np.intp] = np.full(size, NOBODY, np.intp)
        self.olt_of: NDArray[np.intp] = np.full(size, NOBODY, np.intp)
        self.told_of: NDArray[np.bool_] = np.zeros(size, np.bool_)
        for index, device in enumerate(inventory.devices):
            via = device.observed_via
            olt = NOBODY if via is None else inventory.index_of.get(via.device, NOBODY)
            if olt == NOBODY or device.lifecycle is Lifecycle.RETIRED:
                continue
            onus.setdefault(olt, []).append(index)
            self.olt_of[index], self.told_of[index] = olt, device.is_told_of
        # Serial numbers are one of a kind; an index of a port is not.
        keys = [(key, index) for index, key in _keys(inventory) if self.olt_of[index] != NOBODY]
        counts = Counter(key for key, _ in keys)
        self.onu_by_serial = {key: i for key, i in keys if counts[key] == 1 and _SERIAL.fullmatch(key)}
        self.claims: dict[int, tuple[int, OnuIndex]] = {}
        for index in range(size):
            onu = onu_of(inventory, index)
            self.onu_of[index] = onu if onu != NOBODY and self.olt_of[onu] != NOBODY else NOBODY
        self.olts = {olt: Olt(olt, tuple(its)) for olt, its in onus.items()}

    def claimed(self, olt: Olt, found: Mapping[str, OnuIndex]) -> list[tuple[int, int, OnuIndex]]:
        """ONUs that turn out to hang on another OLT than was thought (ONU, OLT, row), now that this one has told all.

        An OLT that lists an ONU of another one has it, once that other has told of all its own and has it not.
        """
        for key, row in found.items():
            onu = self.onu_by_serial.get(key)
            if onu is not None and self.olt_of[onu] != olt.device:
                self.claims[onu] = olt.device, row
        return [
            (onu, claimant, row)
            for onu, (claimant, row) in self.claims.items()
            if (known := self.olts[int(self.olt_of[onu])]).found_at > -np.inf and onu not in known.rows
        ]

    def move(self, onu: int, to: int, row: OnuIndex) -> None:
        """It hangs there from now on."""
        before, after = self.olts[int(self.olt_of[onu])], self.olts[to]
        before.onus = tuple(one for one in before.onus if one != onu)
        after.onus = (*after.onus, onu)
        after.rows[onu] = row
        self.olt_of[onu] = to
        self.claims.pop(onu, None)


def _keys(inventory: Inventory) -> Iterator[tuple[int, str]]:
    for index, device in enumerate(inventory.devices):
        if device.observed_via is not None:
            yield index, same_key(device.observed_via.key)


def onu_of(inventory: Inventory, index: int) -> int:
    """The ONU that a device is, or stands behind; NOBODY where there is none, and never one beyond a feeder."""
    while index >= 0 and inventory.devices[index].role is not Role.FEEDER:
        if inventory.devices[index].observed_via is not None:
            return index
        index = inventory.parent_of(index)
    return NOBODY


def step_of(onus: Sequence[int], step: int, size: int) -> Sequence[int]:
    """Part `step` of the ONUs, `size` at a time."""
    return onus[step * size : (step + 1) * size]

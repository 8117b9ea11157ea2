"""The readings of every device, as few arrays as possible: what SNMP brought last, or nothing.

Devices differ in what they have to say, so a column per quantity and label would be mostly empty. All values lie in
one row of cells instead; a device owns as many in a row as its outline has measures. Outlines are shared: all devices
of a family say the same things. 50,000 devices of 15 readings take 8 MB.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from netmon.model.readings import Measure, Outline

_FIRST_CELLS = 1024
_GROWTH = 3


class ReadingTable:
    """Readings by dense device index; NaN is absent.

    `read_at` is monotonic seconds of the last poll that brought readings, NaN where there was none or it is forgotten.
    `version` grows whenever a device gets another outline, and `changed_in` is the version that brought each device's,
    so that who keeps something by outline knows of whom it is old.
    """

    def __init__(self, size: int) -> None:
        self.read_at: NDArray[np.float64] = np.full(size, np.nan)
        self.version = 0
        self.changed_in: NDArray[np.int64] = np.zeros(size, np.int64)
        self._start: NDArray[np.intp] = np.zeros(size, np.intp)
        self._outline_of: NDArray[np.int32] = np.zeros(size, np.int32)
        self._outlines: list[Outline] = [()]
        self._number: dict[Outline, int] = {(): 0}
        self._lengths: NDArray[np.intp] = np.zeros(1, np.intp)
        self._cells: NDArray[np.float64] = np.full(_FIRST_CELLS, np.nan)
        self._used = 0

    def outline(self, device: int) -> Outline:
        """What is read of a device; empty before its discovery."""
        return self._outlines[int(self._outline_of[device])]

    def values(self, devices: NDArray[np.intp], places: NDArray[np.intp]) -> NDArray[np.float64]:
        """What is read now of each device at that place in its outline; the place must be in it."""
        found: NDArray[np.float64] = self._cells[self._start[devices] + places]
        return found

    def of(self, device: int) -> dict[Measure, float]:
        """One device's readings; absent ones are left out."""
        start, outline = int(self._start[device]), self.outline(device)
        values = self._cells[start : start + len(outline)].tolist()
        return {measure: value for measure, value in zip(outline, values, strict=True) if value == value}  # noqa: PLR0124

    def assign(self, device: int, outline: Outline) -> None:
        """Say what is read of a device from now on; what was read goes, unless it is the same as before."""
        if self.outline(device) == outline:
            return
        self._outline_of[device] = 0
        self._make_room(len(outline))
        number = self._number.get(outline)
        if number is None:
            number = self._number[outline] = len(self._outlines)
            self._outlines.append(outline)
        self._outline_of[device] = number
        self._start[device] = self._used
        self._used += len(outline)
        self.read_at[device] = np.nan
        self.version += 1
        self.changed_in[device] = self.version

    def write(self, devices: Sequence[int], readings: Sequence[Sequence[float]], at: float) -> None:
        """Write one batch, read `at` monotonic seconds; each device once, with a value per measure of its outline."""
        if not devices:
            return
        rows = np.asarray(devices, np.intp)
        cells = self._cells_of(rows)
        self._cells[cells] = np.fromiter(chain.from_iterable(readings), np.float64, len(cells))
        self.read_at[rows] = at

    def forget(self, before: float) -> None:
        """Make absent what was last read before that time, monotonic seconds: it is not known any more."""
        rows = np.flatnonzero(self.read_at < before)
        if rows.size:
            self._cells[self._cells_of(rows)] = np.nan
            self.read_at[rows] = np.nan

    def adopt(self, old: "ReadingTable", rows: Sequence[int], old_rows: Sequence[int]) -> None:
        """Carry the readings of `old_rows` into `rows` of this new table, after a reload; `old` is used up."""
        new, before = list(rows), list(old_rows)
        for column, its in ((self.read_at, old.read_at), (self._start, old._start)):
            column[new] = its[before]
        self._outline_of[new] = old._outline_of[before]
        self._outlines, self._number, self._cells, self._used = old._outlines, old._number, old._cells, old._used
        self._lengths = old._lengths
        self.version = old.version + 1
        self.changed_in[:] = self.version

    def _cells_of(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """The cells of these devices, one device after the other."""
        sizes = self._sizes(rows)
        return np.repeat(self._start[rows] - _sums_before(sizes), sizes) + np.arange(sizes.sum())

    def _sizes(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        if len(self._lengths) != len(self._outlines):  # counted anew at every batch, thousands of them would cost
            self._lengths = np.fromiter(map(len, self._outlines), np.intp, len(self._outlines))
        return self._lengths[self._outline_of[rows]]

    def _make_room(self, more: int) -> None:
        if self._used + more <= len(self._cells):
            return
        self._close_gaps()
        if 2 * (self._used + more) > len(self._cells):  # else gaps are closed again and again
            grown = np.full(_GROWTH * (self._used + more), np.nan)
            grown[: self._used] = self._cells[: self._used]
            self._cells = grown

    def _close_gaps(self) -> None:
        """Give up the cells, and the outlines, that no device has any more."""
        kept = [number for number in np.unique(self._outline_of).tolist() if number]
        new_number = np.zeros(len(self._outlines), np.int32)
        new_number[kept] = np.arange(1, len(kept) + 1)
        rows = np.flatnonzero(self._outline_of)
        sizes, values = self._sizes(rows), self._cells[self._cells_of(rows)]
        self._outlines = [(), *(self._outlines[number] for number in kept)]
        self._lengths = np.fromiter(map(len, self._outlines), np.intp, len(self._outlines))
        self._number = {outline: number for number, outline in enumerate(self._outlines)}
        self._outline_of = new_number[self._outline_of]
        self._start[rows] = _sums_before(sizes)
        self._used = len(values)
        self._cells = np.full(len(self._cells), np.nan)
        self._cells[: self._used] = values


def _sums_before(sizes: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.cumsum(sizes) - sizes

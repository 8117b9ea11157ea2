"""Rows that a device has under an index of its own, such as its hardware address.

An access point that lists itself, alone, in a table of access points has its rows under the index it has there. Others
of its family have the same rows under theirs, so what is asked of one is what is asked of another, with one index in
the other's place. Requests and plans of a family are kept once, then, however many devices it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from netmon.model.profiles import Oid, Profile
from netmon.probes.snmp.cells import Columns, is_idle

_LEAST_ARCS = 4
"""An index of fewer is a number that rows of other tables have, too."""


@dataclass(frozen=True, slots=True)
class OwnRows:
    """Where a device lists itself.

    Attributes:
        lister: the column that has one row.
        index: that row's, and of all rows that are the device's own.
        columns: all columns it may have such rows in.
    """

    lister: Oid
    index: Oid
    columns: frozenset[Oid]

    def places_in(self, oids: Sequence[Oid]) -> tuple[int, ...]:
        """Where in each instance's name the index begins; 0 where it does not stand in it."""
        return tuple(map(self._place_in, oids))

    def _place_in(self, oid: Oid) -> int:
        size = len(self.index)
        ends = range(len(oid) - size, 0, -1)
        return next((end for end in ends if oid[end : end + size] == self.index and oid[:end] in self.columns), 0)


def own_rows(profile: Profile, tables: Columns) -> OwnRows | None:
    """Where a device of this profile with these tables lists itself; None where it does not, or not for sure."""
    parts = (part for rule in profile.rules for part in rule.label if is_idle(part, tables))
    listers = {part.column.oid for part in parts if part.column is not None}
    found = {(lister, index) for lister in listers for index in tables.get(lister, ())}
    if len(found) != 1:
        return None
    ((lister, index),) = found
    if len(index) < _LEAST_ARCS:
        return None
    asked = (one.oid for rule in profile.rules for one in rule.objects if one.is_column)
    return OwnRows(lister, index, frozenset((*asked, *tables)))


class OwnOids(Sequence[Oid]):
    """Names of instances with a device's own index in its place; made when they are looked at, for few ever are.

    `places` are those of `OwnRows.places_in` for the names of the device that they are like.
    """

    __slots__ = ("_index", "_likes", "_places")

    def __init__(self, likes: Sequence[Oid], places: Sequence[int], index: Oid) -> None:
        self._likes = likes
        self._places = places
        self._index = index

    def __len__(self) -> int:
        return len(self._likes)

    @overload
    def __getitem__(self, at: int) -> Oid: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Oid, ...]: ...
    def __getitem__(self, at: int | slice) -> Oid | tuple[Oid, ...]:
        if isinstance(at, slice):
            return tuple(map(self._of, self._likes[at], self._places[at]))
        return self._of(self._likes[at], self._places[at])

    def _of(self, like: Oid, place: int) -> Oid:
        return (*like[:place], *self._index, *like[place + len(self._index) :]) if place else like

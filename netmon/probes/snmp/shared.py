"""Parts of plans that thousands of devices have in common, kept once.

Devices whose tables are indexed by their own hardware address, or whose labels hold their own name, have plans of
their own; but what their answers mean is position by position the same. Rules live as long as their profiles, so parts
are known again by which rule they follow, not by comparing what it says.
"""

from collections.abc import Hashable, Sequence
from typing import TypeVar

from netmon.probes.snmp.quick import QuickReader, prepare
from netmon.probes.snmp.reading import Cell, Gathered, Method, Series, Uptime

_MOST = 20_000
"""Parts remembered; then all are forgotten, which only costs memory, since devices keep theirs."""

_T = TypeVar("_T")
_parts: dict[Hashable, object] = {}
_known: set[int] = set()


def shared_cell(cell: Cell) -> Cell:
    """The cell, or an equal one that is known."""
    conditions = tuple((at, id(condition)) for at, condition in cell.conditions)
    key = (id(cell.rule), cell.scale, cell.source, cell.plus, cell.minus, cell.of, conditions)
    return _keep(key, cell)


def shared_method(method: Method) -> Method:
    """The method, or an equal one that is known; its cells should be shared already."""
    if isinstance(method, Gathered):
        return _keep(tuple((how, *map(id, cells)) for how, cells in method.alternatives), method)
    if isinstance(method, Uptime):
        return _keep((method.sources, method.preference), method)
    return method


def shared_reader(series: Sequence[Series]) -> QuickReader:
    """The reader of these series; labels do not matter to it, so that one serves all plans of equal methods."""
    methods = [one.method for one in series]
    if not _known.issuperset(map(id, methods)):
        return prepare(series)
    key = (QuickReader, tuple(map(id, methods)))
    found = _parts.get(key)
    if not isinstance(found, QuickReader):
        found = _parts[key] = prepare(series)
    return found


def _keep(key: Hashable, part: _T) -> _T:
    if len(_parts) >= _MOST:
        _parts.clear()
        _known.clear()
    found = _parts.setdefault((type(part), key), part)
    _known.add(id(found))
    return found if isinstance(found, type(part)) else part

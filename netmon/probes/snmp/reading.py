"""From raw values to readings; pure. Whatever cannot be true is absent, never 0.

A `Cell` is one rule for one row with its objects replaced by positions in the values of a poll. A `Series` is one
reading (quantity and label) with how it is read: gathered from cells, by counting rows, or as an uptime.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from netmon.model.profiles import Condition, Conversion, Gather, Rule, UptimeSource
from netmon.model.readings import NATURE, Quantity
from netmon.probes.snmp.ber import Oid, Value
from netmon.probes.snmp.text import clean, number_in
from netmon.probes.snmp.uptime import choose_uptime

Tables: TypeAlias = Mapping[Oid, Sequence[Value]]
"""Columns that were walked at a poll: their values in order."""
NO_TABLES: Tables = {}

MOST_COUNTED = 2**64 - 1
SECONDS_PER_UNIT = {
    UptimeSource.SYS_UP_TIME: 0.01,
    UptimeSource.HR_SYSTEM_UPTIME: 0.01,
    UptimeSource.SNMP_ENGINE_TIME: 1.0,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One rule for one row; numbers are positions in the values of a poll, `of` is None where nothing divides."""

    rule: Rule
    scale: float
    source: int
    plus: tuple[int, ...] = ()
    minus: tuple[int, ...] = ()
    of: int | None = None
    conditions: tuple[tuple[int, Condition], ...] = ()

    @property
    def positions(self) -> tuple[int, ...]:
        """All values this reading is made of, conditions left out."""
        return (self.source, *self.plus, *self.minus, *(() if self.of is None else (self.of,)))


class Method(Protocol):
    """How a series is read."""

    def read(self, values: Sequence[Value], tables: Tables) -> float | None:
        """Make the reading of one poll's values; None is absent."""
        ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """Alternatives, each put together from cells; the first that yields a value wins."""

    alternatives: tuple[tuple[Gather, tuple[Cell, ...]], ...]

    def read(self, values: Sequence[Value], tables: Tables) -> float | None:
        """See `Method`."""
        return self.choose(values)[0]

    def choose(self, values: Sequence[Value]) -> tuple[float | None, tuple[Cell, ...]]:
        """Return the value with the cells it comes from; for none, the cells of the first alternative."""
        for how, cells in self.alternatives:
            found = gather(how, [evaluate(cell, values) for cell in cells])
            if found is not None:
                return found, cells
        return None, self.alternatives[0][1]


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows a column has whose text is `text`; None counts all of them."""

    column: Oid
    text: str | None

    def read(self, values: Sequence[Value], tables: Tables) -> float | None:
        """See `Method`."""
        rows = tables.get(self.column)
        if rows is None:
            return None
        return float(len(rows) if self.text is None else sum(clean(row) == self.text for row in rows))


@dataclass(frozen=True, slots=True)
class Uptime:
    """The uptime in seconds from the sources there are, at these positions."""

    sources: tuple[tuple[UptimeSource, int], ...]
    preference: tuple[UptimeSource, ...]

    def read(self, values: Sequence[Value], tables: Tables) -> float | None:
        """See `Method`."""
        seconds = {
            source: value * SECONDS_PER_UNIT[source]
            for source, at in self.sources
            if isinstance(value := values[at], int) and value >= 0
        }
        return choose_uptime(seconds, self.preference)


@dataclass(frozen=True, slots=True)
class Series:
    """One reading of a plan. `bits` is how wide a counter is in the device, 0 for what is no counter."""

    quantity: Quantity
    label: str
    method: Method
    bits: int = 0


def evaluate(cell: Cell, values: Sequence[Value]) -> float | None:
    """Make one row's value, in the order `Rule` gives; None is absent."""
    rule = cell.rule
    raw = _raw(values[cell.source], rule)
    if raw is None or not _lies_within(raw, rule.accept):
        return None
    if not all(_holds(condition, values[at]) for at, condition in cell.conditions):
        return None
    if rule.states is not None:
        return rule.states.get(int(raw))
    if NATURE[rule.quantity].is_counter:
        # As the integer it is: 64 bits do not fit into a float. Below 0, a broken agent says -1 for "none".
        return raw if isinstance(raw, int) and 0 <= raw <= MOST_COUNTED else None
    value = _combine(cell, raw, values)
    return None if value is None else _finish(value, rule)


def _combine(cell: Cell, raw: float, values: Sequence[Value]) -> float | None:
    """Add, subtract, shift, scale and divide."""
    more = [_raw(values[at], cell.rule) for at in cell.plus]
    less = [_raw(values[at], cell.rule) for at in cell.minus]
    added = [one for one in more if one is not None]
    taken = [one for one in less if one is not None]
    if len(added) < len(more) or len(taken) < len(less):
        return None
    value = (raw + sum(added) - sum(taken) + cell.rule.offset) * cell.scale
    if cell.of is None:
        return value
    whole = _raw(values[cell.of], cell.rule)
    return value / whole if whole is not None and whole > 0 else None


def gather(how: Gather, found: Sequence[float | None]) -> float | None:
    """Put rows together; a sum needs every row, the others make do with the rows that have a value."""
    values = [value for value in found if value is not None]
    if not values or (how is Gather.SUM and len(values) < len(found)):
        return None
    return combine(how, values)


def combine(how: Gather, values: Sequence[float]) -> float:
    """Put values together, of which there is at least one."""
    match how:
        case Gather.SUM:
            return math.fsum(values)
        case Gather.MEAN:
            return math.fsum(values) / len(values)
        case Gather.MOST:
            return max(values)
        case Gather.LEAST:
            return min(values)
        case Gather.FIRST:
            return values[0]


def _raw(value: Value, rule: Rule) -> int | float | None:
    number = number_in(value)
    return None if number in rule.absent else number


def _finish(value: float, rule: Rule) -> float | None:
    if rule.complement is not None:
        value = rule.complement - value
    if rule.conversion is not None:
        if value <= 0:
            return None
        milliwatts = value if rule.conversion is Conversion.MILLIWATT_TO_DBM else value / 1000
        value = 10 * math.log10(milliwatts)
    nature = NATURE[rule.quantity]
    possible = _lies_within(value, (nature.least, nature.most)) and _lies_within(value, rule.within)
    return value if possible else None


def _lies_within(value: float, limits: tuple[float | None, float | None]) -> bool:
    least, most = limits
    return (least is None or value >= least) and (most is None or value <= most)


def _holds(condition: Condition, value: Value) -> bool:
    number = number_in(value)
    if number is None or number in condition.is_not:
        return False
    return (not condition.is_one_of or number in condition.is_one_of) and _lies_within(number, condition.within)

"""The fast way to read most series: one object, one multiplication, no branches of a rule that does not have them.

A sweep decodes a million readings a minute, and nearly all of them are a number times a scale, a counter or a state, or
the sum or mean of a few such. For these everything that can be is computed beforehand; what comes out is exactly what
the series' method would say, or nothing, and then the method is asked. So speed never decides a value.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from netmon.model.profiles import Gather, Rule, UptimeSource
from netmon.model.readings import NATURE
from netmon.probes.snmp.ber import Value
from netmon.probes.snmp.reading import (
    MOST_COUNTED,
    SECONDS_PER_UNIT,
    Cell,
    Gathered,
    Method,
    Series,
    Tables,
    Uptime,
    combine,
)

_NOWHERE = -1


class _Number(NamedTuple):
    """The value of the raw integer at `at`: base + (raw + offset) * factor; its state; or itself if factor is None."""

    at: int
    offset: float = 0.0
    factor: float | None = None
    base: float = 0.0
    least: float = -math.inf
    most: float = math.inf
    absent: frozenset[int] = frozenset()
    states: Mapping[int, float] | None = None


class _Outcome(NamedTuple):
    """A series: the number at `alone`, or several put together, or (neither) what the method says."""

    alone: int
    how: Gather | None
    indexes: tuple[int, ...]
    method: Method


@dataclass(frozen=True, slots=True)
class QuickReader:
    """All series of a plan, prepared."""

    numbers: tuple[_Number, ...]
    outcomes: tuple[_Outcome, ...]

    def read(self, values: Sequence[Value], tables: Tables) -> list[float | None]:
        """Read every series of one poll, in order."""
        numbers = self._read_numbers(values)
        found: list[float | None] = []
        for alone, how, indexes, method in self.outcomes:
            value = None
            if alone >= 0:
                value = numbers[alone]
            elif how is not None:
                several = [number for at in indexes if (number := numbers[at]) is not None]
                value = combine(how, several) if len(several) == len(indexes) else None
            found.append(method.read(values, tables) if value is None else value)
        return found

    def _read_numbers(self, values: Sequence[Value]) -> list[float | None]:
        found: list[float | None] = []
        append = found.append
        for at, offset, factor, base, least, most, absent, states in self.numbers:
            raw = values[at]
            if raw.__class__ is not int or raw in absent:
                append(None)
            elif factor is not None:
                value = base + (raw + offset) * factor
                append(value if least <= value <= most else None)
            elif states is not None:
                append(states.get(raw))
            else:
                append(raw if 0 <= raw <= MOST_COUNTED else None)
        return found


def prepare(series: Sequence[Series]) -> QuickReader:
    """Prepare the series of a plan; cells that several series share are read once."""
    numbers: list[_Number] = []
    position: dict[int, int] = {}

    def place(cell: Cell) -> int:
        if id(cell) not in position:
            position[id(cell)] = len(numbers)
            numbers.append(_number_of(cell))
        return position[id(cell)]

    outcomes = []
    for one in series:
        method = one.method
        if isinstance(method, Gathered) and all(_is_plain(cell.rule) for cell in method.alternatives[0][1]):
            how, cells = method.alternatives[0]
            indexes = tuple(place(cell) for cell in cells)
            alone = indexes[0] if len(indexes) == 1 else _NOWHERE
            outcomes.append(_Outcome(alone, how, indexes, method))
        elif isinstance(method, Uptime) and _is_simple(method):
            source, at = method.sources[0]
            numbers.append(_Number(at, factor=SECONDS_PER_UNIT[source], least=0.0))
            outcomes.append(_Outcome(len(numbers) - 1, None, (), method))
        else:
            outcomes.append(_Outcome(_NOWHERE, None, (), method))
    return QuickReader(tuple(numbers), tuple(outcomes))


def _is_simple(method: Uptime) -> bool:
    source = method.sources[0][0]
    is_alone = len(method.sources) == 1
    return is_alone and source in method.preference and source is not UptimeSource.SNMP_ENGINE_TIME


def _is_plain(rule: Rule) -> bool:
    has_more = rule.plus or rule.minus or rule.of or rule.only_if or rule.conversion
    return not has_more and rule.accept == (None, None)


def _number_of(cell: Cell) -> _Number:
    rule, nature = cell.rule, NATURE[cell.rule.quantity]
    if rule.states is not None or nature.is_counter:
        return _Number(cell.source, absent=rule.absent, states=rule.states)
    leasts = [one for one in (nature.least, rule.within[0]) if one is not None]
    mosts = [one for one in (nature.most, rule.within[1]) if one is not None]
    return _Number(
        at=cell.source,
        offset=rule.offset,
        factor=cell.scale if rule.complement is None else -cell.scale,
        base=0.0 if rule.complement is None else rule.complement,
        least=max(leasts, default=-math.inf),
        most=min(mosts, default=math.inf),
        absent=rule.absent,
    )

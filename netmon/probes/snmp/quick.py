"""The fast way to read most series: one object, one multiplication, no branches of a rule that does not have them.

A sweep decodes a million readings a minute, and nearly all of them are a number times a scale, a counter or a state, a
share of two numbers, or the sum or mean of a few such. For these everything that can be is computed beforehand; what
comes out is exactly what the series' method would say, or nothing, and then the method is asked. So speed never decides
a value.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from netmon.model.profiles import Gather, Rule, UptimeSource
from netmon.model.readings import NATURE
from netmon.probes.snmp.ber import Value
from netmon.probes.snmp.reading import SECONDS_PER_UNIT, Cell, Gathered, Method, Series, Tables, Uptime, combine


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


class _Share(NamedTuple):
    """What part of the integer at `of` another is, with what is added and taken off; in the order of `reading`."""

    at: int
    plus: tuple[int, ...]
    minus: tuple[int, ...]
    of: int
    offset: float
    scale: float
    complement: float | None
    least: float
    most: float
    absent: frozenset[int]


class _Outcome(NamedTuple):
    """A series: the number at `alone`, or several put together, or (neither) what the method says.

    Shares stand after all numbers and are counted from the end: -1 is the last.
    """

    alone: int | None
    how: Gather | None
    indexes: tuple[int, ...]
    method: Method


@dataclass(frozen=True, slots=True)
class QuickReader:
    """All series of a plan, prepared."""

    numbers: tuple[_Number, ...]
    shares: tuple[_Share, ...]
    outcomes: tuple[_Outcome, ...]

    def read(self, values: Sequence[Value], tables: Tables) -> list[float | None]:
        """Read every series of one poll, in order."""
        numbers = self._read_numbers(values)
        if self.shares:
            numbers += [_read_share(share, values) for share in self.shares]
        found: list[float | None] = []
        for alone, how, indexes, method in self.outcomes:
            value = None
            if alone is not None:
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
            else:
                append(raw if states is None else states.get(raw))
        return found


def _read_share(share: _Share, values: Sequence[Value]) -> float | None:
    at, plus, minus, of, offset, scale, complement, least, most, absent = share
    whole, part = values[of], 0
    if whole.__class__ is not int or whole in absent or whole <= 0:
        return None
    for terms, sign in (((at, *plus), 1), (minus, -1)):
        for term in terms:
            value = values[term]
            if not isinstance(value, int) or value in absent:
                return None
            part += sign * value
    ratio: float = (part + offset) * scale / whole
    if complement is not None:
        ratio = complement - ratio
    return ratio if least <= ratio <= most else None


def prepare(series: Sequence[Series]) -> QuickReader:
    """Prepare the series of a plan; cells that several series share are read once."""
    numbers: list[_Number] = []
    position: dict[int, int] = {}
    shares = {
        id(cell): _share_of(cell)
        for one in series
        if isinstance(one.method, Gathered)
        for cell in one.method.alternatives[0][1]
        if _is_share(cell.rule)
    }

    def place(cell: Cell) -> int:
        if id(cell) in shares:
            return list(shares).index(id(cell)) - len(shares)
        if id(cell) not in position:
            position[id(cell)] = len(numbers)
            numbers.append(_number_of(cell))
        return position[id(cell)]

    outcomes = []
    for one in series:
        method = one.method
        if isinstance(method, Gathered) and all(_is_quick(cell.rule) for cell in method.alternatives[0][1]):
            how, cells = method.alternatives[0]
            indexes = tuple(place(cell) for cell in cells)
            alone = indexes[0] if len(indexes) == 1 else None
            outcomes.append(_Outcome(alone, how, indexes, method))
        elif isinstance(method, Uptime) and _is_simple(method):
            source, at = method.sources[0]
            numbers.append(_Number(at, factor=SECONDS_PER_UNIT[source], least=0.0))
            outcomes.append(_Outcome(len(numbers) - 1, None, (), method))
        else:
            outcomes.append(_Outcome(None, None, (), method))
    return QuickReader(tuple(numbers), tuple(shares.values()), tuple(outcomes))


def _is_simple(method: Uptime) -> bool:
    source = method.sources[0][0]
    is_alone = len(method.sources) == 1
    return is_alone and source in method.preference and source is not UptimeSource.SNMP_ENGINE_TIME


def _is_quick(rule: Rule) -> bool:
    is_plain = not (rule.only_if or rule.conversion) and rule.accept == (None, None)
    return is_plain and (not (rule.plus or rule.minus or rule.of) or _is_share(rule))


def _is_share(rule: Rule) -> bool:
    return rule.of is not None and rule.states is None and not NATURE[rule.quantity].is_counter


def _limits(rule: Rule) -> tuple[float, float]:
    nature = NATURE[rule.quantity]
    leasts = [one for one in (nature.least, rule.within[0]) if one is not None]
    mosts = [one for one in (nature.most, rule.within[1]) if one is not None]
    return max(leasts, default=-math.inf), min(mosts, default=math.inf)


def _share_of(cell: Cell) -> _Share:
    rule = cell.rule
    of = cell.source if cell.of is None else cell.of
    return _Share(
        cell.source, cell.plus, cell.minus, of, rule.offset, cell.scale, rule.complement, *_limits(rule), rule.absent
    )


def _number_of(cell: Cell) -> _Number:
    rule = cell.rule
    if rule.states is not None or NATURE[rule.quantity].is_counter:
        return _Number(cell.source, absent=rule.absent, states=rule.states)
    least, most = _limits(rule)
    return _Number(
        at=cell.source,
        offset=rule.offset,
        factor=cell.scale if rule.complement is None else -cell.scale,
        base=0.0 if rule.complement is None else rule.complement,
        least=least,
        most=most,
        absent=rule.absent,
    )

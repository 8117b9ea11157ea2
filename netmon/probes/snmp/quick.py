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
    """A series that is several numbers put together."""

    place: int
    how: Gather
    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class QuickReader:
    """All series of a plan, prepared.

    `alone` has for each series the number it is, by its place; where it is none, the place after all numbers and
    shares, at which there is never a value.
    """

    numbers: tuple[_Number, ...]
    shares: tuple[_Share, ...]
    alone: tuple[int, ...]
    outcomes: tuple[_Outcome, ...]
    methods: tuple[Method, ...]

    def read(self, values: Sequence[Value], tables: Tables) -> list[float | None]:
        """Read every series of one poll, in order."""
        numbers = self._read_numbers(values)
        if self.shares:
            numbers += [_read_share(share, values) for share in self.shares]
        numbers.append(None)
        found = [numbers[at] for at in self.alone]
        for place, how, indexes in self.outcomes:
            several = [number for at in indexes if (number := numbers[at]) is not None]
            found[place] = combine(how, several) if len(several) == len(indexes) else None
        if None in found:
            for place, value in enumerate(found):
                if value is None:
                    found[place] = self.methods[place].read(values, tables)
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


def _read_share(share: _Share, values: Sequence[Value]) -> float | None:
    at, plus, minus, of, offset, scale, complement, least, most, absent = share
    part, whole = values[at], values[of]
    if not isinstance(part, int) or not isinstance(whole, int) or whole <= 0 or part in absent or whole in absent:
        return None
    for term in plus:
        more = values[term]
        if not isinstance(more, int) or more in absent:
            return None
        part += more
    for term in minus:
        less = values[term]
        if not isinstance(less, int) or less in absent:
            return None
        part -= less
    ratio: float = (part + offset) * scale / whole
    if complement is not None:
        ratio = complement - ratio
    return ratio if least <= ratio <= most else None


def prepare(series: Sequence[Series]) -> QuickReader:
    """Prepare the series of a plan; cells that several series share are read once."""
    making = _Making()
    slots = [making.slots_of(one.method) for one in series]
    after_numbers = len(making.numbers)
    nowhere = after_numbers + len(making.shares)
    places = [tuple(slot if slot >= 0 else after_numbers - 1 - slot for slot in its) for its in slots]
    return QuickReader(
        numbers=tuple(making.numbers),
        shares=tuple(making.shares),
        alone=tuple(its[0] if len(its) == 1 else nowhere for its in places),
        outcomes=tuple(
            _Outcome(at, one.method.alternatives[0][0], its)
            for at, (one, its) in enumerate(zip(series, places, strict=True))
            if isinstance(one.method, Gathered) and len(its) > 1
        ),
        methods=tuple(one.method for one in series),
    )


class _Making:
    """Numbers and shares as they are found; a slot is a number's place, or -1, -2 and so on for the shares."""

    def __init__(self) -> None:
        self.numbers: list[_Number] = []
        self.shares: list[_Share] = []
        self._slots: dict[int, int] = {}

    def slots_of(self, method: Method) -> tuple[int, ...]:
        """Where what a series is made of stands; nowhere if only its method can read it."""
        if isinstance(method, Gathered) and all(_is_quick(cell.rule) for cell in method.alternatives[0][1]):
            return tuple(self._slot_of(cell) for cell in method.alternatives[0][1])
        if isinstance(method, Uptime) and _is_simple(method):
            source, at = method.sources[0]
            self.numbers.append(_Number(at, factor=SECONDS_PER_UNIT[source], least=0.0))
            return (len(self.numbers) - 1,)
        return ()

    def _slot_of(self, cell: Cell) -> int:
        if id(cell) not in self._slots:
            if _is_share(cell.rule):
                self.shares.append(_share_of(cell))
                self._slots[id(cell)] = -len(self.shares)
            else:
                self.numbers.append(_number_of(cell))
                self._slots[id(cell)] = len(self.numbers) - 1
        return self._slots[id(cell)]


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

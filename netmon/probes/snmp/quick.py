"""The fast way to read a plan's series: one straight function a plan, written once and compiled.

A sweep decodes a million readings a minute, and nearly all of them are a number times a scale, a counter or a state, a
share of two numbers, or the sum or mean of a few such. A loop over their rules spends its time on finding out what each
rule does not have; so for each plan a function is written that has just what its rules need, as `dataclasses` and
`namedtuple` write theirs. Everything it holds is a number or a name made here, nothing of what a profile says. What it
returns is exactly what the series' methods would say, and where it cannot tell it asks the method. So speed never
decides a value.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

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
)

Read: TypeAlias = Callable[[Sequence[Value], Tables], list[float]]
_NAN = math.nan
_SHAPES_KEPT = 512
"""Functions compiled; plans that differ in numbers only share one."""


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


@dataclass(frozen=True, slots=True)
class QuickReader:
    """All series of a plan, prepared. `numbers` gives every reading in order, NaN where it is absent."""

    numbers: Read

    def read(self, values: Sequence[Value], tables: Tables) -> list[float | None]:
        """Read every series of one poll, in order; None where it is absent."""
        return [None if math.isnan(one) else one for one in self.numbers(values, tables)]


def prepare(series: Sequence[Series]) -> QuickReader:
    """Prepare the series of a plan; cells that several series share are read once."""
    writing = _Writing()
    results = [writing.result_of(place, one.method) for place, one in enumerate(series)]
    make = _compiled(writing.source(results))
    return QuickReader(make(tuple(writing.constants), _asking([one.method for one in series])))


def _asking(methods: Sequence[Method]) -> Callable[[int, Sequence[Value], Tables], float]:
    def ask(place: int, values: Sequence[Value], tables: Tables) -> float:
        found = methods[place].read(values, tables)
        return _NAN if found is None else found

    return ask


@lru_cache(_SHAPES_KEPT)
def _compiled(source: str) -> Callable[[tuple[Any, ...], Callable[[int, Sequence[Value], Tables], float]], Read]:
    names: dict[str, Any] = {"nan": _NAN, "fsum": math.fsum}
    exec(source, names)  # noqa: S102 - written above from numbers and names of its own
    make: Callable[[tuple[Any, ...], Callable[[int, Sequence[Value], Tables], float]], Read] = names["make"]
    return make


class _Writing:
    """Writes a plan's function: raw values `v`, numbers made of them `n`, constants `c`, by position."""

    def __init__(self) -> None:
        self.constants: list[Any] = []
        self._lines: list[str] = []
        self._raw: dict[int, None] = {}
        self._made: dict[int, str] = {}
        self._count = 0

    def source(self, results: Sequence[str]) -> str:
        """The whole text, which defines `make(constants, ask)`."""
        lines = [f"v{at} = values[{at}]" for at in self._raw]
        lines += [*self._lines, f"return [{', '.join(results)}]"]
        body = "\n".join(f"        {line}" for line in lines)
        names = "".join(f"c{number}, " for number in range(len(self.constants)))
        unpack = f"    ({names}) = constants\n" if names else ""
        return f"def make(constants, ask):\n{unpack}    def read(values, tables):\n{body}\n    return read\n"

    def result_of(self, place: int, method: Method) -> str:
        """The expression of the series' reading."""
        slow = f"ask({place}, values, tables)"
        parts = self._parts_of(method)
        if not parts:
            return slow
        found = parts[0]
        if isinstance(method, Gathered) and len(parts) > 1:
            found = _together(method.alternatives[0][0], parts)
        return f"({found} if {' and '.join(f'{part} == {part}' for part in parts)} else {slow})"

    def _parts_of(self, method: Method) -> tuple[str, ...]:
        """The names of the numbers a series is made of; none if only its method can read it."""
        if isinstance(method, Gathered) and all(_is_quick(cell.rule) for cell in method.alternatives[0][1]):
            return tuple(self._name_of(cell) for cell in method.alternatives[0][1])
        if isinstance(method, Uptime) and _is_simple(method):
            source, at = method.sources[0]
            return (self._write(self._number(_Number(at, factor=SECONDS_PER_UNIT[source], least=0.0))),)
        return ()

    def _name_of(self, cell: Cell) -> str:
        if id(cell) not in self._made:
            number = self._share(_share_of(cell)) if _is_share(cell.rule) else self._number(_number_of(cell))
            self._made[id(cell)] = self._write(number)
        return self._made[id(cell)]

    def _write(self, expression: str) -> str:
        name = f"n{self._count}"
        self._count += 1
        self._lines.append(f"{name} = {expression}")
        return name

    def _number(self, number: _Number) -> str:
        raw = self._value(number.at)
        checks = list(self._are_numbers((number.at,), number.absent))
        if number.factor is None:
            if number.states is not None:
                return f"{self._constant(dict(number.states))}.get({raw}, nan) if {' and '.join(checks)} else nan"
            return f"{raw} if {' and '.join(checks)} and 0 <= {raw} <= {MOST_COUNTED} else nan"
        shifted = f"({raw} + {self._constant(number.offset)})" if number.offset else raw
        value = f"{shifted} * {self._constant(number.factor)}"
        if number.base:
            value = f"{self._constant(number.base)} + {value}"
        return self._within(value, checks, number.least, number.most)

    def _share(self, share: _Share) -> str:
        whole = self._value(share.of)
        checks = list(self._are_numbers((share.at, *share.plus, *share.minus, share.of), share.absent))
        part = self._value(share.at)
        part += "".join(f" + {self._value(at)}" for at in share.plus)
        part += "".join(f" - {self._value(at)}" for at in share.minus)
        value = f"({part} + {self._constant(share.offset)}) * {self._constant(share.scale)} / {whole}"
        if share.complement is not None:
            value = f"{self._constant(share.complement)} - {value}"
        return self._within(value, [*checks, f"{whole} > 0"], share.least, share.most)

    def _within(self, value: str, checks: list[str], least: float, most: float) -> str:
        if least == -math.inf and most == math.inf:
            return f"{value} if {' and '.join(checks)} else nan"
        low = "" if least == -math.inf else f"{self._constant(least)} <= "
        high = "" if most == math.inf else f" <= {self._constant(most)}"
        return f"x if {' and '.join([*checks, f'{low}(x := {value}){high}'])} else nan"

    def _are_numbers(self, places: Sequence[int], absent: frozenset[int]) -> Iterator[str]:
        for at in dict.fromkeys(places):
            yield f"{self._value(at)}.__class__ is int"
        if absent:
            sentinels = self._constant(absent)
            for at in dict.fromkeys(places):
                yield f"{self._value(at)} not in {sentinels}"

    def _value(self, at: int) -> str:
        self._raw[at] = None
        return f"v{at}"

    def _constant(self, constant: Any) -> str:
        self.constants.append(constant)
        return f"c{len(self.constants) - 1}"


def _together(how: Gather, parts: Sequence[str]) -> str:
    """As `reading.combine`, of values that are all there."""
    row = ", ".join(parts)
    match how:
        case Gather.SUM:
            return f"fsum(({row}))"
        case Gather.MEAN:
            return f"fsum(({row})) / {len(parts)}"
        case Gather.MOST:
            return f"max({row})"
        case Gather.LEAST:
            return f"min({row})"
        case Gather.FIRST:
            return parts[0]


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

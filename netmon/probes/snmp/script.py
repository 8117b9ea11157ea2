"""A poll plan made quick: most readings are a few integers, checked, added and scaled, and need no more than that.

`PollPlan.decode` weighs every rule anew at each poll. A script has sorted that out before: a reading that is made by
check, offset, scale and states of integers is a small function of its own. Whatever is not an integer, or made in
another way, goes the way of its `Method`, so both always say the same. Devices with equal plans share one script,
because the country has few families.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from netmon.model.profiles import UptimeSource
from netmon.model.readings import NATURE, Measure, Outline, Quantity
from netmon.probes.snmp.ber import Value
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.plan import PollPlan
from netmon.probes.snmp.reading import Cell, Gathered, Method, Series, Tables, Uptime

_Step: TypeAlias = Callable[[Sequence[Value], Tables], float | None]
_HUNDREDTHS = 0.01


class Script:
    """What to ask and what the answer means, for all devices with the same plan, version and community.

    `templates`, `oids` and `walks` are the plan's. `counters` are the places in the outline that are counters, with
    their width in bits; `uptime` is the place of the uptime, -1 where there is none.
    """

    __slots__ = ("__weakref__", "_steps", "counters", "oids", "outline", "templates", "uptime", "walks")

    def __init__(self, plan: PollPlan, version: Version, community: bytes) -> None:
        self.templates = plan.templates(version, community)
        self.oids, self.walks = plan.oids, plan.walks
        self.outline: Outline = tuple(Measure(one.quantity, one.label) for one in plan.series)
        self.counters = tuple((at, one.bits) for at, one in enumerate(plan.series) if one.bits)
        quantities = [measure.quantity for measure in self.outline]
        self.uptime = quantities.index(Quantity.UPTIME) if Quantity.UPTIME in quantities else -1
        self._steps = tuple(_step(one) for one in plan.series)

    def read(self, values: Sequence[Value], tables: Tables) -> list[float | None]:
        """Turn one poll into readings; just as `PollPlan.decode`, which see."""
        return [step(values, tables) for step in self._steps]


def _step(series: Series) -> _Step:
    method = series.method
    if isinstance(method, Uptime) and [source for source, _ in method.sources] == [UptimeSource.SYS_UP_TIME]:
        return _hundredths(method.sources[0][1], method)
    if isinstance(method, Gathered) and len(method.alternatives) == 1 and len(method.alternatives[0][1]) == 1:
        cell = method.alternatives[0][1][0]
        rule = cell.rule
        if not cell.conditions and rule.conversion is None:
            if rule.states is not None or NATURE[rule.quantity].is_counter:
                return _taken(cell, method)
            return _composed(cell, method) if len(cell.positions) > 1 else _scaled(cell, method)
    return method.read


def _hundredths(at: int, method: Method) -> _Step:
    def read(values: Sequence[Value], tables: Tables) -> float | None:
        raw = values[at]
        return raw * _HUNDREDTHS if type(raw) is int and raw >= 0 else method.read(values, tables)

    return read


def _taken(cell: Cell, method: Method) -> _Step:
    """Counters, which no arithmetic may touch, and states."""
    at, absent, states = cell.source, cell.rule.absent, cell.rule.states
    low, high = _limits(cell.rule.accept)

    def read(values: Sequence[Value], tables: Tables) -> float | None:
        raw = values[at]
        if type(raw) is not int:
            return method.read(values, tables)
        if raw in absent or not low <= raw <= high:
            return None
        return raw if states is None else states.get(raw)

    return read


def _scaled(cell: Cell, method: Method) -> _Step:
    """One number by offset, scale and complement."""
    at, rule, scale = cell.source, cell.rule, cell.scale
    absent, offset, complement = rule.absent, rule.offset, rule.complement
    (low, high), (least, most) = _limits(rule.accept), _possible(cell)

    def read(values: Sequence[Value], tables: Tables) -> float | None:
        raw = values[at]
        if type(raw) is not int:
            return method.read(values, tables)
        if raw in absent or not low <= raw <= high:
            return None
        value = (raw + offset) * scale
        if complement is not None:
            value = complement - value
        return value if least <= value <= most else None

    return read


def _composed(cell: Cell, method: Method) -> _Step:
    """Several numbers added and divided; the sums are `reading.evaluate`'s, down to the order of the terms."""
    rule, scale = cell.rule, cell.scale
    absent, offset, complement = rule.absent, rule.offset, rule.complement
    (low, high), (least, most) = _limits(rule.accept), _possible(cell)
    first, plus, minus, of, positions = cell.source, cell.plus, cell.minus, cell.of, cell.positions

    def read(values: Sequence[Any], tables: Tables) -> float | None:
        for at in positions:
            if type(values[at]) is not int or values[at] in absent:
                return method.read(values, tables)
        if not low <= values[first] <= high:
            return None
        total = values[first]
        for at in plus:
            total += values[at]
        for at in minus:
            total -= values[at]
        value: float = (total + offset) * scale
        if of is not None:
            if values[of] <= 0:
                return None
            value /= values[of]
        if complement is not None:
            value = complement - value
        return value if least <= value <= most else None

    return read


def _possible(cell: Cell) -> tuple[float, float]:
    nature = NATURE[cell.rule.quantity]
    (least, most), (low, high) = _limits((nature.least, nature.most)), _limits(cell.rule.within)
    return max(least, low), min(most, high)


def _limits(pair: tuple[float | None, float | None]) -> tuple[float, float]:
    least, most = pair
    return -math.inf if least is None else least, math.inf if most is None else most

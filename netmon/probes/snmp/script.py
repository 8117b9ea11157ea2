"""A poll plan made quick: most readings are one number, checked and scaled, and need no more than that.

`PollPlan.decode` weighs every rule anew at each poll. A script has sorted that out before: a reading that is made of
one integer by check, offset, scale and states is read in place; whatever else there is goes the way of its `Method`,
so both always say the same. Devices with equal plans share one script, because the country has few families.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from netmon.model.profiles import Rule
from netmon.model.readings import NATURE, Measure, Outline, Quantity
from netmon.probes.snmp.ber import Value
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.plan import PollPlan
from netmon.probes.snmp.reading import Cell, Gathered, Method, Series, Tables

_Limits: TypeAlias = tuple[float, float]
_NO_NUMBER = -1


@dataclass(frozen=True, slots=True)
class _Plain:
    """How one integer becomes a reading: within `accept`, not `absent`; (raw + offset) * scale; within `within`.

    Without a scale it stays the integer it is: no arithmetic of floats may touch a counter.
    """

    absent: frozenset[int]
    accept: _Limits
    offset: float
    scale: float | None
    within: _Limits


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
        readings: list[float | None] = []
        append = readings.append
        for at, plain, states, method in self._steps:
            raw = values[at] if at >= 0 else None
            if type(raw) is not int or plain is None:
                append(method.read(values, tables))
                continue
            low, high = plain.accept
            if raw in plain.absent or not low <= raw <= high:
                append(None)
            elif states is not None:
                append(states.get(raw))
            else:
                value = raw if plain.scale is None else (raw + plain.offset) * plain.scale
                low, high = plain.within
                append(value if low <= value <= high else None)
        return readings


_Step: TypeAlias = tuple[int, _Plain | None, dict[int, float] | None, Method]


def _step(series: Series) -> _Step:
    method = series.method
    if isinstance(method, Gathered) and len(method.alternatives) == 1 and len(method.alternatives[0][1]) == 1:
        cell = method.alternatives[0][1][0]
        if _is_plain(cell):
            states = None if cell.rule.states is None else dict(cell.rule.states)
            return cell.source, _plain(cell), states, method
    return _NO_NUMBER, None, None, method


def _is_plain(cell: Cell) -> bool:
    rule = cell.rule
    composed = cell.plus or cell.minus or cell.conditions or cell.of is not None
    return not composed and rule.complement is None and rule.conversion is None


def _plain(cell: Cell) -> _Plain:
    rule = cell.rule
    if NATURE[rule.quantity].is_counter:
        return _Plain(rule.absent, _limits(rule.accept), 0, None, _limits((None, None)))
    return _Plain(rule.absent, _limits(rule.accept), rule.offset, cell.scale, _possible(rule))


def _possible(rule: Rule) -> _Limits:
    nature = NATURE[rule.quantity]
    (least, most), (low, high) = _limits((nature.least, nature.most)), _limits(rule.within)
    return max(least, low), min(most, high)


def _limits(pair: tuple[float | None, float | None]) -> _Limits:
    least, most = pair
    return -math.inf if least is None else least, math.inf if most is None else most

"""How a device's readings come about, object by object: what an operator needs who writes a profile; pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from netmon.model.profiles import Object, Oid, Rule
from netmon.model.readings import Quantity
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.discover import Discovery
from netmon.probes.snmp.plan import PollPlan
from netmon.probes.snmp.reading import Cell, Gathered, RowCount, Series, Tables, Uptime
from netmon.probes.snmp.text import clean


@dataclass(frozen=True, slots=True)
class Part:
    """One object behind a reading: its name in the profile, its instance and what the device said."""

    name: str
    oid: Oid
    raw: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One reading, the objects behind it and how they were turned into it."""

    quantity: Quantity
    label: str
    value: float | None
    parts: tuple[Part, ...]
    how: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A rule that found nothing to read: its quantity and the object it looks for."""

    quantity: Quantity
    object: Object


def explain(plan: PollPlan, values: Sequence[Value], tables: Tables) -> list[Explained]:
    """Explain every reading of one poll."""
    return [
        Explained(series.quantity, series.label, value, *_behind(series, plan, values))
        for series, value in zip(plan.series, plan.decode(values, tables), strict=True)
    ]


def missing(found: Discovery) -> Iterator[Missing]:
    """List the rules of the profile for which the device has no row."""
    for rule in found.profile.rules:
        rows = found.rows[rule]
        there = rows if rule.count_rows else [row for row in rows if all(oid in found.values for oid in row.oids)]
        if not there:
            absent = next((one for one in rule.objects if not _is_there(one, found)), rule.source)
            yield Missing(rule.quantity, absent)


def _is_there(one: Object, found: Discovery) -> bool:
    return any(oid[: len(one.oid)] == one.oid for oid in found.values)


def _behind(series: Series, plan: PollPlan, values: Sequence[Value]) -> tuple[tuple[Part, ...], str]:
    method = series.method
    if isinstance(method, Gathered):
        cells = method.choose(values)[1]
        parts = [part for cell in cells for part in _parts(cell, plan, values)]
        together = next((how.value for how, of in method.alternatives if of == cells), "")
        return tuple(parts), " ".join(filter(None, (together if len(cells) > 1 else "", formula(cells[0]))))
    if isinstance(method, RowCount):
        return (Part("rows", method.column, ""),), "count" if method.text is None else f"count '{method.text}'"
    if isinstance(method, Uptime):
        return tuple(Part(source.value, plan.oids[at], raw_text(values[at])) for source, at in method.sources), ""
    return (), ""


def _parts(cell: Cell, plan: PollPlan, values: Sequence[Value]) -> Iterator[Part]:
    positions = (*cell.positions, *(at for at, _ in cell.conditions))
    for one, at in zip(cell.rule.objects, positions, strict=True):
        yield Part(one.name, plan.oids[at], raw_text(values[at]))


def formula(cell: Cell) -> str:
    """Write how a rule turns raw numbers into a value, e.g. "1 - x * 0.01, not -1"."""
    rule = cell.rule
    if rule.states is not None:
        return ", ".join(f"{raw}: {value:g}" for raw, value in rule.states.items())
    text = "".join(("x", *(f" + {one.name}" for one in rule.plus), *(f" - {one.name}" for one in rule.minus)))
    if text != "x":
        text = f"({text})"
    if rule.offset:
        text = f"({text} {'-' if rule.offset < 0 else '+'} {abs(rule.offset):g})"
    if cell.scale != 1:
        text += f" * {cell.scale:g}"
    if rule.of is not None:
        text += f" / {rule.of.name}"
    if rule.complement is not None:
        text = f"{rule.complement:g} - {text}"
    return ", ".join(("" if text == "x" else text, *_provisos(rule))).removeprefix(", ")


def _provisos(rule: Rule) -> Iterator[str]:
    if rule.conversion is not None:
        yield rule.conversion.value
    if rule.absent:
        yield f"not {_listed(rule.absent)}"
    for one in rule.only_if:
        if one.is_not:
            yield f"if {one.object.name} is not {_listed(one.is_not)}"
        if one.is_one_of:
            yield f"if {one.object.name} is {_listed(one.is_one_of)}"
        least, most = one.within
        if least is not None:
            yield f"if {one.object.name} >= {least:g}"
        if most is not None:
            yield f"if {one.object.name} <= {most:g}"


def _listed(numbers: Iterable[int]) -> str:
    return " or ".join(map(str, sorted(numbers)))


def raw_text(value: Value) -> str:
    """Write what a device said as it said it; a text in quotes, and why there is no value."""
    if isinstance(value, Absent):
        return value.value
    return str(value) if isinstance(value, int) else f"'{clean(value)}'"

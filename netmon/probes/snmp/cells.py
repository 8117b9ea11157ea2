"""Which rows of a device's tables a rule applies to, under which label, and the instances that make them; pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from netmon.model.profiles import IndexForm, LabelPart, Object, Oid, RowFilter, Rule
from netmon.model.readings import NATURE
from netmon.probes.snmp.ber import Value
from netmon.probes.snmp.text import clean

Columns: TypeAlias = Mapping[Oid, Mapping[Oid, Value]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a rule: its label, and its instances in the order of `Rule.objects`."""

    label: str
    oids: tuple[Oid, ...]


def columns_of(rule: Rule) -> Iterator[Oid]:
    """List the columns to walk so that `rows_of` can tell the rule's rows."""
    parts = [part.column for part in rule.label]
    filters = [one.column for one in rule.rows]
    source = rule.count_labels if rule.count_rows else rule.source
    for found in (source, *parts, *filters):
        if found is not None and found.is_column:
            yield found.oid


def rows_of(rule: Rule, tables: Columns, interfaces: Mapping[int, str]) -> tuple[Row, ...]:
    """Find the rule's rows.

    Args:
        rule: the rule.
        tables: the columns that were walked, each a mapping from index to value.
        interfaces: names by ifIndex.
    """
    if rule.count_rows:
        return tuple(Row(label, (rule.source.oid,)) for label in _counted(rule, tables))
    if not rule.source.is_column:
        return (Row(_label(rule, (), tables, interfaces), _instances(rule, ())),)
    kept = [index for index in _indexes(rule, tables) if all(_passes(one, index, tables) for one in rule.rows)]
    labels = [_label(rule, index, tables, interfaces) for index in kept]
    if rule.gather is None and not NATURE[rule.quantity].adds_up:
        labels = _told_apart(labels, kept)
    return tuple(Row(label, _instances(rule, index)) for label, index in zip(labels, kept, strict=True))


def _told_apart(labels: Sequence[str], indexes: Sequence[Oid]) -> list[str]:
    used = Counter(labels)
    return [
        f"{label} #{index_text(index, IndexForm.DOTTED)}" if label and used[label] > 1 else label
        for label, index in zip(labels, indexes, strict=True)
    ]


def _indexes(rule: Rule, tables: Columns) -> Iterable[Oid]:
    """List the rows of the rule's column; where its walk brought none, those of a walked column of the same table.

    Agents whose objects are out of order skip whole columns in a walk, and yet answer a GET of them.
    """
    own = tables.get(rule.source.oid)
    if own:
        return own
    entry = rule.source.oid[:-1]
    return next((tables[oid] for oid in columns_of(rule) if oid[:-1] == entry and tables.get(oid)), ())


def _counted(rule: Rule, tables: Columns) -> Iterator[str]:
    if rule.count_labels is None:
        return
    labels = tables.get(rule.count_labels.oid, {})
    kept = (clean(value) for index, value in labels.items() if all(_passes(one, index, tables) for one in rule.rows))
    yield from dict.fromkeys(label for label in kept if label)


def _instances(rule: Rule, index: Oid) -> tuple[Oid, ...]:
    return tuple(_instance(one, index) for one in rule.objects)


def _instance(one: Object, index: Oid) -> Oid:
    return (*one.oid, *index) if one.is_column else one.oid


def _passes(one: RowFilter, index: Oid, tables: Columns) -> bool:
    text = index_text(index, one.index_form) if one.column is None else _text(one.column, index, tables)
    return bool(one.match.search(text)) is not one.drop


def _label(rule: Rule, index: Oid, tables: Columns, interfaces: Mapping[int, str]) -> str:
    if not rule.label:
        return index_text(index, IndexForm.DOTTED)
    parts = (_part(part, index, tables, interfaces) for part in rule.label if not is_idle(part, tables))
    return " ".join(part for part in parts if part)


def is_idle(part: LabelPart, tables: Columns) -> bool:
    """Whether a label goes without this part: it tells several rows apart, and there is one only."""
    return part.if_several and part.column is not None and len(tables.get(part.column.oid, ())) <= 1


def _part(part: LabelPart, index: Oid, tables: Columns, interfaces: Mapping[int, str]) -> str:
    text = _whole(part, index, tables, interfaces)
    found = part.match.search(text) if part.match is not None else None
    return text if found is None else (found.group(1) if found.re.groups else found.group()) or ""


def _whole(part: LabelPart, index: Oid, tables: Columns, interfaces: Mapping[int, str]) -> str:
    used = index[: part.arcs] if part.arcs else index
    if part.column is not None:
        return _text(part.column, used, tables) or index_text(used, IndexForm.DOTTED)
    if part.interface:
        dotted = index_text(used, IndexForm.DOTTED)
        return interfaces.get(used[0], dotted) if len(used) == 1 else dotted
    return part.constant if part.index is None else part_of_index(part, used, part.index)


def _text(column: Object, index: Oid, tables: Columns) -> str:
    value = tables.get(column.oid, {}).get(index, b"")
    return str(value) if isinstance(value, int) else clean(value)


def part_of_index(part: LabelPart, used: Oid, form: IndexForm) -> str:
    """Write what a label takes of a row's index: some bits of its last arc as a number, or all of it as text."""
    if part.bits is None:
        return index_text(used, form)
    lowest, highest = part.bits
    return str(used[-1] >> lowest & (1 << highest - lowest + 1) - 1) if used else ""


def index_text(index: Oid, form: IndexForm) -> str:
    """Write a row's index as text; the length in front of a string index is left out (RFC 2578 7.7)."""
    if form is IndexForm.LAST:
        return str(index[-1]) if index else ""
    if form is IndexForm.TEXT:
        arcs = index[1:] if index and index[0] == len(index) - 1 else index
        return clean(bytes(arc for arc in arcs if arc < 256))  # noqa: PLR2004
    return ".".join(map(str, index))

"""What to ask a discovered device again and again, and how its answers become readings; pure.

A plan is made once per discovery: exact instances in requests that fit a packet, and one `Series` per reading.
`decode` then turns each poll's values into numbers in the order of `series`, ready for the Fleet's columns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, unique

from netmon.model.profiles import Gather, Oid, Pace, Rule, UptimeSource
from netmon.model.readings import NATURE, Identity, Quantity
from netmon.probes.snmp.ber import Value, encode_oid
from netmon.probes.snmp.cells import Columns, Row
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.discover import Discovery
from netmon.probes.snmp.interfaces import Interface
from netmon.probes.snmp.quick import QuickReader, Read
from netmon.probes.snmp.reading import NO_TABLES, Cell, Gathered, Method, RowCount, Series, Tables, Uptime
from netmon.probes.snmp.shared import shared_cell, shared_method, shared_reader
from netmon.probes.snmp.standard import TABLE_STAMPS, UPTIME_OIDS, interface_rules, interface_series
from netmon.probes.snmp.template import RequestTemplate, compile_get

MOST_OCTETS = 1400
"""Largest answer a request may expect: what fits an Ethernet frame after IP, UDP and a tunnel."""
HEAD_OCTETS = 80
NUMBER_OCTETS = 15  # two headers and a Counter64
_STRING_OCTETS = 40
_UNITS, _THREE = 9, 3
"""EntitySensorDataScale (RFC 3433): units are 9, and each step is a factor of a thousand."""


@unique
class Scope(StrEnum):
    """How much to read: what every sweep takes, what the slow round adds, or all there is."""

    SWEEP = "sweep"
    BACKGROUND = "background"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True, eq=False)
class PollPlan:
    """What to ask a device, and what its answers mean.

    Attributes:
        profile: the profile's name.
        identity: what the device said it is.
        requests: instances by request, none too large for the device or a packet.
        oids: the same instances in one row; a poll's values stand in this order.
        walks: columns to walk at each poll, for readings that count rows.
        series: the readings, in the order `decode` gives their values.
        stamp_at: where in `oids` the stamp of the interface table stands; None if the device has none.
    """

    profile: str
    identity: Identity
    requests: tuple[tuple[Oid, ...], ...]
    walks: tuple[Oid, ...]
    series: tuple[Series, ...]
    stamp_at: int | None
    oids: tuple[Oid, ...] = field(init=False)
    _reader: QuickReader = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "oids", tuple(oid for request in self.requests for oid in request))
        object.__setattr__(self, "_reader", shared_reader(self.series))

    def templates(self, version: Version, community: bytes) -> tuple[RequestTemplate, ...]:
        """Compile the requests, one template each, in order."""
        return tuple(compile_get(version, community, request) for request in self.requests)

    def decode(self, values: Sequence[Value], tables: Tables = NO_TABLES) -> list[float | None]:
        """Turn one poll into readings.

        Args:
            values: one per object of `oids`; `Absent.NO_SUCH_INSTANCE` for those of a request that failed.
            tables: the values of each column of `walks`.

        Returns:
            One value per series, None where absent; counters are the device's own numbers (see `counters.advance`).
        """
        return self._reader.read(values, tables)

    @property
    def readings(self) -> Read:
        """What `decode` does, as one function that gives NaN where a reading is absent: the sweep's way."""
        return self._reader.numbers

    def table_stamp(self, values: Sequence[Value]) -> int | None:
        """Return a number that changes when the device's interfaces do (see `rediscovery`); None if it gave none."""
        stamp = None if self.stamp_at is None else values[self.stamp_at]
        return stamp if isinstance(stamp, int) else None


def build_plan(found: Discovery, scope: Scope = Scope.SWEEP) -> PollPlan:
    """Make the plan for one scope."""
    rules = [rule for rule in found.profile.rules if _is_in(rule.pace, scope)]
    interfaces = found.interfaces if _takes_every_interface(found, scope) else _uplink_only(found, scope)
    rows = {rule: _there(rule, found) for rule in rules}
    oids = tuple(dict.fromkeys(_needed(rows, found, scope, [one.index for one in interfaces])))
    position = {oid: at for at, oid in enumerate(oids)}
    series = [
        *_uptime(found, position),
        *_series(rows, position, found.identity.firmware, found.tables),
        *(one for each in interfaces for one in interface_series(each, found.values, position)),
    ]
    return PollPlan(
        profile=found.profile.name,
        identity=found.identity,
        requests=tuple(_chunks(oids, found.values, found.manner.objects_per_request)),
        walks=tuple(dict.fromkeys(rule.source.oid for rule in rules if rule.count_rows)),
        series=tuple(series),
        stamp_at=next((position[oid] for oid in TABLE_STAMPS if oid in position), None),
    )


def _is_in(pace: Pace, scope: Scope) -> bool:
    return scope is Scope.EVERYTHING or pace.value == scope.value


def _takes_every_interface(found: Discovery, scope: Scope) -> bool:
    return scope is Scope.EVERYTHING or (scope is Scope.SWEEP and found.profile.interfaces.every)


def _uplink_only(found: Discovery, scope: Scope) -> tuple[Interface, ...]:
    return (found.uplink,) if found.uplink is not None and scope is Scope.SWEEP else ()


def _there(rule: Rule, found: Discovery) -> tuple[Row, ...]:
    if rule.count_rows:
        return found.rows[rule]
    return tuple(row for row in found.rows[rule] if all(oid in found.values for oid in row.oids))


def _needed(
    rows: Mapping[Rule, Sequence[Row]], found: Discovery, scope: Scope, indexes: Iterable[int]
) -> Iterator[Oid]:
    if scope is not Scope.BACKGROUND:
        yield from (UPTIME_OIDS[source] for source in _uptime_sources(found))
        yield from [oid for oid in TABLE_STAMPS if oid in found.values][:1]
    for rule, its_rows in rows.items():
        if not rule.count_rows:
            yield from (oid for row in its_rows for oid in row.oids)
    for index in indexes:
        yield from ((*rule.source.oid, index) for rule, _ in interface_rules(index, found.values))


def _uptime_sources(found: Discovery) -> list[UptimeSource]:
    """Choose the best source there is, and snmpEngineTime to unwrap it if the profile trusts that."""
    there = [source for source in found.profile.uptime if UPTIME_OIDS[source] in found.values]
    wrapping = [source for source in there if source is not UptimeSource.SNMP_ENGINE_TIME][:1]
    return [source for source in there if source in wrapping or source is UptimeSource.SNMP_ENGINE_TIME]


def _uptime(found: Discovery, position: Mapping[Oid, int]) -> Iterator[Series]:
    sources = [(source, UPTIME_OIDS[source]) for source in _uptime_sources(found)]
    if sources and all(oid in position for _, oid in sources):
        method = Uptime(tuple((source, position[oid]) for source, oid in sources), found.profile.uptime)
        yield Series(Quantity.UPTIME, "", shared_method(method))


def _series(
    rows: Mapping[Rule, Sequence[Row]], position: Mapping[Oid, int], firmware: str, tables: Columns
) -> Iterator[Series]:
    gathered: dict[tuple[Quantity, str], list[tuple[Gather, tuple[Cell, ...]]]] = {}
    for rule, its_rows in rows.items():
        if rule.count_rows:
            yield from _counts(rule, its_rows)
            continue
        cells: dict[str, list[Cell]] = {}
        for row in its_rows:
            scale = _scale(rule, row, firmware, tables)
            cells.setdefault(row.label, []).append(_cell(rule, row, position, scale))
        how = rule.gather or (Gather.SUM if NATURE[rule.quantity].adds_up else Gather.FIRST)
        for label, its_cells in cells.items():
            gathered.setdefault((rule.quantity, label), []).append((how, tuple(its_cells)))
        if rule.total is not None and cells:
            every = tuple(cell for its_cells in cells.values() for cell in its_cells)
            gathered.setdefault((rule.quantity, ""), []).append((rule.total, every))
    for (quantity, label), alternatives in gathered.items():
        method = shared_method(Gathered(tuple(alternatives)))
        yield Series(quantity, label, method, 64 if NATURE[quantity].is_counter else 0)


def _counts(rule: Rule, rows: Sequence[Row]) -> Iterator[Series]:
    labels: list[tuple[str, Method]] = [(row.label, RowCount(rule.source.oid, row.label)) for row in rows]
    if rule.total is not None:
        labels.append(("", RowCount(rule.source.oid, None)))
    yield from (Series(rule.quantity, label, method) for label, method in labels)


def _scale(rule: Rule, row: Row, firmware: str, tables: Columns) -> float:
    """What a row's numbers are multiplied by; its own powers are texts of the row, as its label is."""
    scale = next((one.scale for one in rule.variants if one.firmware.search(firmware)), rule.scale)
    if rule.powers is None:
        return scale
    index = row.oids[0][len(rule.source.oid) :]
    power, places = (tables.get(column.oid, {}).get(index, b"") for column in rule.powers)
    if not isinstance(power, int) or not isinstance(places, int):
        return scale
    return scale * 10.0 ** (_THREE * (power - _UNITS) - places)


def _cell(rule: Rule, row: Row, position: Mapping[Oid, int], scale: float) -> Cell:
    at = iter([position[oid] for oid in row.oids])
    cell = Cell(
        rule=rule,
        scale=scale,
        source=next(at),
        plus=tuple(next(at) for _ in rule.plus),
        minus=tuple(next(at) for _ in rule.minus),
        of=None if rule.of is None else next(at),
        conditions=tuple((next(at), condition) for condition in rule.only_if),
    )
    return shared_cell(cell)


def _chunks(oids: Sequence[Oid], values: Mapping[Oid, Value], most: int) -> Iterator[tuple[Oid, ...]]:
    chunk: list[Oid] = []
    octets = HEAD_OCTETS
    for oid in oids:
        value = values.get(oid)
        size = len(encode_oid(oid)) + (max(len(value), _STRING_OCTETS) if isinstance(value, bytes) else NUMBER_OCTETS)
        if chunk and (len(chunk) >= most or octets + size > MOST_OCTETS):
            yield tuple(chunk)
            chunk, octets = [], HEAD_OCTETS
        chunk.append(oid)
        octets += size
    if chunk:
        yield tuple(chunk)

"""The series of what SNMP reads: which readings make which metric, and where on a page they stand.

A quantity that is read part by part and as a whole makes one metric, so it shows the one or the other, never both: a
sum over the metric must count nothing twice. Nor is what a device says itself and its OLT says of it shown twice: its
own word goes first. What a device said before it fell silent is of another time, and is not shown.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.reading_table import ReadingTable
from netmon.model.readings import NATURE, Measure, Outline, Quantity
from netmon_exporters.prometheus.text import TURN, Family, label_tail, strides, whole

RECEIVE_BYTES = Family("netmon_interface_receive_bytes_total", "Bytes received; never wraps.", "counter")
TRANSMIT_BYTES = Family("netmon_interface_transmit_bytes_total", "Bytes sent; never wraps.", "counter")
ERRORS = Family("netmon_interface_errors_total", "Packets with errors, by direction; never wraps.", "counter")

FAMILIES: dict[Quantity, Family] = {
    Quantity.UPTIME: Family("netmon_device_uptime_seconds", "Seconds since the device started."),
    Quantity.CPU: Family("netmon_device_cpu_ratio", "Share of the processor in use, 0 to 1."),
    Quantity.MEMORY: Family("netmon_device_memory_ratio", "Share of the memory in use, 0 to 1."),
    Quantity.TEMPERATURE: Family("netmon_device_temperature_celsius", "Temperature, by sensor where there are some."),
    Quantity.WIFI_CLIENTS: Family("netmon_wifi_clients", "Devices of people connected, by radio where it is known."),
    Quantity.CHANNEL_UTILISATION: Family(
        "netmon_wifi_channel_utilisation_ratio", "Share of the time the radio's channel is busy, 0 to 1."
    ),
    Quantity.NOISE_FLOOR: Family("netmon_wifi_noise_floor_dbm", "Noise floor, by radio."),
    Quantity.INTERFACE_UP: Family("netmon_interface_up", "1 while the interface works, else 0."),
    Quantity.RECEIVE_BYTES: RECEIVE_BYTES,
    Quantity.TRANSMIT_BYTES: TRANSMIT_BYTES,
    Quantity.RECEIVE_ERRORS: ERRORS,
    Quantity.TRANSMIT_ERRORS: ERRORS,
    Quantity.OPTICAL_RECEIVE_POWER: Family("netmon_optical_receive_power_dbm", "Light that arrives, by interface."),
    Quantity.OLT_RECEIVE_POWER: Family(
        "netmon_optical_olt_receive_power_dbm", "Light of the ONU that arrives at its OLT."
    ),
    Quantity.OPTICAL_DISTANCE: Family("netmon_optical_distance_metres", "Fibre between the ONU and its OLT."),
    Quantity.UPS_ON_BATTERY: Family("netmon_ups_on_battery", "1 while the UPS runs from its battery, else 0."),
    Quantity.UPS_CHARGE: Family("netmon_ups_charge_ratio", "Charge of the battery, 0 to 1."),
    Quantity.UPS_LOAD: Family("netmon_ups_load_ratio", "Load of the UPS, 1 is all it can bear; by phase if known."),
    Quantity.UPS_RUNTIME: Family("netmon_ups_runtime_seconds", "How long the battery would last."),
}
_DIRECTION = {Quantity.RECEIVE_ERRORS: "receive", Quantity.TRANSMIT_ERRORS: "transmit"}
_BY_PART = (Quantity.WIFI_CLIENTS, Quantity.CHANNEL_UTILISATION, Quantity.UPS_LOAD)
"""Shown part by part where the parts are known; all others as a whole where that is known."""
_ANSWERING = np.array([health in (Health.UP, Health.SUSPECT, Health.RECOVERING) for health in Health])
_TOLD_OF = np.array([health not in (Health.DOWN, Health.UNREACHABLE, Health.BLIND) for health in Health])
"""Of an ONU whose state nobody knows, its OLT may know the light all the same."""
_DIGITS = 6

_PAGE_ORDER = sorted(dict.fromkeys(FAMILIES.values()), key=lambda family: family.kind == "counter")
"""Counters last: all before them is rounded in one go, and a counter never is."""

Outlines = tuple[Outline, ...]
"""What is read of a device, table by table."""
Version = tuple[int, ...]
"""Those of the tables."""


@dataclass(slots=True)
class Column:
    """A metric on a page: one entry per series, in step.

    `seats` are positions in the order of the page's devices; `tables` and `places` tell where in which of the device's
    outlines.
    """

    heads: list[bytes] = field(default_factory=list)
    tails: list[bytes] = field(default_factory=list)
    seats: list[int] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The readings of one page's devices, made for one state of what is read of them; never changed.

    All series of the page stand one after the other, family by family as in `labels`, which has the heads and tails of
    their label texts; the first `gauges` of them are no counters.
    """

    version: Version
    labels: Sequence[tuple[Family, tuple[bytes, ...], tuple[bytes, ...]]]
    seats: NDArray[np.int32]
    tables: NDArray[np.uint8]
    places: NDArray[np.int32]
    gauges: int


def tables_of(fleet: Fleet) -> tuple[ReadingTable, ...]:
    """Where readings stand, the device's own word first."""
    return fleet.readings, fleet.slow_readings, fleet.told_readings


def _outlines(fleet: Fleet, row: int) -> Outlines:
    return fleet.readings.outline(row), fleet.slow_readings.outline(row), fleet.told_readings.outline(row)


def current_sheet(
    sheet: Sheet | None, rows: NDArray[np.intp], heads: Sequence[bytes], fleet: Fleet
) -> Generator[bytes, None, Sheet]:
    """The readings of the devices in `rows` laid out as things are; `heads` begin the devices' label texts.

    That is `sheet`, as they were laid out before, where nothing else is read since. Yields TURN as it goes along.
    """
    if sheet is not None and not _changed_since(sheet, rows, fleet).any():
        return sheet
    version, columns = tuple(table.version for table in tables_of(fleet)), dict[str, Column]()
    # All devices of a family share their outlines, which are told apart by identity and kept, lest that be another's.
    shown: dict[tuple[int, ...], tuple[Outlines, Sequence[_Series]]] = {}
    for seats in strides(range(len(rows))):
        alike: dict[tuple[int, ...], list[int]] = {}
        for seat in seats:
            outlines = _outlines(fleet, int(rows[seat]))
            key = tuple(map(id, outlines))
            if key not in shown:
                shown[key] = outlines, [_series(*one) for one in choose(outlines)]
            alike.setdefault(key, []).append(seat)
        for key, its in alike.items():
            _lay_out(its, shown[key][1], columns, heads)
        yield TURN
    return _make_sheet(version, columns)


def _lay_out(
    seats: Sequence[int], shown: Sequence["_Series"], columns: dict[str, Column], heads: Sequence[bytes]
) -> None:
    """Write the series of devices of which the same is read, one metric after the other."""
    its_heads = [heads[seat] for seat in seats]
    for one in shown:
        column = columns.setdefault(one.family, Column())
        column.heads += its_heads
        column.tails += [one.tail] * len(seats)
        column.seats += seats
        column.tables += [one.table] * len(seats)
        column.places += [one.place] * len(seats)


def _make_sheet(version: Version, columns: dict[str, Column]) -> Sheet:
    found = [(family, one) for family in _PAGE_ORDER if (one := columns.get(family.name)) is not None and one.heads]

    def joined(field_name: str, dtype: type) -> NDArray[Any]:
        return np.fromiter(chain.from_iterable(getattr(one, field_name) for _, one in found), dtype)

    return Sheet(
        version,
        # Tuples: of what holds bytes alone, the collector of garbage soon lets go; lists it would go through for ever.
        [(family, tuple(one.heads), tuple(one.tails)) for family, one in found],
        joined("seats", np.int32),
        joined("tables", np.uint8),
        joined("places", np.int32),
        sum(len(one.heads) for family, one in found if family.kind != "counter"),
    )


def choose(outlines: Outlines) -> list[tuple[int, int, Measure]]:
    """The measures of a device that are shown, with table and place; nothing from its OLT that it says itself."""
    found: dict[Measure, tuple[int, int]] = {}
    *own, told = outlines
    for table, outline in enumerate(own):
        for place, measure in enumerate(outline):
            found.setdefault(measure, (table, place))
    said = {measure.quantity for measure in found}
    found.update((one, (len(own), place)) for place, one in enumerate(told) if one.quantity not in said)
    wholes = {measure.quantity for measure in found if not measure.label}
    parts = {measure.quantity for measure in found if measure.label}
    return [
        (*found[measure], measure)
        for measure in found
        if measure.quantity in FAMILIES
        and not (measure.quantity in wholes & parts and bool(measure.label) is not (measure.quantity in _BY_PART))
    ]


def _changed_since(sheet: Sheet, rows: NDArray[np.intp], fleet: Fleet) -> NDArray[np.bool_]:
    """Of which devices something else may be read than when the sheet was made."""
    changed = np.zeros(len(rows), np.bool_)
    for table, version in zip(tables_of(fleet), sheet.version, strict=True):
        if table.version != version:
            changed |= table.changed_in[rows] > version
    return changed


def reading_series(sheet: Sheet, rows: NDArray[np.intp], fleet: Fleet) -> Iterator[bytes]:
    """All series of a sheet, family by family; all values are of one moment."""
    values, start = _values(sheet, rows, fleet), 0
    for family, heads, tails in sheet.labels:
        its = values[start : start + len(heads)]
        start += len(heads)
        if not np.isnan(its).all():
            yield from whole(family, heads, its, tails)


def _values(sheet: Sheet, rows: NDArray[np.intp], fleet: Fleet) -> NDArray[np.float64]:
    """A value per series, NaN where it is not known or not to be shown."""
    health = fleet.health[rows]
    # Since the sheet was made, something else may be read of a device: next time it will be shown.
    same = ~_changed_since(sheet, rows, fleet)
    answers, told_of = _ANSWERING[health] & same, _TOLD_OF[health] & same
    values = np.full(len(sheet.seats), np.nan)
    for number, table in enumerate(tables_of(fleet)):
        shown = told_of if table is fleet.told_readings else answers
        visible = np.flatnonzero((sheet.tables == number) & shown[sheet.seats])
        values[visible] = table.values(rows[sheet.seats[visible]], sheet.places[visible].astype(np.intp))
    values[: sheet.gauges] = np.round(values[: sheet.gauges], _DIGITS)
    return values


@dataclass(frozen=True, slots=True)
class _Series:
    """A measure of some outlines as it is shown: under which name, with which labels beside the device's own."""

    family: str
    tail: bytes
    table: int
    place: int


def _series(table: int, place: int, measure: Measure) -> _Series:
    labels = {"direction": _DIRECTION.get(measure.quantity, "")}
    if measure.label:
        labels[NATURE[measure.quantity].label] = measure.label
    return _Series(FAMILIES[measure.quantity].name, label_tail(labels), table, place)

"""The series of what SNMP reads: which readings make which metric, and where on a page they stand.

A quantity that is read part by part and as a whole makes one metric, so it shows the one or the other, never both: a
sum over the metric must count nothing twice. Nor is what a device says itself and its OLT says of it shown twice: its
own word goes first. What a device said before it fell silent is of another time, and is not shown.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.inventory import Device, Inventory
from netmon.model.reading_table import ReadingTable
from netmon.model.readings import NATURE, Measure, Outline, Quantity
from netmon_exporters.prometheus.text import TURN, Family, label_text, samples, strides

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

Outlines = tuple[Outline, ...]
"""What is read of a device, table by table."""


@dataclass(slots=True)
class _Column:
    """A metric on a page: one entry per series, in step."""

    labels: list[str] = field(default_factory=list)
    seats: list[int] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The readings of one page's devices, made for one state of what is read of them.

    `outlines` are those of the page's devices in order. A column's `seats` are positions in that order, its `tables`
    and `places` tell where in which of the device's outlines.
    """

    version: tuple[int, ...]
    outlines: Sequence[Outlines]
    columns: Sequence[tuple[Family, Sequence[str], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]


def tables_of(fleet: Fleet) -> tuple[ReadingTable, ...]:
    """Where readings stand, the device's own word first."""
    return fleet.readings, fleet.slow_readings, fleet.told_readings


def _outlines(fleet: Fleet, row: int) -> Outlines:
    return fleet.readings.outline(row), fleet.slow_readings.outline(row), fleet.told_readings.outline(row)


def _version(fleet: Fleet) -> tuple[int, ...]:
    return tuple(table.version for table in tables_of(fleet))


def _are(now: Outlines, were: Outlines) -> bool:
    return all(one is was for one, was in zip(now, were, strict=True))


def make_sheet(
    rows: Sequence[int], plain: Sequence[str], inventory: Inventory, fleet: Fleet
) -> Generator[bytes, None, Sheet]:
    """Lay out the readings of the devices in `rows`, `plain` being their label texts; yields TURN as it goes along."""
    version, outlines = _version(fleet), [_outlines(fleet, row) for row in rows]
    columns: dict[str, _Column] = {family.name: _Column() for family in FAMILIES.values()}
    shown: dict[tuple[int, ...], Sequence[tuple[int, int, Measure]]] = {}
    for seats in strides(range(len(rows))):
        for seat in seats:
            key = tuple(map(id, outlines[seat]))
            chosen = shown.get(key)
            if chosen is None:
                chosen = shown[key] = choose(outlines[seat])
            device, texts = inventory.devices[rows[seat]], {"": plain[seat]}
            for table, place, measure in chosen:
                column = columns[FAMILIES[measure.quantity].name]
                column.labels.append(_labels(device, measure, texts))
                column.seats.append(seat)
                column.tables.append(table)
                column.places.append(place)
        yield TURN
    return Sheet(
        version,
        outlines,
        [
            (
                family,
                one.labels,
                np.array(one.seats, np.intp),
                np.array(one.tables, np.intp),
                np.array(one.places, np.intp),
            )
            for family in dict.fromkeys(FAMILIES.values())
            if (one := columns[family.name]).labels
        ],
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


def is_current(sheet: Sheet, rows: Sequence[int], fleet: Fleet) -> bool:
    """Whether the same things are still read of the page's devices."""
    if sheet.version == _version(fleet):
        return True
    return all(_are(_outlines(fleet, row), were) for row, were in zip(rows, sheet.outlines, strict=True))


def reading_series(sheet: Sheet, rows: NDArray[np.intp], fleet: Fleet) -> Iterator[bytes]:
    """All series of a sheet, family by family; all values are of one moment."""
    tables = tables_of(fleet)
    answers, told_of = _ANSWERING[fleet.health[rows]], _TOLD_OF[fleet.health[rows]]
    if sheet.version != _version(fleet):
        # Since the sheet was made, something else may be read of a device: next time it will be shown.
        same = np.array(
            [_are(_outlines(fleet, row), were) for row, were in zip(rows.tolist(), sheet.outlines, strict=True)]
        )
        answers, told_of = answers & same, told_of & same
    taken: list[tuple[Family, Sequence[str], NDArray[np.float64]]] = []
    for family, labels, seats, its_tables, places in sheet.columns:
        values = np.full(len(labels), np.nan)
        for number, table in enumerate(tables):
            shown = told_of if table is fleet.told_readings else answers
            visible = (its_tables == number) & shown[seats]
            values[visible] = table.values(rows[seats[visible]], places[visible])
        taken.append((family, labels, values if family.kind == "counter" else np.round(values, _DIGITS)))
    for family, labels, values in taken:
        if not np.isnan(values).all():
            yield family.header
            yield from samples(family.name, labels, values)


def _labels(device: Device, measure: Measure, texts: dict[str, str]) -> str:
    """The label text of one series; `texts` has those of the device so far, since metrics share them."""
    direction = _DIRECTION.get(measure.quantity, "")
    name = NATURE[measure.quantity].label if measure.label else ""
    key = f"{direction}{name}={measure.label}" if direction or name else ""
    text = texts.get(key)
    if text is None:
        own = {"device": device.id, "village": device.village or "", "direction": direction}
        if name:
            own[name] = measure.label
        text = texts[key] = label_text(own)
    return text

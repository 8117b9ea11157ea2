"""What `netmon probe` found, as a page for people and as JSON for programs."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from netmon.cli.asking import Findings
from netmon.cli.onu_table import onu_table, onus_json, summary
from netmon.model.inventory import Device
from netmon.model.paths import Echoes, Hop
from netmon.model.readings import NATURE, Quantity
from netmon.probes.snmp.ber import Absent, Tag, Value, format_oid
from netmon.probes.snmp.codec import VarBind
from netmon.probes.snmp.explain import Explained, missing
from netmon.probes.snmp.walk import WalkEnd, WalkResult

_WIDTH = 160
_MILLI = 1000
_LONG = 120  # seconds; more are told in days, hours and minutes as well
_ENDS = {
    WalkEnd.NOT_INCREASING: "the device goes round in circles here",
    WalkEnd.EMPTY_ANSWER: "the device gave an empty answer here",
    WalkEnd.ROW_CAP: "there is more; name a narrower OID",
    WalkEnd.TIME_CAP: "there is more, but the device is slow; name a narrower OID",
    WalkEnd.FAILED: "the device stopped answering here",
}


_OF_INTERFACES = {
    Quantity.INTERFACE_UP: "state",
    Quantity.RECEIVE_BYTES: "bytes received",
    Quantity.TRANSMIT_BYTES: "bytes sent",
    Quantity.RECEIVE_ERRORS: "errors received",
    Quantity.TRANSMIT_ERRORS: "errors sent",
}
"""What stands in one line per interface, with its heading."""
_WORDS = {
    Quantity.INTERFACE_UP: ("down", "up"),
    Quantity.SUPPLY_FAULT: ("no", "yes"),
    Quantity.UPS_ON_BATTERY: ("no", "yes"),
    # upsOutputSource of RFC 1628 counts from 1.
    Quantity.UPS_OUTPUT_SOURCE: ("", "other", "none", "normal", "bypass", "battery", "booster", "reducer"),
}
"""What is no number to people: the words for 0, 1 and so on."""


@dataclass(slots=True)
class Report:
    """What was found about one device; text where there is a sentence instead.

    `known` has the inventory's devices by address, for the hops.
    """

    target: str
    address: str
    device: Device | None
    known: Mapping[str, Device]
    echoes: Echoes | str = ""
    hops: tuple[Hop, ...] | str = field(default=())
    readings: Findings | WalkResult | str = ""

    @property
    def has_answered(self) -> bool:
        """Whether the device answered anything at all."""
        pinged = isinstance(self.echoes, Echoes) and self.echoes.received > 0
        return pinged or not isinstance(self.readings, str)


class ReportPage:
    """Prints the page block by block, as the blocks become known: whoever stands before a dead device waits long."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._console = Console(width=None if os.isatty(1) else _WIDTH, highlight=False)

    def show_device(self) -> None:
        """Who is probed."""
        self._print(_head(self._report))

    def show_echoes(self) -> None:
        """What ping found."""
        self._print(_echo_line(self._report.echoes))

    def show_path(self) -> None:
        """What the trace found."""
        for line in _hop_lines(self._report):
            self._print(line)

    def show_readings(self) -> None:
        """What SNMP found."""
        readings = self._report.readings
        self._print("")
        if isinstance(readings, str):
            self._console.print(Text(f"SNMP     {readings}"), soft_wrap=True)
        elif isinstance(readings, Findings):
            _show_findings(self._console, readings)
        else:
            for line in _walk_lines(readings):
                self._console.print(Text(line), soft_wrap=True)

    def _print(self, line: str) -> None:
        self._console.print(Text(line))


def _head(report: Report) -> str:
    if report.device is None:
        return f"device   {report.address}"
    about = f"{report.device.role.value}, {report.address}"
    return f"device   {report.device.id} ({', '.join(filter(None, (report.device.name, about)))})"


def _called(device: Device | None) -> str:
    return "" if device is None else " ".join(filter(None, (device.role.value, device.id, device.name)))


def _echo_line(echoes: Echoes | str) -> str:
    if isinstance(echoes, str):
        return f"ping     {echoes}"
    answered = f"ping     {echoes.sent} sent, {echoes.received} received"
    if not echoes.received:
        return f"{answered}: no answer"
    least, mean, most = (f"{one * _MILLI:.2f}" for one in (echoes.least, echoes.mean, echoes.most))
    return f"{answered}, {least} / {mean} / {most} ms (min / avg / max)"


def _hop_lines(report: Report) -> Iterator[str]:
    if isinstance(report.hops, str):
        yield f"path     {report.hops}"
        return
    for hop in report.hops:
        time = f"{hop.rtt * _MILLI:8.2f} ms" if hop.rtt is not None else "     silent"
        line = f"{'path' if hop.number == 1 else '':8} {hop.number:2} {time}  {hop.address}"
        yield f"{line}  {_called(report.known.get(hop.address))}".rstrip()
    if not report.hops or report.hops[-1].address != report.address:
        yield f"{'':8} the path ends before {report.address}"


def _show_findings(console: Console, findings: Findings) -> None:
    found = findings.found
    facts = {
        "profile": f"{found.profile.name}: {found.profile.title}",
        "name": found.system.name,
        "model": found.identity.model,
        "serial": found.identity.serial,
        "firmware": found.identity.firmware,
        "uplink": found.uplink.name if found.uplink else "",
    }
    for name, value in facts.items():
        console.print(Text(f"{name:8} {value or '(the device does not say)'}"))
    of_interfaces = [one for one in findings.readings if one.quantity in _OF_INTERFACES]
    rest = [one for one in findings.readings if one.quantity not in _OF_INTERFACES]
    rows = [(one.quantity.value, one.label, _value_text(one)) for one in rest]
    _show_table(console, ("reading", "of", "value"), rows)
    if of_interfaces:
        _show_table(console, ("interface", *_OF_INTERFACES.values()), _interface_rows(of_interfaces))
    if findings.onus is not None:
        console.print(Text(summary(findings.onus)))
        console.print(onu_table(findings.onus))
    if lacking := _lacking(findings):
        console.print(Text(f"This device does not have: {', '.join(lacking)}."), soft_wrap=True)


def _show_table(console: Console, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=None, padding=(0, 1))
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(Text(""))
    console.print(table)


def _interface_rows(readings: Iterable[Explained]) -> Iterator[Sequence[str]]:
    """One line per interface, however many numbers it has."""
    by_name: dict[str, dict[Quantity, str]] = {}
    for one in readings:
        by_name.setdefault(one.label, {})[one.quantity] = _value_text(one)
    for name, said in by_name.items():
        yield (name, *(said.get(quantity, "") for quantity in _OF_INTERFACES))


def _lacking(findings: Findings) -> list[str]:
    read = {one.quantity for one in findings.readings}
    return list(dict.fromkeys(one.quantity.value for one in missing(findings.found) if one.quantity not in read))


def _value_text(one: Explained) -> str:
    if one.value is None:
        return "absent"
    words = _WORDS.get(one.quantity)
    return _number_text(one.value, NATURE[one.quantity].unit) if words is None else words[int(one.value)]


def _number_text(value: float, unit: str) -> str:
    match unit:
        case "ratio":
            return f"{value * 100:.4g} %"
        case "bytes":
            return f"{value:.0f}{_in_large(value)}"
        case "packets":
            return f"{value:.0f}"
        case "s" if value >= _LONG:
            return f"{value:.10g} s ({_duration(value)})"
    return f"{value:.10g} {unit}".rstrip()


def _in_large(octets: float) -> str:
    """The same in kB to TB, for reading; nothing where it is short enough."""
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if octets >= 10**power:
            return f" ({octets / 10**power:.3g} {unit})"
    return ""


def _duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    days, hours = divmod(minutes // 60, 24)
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{number} {word}" for number, word in parts if number)


def _walk_lines(walk: WalkResult) -> Iterator[str]:
    for row in walk.rows:
        yield f"{format_oid(row.oid)} = {_type_of(row)}: {_raw(row.value)}"
    end = f"; {_ENDS[walk.end]}" if walk.end in _ENDS else ""
    yield f"{len(walk.rows)} objects{end}"


def _type_of(row: VarBind) -> str:
    with suppress(ValueError):
        return Tag(row.tag).name.lower()
    return f"type {row.tag:#04x}"


def _raw(value: Value) -> str:
    if isinstance(value, Absent):
        return value.value
    if isinstance(value, bytes):
        return f'"{text}"' if (text := _visible(value)) is not None else f"0x{value.hex()}"
    return str(value)


def _visible(octets: bytes) -> str | None:
    """Octets as text, if all of it can be seen, so that none can upset a terminal."""
    with suppress(UnicodeDecodeError):
        text = octets.decode("utf-8")
        if text.isprintable():
            return text
    return None


def as_json(report: Report) -> str:
    """Write the report as one JSON object."""
    device, echoes, hops, readings = report.device, report.echoes, report.hops, report.readings
    about = None if device is None else {"id": device.id, "role": device.role.value, "village": device.village}
    answer: dict[str, Any] = {
        "target": report.target,
        "address": report.address,
        "device": about,
        "ping": {"error": echoes} if isinstance(echoes, str) else _echoes_json(echoes),
        "path": {"error": hops} if isinstance(hops, str) else [_hop_json(hop, report.known) for hop in hops],
        "snmp": {"error": readings} if isinstance(readings, str) else _snmp_json(readings),
    }
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _echoes_json(echoes: Echoes) -> dict[str, Any]:
    times = (echoes.least, echoes.mean, echoes.most) if echoes.received else (None, None, None)
    names = ("min_seconds", "avg_seconds", "max_seconds")
    return {"sent": echoes.sent, "received": echoes.received, **dict(zip(names, times, strict=True))}


def _hop_json(hop: Hop, known: Mapping[str, Device]) -> dict[str, Any]:
    device = known.get(hop.address)
    return {
        "hop": hop.number,
        "address": hop.address or None,
        "device": None if device is None else device.id,
        "rtt_seconds": hop.rtt,
    }


def _snmp_json(readings: Findings | WalkResult) -> dict[str, Any]:
    if isinstance(readings, WalkResult):
        rows = [
            {"oid": format_oid(row.oid), "type": _type_of(row), "value": _raw_json(row.value)} for row in readings.rows
        ]
        return {"walk": rows, "end": readings.end.value}
    found = readings.found
    return {
        "profile": found.profile.name,
        "name": found.system.name,
        "description": found.system.description,
        "object_id": format_oid(found.system.object_id),
        "model": found.identity.model,
        "serial": found.identity.serial,
        "firmware": found.identity.firmware,
        "uplink": found.uplink.name if found.uplink else None,
        "readings": [
            {
                "name": one.quantity.value,
                "label": one.label,
                "value": one.value,
                "unit": NATURE[one.quantity].unit,
            }
            for one in readings.readings
        ],
        "missing": _lacking(readings),
        "onus": onus_json(readings.onus),
    }


def _raw_json(value: Value) -> int | str | None:
    if isinstance(value, Absent):
        return None
    if isinstance(value, bytes):
        return text if (text := _visible(value)) is not None else f"0x{value.hex()}"
    return value

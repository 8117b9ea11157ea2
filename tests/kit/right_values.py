"""Comparing what netmon reads with EXPECTED.json of the shared recordings, value by value.

A value is matched by the instances it comes from: of the readings made of any of them, the one whose instances are
most like the expected ones. `truth` rules where EXPECTED says so; null means that there must be no value.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from netmon.model.readings import Quantity
from netmon.probes.snmp.ber import Value, format_oid
from netmon.probes.snmp.discover import Discovery
from netmon.probes.snmp.plan import PollPlan
from netmon.probes.snmp.reading import Gathered, Tables, Uptime

IF_OPER_STATUS = "1.3.6.1.2.1.2.2.1.8"
IF_COUNTERS = {
    "ifInOctets": (Quantity.RECEIVE_BYTES, ("1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.2.2.1.10")),
    "ifOutOctets": (Quantity.TRANSMIT_BYTES, ("1.3.6.1.2.1.31.1.1.1.10", "1.3.6.1.2.1.2.2.1.16")),
    "ifInErrors": (Quantity.RECEIVE_ERRORS, ("1.3.6.1.2.1.2.2.1.14",)),
}
UPS_STATES = ("upsOutputSource", "upsBasicOutputStatus")
# Kind in EXPECTED: quantities it may be, factor to netmon's unit, and how far LibreNMS rounds (in its own unit).
KINDS: dict[str, tuple[frozenset[Quantity], float, float]] = {
    "cpu": (frozenset((Quantity.CPU,)), 0.01, 0.5),
    "memory": (frozenset((Quantity.MEMORY, Quantity.MEMORY_PART)), 0.01, 0.5),
    "sensor/temperature": (frozenset((Quantity.TEMPERATURE, Quantity.OPTICAL_TEMPERATURE)), 1, 0),
    "wireless/clients": (frozenset((Quantity.WIFI_CLIENTS, Quantity.SSID_CLIENTS)), 1, 0),
    "sensor/dbm": (
        frozenset((Quantity.OPTICAL_RECEIVE_POWER, Quantity.OPTICAL_TRANSMIT_POWER, Quantity.RADIO_TRANSMIT_POWER)),
        1,
        0,
    ),
    "sensor/voltage": (frozenset((Quantity.VOLTAGE, Quantity.OPTICAL_VOLTAGE)), 1, 0),
    "sensor/charge": (frozenset((Quantity.UPS_CHARGE,)), 0.01, 0),
    "sensor/load": (frozenset((Quantity.UPS_LOAD,)), 0.01, 0),
    "sensor/runtime": (frozenset((Quantity.UPS_RUNTIME, Quantity.UPS_BATTERY_SECONDS)), 60, 0),
    "sensor/power": (frozenset((Quantity.POE_POWER, Quantity.POE_BUDGET, Quantity.POWER)), 1, 0),
    "wireless/utilization": (frozenset((Quantity.CHANNEL_UTILISATION, Quantity.CHANNEL_SHARE)), 0.01, 0),
    "wireless/noise-floor": (frozenset((Quantity.NOISE_FLOOR,)), 1, 0),
}


class Verdict(StrEnum):
    """What a comparison says."""

    RIGHT = "right"
    ABSENT = "absent"
    WRONG = "wrong"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class Seen:
    """One reading of netmon's and the instances it comes from."""

    quantity: Quantity
    label: str
    value: float | None
    sources: frozenset[str]


@dataclass(frozen=True)
class Line:
    """One compared value."""

    recording: str
    key: str
    what: str
    expected: object
    got: object
    verdict: Verdict
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.recording} {self.key} {self.what}: expected {self.expected}, got {self.got} [{self.verdict}]"


def seen_in(plan: PollPlan, values: Sequence[Value], tables: Tables) -> list[Seen]:
    """List a poll's readings with their sources."""
    found = []
    for series, value in zip(plan.series, plan.decode(values, tables), strict=True):
        positions: list[int] = []
        if isinstance(series.method, Gathered):
            positions = [at for cell in series.method.choose(values)[1] for at in cell.positions]
        elif isinstance(series.method, Uptime):
            positions = [at for _, at in series.method.sources]
        sources = frozenset(format_oid(plan.oids[at]) for at in positions)
        found.append(Seen(series.quantity, series.label, value, sources))
    return found


def compare(
    name: str,
    expected: Mapping[str, Any],
    discovery: Discovery,
    seen: Sequence[Seen],
    excluded: Mapping[tuple[str, str], str],
    recording: Path,
) -> Iterator[Line]:
    """Compare one recording; every value of the kinds above gives one line."""
    recorded = {line.partition("|")[0].removeprefix(".") for line in recording.read_text("latin-1").splitlines()}
    for line in (
        *_identity(name, expected, discovery),
        *_uptime(name, expected, seen),
        *_values(name, expected, seen),
        *_ports(name, expected, seen, recorded),
    ):
        reason = excluded.get((name, line.key), "")
        yield Line(**{**line.__dict__, "verdict": Verdict.EXCLUDED, "reason": reason}) if reason else line


def table(lines: Sequence[Line]) -> str:
    """Write the table of verdicts by recording, and the sum."""
    head = f"{'recording':46}" + "".join(f"{verdict:>10}" for verdict in Verdict)
    rows = [head]
    for name in (*dict.fromkeys(line.recording for line in lines), ""):
        count = Counter(line.verdict for line in lines if name in ("", line.recording))
        rows.append(f"{name or 'all':46}" + "".join(f"{count[verdict]:10}" for verdict in Verdict))
    return "\n".join(rows)


def exclusions(lines: Sequence[Line]) -> str:
    """List what was excluded: recording, instance and reason; many of one recording and reason in one line."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if line.verdict is Verdict.EXCLUDED:
            grouped.setdefault((line.recording, line.reason), []).append(line.key)
    return "\n".join(f"excluded: {name}: {reason}: {', '.join(keys)}" for (name, reason), keys in grouped.items())


def _identity(name: str, expected: Mapping[str, Any], discovery: Discovery) -> Iterator[Line]:
    identity = discovery.identity
    got = {"hardware": identity.model, "serial": identity.serial, "version": identity.firmware}
    for key, value in got.items():
        if expected[key]:
            wanted = _without_rubbish(expected[key])
            verdict = Verdict.RIGHT if value == wanted else Verdict.WRONG if value else Verdict.ABSENT
            yield Line(name, key, "identity", wanted, value, verdict)


def _without_rubbish(text: str) -> str:
    """Cut off the padding that LibreNMS keeps ('716GE...', '1.0.25.41.'; CAUTION of calix)."""
    return re.split(r"\.{2,}|[\r\n\x00]", text)[0].rstrip(". ")


def _uptime(name: str, expected: Mapping[str, Any], seen: Sequence[Seen]) -> Iterator[Line]:
    ticks = expected["sysUpTime"]
    if ticks is not None:
        got = next((one.value for one in seen if one.quantity is Quantity.UPTIME), None)
        yield Line(name, "sysUpTime", "uptime", ticks / 100, got, _judge(ticks / 100, got, 0.011))


def _values(name: str, expected: Mapping[str, Any], seen: Sequence[Seen]) -> Iterator[Line]:
    for value in expected["values"]:
        key = "+".join(value["oids"]) or value["meaning"]
        truth = value["truth"] if value.get("truth_differs") else value["expected"]
        if value["kind"] == "sensor/state" and any(state in text for text in value["names"] for state in UPS_STATES):
            # EXPECTED has the number; 3 (UPS-MIB normal) and 2 (PowerNet-MIB onLine) are on mains.
            wanted: float | None = float(value["raw"][0] not in ("2", "3"))
            kinds, tolerance = frozenset((Quantity.UPS_ON_BATTERY,)), 0.0
        elif value["kind"] in KINDS:
            kinds, factor, rounding = KINDS[value["kind"]]
            wanted = None if truth is None else truth * factor
            tolerance = rounding * factor
        else:
            continue
        match = _match(value, [one for one in seen if one.quantity in kinds])
        got = None if match is None else match.value
        verdict = _judge(wanted, got, tolerance)
        yield Line(name, key, f"{value['kind']} {value['meaning']}", wanted, got, verdict)


def _match(value: Mapping[str, Any], seen: Sequence[Seen]) -> Seen | None:
    wanted = frozenset(value["oids"])
    if not wanted:
        return next((one for one in seen if value["meaning"] == _counted_as(one)), None)
    touching = [one for one in seen if one.sources & wanted]
    return max(touching, key=lambda one: len(one.sources & wanted) / len(one.sources | wanted), default=None)


def _counted_as(one: Seen) -> str:
    return f"SSID {one.label} Clients" if one.label else "Total Clients"


def _ports(name: str, expected: Mapping[str, Any], seen: Sequence[Seen], recorded: set[str]) -> Iterator[Line]:
    by_source = {(one.quantity, source): one.value for one in seen for source in one.sources}
    for port in expected["ports_up"]:
        index = port["ifIndex"]
        status = f"{IF_OPER_STATUS}.{index}"
        up = by_source.get((Quantity.INTERFACE_UP, status))
        yield Line(name, status, "interface up", 1, up, _judge(1, up, 0))
        for key, (quantity, columns) in IF_COUNTERS.items():
            wanted = port[key]
            if wanted is None:
                continue
            instances = [f"{column}.{index}" for column in columns]
            got = next((by_source[quantity, one] for one in instances if (quantity, one) in by_source), None)
            line = Line(name, instances[-1], f"{key} of {port['ifName']}", wanted, got, _judge(wanted, got, 0))
            if not recorded.intersection(instances):
                # LibreNMS writes 0 where the device has no such counter. Absent is right, and does not count as such.
                reason = "the recording has no such counter"
                verdict = Verdict.EXCLUDED if got is None else Verdict.WRONG
                line = Line(**{**line.__dict__, "verdict": verdict, "reason": reason})
            yield line


def _judge(wanted: float | None, got: float | None, tolerance: float) -> Verdict:
    if got is None:
        return Verdict.RIGHT if wanted is None else Verdict.ABSENT
    if wanted is None or abs(got - wanted) > tolerance + 1e-9 * max(1.0, abs(wanted)):
        return Verdict.WRONG
    return Verdict.RIGHT

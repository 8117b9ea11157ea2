"""`netmon profile`: what a device profile makes of a device or of a recording of one."""

import asyncio
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from netmon.cli.common import config_option
from netmon.errors import InputError, ProbeError
from netmon.model.profiles import Profile
from netmon.model.readings import NATURE
from netmon.probes.snmp.ber import format_oid
from netmon.probes.snmp.client import Patience, SnmpClient
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.explain import Explained, explain, missing
from netmon.probes.snmp.plan import Scope, build_plan
from netmon.probes.snmp.reader import SnmpReader
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.recording import read_recording
from netmon.probes.snmp.session import SnmpDesk, SnmpSession, SnmpTarget
from netmon.probes.snmp.sockets import Sockets, canonical_address, open_socket
from netmon.settings import load_profiles, load_settings, profile_schema, resolve

_WIDTH = 240
_NO_ANSWER = "check the address, the port, the community and the device's list of permitted managers"


@dataclass(frozen=True, slots=True)
class _Findings:
    found: Discovery
    readings: list[Explained]


@click.group()
def profile() -> None:
    """Try device profiles on devices and recordings."""


@profile.command("schema")
def schema() -> None:
    """Print the JSON Schema of a profile file, for editors."""
    click.echo(json.dumps(profile_schema(), indent=2, ensure_ascii=False))


@profile.command("test")
@click.argument("target", metavar="RECORDING|ADDRESS")
@click.option("--profiles", type=click.Path(path_type=Path, file_okay=False), help="Folder with profiles of your own.")
@click.option("--profile", "named", default="", help="Use this profile instead of recognising one.")
@click.option("--port", type=click.IntRange(1, 65_535), default=161, show_default=True)
@click.option("--timeout", type=click.FloatRange(0.05, 60), default=2.0, show_default=True, help="Seconds per answer.")
@click.option("--community-file", type=click.Path(path_type=Path, dir_okay=False), help="Its first line is used.")
@click.option("--credential", default="", help="Name of the community among the settings' credentials.")
@config_option
def test(target: str, profiles: Path | None, named: str, port: int, **access: object) -> None:
    """Show what a profile reads: object, raw value, scale and result, and what it looked for in vain.

    The community of an ADDRESS comes from --credential, --community-file, the environment variable NETMON_COMMUNITY,
    or is asked for; it never stands on the command line.
    """
    known = load_profiles(profiles)
    if named and named not in known:
        raise InputError(f"there is no profile '{named}'; there are {', '.join(sorted(known))}")
    recording = Path(target)
    if recording.is_file():
        device = read_recording(recording.read_bytes())
        if device.unreadable:
            click.echo(f"{len(device.unreadable)} lines are left out: {_numbers(device.unreadable)}", err=True)
        findings = asyncio.run(_read(device, known, named))
    else:
        wire = SnmpTarget(_address(target, port), _community(access), Patience(float(str(access["timeout"])), 1))
        findings = asyncio.run(_read_wire(wire, known, named))
    _show(findings)


def _address(target: str, port: int) -> tuple[str, int]:
    try:
        return canonical_address(target, port)
    except ValueError:
        raise InputError(f"'{target}' is neither a file nor a numeric IPv4 or IPv6 address") from None


def _community(access: Mapping[str, object]) -> bytes:
    file, credential = access["community_file"], access["credential"]
    if credential:
        settings = load_settings(Path(str(access["config"])))
        source = settings.credentials.get(str(credential))
        if source is None:
            raise InputError(f"the settings have no credential '{credential}'")
        return resolve(str(credential), source, os.environ).reveal().encode()
    if file is not None:
        lines = Path(str(file)).read_text(encoding="utf-8").splitlines() if Path(str(file)).is_file() else []
        if not lines or not lines[0]:
            raise InputError(f"{file}: there is no community on its first line")
        return lines[0].encode()
    given = os.environ.get("NETMON_COMMUNITY") or click.prompt("Community", hide_input=True)
    return str(given).encode()


async def _read_wire(target: SnmpTarget, profiles: Mapping[str, Profile], named: str) -> _Findings:
    family = socket.AF_INET6 if ":" in target.address[0] else socket.AF_INET
    sock = open_socket(family)
    client = SnmpClient(Sockets(ipv6=sock) if family == socket.AF_INET6 else Sockets(ipv4=sock))
    client.attach(asyncio.get_running_loop())
    desk = SnmpDesk(client)
    try:
        return await _read(SnmpSession(desk, target), profiles, named)
    finally:
        desk.close()
        client.detach()
        sock.close()


async def _read(device: SnmpReader, profiles: Mapping[str, Profile], named: str) -> _Findings:
    found = await discover(device, profiles, named=named)
    if found is None:
        raise ProbeError("no profile fits this device, and none is a fallback")
    if isinstance(found, Failure):
        raise ProbeError(_sentence(found))
    plan = build_plan(found, Scope.EVERYTHING)
    values = await device.get(plan.oids)
    if isinstance(values, Failure):
        raise ProbeError(_sentence(values))
    tables = {column: [bind.value for bind in (await device.walk(column)).rows] for column in plan.walks}
    return _Findings(found, explain(plan, values, tables))


def _sentence(failure: Failure) -> str:
    if failure.kind is FailureKind.TIMED_OUT:
        return f"the device does not answer SNMP; {_NO_ANSWER}"
    if failure.kind is FailureKind.AGENT_ERROR:
        return f"the device answers with SNMP error {failure.error_status}"
    return f"the device's answer is of no use ({failure.kind.value})"


def _show(findings: _Findings) -> None:
    console = Console(soft_wrap=False, width=None if os.isatty(1) else _WIDTH, highlight=False)
    found = findings.found
    console.print(Text(f"profile   {found.profile.name}: {found.profile.title}"))
    for name in ("model", "serial", "firmware"):
        console.print(Text(f"{name:9} {getattr(found.identity, name) or '(the device does not say)'}"))
    console.print(Text(f"uplink    {found.uplink.name if found.uplink else '(unknown)'}"))
    table = Table(box=None, padding=(0, 1))
    for heading in ("reading", "label", "value", "object", "instance", "raw", "how"):
        table.add_column(heading, no_wrap=True)
    for reading in findings.readings:
        table.add_row(*(Text(cell) for cell in _row(reading)))
    console.print(table)
    absent = [reading for reading in findings.readings if reading.value is None]
    console.print(Text(f"{len(findings.readings)} readings, {len(absent)} of them absent."))
    in_vain = list(dict.fromkeys((one.quantity, one.object) for one in missing(found)))
    if in_vain:
        console.print(Text("Looked for in vain:"))
    for quantity, one in in_vain:
        console.print(Text(f"  {quantity.value}: {one.name} {format_oid(one.oid)}"))


def _row(reading: Explained) -> tuple[str, ...]:
    value = "absent" if reading.value is None else f"{reading.value:.10g} {NATURE[reading.quantity].unit}".rstrip()
    names, instances, raws = (
        "\n".join(column)
        for column in zip(*((part.name, format_oid(part.oid), part.raw) for part in reading.parts), strict=True)
    )
    return reading.quantity.value, reading.label, value, names, instances, raws, reading.how


def _numbers(lines: tuple[int, ...]) -> str:
    return ", ".join(map(str, lines[:10])) + (" ..." if len(lines) > 10 else "")  # noqa: PLR2004

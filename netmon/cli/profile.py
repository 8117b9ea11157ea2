"""`netmon profile`: what a device profile makes of a device or of a recording of one."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from netmon.cli.asking import Findings, access_of, read_device, read_wire
from netmon.cli.common import Number, WholeNumber, config_option
from netmon.cli.onu_table import onu_table, summary
from netmon.errors import InputError
from netmon.model.readings import NATURE
from netmon.probes.snmp.access import Access, CommunityAccess
from netmon.probes.snmp.ber import format_oid
from netmon.probes.snmp.client import Patience
from netmon.probes.snmp.explain import Explained, missing, raw_text
from netmon.probes.snmp.recording import read_recording
from netmon.probes.snmp.sockets import canonical_address
from netmon.probes.snmp.v3 import PysnmpTarget
from netmon.settings import load_profiles, load_settings, profile_schema, resolve_snmp

_WIDTH = 240


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
@click.option("--port", type=WholeNumber(1, 65_535), default=161, show_default=True)
@click.option("--timeout", type=Number(0.05, 60), default=2.0, show_default=True, help="Seconds per answer.")
@click.option("--community-file", type=click.Path(path_type=Path, dir_okay=False), help="Its first line is used.")
@click.option("--credential", default="", help="Name among the settings' credentials.")
@click.option("--unread", is_flag=True, help="List the vendor's objects, too, that the profile does not name.")
@config_option
def test(target: str, profiles: Path | None, named: str, *, port: int, unread: bool, **access: object) -> None:
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
        findings = asyncio.run(read_device(device, known, named, look_around=unread))
    else:
        patience = Patience(float(str(access["timeout"])), 1)
        wire = PysnmpTarget(_address(target, port), _access(access), patience)
        findings = asyncio.run(read_wire(wire, known, named, look_around=unread))
    console = Console(soft_wrap=False, width=None if os.isatty(1) else _WIDTH, highlight=False)
    _show(console, findings)
    _show_gaps(console, findings)


def _address(target: str, port: int) -> tuple[str, int]:
    try:
        return canonical_address(target, port)
    except ValueError:
        raise InputError(f"'{target}' is neither a file nor a numeric IPv4 or IPv6 address") from None


def _access(access: Mapping[str, object]) -> Access:
    file, credential = access["community_file"], access["credential"]
    if credential:
        settings = load_settings(Path(str(access["config"])))
        return access_of(resolve_snmp(str(credential), settings.credentials, os.environ))
    if file is not None:
        return CommunityAccess(_first_line(Path(str(file))))
    given = os.environ.get("NETMON_COMMUNITY") or click.prompt("Community", hide_input=True)
    return CommunityAccess(str(given).encode())


def _first_line(file: Path) -> bytes:
    lines = file.read_bytes().splitlines() if file.is_file() else []
    try:
        line = lines[0].decode("utf-8-sig") if lines else ""
    except UnicodeDecodeError:
        line = ""
    if not line:
        raise InputError(f"{file}: there is no community on its first line")
    return line.encode()


def _show(console: Console, findings: Findings) -> None:
    found = findings.found
    console.print(Text(f"profile   {found.profile.name}: {found.profile.title}"))
    # What a new profile is recognised by.
    console.print(Text(f"object ID {format_oid(found.system.object_id) or '(the device does not say)'}"))
    console.print(Text(f"sysDescr  {' '.join(found.system.description.split()) or '(the device does not say)'}"))
    for name in ("model", "serial", "firmware"):
        console.print(Text(f"{name:9} {getattr(found.identity, name) or '(the device does not say)'}"))
    console.print(Text(f"uplink    {found.uplink.name if found.uplink else '(unknown)'}"))
    table = Table(box=None, padding=(0, 1))
    for heading in ("reading", "label", "value", "object", "instance", "raw", "how"):
        # Where it is narrow the explanation is folded, before anything else is cut.
        table.add_column(heading, no_wrap=heading != "how")
    for reading in findings.readings:
        table.add_row(*(Text(cell) for cell in _row(reading)))
    console.print(table)
    absent = [reading for reading in findings.readings if reading.value is None]
    console.print(Text(f"{len(findings.readings)} readings, {len(absent)} of them absent."))


def _show_gaps(console: Console, findings: Findings) -> None:
    """Show what was looked for in vain, and what nobody looked for."""
    in_vain = list(dict.fromkeys((one.quantity, one.object) for one in missing(findings.found)))
    if in_vain:
        console.print(Text("Looked for in vain:"))
    for quantity, one in in_vain:
        instance = findings.instances.get(one.oid)
        hint = f"; but there is {format_oid(instance)}" if instance else ""
        console.print(Text(f"  {quantity.value}: {one.name} {format_oid(one.oid)}{hint}"))
    if findings.unread:
        console.print(Text("There, and not read:"))
    for other in findings.unread:
        rows = f" ({other.rows} rows)" if other.rows > 1 else ""
        console.print(Text(f"  {format_oid(other.oid)}{rows}: {raw_text(other.example)}"))
    if findings.onus is not None:
        console.print(Text(summary(findings.onus)))
        console.print(onu_table(findings.onus))


def _row(reading: Explained) -> tuple[str, ...]:
    value = "absent" if reading.value is None else f"{reading.value:.10g} {NATURE[reading.quantity].unit}".rstrip()
    names, instances, raws = (
        "\n".join(column)
        for column in zip(*((part.name, format_oid(part.oid), part.raw) for part in reading.parts), strict=True)
    )
    return reading.quantity.value, reading.label, value, names, instances, raws, reading.how


def _numbers(lines: tuple[int, ...]) -> str:
    return ", ".join(map(str, lines[:10])) + (" ..." if len(lines) > 10 else "")  # noqa: PLR2004

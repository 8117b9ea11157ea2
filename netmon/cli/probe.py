"""`netmon probe`: everything one device says at this moment, for whoever stands before it."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
from click.core import ParameterSource
from rich.console import Console

from netmon.cli.asking import Findings, access_of, library_session, read_wire, sentence_of
from netmon.cli.common import Number, WholeNumber, config_option
from netmon.cli.probe_report import Report, ReportPage, as_json
from netmon.errors import InputError, ProbeError, SocketRefusedError
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory
from netmon.model.paths import Echoes, Hop
from netmon.model.profiles import Profile
from netmon.probes.snmp.access import Access, CommunityAccess
from netmon.probes.snmp.ber import Oid, parse_oid
from netmon.probes.snmp.client import Patience
from netmon.probes.snmp.sockets import canonical_address
from netmon.probes.snmp.v3 import PysnmpTarget
from netmon.probes.snmp.walk import WalkLimits, WalkResult
from netmon.probes.trace import echo, trace
from netmon.settings import Settings, load_inventory, load_settings, resolve_snmp
from netmon.settings.complaints import did_you_mean
from netmon.settings.profiles import load_profiles

_READ_SECONDS = 120.0
_WALK = WalkLimits(rows=20_000, seconds=120.0)
_WHOLE_TREE = "1.3.6.1"
_NO_CREDENTIAL = (
    "not asked: nothing says with which community or user; name a credential of the settings with "
    "--credential, or give a community in the environment variable NETMON_COMMUNITY"
)


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whom to probe and how, as settings, inventory and options say together."""

    address: str
    access: Access | None
    namespace: str = ""
    device: Device | None = None
    known: Mapping[str, Device] = field(default_factory=dict)

    @property
    def profile(self) -> str:
        return "" if self.device is None else self.device.profile


def _oid(_: click.Context, __: click.Parameter, value: str | None) -> Oid | None:
    try:
        return None if value is None else parse_oid(value)
    except ValueError:
        raise click.BadParameter(
            f"'{value}' is no object identifier such as 1.3.6.1.2.1.1; write --walk last."
        ) from None


@click.command()
@click.argument("target", metavar="ADDRESS|DEVICE")
@config_option
@click.option("--credential", default="", help="Name among the settings' credentials; default: the inventory's.")
@click.option(
    "--walk",
    metavar="[OID]",
    callback=_oid,
    is_flag=False,
    flag_value=_WHOLE_TREE,
    help="List raw objects, of all the device or below an OID, instead of readings. Goes last.",
)
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.option("--profiles", type=click.Path(path_type=Path, file_okay=False), help="Folder with profiles of your own.")
@click.option("--port", type=WholeNumber(1, 65_535), default=161, show_default=True, help="The SNMP agent's UDP port.")
@click.option("--timeout", type=Number(0.05, 60), default=2.0, show_default=True, help="Seconds per SNMP answer.")
@click.pass_context
def probe(context: click.Context, /, target: str, walk: Oid | None, wants_json: bool, **options: object) -> int:
    """Ping a device, trace the path to it, recognise it and read all it has; exit code 1 if it is silent.

    A DEVICE is an id of the inventory, which then says its address, credential and profile.
    """
    profiles = options["profiles"]
    known = load_profiles(profiles if isinstance(profiles, Path) else None)
    config = Path(str(options["config"]))
    is_bare = context.get_parameter_source("config") is ParameterSource.DEFAULT and not config.exists()
    subject = _find_subject(target, None if is_bare else config, str(options["credential"]))
    report = Report(target, subject.address, subject.device, subject.known)
    page = None if wants_json else ReportPage(report)
    if page:
        page.show_device()
    report.echoes = _echoes(subject)
    if page:
        page.show_echoes()
    report.hops = _hops(subject)
    if page:
        page.show_path()
    if subject.access is None:
        report.readings = _NO_CREDENTIAL
    else:
        address = canonical_address(subject.address, int(str(options["port"])))
        wire = PysnmpTarget(address, subject.access, Patience(float(str(options["timeout"])), 1))
        with Console(stderr=True).status("asking by SNMP"):  # on a terminal only
            report.readings = _ask(wire, subject, known, walk)
    if page:
        page.show_readings()
    else:
        click.echo(as_json(report))
    return 0 if report.has_answered else 1


def _find_subject(target: str, config: Path | None, credential: str) -> _Subject:
    """Find the device and what it is asked with; without settings an address will do, as on a technician's laptop.

    Raises:
        InputError: no such device, address, credential or settings file.
    """
    address = _numeric(target)
    if config is None and address and not credential:
        return _Subject(address, _from_environment())
    if config is None:
        raise InputError("netmon's settings are not at their usual place; name the file with --config")
    settings = load_settings(config)
    inventory = _inventory(settings, is_needed=not address)
    device = _by_address(address, inventory) if address else _by_id(target, inventory)
    name = credential or (device.credential if device else "")
    access = access_of(resolve_snmp(name, settings.credentials, os.environ)) if name else _from_environment()
    known = {one.address: one for one in inventory.devices if one.address}
    return _Subject(address or (device.address if device else ""), access, settings.probing.namespace, device, known)


def _numeric(target: str) -> str:
    try:
        return canonical_address(target)[0]
    except ValueError:
        return ""


def _from_environment() -> Access | None:
    community = os.environ.get("NETMON_COMMUNITY", "")
    return CommunityAccess(community.encode()) if community else None


def _inventory(settings: Settings, *, is_needed: bool) -> Inventory:
    try:
        return load_inventory(settings.inventory.directory, settings.credentials).inventory
    except InputError:
        if is_needed:
            raise
        click.echo("The inventory has mistakes, so names are left out; `netmon check` lists them.", err=True)
        return Inventory()


def _by_address(address: str, inventory: Inventory) -> Device | None:
    return next((one for one in inventory.devices if one.address == address), None)


def _by_id(target: str, inventory: Inventory) -> Device:
    index = inventory.index_of.get(DeviceId(target))
    if index is None:
        hint = did_you_mean(target, inventory.index_of)
        raise InputError(
            f"'{target}' is neither a numeric address nor a device of the inventory" + (f"; {hint}" if hint else "")
        )
    device = inventory.devices[index]
    if not device.address:
        via = f"; it is observed via {device.observed_via.device}, probe that" if device.observed_via else ""
        raise InputError(f"{target} has no address of its own{via}")
    return device


def _echoes(subject: _Subject) -> Echoes | str:
    try:
        return echo(subject.address, namespace=subject.namespace)
    except SocketRefusedError as error:
        return str(error)


def _hops(subject: _Subject) -> tuple[Hop, ...] | str:
    try:
        return trace(subject.address, namespace=subject.namespace)
    except SocketRefusedError as error:
        return str(error)


def _ask(
    wire: PysnmpTarget, subject: _Subject, known: Mapping[str, Profile], walk: Oid | None
) -> Findings | WalkResult | str:
    if walk is not None:
        return asyncio.run(_walk(wire, subject.namespace, walk))
    return _read(wire, subject, known)


def _read(wire: PysnmpTarget, subject: _Subject, known: Mapping[str, Profile]) -> Findings | str:
    async def read() -> Findings:
        async with asyncio.timeout(_READ_SECONDS):
            return await read_wire(wire, known, subject.profile, namespace=subject.namespace)

    try:
        return asyncio.run(read())
    except TimeoutError:
        return f"the device answers SNMP so slowly that reading it was given up after {_READ_SECONDS:.0f} s"
    except ProbeError as error:
        return str(error)


async def _walk(wire: PysnmpTarget, namespace: str, root: Oid) -> WalkResult | str:
    async with library_session(wire, namespace=namespace) as session:
        result = await session.walk(root, _WALK)
    return sentence_of(result.failure) if result.failure is not None and not result.rows else result

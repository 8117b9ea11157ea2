"""What netmon reads from recordings of real devices, served by snmpsim and read through the wire.

The recordings and what a correct poller reads from them (EXPECTED.json) are in ../shared/devices; they stay there.
"""

import asyncio
import json
import math
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from netmon.model.profiles import Profile
from netmon.model.readings import NATURE, Quantity
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.client import Patience, SnmpClient
from netmon.probes.snmp.codec import VarBind, Version
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.plan import PollPlan, Scope, build_plan
from netmon.probes.snmp.recording import Recording, read_recording
from netmon.probes.snmp.session import SnmpDesk, SnmpSession, SnmpTarget
from netmon.probes.snmp.sockets import Address, Sockets, open_socket
from netmon.probes.snmp.template import compile_get
from netmon.settings.profiles import load_profiles
from tests.kit.right_values import Line, Seen, Verdict, compare, exclusions, seen_in, table

pytestmark = pytest.mark.timeout(300)

Read: TypeAlias = tuple[Discovery, PollPlan, list[Seen]]
Profiles: TypeAlias = Mapping[str, Profile]

PATIENCE = Patience(timeout=5.0, retries=2)
SYS_OBJECT_ID = (1, 3, 6, 1, 2, 1, 1, 2, 0)
GENERIC = ("generic", "ups-mib")  # what stands on standard MIBs alone

# Values of the kinds asked for that are no reading of a correct poller, each with its reason.
EXCLUDED = {
    (
        "unifi_nanohd",
        "1.3.6.1.4.1.41112.1.6.1.2.1.8.2+1.3.6.1.4.1.41112.1.6.1.2.1.8.4",
    ): "the SSID vwire-* is the mesh uplink between access points, its stations are no people (CAUTION in EXPECTED.md)",
    (
        "epmp_epmp-ap-connected-sta",
        "hardware",
    ): "'ePMP AP' stands in no object; LibreNMS makes it up from the wireless mode",
    # ifHCInOctets and ifHCOutOctets of interfaces 1 and 3; there are no 32-bit counters beside them.
    **{
        ("epmp_epmp-ap-connected-sta", f"1.3.6.1.2.1.2.2.1.{column}.{index}"): (
            "its Counter64 is recorded as 'aabbccddeef4' or the like, which is no number; LibreNMS makes 0 of it"
        )
        for column in (10, 16)
        for index in (1, 3)
    },
}


async def read_all(address: Address, profiles: Mapping[str, Profiles]) -> dict[str, Read]:
    """Discover and poll every recording, each with its own set of profiles, over one client."""
    sock = open_socket(socket.AF_INET)
    client = SnmpClient(Sockets(ipv4=sock))
    client.attach(asyncio.get_running_loop())
    desk = SnmpDesk(client)
    try:
        return {name: await read_one(desk, address, name, known) for name, known in profiles.items()}
    finally:
        desk.close()
        client.detach()
        sock.close()


async def read_one(desk: SnmpDesk, address: Address, name: str, profiles: Profiles) -> Read:
    session = SnmpSession(desk, SnmpTarget(address, name.encode(), PATIENCE))
    found = await discover(session, profiles)
    assert isinstance(found, Discovery), f"{name}: {found}"
    plan = build_plan(found, Scope.EVERYTHING)
    values = await session.get(plan.oids)
    assert isinstance(values, list), f"{name}: {values}"
    tables = {column: [bind.value for bind in (await session.walk(column)).rows] for column in plan.walks}
    return found, plan, seen_in(plan, values, tables)


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "devices" / "EXPECTED.json").read_text())
    return found


@pytest.fixture(scope="module")
def simulator(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """One snmpsim for all recordings; the community is the file's name."""
    home = tmp_path_factory.mktemp("snmpsim")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        address: Address = sock.getsockname()
    command = [
        str(Path(sys.executable).parent / "snmpsim-command-responder"),
        f"--data-dir={shared / 'devices'}",
        f"--cache-dir={home}",
        f"--agent-udpv4-endpoint={address[0]}:{address[1]}",
        f"--logging-method=file:{home / 'log'}",
    ]
    if os.geteuid() == 0:
        command += ["--process-user=root", "--process-group=root"]  # it refuses to run as root unasked
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(address, process, home / "log")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def wait_for(address: Address, process: subprocess.Popen[bytes], log: Path) -> None:
    probe = compile_get(Version.V2C, b"ruckuswireless-unleashed", (SYS_OBJECT_ID,))
    give_up = time.monotonic() + 90
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        while time.monotonic() < give_up:
            assert process.poll() is None, log.read_text()
            sock.sendto(probe.packet(1 << 24), address)
            with suppress(OSError):
                sock.recv(2048)
                return
    pytest.fail(f"snmpsim does not answer: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return load_profiles()


@pytest.fixture(scope="module")
def read(simulator: Address, expected: dict[str, Any], profiles: Profiles) -> dict[str, Read]:
    return asyncio.run(read_all(simulator, dict.fromkeys(expected, profiles)))


def lines_of(
    read: Mapping[str, Read],
    expected: Mapping[str, Any],
    excluded: Mapping[tuple[str, str], str],
    shared: Path,
) -> list[Line]:
    return [
        line
        for name, (found, _, seen) in read.items()
        for line in compare(name, expected[name], found, seen, excluded, shared / "devices" / f"{name}.snmprec")
    ]


def test_what_is_read_through_the_wire_is_right(
    shared: Path, read: dict[str, Read], expected: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = lines_of(read, expected, EXCLUDED, shared)
    count = Counter(line.verdict for line in lines)
    with capsys.disabled():
        sys.stdout.write(f"\n{table(lines)}\n{exclusions(lines)}\n")
    assert not [str(line) for line in lines if line.verdict is Verdict.WRONG]
    counted = count.total() - count[Verdict.EXCLUDED]
    assert counted > 1000
    missing = [str(line) for line in lines if line.verdict is Verdict.ABSENT]
    assert count[Verdict.RIGHT] >= 0.95 * counted, missing


def test_every_exclusion_is_of_a_value_that_is_there(
    shared: Path, read: dict[str, Read], expected: dict[str, Any]
) -> None:
    used = {(line.recording, line.key) for line in lines_of(read, expected, EXCLUDED, shared) if line.reason}
    assert set(EXCLUDED) <= used


def test_an_unknown_vendor_falls_back_to_generic_without_a_wrong_value(
    shared: Path, simulator: Address, expected: dict[str, Any], profiles: Profiles, capsys: pytest.CaptureFixture[str]
) -> None:
    known = {name: profiles[name] for name in GENERIC}
    read = asyncio.run(read_all(simulator, dict.fromkeys(expected, known)))
    lines = lines_of(read, expected, {}, shared)
    with capsys.disabled():
        sys.stdout.write(f"\ngeneric profiles only:\n{table(lines)}\n")
    assert not [str(line) for line in lines if line.verdict is Verdict.WRONG]
    assert {found.profile.name for found, _, _ in read.values()} == set(GENERIC)


def test_each_recording_without_its_own_profile_yields_no_wrong_value(
    shared: Path, read: dict[str, Read], expected: dict[str, Any], profiles: Profiles
) -> None:
    """As a vendor would be met of whose family only a cousin is known; from memory, which the wire is held to below."""

    async def read_without(name: str) -> Read:
        recording = read_recording((shared / "devices" / f"{name}.snmprec").read_bytes())
        own = read[name][0].profile.name
        found = await discover(recording, {other: one for other, one in profiles.items() if other != own})
        assert isinstance(found, Discovery)
        plan = build_plan(found, Scope.EVERYTHING)
        tables = {column: [bind.value for bind in (await recording.walk(column)).rows] for column in plan.walks}
        return found, plan, seen_in(plan, await recording.get(plan.oids), tables)

    others = {name: asyncio.run(read_without(name)) for name in expected}
    wrong = [line for line in lines_of(others, expected, {}, shared) if line.verdict is Verdict.WRONG]
    # A cousin's texts may name the device otherwise (the UPS-MIB has a name of its own); its numbers must be right.
    assert not [str(line) for line in wrong if line.what != "identity"]


SPOILT: tuple[Value, ...] = (
    *Absent, b"", b"\xff\xfe\x00", b"-Inf", b"NaN", b"53S", b"9" * 30, 0, -1, -(2**63), 2**31 - 1, 2**32 - 1, 2**64 - 1,
)  # fmt: skip


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_values_that_are_spoilt_make_no_reading_that_cannot_be(
    shared: Path, expected: dict[str, Any], profiles: Profiles, share: float
) -> None:
    async def read_spoilt(name: str) -> list[Seen]:
        chance = random.Random(name)
        whole = read_recording((shared / "devices" / f"{name}.snmprec").read_bytes())
        rows = (await whole.walk((1,))).rows
        device = Recording(
            VarBind(oid, tag, chance.choice(SPOILT) if chance.random() < share else value) for oid, tag, value in rows
        )
        found = await discover(device, profiles)
        assert isinstance(found, Discovery)
        plan = build_plan(found, Scope.EVERYTHING)
        tables = {column: [bind.value for bind in (await device.walk(column)).rows] for column in plan.walks}
        return seen_in(plan, await device.get(plan.oids), tables)

    for name in expected:
        for one in asyncio.run(read_spoilt(name)):
            if one.value is not None:
                nature = NATURE[one.quantity]
                least, most = (0, 2**64 - 1) if nature.is_counter else (nature.least, nature.most)
                assert math.isfinite(one.value), (name, one)
                assert least is None or one.value >= least, (name, one)
                assert most is None or one.value <= most, (name, one)


def test_a_recording_in_memory_reads_like_the_wire(
    shared: Path, read: dict[str, Read], expected: dict[str, Any], profiles: Profiles
) -> None:
    async def read_memory(name: str) -> list[Seen]:
        recording = read_recording((shared / "devices" / f"{name}.snmprec").read_bytes())
        found = await discover(recording, profiles)
        assert isinstance(found, Discovery)
        plan = build_plan(found, Scope.EVERYTHING)
        tables = {column: [bind.value for bind in (await recording.walk(column)).rows] for column in plan.walks}
        return seen_in(plan, await recording.get(plan.oids), tables)

    for name in expected:
        assert asyncio.run(read_memory(name)) == read[name][2], name


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("unifi_nanohd", "unifi"),
        ("grandstream-ap_gwn7660", "grandstream-gwn"),
        ("openwrt", "openwrt"),
        ("airos_airos8", "airos"),
        ("smartax", "huawei-smartax"),
        ("zxa10_c320", "zte-c300"),
        ("vrp_ar169sfp", "huawei-vrp"),
        ("huaweiups_ups2000", "huawei-ups"),
        ("deltaups_mini-snmp", "delta-mini-ups"),
        ("epmp_epmp-ap-connected-sta", "cambium-epmp"),
        ("cnmatrix", "cambium-cnmatrix"),
        ("cdata", "cdata-olt"),
    ],
)
def test_families_that_share_a_sys_object_id_are_told_apart(read: dict[str, Read], name: str, profile: str) -> None:
    assert read[name][0].profile.name == profile


@pytest.mark.parametrize(
    ("name", "clients"),
    [
        ("unifi_nanohd", 18),
        ("routeros", 11),
        ("openwrt", 3),
        ("aruba-instant", 0),
        ("epmp_epmp-ap-connected-sta", 6),
        ("airos_airos8", 1),
        ("grandstream-ap_gwn7660", 0),
        ("ruckuswireless-unleashed", 0),
    ],
)
def test_no_client_is_counted_twice(read: dict[str, Read], name: str, clients: int) -> None:
    seen = read[name][2]
    assert [one.value for one in seen if one.quantity is Quantity.WIFI_CLIENTS and not one.label] == [clients]
    by_radio = [one.value for one in seen if one.quantity is Quantity.WIFI_CLIENTS and one.label]
    assert not by_radio or sum(value or 0 for value in by_radio) == clients


@pytest.mark.parametrize(
    ("name", "days"),
    [("openwrt", 443.84), ("raisecom-ros", 7.19), ("netonix_wispswitch", 471.81), ("huaweiups_ups2000", 374.92)],
)
def test_uptimes_that_set_traps_are_read_right(read: dict[str, Read], name: str, days: float) -> None:
    uptime = next(one.value for one in read[name][2] if one.quantity is Quantity.UPTIME)
    assert uptime is not None
    assert round(uptime / 86_400, 2) == days


def test_a_power_supply_fault_is_seen(read: dict[str, Read]) -> None:
    seen = {one.label: one.value for one in read["fiberhome"][2] if one.quantity is Quantity.SUPPLY_FAULT}
    assert seen == {"slot 1": 0, "slot 2": 1, "": 1}


def test_the_plan_of_a_sweep_is_small_and_fits_a_packet(read: dict[str, Read]) -> None:
    for name, (found, _, _) in read.items():
        plan = build_plan(found, Scope.SWEEP)
        assert plan.series, name
        assert len(plan.oids) <= 60, name
        assert all(len(template.packet(1 << 24)) < 1400 for template in plan.templates(Version.V2C, b"public")), name

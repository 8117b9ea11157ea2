"""Agents on the lab's own wire, met with net-snmp's programs and with netmon's own client."""

import asyncio
import re
import socket
from collections.abc import Iterator

import pytest

from netmon.lab.agents import COMMUNITY
from netmon.lab.models.catalogue import ARUBA, ONU, RUCKUS, SMARTAX, UNIFI
from netmon.model.inventory import Role
from netmon.model.readings import Quantity
from netmon.probes.namespace import open_in_namespace
from netmon.probes.snmp.client import Patience, SnmpClient
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.plan import build_plan
from netmon.probes.snmp.session import SnmpDesk, SnmpSession, SnmpTarget
from netmon.probes.snmp.sockets import Sockets, open_socket
from netmon.settings.profiles import load_profiles
from tests.lab.country_of_agents import GENTLE, Fleet
from tests.lab.running import RunningLab, quiet, running_lab

pytestmark = [pytest.mark.network, pytest.mark.peer("snmpget", "snmpbulkwalk", "ip", "nsenter")]

FLEET = Fleet(GENTLE)
SYS_NAME, UPTIME = "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.3.0"
TRIES = ("-t", "1", "-r", "5", "-On")
PROFILES = {UNIFI: UNIFI, RUCKUS: RUCKUS, ARUBA: ARUBA, ONU: "generic", SMARTAX: SMARTAX}
SHOWN = (Quantity.CPU, Quantity.MEMORY, Quantity.WIFI_CLIENTS)
PATIENCE = Patience(timeout=1.0, retries=5)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    assert quiet().country.plan() == GENTLE.plan
    with running_lab(quiet(), tmp_path_factory.mktemp("lab")) as one:
        yield one


@pytest.mark.parametrize("version", ["1", "2c"])
def test_snmpget_reads_every_family(lab: RunningLab, version: str) -> None:
    for name in PROFILES:
        device = FLEET.of_family(name)
        said = lab.inside("snmpget", f"-v{version}", "-c", COMMUNITY, *TRIES, device.address, SYS_NAME, UPTIME)
        lines = said.splitlines()
        assert len(lines) == 2, said
        assert lines[0] == f'.{SYS_NAME} = STRING: "{device.id}"'
        assert re.fullmatch(rf"\.{re.escape(UPTIME)} = Timeticks: \(\d+\) .*", lines[1])


def test_snmpbulkwalk_walks_an_olt_to_its_end(lab: RunningLab) -> None:
    device = FLEET.of_family(SMARTAX)
    said = lab.inside("snmpbulkwalk", "-v2c", "-c", COMMUNITY, "-Cr40", *TRIES, device.address, "1.3")
    lines = said.splitlines()
    assert lines[-1].endswith("No more variables left in this MIB View (It is past the end of the MIB tree)")
    serials = [line for line in lines if line.startswith(".1.3.6.1.4.1.2011.6.128.1.1.2.43.1.3.")]
    assert len(serials) == len(FLEET.box(device).below)
    assert all("Hex-STRING: 53 59 4E 54 " in line or 'STRING: "SYNT' in line for line in serials)


def test_stranger_hears_nothing(lab: RunningLab) -> None:
    device = FLEET.of_family(UNIFI)
    asked = ("snmpget", "-v2c", "-c", "public", "-t", "0.3", "-r", "1", device.address, SYS_NAME)
    said = lab.inside(*asked, complaints=True)
    assert "Timeout: No Response" in said


async def test_netmon_s_client_discovers_and_polls_every_family_through_the_wire(lab: RunningLab) -> None:
    sock = open_in_namespace(lab.ready["namespace"], lambda: open_socket(socket.AF_INET))
    client = SnmpClient(Sockets(ipv4=sock))
    client.attach(asyncio.get_running_loop())
    desk = SnmpDesk(client)
    profiles = load_profiles(None)
    try:
        for name, profile in PROFILES.items():
            device = FLEET.of_family(name)
            session = SnmpSession(desk, SnmpTarget((device.address, 161), COMMUNITY.encode(), PATIENCE))
            found = await discover(session, profiles)
            assert isinstance(found, Discovery), found
            plan = build_plan(found)
            values = await session.get(plan.oids)
            assert isinstance(values, list), values
            readings = dict(zip(((s.quantity, s.label) for s in plan.series), plan.decode(values), strict=True))
            assert (found.system.name, found.profile.name) == (device.id, profile)
            assert readings[Quantity.UPTIME, ""] is not None
            if device.role is not Role.FEEDER:
                assert found.uplink is not None and readings[Quantity.INTERFACE_UP, found.uplink.name] == 1
            if device.role is Role.AP:
                assert all(readings[quantity, ""] is not None for quantity in SHOWN)
    finally:
        desk.close()
        client.detach()
        sock.close()

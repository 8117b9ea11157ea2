"""Discovery and polling of a real net-snmp agent."""

import asyncio
import socket

import pytest

from netmon.model.readings import Quantity
from netmon.probes.snmp.client import Patience, SnmpClient
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.plan import PollPlan, Scope, build_plan
from netmon.probes.snmp.session import SnmpDesk, SnmpSession, SnmpTarget
from netmon.probes.snmp.sockets import Address, Sockets, open_socket
from netmon.settings import load_profiles


async def poll(address: Address) -> tuple[Discovery, PollPlan, list[float | None]]:
    sock = open_socket(socket.AF_INET)
    client = SnmpClient(Sockets(ipv4=sock))
    client.attach(asyncio.get_running_loop())
    desk = SnmpDesk(client)
    try:
        session = SnmpSession(desk, SnmpTarget(address, b"public", Patience(timeout=5.0)))
        found = await discover(session, load_profiles())
        assert isinstance(found, Discovery)
        plan = build_plan(found, Scope.EVERYTHING)
        values = await session.get(plan.oids)
        assert isinstance(values, list)
        return found, plan, plan.decode(values)
    finally:
        desk.close()
        client.detach()
        sock.close()


@pytest.mark.peer("snmpd")
def test_a_linux_host_is_discovered_and_polled_in_possible_numbers(snmpd: Address) -> None:
    found, plan, values = asyncio.run(poll(snmpd))
    read = {(one.quantity, one.label): value for one, value in zip(plan.series, values, strict=True)}
    assert found.profile.name == "generic"
    assert found.system.name == "ap-40010101"
    assert "lo" in {one.name for one in found.interfaces}
    assert read[Quantity.INTERFACE_UP, "lo"] == 1
    uptime, memory = read[Quantity.UPTIME, ""], read[Quantity.MEMORY, ""]
    assert uptime is not None
    assert 0 <= uptime < 3600  # the agent was started by this test run
    assert memory is not None
    assert 0 < memory < 1

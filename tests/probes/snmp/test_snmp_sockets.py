"""Requests leave whole, and those that no link on the way takes whole arrive all the same."""

import socket
from collections.abc import Iterator

import pytest

from netmon.probes.namespace import open_in_namespace
from netmon.probes.snmp.client import Patience, SnmpClient
from netmon.probes.snmp.codec import PduType, Version, decode_message
from netmon.probes.snmp.sockets import Sockets, open_socket
from netmon.probes.snmp.template import MAX_OBJECTS, compile_get
from tests.kit.wire import Network

NARROW = 1_280
LONG = compile_get(Version.V2C, b"public", tuple((1, 3, 6, 1, 2, 1, 2, 2, 1, 10, n) for n in range(MAX_OBJECTS)))
SHORT = compile_get(Version.V2C, b"public", ((1, 3, 6, 1, 2, 1, 1, 3, 0),))


@pytest.fixture
def narrow_network() -> Iterator[Network]:
    made = Network()
    made.ip(f"link set lo mtu {NARROW}")
    yield made
    made.close()


def _agent() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(5)
    return sock


@pytest.mark.network
@pytest.mark.peer("ip", "nsenter")
def test_a_request_that_is_longer_than_the_link_takes_arrives_in_pieces_and_the_next_one_is_whole_again(
    narrow_network: Network,
) -> None:
    agent = open_in_namespace(narrow_network.path, _agent)
    sock = open_in_namespace(narrow_network.path, lambda: open_socket(socket.AF_INET))
    client, patience = SnmpClient(Sockets(ipv4=sock)), Patience(1.0, 0)
    with agent, sock:
        for template, now in ((LONG, 0.0), (SHORT, 2.0), (LONG, 4.0)):
            client.harvest(now)
            assert client.request(1, agent.getsockname(), template, now, patience) is None
            data = agent.recv(65_536)
            assert (len(data) > NARROW) == (template is LONG)
            asked = decode_message(data)
            assert (asked.pdu_type, len(asked.varbinds)) == (PduType.GET, len(template.oids))
            assert sock.getsockopt(socket.IPPROTO_IP, 10) == 2, "IP_MTU_DISCOVER is IP_PMTUDISC_DO"

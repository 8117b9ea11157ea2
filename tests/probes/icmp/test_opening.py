"""Which sockets the kernel grants, and what is said when it grants none."""

import logging
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from netmon.errors import InputError, SocketRefusedError
from netmon.probes.icmp import open_pinger, pinger, sockets
from netmon.probes.icmp.sockets import EchoSocket
from netmon.probes.icmp.wire import IPV4, IPV6, Family
from netmon.probes.namespace import open_in_namespace
from tests.kit.wire import Network
from tests.probes.icmp.conftest import CLOSED, OPEN, CountingVitals, Opener

pytestmark = [pytest.mark.network, pytest.mark.peer("ip", "nsenter")]

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def clogged() -> Iterator[Network]:
    """A network whose only link passes next to nothing."""
    network = Network()
    for command in ("link add near type veth peer name far", "address add 10.1.0.1/24 dev near", "link set far up"):
        network.ip(command)
    network.ip("link set near up")
    network.ip("neighbour add 10.1.0.2 lladdr 02:00:00:00:00:02 dev near")
    network.run("tc qdisc add dev near root tbf rate 8kbit burst 1600 limit 10000000")
    yield network
    network.close()


AS_NOBODY = """
import os, sys
from netmon.errors import SocketRefusedError
from netmon.probes.icmp import open_pinger
from netmon.probes.namespace import open_in_namespace

def open_as_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    try:
        open_pinger(None, timeout=1.0)
        print("opened")
    except SocketRefusedError as refusal:
        print(refusal)

open_in_namespace(sys.argv[1], open_as_nobody)
"""


def _open_as_nobody(network: Network) -> str:
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, network.path], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_ordinary_user_opens_a_ping_socket_where_the_range_allows_it(network: Network) -> None:
    network.allow_ping_sockets(OPEN)
    assert _open_as_nobody(network) == "opened"


def test_ordinary_user_outside_the_range_is_told_what_to_set_in_one_sentence(network: Network) -> None:
    network.allow_ping_sockets(CLOSED)
    sentence = _open_as_nobody(network)
    assert "net.ipv4.ping_group_range" in sentence
    assert "CAP_NET_RAW" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(("groups", "kind"), [(OPEN, "datagram"), (CLOSED, "raw")])
def test_datagram_socket_is_preferred_and_raw_is_the_way_out(
    network: Network, open_here: Opener, caplog: pytest.LogCaptureFixture, groups: str, kind: str
) -> None:
    network.allow_ping_sockets(groups)
    with caplog.at_level(logging.INFO):
        open_here(1.0)
    assert [f"family={name} kind={kind}" in caplog.text for name in ("icmp4", "icmp6")] == [True, True]


def test_missing_ipv6_matters_only_when_an_ipv6_target_is_watched(
    open_here: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_ipv4(family: Family) -> EchoSocket:
        if family is IPV6:
            raise SocketRefusedError("this system opens no icmp6 socket: Address family not supported")
        return sockets.open_socket(family)

    monkeypatch.setattr(pinger, "open_socket", only_ipv4)
    opened = open_here(1.0)
    opened.watch(["10.99.0.1"], generation=1)
    with pytest.raises(SocketRefusedError, match="opens no icmp6 socket"):
        opened.watch(["10.99.0.1", "fd00:99::1"], generation=2)
    assert opened.harvest(time.monotonic()).generation == 1


def test_system_without_the_family_says_so_and_not_what_to_set() -> None:
    unheard_of = replace(IPV6, af=cast(socket.AddressFamily, 4000))
    with pytest.raises(SocketRefusedError, match="opens no icmp6 socket: Address family not supported"):
        sockets.open_socket(unheard_of)


def test_short_receive_buffer_is_said_with_what_to_set(
    network: Network, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "RECEIVE_BUFFER", 2**31 - 1)  # the kernel gives half of that at the most
    open_in_namespace(network.path, lambda: sockets.open_socket(IPV4)).sock.close()
    assert "set the sysctl net.core.rmem_max to 2147483647" in caplog.text


@pytest.mark.parametrize("socket_kind", ["datagram", "raw"], indirect=True)
def test_every_loopback_address_answers(open_here: Opener, vitals: CountingVitals, socket_kind: str) -> None:
    addresses = [f"127.{i >> 8}.{i & 255}.1" for i in range(2000)] + ["::1"]
    opened = open_here(1.0)
    opened.watch(addresses, generation=1)
    opened.send(range(len(addresses)), time.monotonic())
    select.select(opened.filenos(), [], [], 0.05)
    opened.drain()
    batch = opened.harvest(time.monotonic())
    assert sorted(batch.answered) == list(range(len(addresses))), socket_kind
    assert not vitals.counts


def test_what_a_full_socket_does_not_take_comes_back_as_unsent(
    vitals: CountingVitals, monkeypatch: pytest.MonkeyPatch, clogged: Network
) -> None:
    monkeypatch.setattr(sockets, "SEND_BUFFER", 65536)
    with closing(open_pinger(vitals, timeout=1.0, namespace=clogged.path)) as opened:
        opened.watch(["10.1.0.2"], generation=1)
        opened.send([0] * 2000, time.monotonic())
        batch = opened.harvest(time.monotonic() + 1.0)
    assert 0 < len(batch.missed) < 2000
    assert len(batch.missed) + len(batch.unsent) == 2000


def test_namespace_that_is_not_there_is_named(vitals: CountingVitals) -> None:
    with pytest.raises(InputError, match="there is no network namespace 'nowhere'"):
        open_pinger(vitals, timeout=1.0, namespace="nowhere")


def test_file_that_is_no_namespace_is_named(vitals: CountingVitals) -> None:
    with pytest.raises(InputError, match="is not a network namespace"):
        open_pinger(vitals, timeout=1.0, namespace="/proc/self/status")


def test_ordinary_user_is_told_what_entering_a_namespace_needs() -> None:
    script = (
        "import os, sys\n"
        "from netmon.probes.namespace import open_in_namespace\n"
        "from netmon.errors import ProbeError\n"
        "os.setuid(65534)\n"
        "try: open_in_namespace('/proc/self/ns/net', list)\n"
        "except ProbeError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert "CAP_SYS_ADMIN" in done.stdout

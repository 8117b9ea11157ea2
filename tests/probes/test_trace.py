"""Echo and path trace where little or nothing answers; real paths are traced by `tests/cli/test_probe.py`."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from netmon.errors import InputError
from netmon.lab.country import generate
from netmon.model.inventory import Role
from netmon.model.paths import Echoes, Hop
from netmon.probes.trace import TraceLimits, echo, trace
from tests.kit.peers import ROOT
from tests.kit.running import ORDINARY_USER
from tests.kit.wire import Network, open_wire
from tests.lab.running import quiet, running_lab

QUICK = TraceLimits(timeout=0.1, tries=1)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_is_one_hop_away(address: str) -> None:
    hops = trace(address, QUICK)
    assert [(hop.number, hop.address) for hop in hops] == [(1, address)]
    assert hops[0].rtt is not None and 0 < hops[0].rtt < 1
    echoes = echo(address, 2)
    assert (echoes.sent, echoes.received) == (2, 2)
    assert 0 < echoes.least <= echoes.mean <= echoes.most < 1


@pytest.mark.network
def test_a_dead_path_is_one_silent_hop_and_soon_given_up() -> None:
    with open_wire() as (network, _):
        began = time.monotonic()
        assert trace("10.99.3.4", QUICK, namespace=network.path) == (Hop(1),)
        assert echo("10.99.3.4", 2, 0.1, namespace=network.path) == Echoes(2, 0)
        assert time.monotonic() - began < 5


@pytest.mark.network
def test_time_runs_out_even_for_a_path_without_end() -> None:
    with open_wire() as (network, _):
        limits = TraceLimits(timeout=0.1, tries=1, silent=100, seconds=0.35)
        began = time.monotonic()
        assert trace("10.99.3.4", limits, namespace=network.path) == (Hop(1),)
        assert time.monotonic() - began < 3


@pytest.mark.network
def test_without_a_route_nothing_is_sent_and_nothing_is_claimed() -> None:
    network = Network()
    try:
        assert echo("10.99.3.4", 2, 0.1, namespace=network.path) == Echoes(0, 0)
        assert trace("10.99.3.4", QUICK, namespace=network.path) == (Hop(1),)
    finally:
        network.close()


def test_a_namespace_that_is_not_there_is_the_operators_mistake() -> None:
    with pytest.raises(InputError, match="no network namespace 'nowhere'"):
        echo("127.0.0.1", 1, 0.1, namespace="nowhere")


@pytest.mark.network
@pytest.mark.peer("nsenter", "unshare", "sysctl")
def test_the_path_is_found_without_any_privilege(tmp_path: Path) -> None:
    """As in netmon's unit: ping sockets, no capability."""
    scenario = quiet()
    devices = generate(scenario.country.plan()).inventory.devices
    target = next(device for device in devices if device.role is Role.AP and device.address)
    with running_lab(scenario, tmp_path) as lab:
        lab.tell("start")
        lab.inside("sysctl", "-w", "net.ipv4.ping_group_range=0 2147483647")
        code = "from netmon.probes.trace import trace\n"
        code += f"for hop in trace('{target.address}'): print(hop.address, hop.rtt < 1)"
        enter = ("nsenter", f"--net={lab.ready['namespace']}", *ORDINARY_USER)
        done = subprocess.run(
            [*enter, sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
        )
    lines = done.stdout.splitlines()
    assert len(lines) == 4, done.stderr  # core, feeder, uplink, access point
    assert lines[-1] == f"{target.address} True"
    assert len(set(lines)) == 4

"""The sensor tells within a moment when the poller's own link or route goes, and never on hearsay."""

import asyncio
import contextlib
import errno
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from netmon.probes import isolation
from netmon.probes.isolation import NetlinkSensor, Outlook, open_sensor
from netmon.probes.namespace import open_in_namespace
from tests.kit.wire import Network

ROOT = Path(__file__).resolve().parents[2]
NO_ROUTE, NO_LINK = "no route leads to any watched address", "no network link is up"
WATCHED = "10.64.3.7"


@pytest.fixture
def network() -> Iterator[Network]:
    """A link that is up, and a route to the watched addresses over it; no default route."""
    made = Network()
    made.ip("link add near type veth peer name far")
    made.ip("link set near up")
    made.ip("link set far up")
    made.ip("address add 10.1.0.1/24 dev near")
    made.ip("address add fd00:77::1/64 dev near nodad")
    made.ip("route add 10.64.0.0/10 dev near")
    yield made
    made.close()


@contextlib.asynccontextmanager
async def _running(sensor: NetlinkSensor) -> AsyncIterator[NetlinkSensor]:
    task = asyncio.create_task(sensor.run())
    yield sensor
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _says(sensor: NetlinkSensor, clause: str) -> bool:
    for _ in range(200):
        if sensor.cut_off == clause:
            return True
        await asyncio.sleep(0.02)
    return False


async def _keeps_saying(sensor: NetlinkSensor, clause: str) -> bool:
    await asyncio.sleep(isolation.SETTLING + isolation.PAUSE + 0.2)
    return sensor.cut_off == clause


@pytest.mark.network
@pytest.mark.peer("ip", "nsenter")
@pytest.mark.parametrize(
    ("broken", "mended", "clause"),
    [
        (("link set far down",), ("link set far up",), NO_LINK),
        (("link set near down",), ("link set near up", "route add 10.64.0.0/10 dev near"), NO_LINK),
        (("route del 10.64.0.0/10",), ("route add 10.64.0.0/10 dev near",), NO_ROUTE),
        (("route replace unreachable 10.64.0.0/10",), ("route replace 10.64.0.0/10 dev near",), NO_ROUTE),
        (("route add blackhole 10.64.3.0/24",), ("route del blackhole 10.64.3.0/24",), NO_ROUTE),
    ],
)
async def test_sensor_says_why_while_the_way_out_is_gone(
    network: Network, broken: tuple[str, ...], mended: tuple[str, ...], clause: str
) -> None:
    async with _running(open_sensor([WATCHED], namespace=network.path)) as sensor:
        assert await _keeps_saying(sensor, "")
        for command in broken:
            network.ip(command)
        assert await _says(sensor, clause)
        for command in mended:
            network.ip(command)
        assert await _says(sensor, "")


@pytest.mark.network
@pytest.mark.peer("ip", "nsenter")
async def test_one_reachable_address_is_enough_whatever_its_family(network: Network) -> None:
    async with _running(open_sensor([WATCHED, "fd00:77::9"], namespace=network.path)) as sensor:
        network.ip("route del 10.64.0.0/10")
        assert await _keeps_saying(sensor, "")
        network.ip("-6 address del fd00:77::1/64 dev near")
        assert await _says(sensor, NO_ROUTE)


@pytest.mark.network
@pytest.mark.peer("ip", "nsenter")
async def test_without_a_sample_the_default_route_is_what_counts(network: Network) -> None:
    async with _running(open_sensor([], namespace=network.path)) as sensor:
        assert await _says(sensor, NO_ROUTE)
        network.ip("route add default via 10.1.0.2")
        assert await _says(sensor, "")
        sensor.watch(["203.0.113.5"])
        network.ip("route add unreachable 203.0.113.0/24")
        assert await _says(sensor, NO_ROUTE)


@pytest.mark.network
@pytest.mark.peer("ip", "nsenter")
async def test_events_lost_in_a_storm_cost_nothing(network: Network, tmp_path: Path) -> None:
    storm = tmp_path / "storm"
    prefixes = [f"10.{64 + (i >> 8)}.{i & 255}.0/24" for i in range(4000)]
    storm.write_text("".join(f"route add {p} dev near\nroute del {p}\n" for p in prefixes) + "route del 10.64.0.0/10\n")
    async with _running(open_sensor([WATCHED], namespace=network.path)) as sensor:
        assert await _keeps_saying(sensor, "")
        network.ip(f"-batch {storm}")  # the loop stands still meanwhile, so the socket overflows
        assert _netlink_drops(network) > 0
        assert await _says(sensor, NO_ROUTE)


def _netlink_drops(network: Network) -> int:
    table = open_in_namespace(network.path, Path("/proc/thread-self/net/netlink").read_text)
    return sum(int(line.split()[8]) for line in table.splitlines()[1:])


AS_NOBODY = """
import asyncio, os, sys
from netmon.probes.isolation import open_sensor
from netmon.probes.namespace import open_in_namespace

def open_as_nobody():
    os.setuid(65534)
    return open_sensor(["10.64.3.7"])

sensor = open_in_namespace(sys.argv[1], open_as_nobody)

async def watch():
    task = asyncio.create_task(sensor.run())
    for _ in range(100):
        await asyncio.sleep(0.02)
        if sensor.cut_off:
            break
    print(sensor.cut_off)

asyncio.run(watch())
"""


@pytest.mark.network
@pytest.mark.peer("ip", "nsenter")
def test_sensor_needs_no_privilege(network: Network) -> None:
    network.ip("route del 10.64.0.0/10")
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, network.path], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == NO_ROUTE


async def test_sensor_without_netlink_is_silent_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")

    monkeypatch.setattr(isolation, "_open_sockets", refuse)
    async with _running(open_sensor([WATCHED])) as sensor:
        assert await _keeps_saying(sensor, "")
    assert caplog.text.count("isolation sensor is off") == 1
    sensor.close()


async def test_kernel_that_does_not_answer_is_no_proof_of_isolation_and_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = asyncio.Semaphore(0)
    answers: list[Outlook | None] = [None, None, None, Outlook(links_up=0, reached=0)]

    async def survey(*_: object) -> Outlook:
        asked.release()
        answer = answers.pop(0)
        if answer is None:
            raise OSError(errno.ENOMEM, "no memory")
        return answer

    monkeypatch.setattr(isolation, "survey", survey)
    monkeypatch.setattr(isolation, "RETRY", 0.01)
    async with _running(open_sensor([WATCHED])) as sensor:
        for _ in range(3):
            await asked.acquire()
            assert sensor.cut_off == ""
        assert await _says(sensor, NO_LINK)
    assert caplog.text.count("cannot ask the kernel") == 1

"""What the daemon tells systemd, heard on a real datagram socket such as systemd listens on."""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from netmon.daemon import assembly, notify, run_daemon
from netmon.daemon.assembly import Daemon
from netmon.daemon.notify import Manager
from netmon.engine.clock import SystemClock
from netmon.stores import SqlStore
from netmon.web.server import WebServer, listen
from tests.kit.running import Site, listening_datagrams

WATCHDOG = 0.3
STALLED_AFTER = 0.6


class Ear:
    """systemd's end of the socket, with the times at which each assignment was heard."""

    def __init__(self, path: Path) -> None:
        self._sock = listening_datagrams(path)
        self._sock.settimeout(0)
        self.heard: list[tuple[float, str]] = []

    def listen(self) -> list[str]:
        """Every assignment so far, in order."""
        try:
            while True:
                datagram = self._sock.recv(4096).decode()
                self.heard += [(time.monotonic(), line) for line in datagram.splitlines()]
        except BlockingIOError:
            return [line for _, line in self.heard]

    async def until(self, line: str, within: float = 10.0) -> list[str]:
        await until(lambda: any(said.startswith(line) for said in self.listen()), within)
        return self.listen()

    async def feeds_during(self, seconds: float) -> int:
        """How often the watchdog was fed."""
        before = self.listen().count("WATCHDOG=1")
        await asyncio.sleep(seconds)
        return self.listen().count("WATCHDOG=1") - before

    def close(self) -> None:
        self._sock.close()


@pytest.fixture
def ear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ear = Ear(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", str(int(WATCHDOG * 1e6)))
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setattr(assembly, "STALLED_AFTER", STALLED_AFTER)
    yield ear
    ear.close()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(folder=tmp_path)


@asynccontextmanager
async def daemon_on(site: Site, ear: Ear) -> AsyncIterator[Daemon]:
    """The daemon in this process, once it has said that it is ready."""
    found: list[Daemon] = []
    running = asyncio.create_task(run_daemon(site.settings, http=listen("127.0.0.1", 0), started=found.append))
    try:
        await ear.until("READY=1")
        yield found[0]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.network
async def test_ready_is_said_only_once_the_pages_answer(site: Site, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    may_serve, serve = asyncio.Event(), WebServer.run

    async def late(pages: WebServer) -> None:
        await may_serve.wait()
        await serve(pages)

    monkeypatch.setattr(WebServer, "run", late)
    running = asyncio.create_task(daemon_says_ready(site, ear))
    with pytest.raises(TimeoutError):
        await ear.until("READY=1", within=1.0)
    assert "EXTEND_TIMEOUT_USEC=30000000" in ear.listen()
    may_serve.set()
    assert await running == 200


async def daemon_says_ready(site: Site, ear: Ear) -> int:
    async with daemon_on(site, ear) as daemon, httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://{daemon.address}/readyz", timeout=1)).status_code


@pytest.mark.network
async def test_stopping_and_reloading_are_announced_in_their_order(site: Site, ear: Ear) -> None:
    async with daemon_on(site, ear) as daemon:
        os.kill(os.getpid(), signal.SIGHUP)
        said = await ear.until("RELOADING=1")
        after = said.index("RELOADING=1")
        await until(lambda: "READY=1" in ear.listen()[after:])
        assert f"STATUS=Watching; pages at http://{daemon.address}" in said
    assert ear.listen()[-2:] == ["STOPPING=1", "STATUS=Stopping."]


@pytest.mark.network
async def test_watchdog_is_fed_while_all_goes_well_and_not_while_the_sweep_stands_still(
    site: Site, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no turn ends")

    async with daemon_on(site, ear) as daemon:
        assert await ear.feeds_during(4 * WATCHDOG) >= 4
        with monkeypatch.context() as broken:
            broken.setattr(daemon.sweep, "_absorb", fail)
            await ear.until("STATUS=The sweep has not turned")
            assert await ear.feeds_during(4 * WATCHDOG) == 0
        await until(lambda: not daemon.stalled(), within=30)
        assert await ear.feeds_during(4 * WATCHDOG) >= 4


@pytest.mark.network
async def test_watchdog_is_not_fed_while_the_stores_writer_hangs(site: Site, ear: Ear) -> None:
    release = threading.Event()

    def hang(_connection: sa.Connection) -> None:
        release.wait(20)

    async with daemon_on(site, ear) as daemon:
        assert isinstance(daemon.store, SqlStore)
        hanging = asyncio.create_task(daemon.store._writer.call(hang))
        await ear.until("STATUS=The database has not answered")
        assert await ear.feeds_during(4 * WATCHDOG) == 0
        release.set()
        await hanging
        await ear.until(f"STATUS=Watching; pages at http://{daemon.address}")
        assert await ear.feeds_during(4 * WATCHDOG) >= 4


@pytest.mark.network
async def test_watchdog_is_not_fed_while_the_event_loop_stands_still(site: Site, ear: Ear) -> None:
    async with daemon_on(site, ear):
        ear.listen()
        before = len(ear.heard)
        time.sleep(4 * WATCHDOG)  # noqa: ASYNC251 - that is the point
        assert "WATCHDOG=1" not in ear.listen()[before:]


async def test_a_slow_start_asks_for_more_time_again_and_again(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "PATIENCE_EVERY", 0.02)
    manager = Manager.from_environment(os.environ, os.getpid())
    async with manager.starting(SystemClock()):
        await asyncio.sleep(0.2)
    asked = ear.listen().count("EXTEND_TIMEOUT_USEC=30000000")
    assert asked >= 3
    await asyncio.sleep(0.1)
    assert ear.listen().count("EXTEND_TIMEOUT_USEC=30000000") == asked


def test_an_abstract_socket_is_reached_too() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0netmon-test-{os.getpid()}")
        Manager(f"@netmon-test-{os.getpid()}").tell("READY=1", "STATUS=ทำงาน")
        assert sock.recv(100).decode() == "READY=1\nSTATUS=ทำงาน"


@pytest.mark.parametrize("address", ["", "/nowhere/notify"])
def test_without_systemd_telling_does_nothing(address: str) -> None:
    Manager.from_environment({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "x"}, 1).tell("READY=1")


async def until(holds: Callable[[], bool], within: float = 5.0) -> None:
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)

"""The server on a real socket."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

import httpx
import pytest

from netmon.errors import InputError, NotYetError
from netmon.model.time import Now
from netmon.web import patience
from netmon.web.server import address_of, inherited_socket, listen, listen_once_possible
from tests.web.conftest import House, served
from tests.web.test_app import OneRoute


async def test_pages_are_served_on_a_free_port_and_the_socket_closes_with_the_server(house: House) -> None:
    async with served(house.app()) as address, httpx.AsyncClient() as client:
        answer = await client.get(f"http://{address}/healthz")
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert "server" not in answer.headers
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=1)


async def test_answer_under_way_is_finished_before_the_server_ends(house: House) -> None:
    asked = asyncio.Event()

    def render(_parameters: Mapping[str, str]) -> Iterator[bytes]:
        asked.set()
        for _ in range(2_000):
            yield b"x" * 500

    house.exporters.append(OneRoute("/x", render))
    async with httpx.AsyncClient() as client:
        async with served(house.app()) as address:
            answer = asyncio.create_task(client.get(f"http://{address}/x"))
            await asked.wait()
        assert len((await answer).content) == 1_000_000


async def test_server_leaves_signals_to_the_daemon(house: House) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    async with served(house.app()) as address, httpx.AsyncClient() as client:
        await client.get(f"http://{address}/healthz")
        assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


async def test_client_that_does_not_finish_its_request_is_hung_up_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "ASKING_SECONDS", 0.2)
    async with served(house.app()) as address:
        host, _, port = address.rpartition(":")
        for opening in (b"", b"GET / HTTP/1.1\r\n"):
            assert await _heard_until_closed(host, int(port), opening) == b""
        asked_before = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        assert (await _heard_until_closed(host, int(port), asked_before, b"GET /he")).endswith(b"ok\n")


async def _heard_until_closed(host: str, port: int, *sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    heard = b""
    for piece in sent[:-1]:
        writer.write(piece)
        heard += await reader.readuntil(b"ok\n")
    writer.write(sent[-1])
    try:
        async with asyncio.timeout(3):
            return heard + await reader.read(-1)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_endless_header_is_refused(house: House) -> None:
    async with served(house.app()) as address:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000)
        async with asyncio.timeout(3):
            assert (await reader.readline()).startswith(b"HTTP/1.1 400")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def test_taken_port_is_a_sentence() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"Port {port} on 127.0.0.1 is taken by another program"):
            listen("127.0.0.1", port)


def test_foreign_address_is_a_sentence() -> None:
    with pytest.raises(NotYetError, match="is not an address of this machine"):
        listen("192.0.2.1", 0)
    with pytest.raises(InputError, match="'no such host' is not an address to listen on"):
        listen("no such host", 0)


class BootingClock:
    """Time passes when slept; after so many looks the address is there."""

    def __init__(self, comes_after: int, comes: Callable[[], None]) -> None:
        self.seconds, self.left, self._comes = 0.0, comes_after, comes

    def now(self) -> Now:
        return Now(monotonic=self.seconds, wall=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.left -= 1
        if self.left == 0:
            self._comes()


async def test_an_address_that_a_booting_machine_gets_later_is_waited_for_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def comes() -> None:
        monkeypatch.setattr("netmon.web.server.listen", lambda _, port: listen("127.0.0.1", port))

    clock = BootingClock(7, comes)
    with await listen_once_possible("192.0.2.1", 0, clock):
        assert clock.left == 0
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("pages=waiting seconds=120 reason='192.0.2.1 is not an address of this machine")


async def test_an_address_that_never_comes_ends_the_start_so_that_systemd_tries_again() -> None:
    with pytest.raises(NotYetError):
        await listen_once_possible("192.0.2.1", 0, BootingClock(0, lambda: None))


def test_address_is_one_that_others_can_reach() -> None:
    with listen("127.0.0.1", 0) as here:
        assert address_of(here) == f"127.0.0.1:{here.getsockname()[1]}"
    with listen("0.0.0.0", 0) as everywhere:
        assert address_of(everywhere) == f"{socket.gethostname()}:{everywhere.getsockname()[1]}"
    if socket.has_ipv6:
        with listen("::1", 0) as six:
            assert address_of(six) == f"[::1]:{six.getsockname()[1]}"


def test_nothing_is_inherited_without_systemd() -> None:
    own = os.getpid()
    assert inherited_socket({}, own) is None
    assert inherited_socket({"LISTEN_PID": "1", "LISTEN_FDS": "1"}, own) is None
    assert inherited_socket({"LISTEN_PID": str(own), "LISTEN_FDS": "0"}, own) is None


_CHILD = """
import os
os.dup2({fd}, 3)
from netmon.errors import InputError
from netmon.web.server import address_of, inherited_socket
try:
    print(address_of(inherited_socket({{"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}}, os.getpid())))
except InputError as error:
    print(error)
"""


def _inherit(descriptor: int) -> str:
    # In a child, because descriptor 3 of the test's own process belongs to somebody else.
    child = [sys.executable, "-c", _CHILD.format(fd=descriptor)]
    return subprocess.run(child, pass_fds=[descriptor], capture_output=True, text=True, check=True).stdout.strip()


def test_socket_from_systemd_is_used() -> None:
    with listen("127.0.0.1", 0) as listening:
        assert _inherit(listening.fileno()) == address_of(listening)


def test_something_else_from_systemd_is_a_sentence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        assert _inherit(datagrams.fileno()).startswith("The socket handed over by systemd does not listen")
    with open(os.devnull) as file:
        assert _inherit(file.fileno()).startswith("The socket handed over by systemd cannot be used")

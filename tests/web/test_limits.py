"""What clients of ill will get: an end, soon, while others are served."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import Request

from netmon.probes.namespace import open_in_namespace
from netmon.web import bodies, patience, server
from netmon.web.guard import guard, new_token
from netmon.web.server import WebServer, address_of, listen
from netmon.web.tls import Tls, TlsFiles
from tests.kit.wire import Network
from tests.web.certificates import authority
from tests.web.conftest import House, served
from tests.web.test_app import OneRoute

ASK = b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n"
BIG = 64 * 2**20
ELSEWHERE = "192.0.2.1"


def big(_parameters: Mapping[str, str]) -> Iterator[bytes]:
    for _ in range(BIG // 2**16):
        yield bytes(2**16)


async def until(holds: Callable[[], bool], within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def client_of(address: str, receive_buffer: int = 2304) -> AsyncIterator[socket.socket]:
    """A connection whose other end soon feels that nobody reads."""
    host, _, port = address.rpartition(":")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    with sock:
        await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
        yield sock


async def closed(sock: socket.socket, within: float = 10.0) -> int:
    """Read until the other end hangs up; returns how much came."""
    loop, count = asyncio.get_running_loop(), 0
    async with asyncio.timeout(within):
        with contextlib.suppress(ConnectionError):
            while data := await loop.sock_recv(sock, 2**16):
                count += len(data)
    return count


async def test_a_reader_that_takes_nothing_is_hung_up_on_and_one_that_takes_its_time_is_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "TAKING_SECONDS", 0.5)
    house.exporters.append(OneRoute("/big", big))
    loop = asyncio.get_running_loop()
    async with served(house.app()) as address, client_of(address) as idle, client_of(address, 2**20) as slow:
        for one in (idle, slow):
            await loop.sock_sendall(one, ASK)
        taken = 0
        for _ in range(20):  # twice the time allowed, in bits
            await asyncio.sleep(0.05)
            taken += len(await loop.sock_recv(slow, 2**20))
        assert await closed(idle) < BIG
        async with asyncio.timeout(30):
            while taken < BIG:
                taken += len(await loop.sock_recv(slow, 2**20))


async def test_an_answer_that_nobody_fetches_does_not_outlive_its_connection(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "TAKING_SECONDS", 0.3)
    house.exporters.append(OneRoute("/big", lambda _: iter([bytes(60_000)])))  # less than uvicorn would pause for
    listening = listen("127.0.0.1", 0)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # or the kernel would take all of it
    pages = WebServer(house.app(), listening)
    running = asyncio.create_task(pages.run())
    connections = pages._server.server_state.connections
    await until(lambda: pages.is_serving)
    async with client_of(address_of(listening)) as idle:
        closing = ASK.replace(b"Host", b"Connection: close\r\nHost")
        await asyncio.get_running_loop().sock_sendall(idle, closing)
        await until(lambda: any(one.transport.is_closing() for one in connections))
        await until(lambda: not connections)
    running.cancel()
    await asyncio.wait([running])


async def test_a_body_that_comes_drop_by_drop_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ASKING_SECONDS", 0.5)
    app = house.app()

    @app.post("/said")
    async def said(request: Request) -> int:
        return len(await request.body())

    async with served(app) as address, client_of(address) as dripping:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(dripping, b"POST /said HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")

        async def drip() -> None:
            while True:
                await loop.sock_sendall(dripping, b"x")
                await asyncio.sleep(0.1)

        drops = asyncio.create_task(drip())
        assert await closed(dripping) == 0
        drops.cancel()
        await asyncio.gather(drops, return_exceptions=True)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.post(f"http://{address}/said", content=b"x" * 1000)).text == "1000"


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_larger_than_anything_netmon_is_sent_is_refused(house: House, declared: bool) -> None:
    app = house.app()

    @app.post("/said")
    async def said(request: Request) -> int:
        return len(await request.body())

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(bodies.LARGEST // 1024 + 1):
            yield bytes(1024)

    with listen("127.0.0.1", 0) as listening:
        guard(app, listening, "")
    async with served(app) as address, httpx.AsyncClient(trust_env=False) as client:
        small = await client.post(f"http://{address}/said", content=bytes(bodies.LARGEST))
        assert small.text == str(bodies.LARGEST)
        content = bytes(bodies.LARGEST + 1) if declared else chunks()
        assert (await client.post(f"http://{address}/said", content=content)).status_code == 413
        assert (await client.get(f"http://{address}/healthz")).status_code == 200


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    network.ip("address add 192.0.2.0/24 dev lo")  # on loopback the kernel takes all of it for its own
    yield network
    network.close()


@asynccontextmanager
async def pages_in(network: Network, tls: Tls | None = None) -> AsyncIterator[tuple[str, int]]:
    """Pages that the network's strangers can reach, and the loopback client, too."""
    listening = open_in_namespace(network.path, lambda: listen("0.0.0.0", 0))
    app = guard(House().app(), listening, new_token()[1], protected=True)
    pages = WebServer(app, listening, None if tls is None else tls.context)
    running = asyncio.create_task(pages.run())
    await until(lambda: pages.is_serving)
    try:
        yield ELSEWHERE, listening.getsockname()[1]
    finally:
        running.cancel()
        await asyncio.wait([running])


def connect(network: Network, to: tuple[str, int], source: str) -> socket.socket:
    def opened() -> socket.socket:
        sock = socket.create_connection(to, timeout=5, source_address=(source, 0))
        sock.setblocking(False)
        return sock

    return open_in_namespace(network.path, opened)


async def is_served(network: Network, to: tuple[str, int], source: str) -> bool:
    with connect(network, to, source) as sock:
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(sock, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            return (await asyncio.wait_for(loop.sock_recv(sock, 100), 5)).startswith(b"HTTP/1.1 200")
        except ConnectionError:
            return False


@pytest.mark.network
async def test_one_stranger_cannot_take_every_place_and_all_together_not_this_machines(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "STRANGERS", 20)
    monkeypatch.setattr(patience, "ONE_STRANGER", 8)
    async with pages_in(network) as to:
        with contextlib.ExitStack() as held:
            for _ in range(30):
                held.enter_context(connect(network, to, "192.0.2.7"))
            assert not await is_served(network, to, "192.0.2.7")
            assert await is_served(network, to, "192.0.2.8")
            for number in range(10, 40):
                held.enter_context(connect(network, to, f"192.0.2.{number}"))
            assert not await is_served(network, to, "192.0.2.99")
            assert await is_served(network, ("127.0.0.1", to[1]), "127.0.0.1")
        await until_served(network, to)


async def until_served(network: Network, to: tuple[str, int]) -> None:
    async with asyncio.timeout(10):
        while not await is_served(network, to, "192.0.2.7"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.network
async def test_whoever_never_agrees_on_tls_is_hung_up_on_and_only_so_many_are_waited_for(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HANDSHAKE_SECONDS", 0.6)
    monkeypatch.setattr(patience, "CONNECTIONS", 5)
    pair = authority(tmp_path).issue("server", purpose="serverAuth")
    async with pages_in(network, Tls(TlsFiles(pair.certificate, pair.key))) as to:
        with contextlib.ExitStack() as held:
            mute = [held.enter_context(connect(network, to, "192.0.2.7")) for _ in range(5)]
            late = held.enter_context(connect(network, to, "192.0.2.8"))
            assert await closed(late, 0.4) == 0
            for one in mute:
                assert await closed(one, 5) == 0

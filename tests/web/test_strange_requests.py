"""What no browser and no Prometheus ever sends: it is refused plainly, and the next asker notices nothing."""

import asyncio
import contextlib
import logging

import pytest
from fastapi import FastAPI

from netmon.web.guard import guard
from netmon.web.server import listen
from tests.web.conftest import House, served

ONE_OF_MANY = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
HEALTH = ONE_OF_MANY[:-2] + b"Connection: close\r\n\r\n"
REFUSED = {
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2 without TLS": b"PRI * HTTP/2.0\r\n\r\n",
    "TLS where there is none": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n",
    "two lengths": b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\nabcd",
    "length and chunks": b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nGET /api/v1/overview HTTP/1.1\r\nHost: x\r\n\r\n",
    "a length below nothing": b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a length beyond all numbers": b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n",
    "a chunk of no size": b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a chunk beyond all numbers": b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"f" * 40
    + b"\r\n",
    "an unknown coding": b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "NUL in the path": b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n",
    "a space in a header's name": b"GET /healthz HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
    "a path of 60 KB": b"GET /" + b"x" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a file of this machine": b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "the same, encoded": b"GET /%2e%2e/%2e%2e%2f..%5c..%2fetc%2fpasswd HTTP/1.1\r\nHost: x\r\n\r\n",
    "the same, by a page's name": b"GET /metrics/province/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: x\r\n\r\n",
    "no UTF-8": b"GET /%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
    "no UTF-8, to be searched for": b"GET /api/v1/villages?province=%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tunnel": b"CONNECT 192.0.2.1:80 HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n",
    "its own request back": b"TRACE /healthz HTTP/1.1\r\nHost: x\r\nX-Secret: abc\r\n\r\n",
    "no method there is": b"QQQ /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "something to delete": b"DELETE /api/v1/overview HTTP/1.1\r\nHost: x\r\n\r\n",
    "somebody else's page": b"GET http://192.0.2.1/latest/meta-data HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n",
}
"""Each is a whole request, or what nobody could take for the beginning of one."""


def guarded(house: House) -> FastAPI:
    with listen("127.0.0.1", 0) as elsewhere:
        return guard(house.app(), elsewhere, "")


async def heard(address: str, sent: bytes) -> bytes:
    """What comes back until the server hangs up, or has said nothing more for a moment."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    data = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while piece := await asyncio.wait_for(reader.read(2**16), 0.3):
            data += piece
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return data


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
async def test_nonsense_is_refused_and_the_next_asker_notices_nothing(
    house: House, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(guarded(house)) as address:
        answer = await heard(address, sent)
        status = answer.split(b"\r\n", 1)[0]
        assert status.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:300]
        assert answer.count(b"HTTP/1.") == 1, "what was hidden in one request was answered as another"
        for secret in (b"Traceback", b"root:", b"X-Secret", b"site-packages"):
            assert secret not in answer
        assert (await heard(address, HEALTH)).endswith(b"ok\n")
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_a_body_that_goes_wrong_after_its_answer_is_hung_up_on_and_leaves_no_trace(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(guarded(house)) as address:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 405")
        writer.write(b"zz\r\n")
        assert b"HTTP/1." not in await asyncio.wait_for(reader.read(), 5.0), "one request was answered twice"
        writer.close()
        assert (await heard(address, HEALTH)).endswith(b"ok\n")
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_a_thousand_requests_in_one_breath_are_each_answered_in_their_turn(house: House) -> None:
    async with served(guarded(house)) as address:
        answer = await heard(address, ONE_OF_MANY * 1_000)
        assert answer.count(b"HTTP/1.1 200") == 1_000
        assert answer.count(b"ok\n") == 1_000


async def test_a_request_to_talk_in_another_way_is_answered_as_if_it_had_not_been_asked(house: House) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n"
    async with served(guarded(house)) as address:
        for to_change in (upgrade, upgrade.replace(b"websocket", b"h2c")):
            answer = await heard(address, ONE_OF_MANY[:-2] + to_change + b"\r\n")
            assert b"101" not in answer.split(b"\r\n", 1)[0]
        assert (await heard(address, HEALTH)).endswith(b"ok\n")

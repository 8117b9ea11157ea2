"""An HTTP gateway that keeps what it is asked and answers by a script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Sink:
    """Answers every call with `status` and `body`, or lets `instead` do something else with the connection."""

    status: str = "200 OK"
    body: bytes = b"{}"
    calls: list[Call] = field(default_factory=list)
    instead: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/messages"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *rest = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.calls.append(Call(line, headers, body))
            if self.instead is not None:
                await self.instead(writer)
            else:
                head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode() + self.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(sink: Sink) -> AsyncIterator[Sink]:
    """The sink on a loopback port of its own."""
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()

"""How long a connection may take to ask. uvicorn waits for ever, so idle clients could lock everybody out."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

ASKING_SECONDS = 10.0
"""From the first byte awaited to the end of the request's headers."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on a client which does not finish its request."""

    _asking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._stop_waiting()
        else:
            self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        # Not renewed by every byte: a client that sends one a second would never be late.
        if self._asking is None:
            self._asking = self.loop.call_later(ASKING_SECONDS, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _hang_up(self) -> None:
        self._asking = None
        self.transport.close()

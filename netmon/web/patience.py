"""How much one connection may ask for: time to ask, time to take the answer, and a place among the others.

uvicorn waits for ever for a request and for its reader, and takes every connection; so a few idle or slow clients
could lock everybody out, and many could use up the file descriptors that mail, SMS and database need.
"""

import asyncio
import functools
import ipaddress
from collections import Counter
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from netmon.web.tls import CERTIFIED, is_certified

ASKING_SECONDS = 10.0
"""From the first byte awaited to the last of the request, its body included."""
TAKING_SECONDS = 20.0
"""Within which a reader that does not keep up must have taken what waits for it, 64 KiB at the most."""
CONNECTIONS = 256
"""Connections at a time, all clients together."""
STRANGERS = 192
"""The part of them that other machines may have, so that this one always finds a place."""
ONE_STRANGER = 48
"""The part of them that one other machine may have: a few people with browsers behind one address."""


class Places:
    """Who is connected, from which address."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def take(self, host: str) -> bool:
        """Take a place for a connection from that address, if it may have one more."""
        if not self._has_room(host):
            return False
        self._taken[host] += 1
        return True

    def leave(self, host: str) -> None:
        """Give a place back."""
        self._taken[host] -= 1
        if not self._taken[host]:
            del self._taken[host]

    def _has_room(self, host: str) -> bool:
        if self._taken.total() >= CONNECTIONS:
            return False
        strangers = sum(count for one, count in self._taken.items() if not is_loopback(one))
        return is_loopback(host) or (strangers < STRANGERS and self._taken[host] < ONE_STRANGER)


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on a client which does not finish its request or does not take its answer."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], lost: Callable[[], None]
    ) -> None:
        """As uvicorn makes it; `lost` is called when the connection has ended."""
        super().__init__(config, server_state, app_state)
        self._lost = lost
        self._asking: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, CERTIFIED: is_certified(transport)}
        self._await_request()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            self._stop_asking()
        else:
            self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_asking()
        self._stop_taking()
        super().connection_lost(exc)
        self._lost()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_taking()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._see_off()

    def send_400_response(self, msg: str) -> None:
        """A request that goes wrong in its body is answered by whoever is first: this, or the page it asked for.

        uvicorn lets both try, and a stranger's every broken chunk would be a traceback in the log.
        """
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        # Only in these two does h11 let a response begin; later the page's own has, or is over.
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._see_off()

    def _await_request(self) -> None:
        # Not renewed by every byte: a client that sends one a second would never be late.
        if self._asking is None:
            self._asking = self.loop.call_later(ASKING_SECONDS, self._hang_up)

    def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _hang_up(self) -> None:
        self._asking = None
        self.transport.close()
        self._see_off()

    def _see_off(self) -> None:
        """A connection that is being closed stays open until its last byte is taken."""
        if self.transport.is_closing():
            self._await_taking()

    def _await_taking(self) -> None:
        if self._taking is None:
            self._taking = self.loop.call_later(TAKING_SECONDS, self._give_up)

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _give_up(self) -> None:
        self._taking = None
        self.transport.abort()


@functools.lru_cache(maxsize=CONNECTIONS)
def is_loopback(host: str) -> bool:
    """Whether a connection from that address comes from this machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return bool((getattr(address, "ipv4_mapped", None) or address).is_loopback)

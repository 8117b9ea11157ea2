"""Somebody on the way to a real agent."""

import asyncio
from collections.abc import Callable
from typing import Any

from netmon.probes.snmp.sockets import Address


class Spoiler(asyncio.DatagramProtocol):
    """Stands between a session and a real agent, and spoils every answer."""

    def __init__(self, agent: Address, spoil: Callable[[bytes], bytes]) -> None:
        self.agent, self.spoil, self.spoilt = agent, spoil, 0
        self.asker: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, source: Any) -> None:
        if source == self.agent:
            self.spoilt += 1
            self.transport.sendto(self.spoil(data), self.asker)
        else:
            self.asker = source
            self.transport.sendto(data, self.agent)

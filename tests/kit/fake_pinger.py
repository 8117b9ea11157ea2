"""A pinger without a network: the test says who is silent and how long an answer takes."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from netmon.errors import InputError
from netmon.ports import PingBatch


@dataclass(slots=True)
class FakePinger:
    """Keeps the promises of `ports.Pinger` on the time the test passes in.

    `silent` addresses do not answer, `unroutable` ones cannot be sent to; both count as they stand at sending.
    While `is_deaf` every answer that was not heard may have been dropped. `rtt` is seconds for everybody, `rtts` for
    single addresses. `sends` records every call: when, and which targets.
    """

    timeout: float = 1.0
    rtt: float = 0.01
    silent: set[str] = field(default_factory=set)
    unroutable: set[str] = field(default_factory=set)
    rtts: dict[str, float] = field(default_factory=dict)
    sends: list[tuple[float, tuple[int, ...]]] = field(default_factory=list)
    addresses: tuple[str, ...] = ()
    generation: int = 0
    is_deaf: bool = False
    closed: bool = False
    _in_flight: list[tuple[float, int, float | None]] = field(default_factory=list)
    _unsent: list[int] = field(default_factory=list)

    def watch(self, addresses: Sequence[str], generation: int) -> None:
        for address in addresses:
            try:
                socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address or "0.0.0.0")
            except (OSError, ValueError):
                raise InputError(f"'{address}' is not an IPv4 or IPv6 address") from None
        self.addresses, self.generation = tuple(addresses), generation
        self._in_flight.clear()
        self._unsent.clear()

    def send(self, targets: Sequence[int], now: float) -> None:
        self.sends.append((now, tuple(targets)))
        for target in targets:
            address = self.addresses[target]
            if not address or address in self.unroutable:
                self._unsent.append(target)
                continue
            rtt = self.rtts.get(address, self.rtt)
            answers = address not in self.silent and rtt <= self.timeout
            self._in_flight.append((now + (rtt if answers else self.timeout), target, rtt if answers else None))

    def harvest(self, now: float) -> PingBatch:
        batch = PingBatch(self.generation, unsent=self._unsent)
        self._unsent = []
        for _, target, rtt in (one for one in self._in_flight if one[0] <= now):
            if rtt is None:
                (batch.unheard if self.is_deaf else batch.missed).append(target)
            else:
                batch.answered.append(target)
                batch.rtts.append(rtt)
        self._in_flight = [one for one in self._in_flight if one[0] > now]
        return batch

    def close(self) -> None:
        self.closed = True

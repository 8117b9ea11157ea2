"""What the country answers to one packet, and after how long.

Every device has its own path: core, feeder, uplink, access point. A packet whose TTL ends on the way comes back as
"time exceeded" from the hop it reached, if that hop is alive and has an address; so traceroute shows the true path.
Chance (loss, jitter) is seeded: the same packets in the same order get the same answers.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from netmon.lab import latency
from netmon.lab.addresses import CORE, REFERENCES
from netmon.lab.agents import Agents
from netmon.lab.branches import Branches
from netmon.lab.conditions import Clock
from netmon.lab.country import Country
from netmon.lab.packets import (
    ECHO_HEADER,
    ECHO_REQUEST,
    FRAGMENT,
    ICMP,
    PLAIN_IP,
    UDP,
    datagram,
    echo_reply,
    port_unreachable,
    time_exceeded,
    udp_reply,
)

_SENT_TTL: Final = 64
_JITTER: Final = 0.25
"""An answer takes up to this part longer than the device's base time."""

_FEEDER_HOPS: Final = 2
_SNMP: Final = 161
_DARK: Final = "dark"
"""Why a device that cannot be reached carries nothing; no event has this name."""

Echo = tuple[int, float, float]
"""How an address answers an echo: hops from netmon, seconds, share lost."""

Answer = tuple[float, bytes]
"""Seconds to wait, and the packet to send back."""


@dataclass(slots=True)
class Worse:
    """What events add to a device."""

    loss: float = 0.0
    delay: float = 0.0


class Responder:
    """The whole country as a function of packets. Dense indices are those of the country's inventory.

    `instant` answers at once and loses nothing by itself, for benches that measure the other side. `clock` gives Unix
    seconds and never jumps.
    """

    def __init__(self, country: Country, *, instant: bool = False, clock: Clock | None = None) -> None:
        devices = country.inventory.devices
        index_of = country.inventory.index_of
        above = [country.parent_of[device.id] for device in devices]
        parents = [-1 if parent is None else index_of[parent] for parent in above]
        self._parents = parents
        self._addresses = [IPv4Address(device.address).packed if device.address else b"" for device in devices]
        self._index = {address: index for index, address in enumerate(self._addresses) if address}
        self._seconds = [0.0] * len(devices) if instant else latency.round_trips(country)
        self._losses = [0.0] * len(devices) if instant else latency.usual_losses(country)
        self._worse: dict[int, dict[str, Worse]] = {}
        self._random = random.Random(f"{country.plan.seed}/wire").random
        self._muted: set[str] = set()
        self._core = IPv4Address(CORE).packed
        near = 0.0 if instant else latency.REFERENCE_SECONDS
        self._echoes: dict[bytes, Echo] = {IPv4Address(address).packed: (2, near, 0.0) for address in REFERENCES}
        self._echoes[self._core] = (1, near / 2, 0.0)
        self.agents = Agents(country, parents, clock or _steady_clock())
        self.branches = Branches(parents, self._change)
        self._hops = _hops(parents)
        for index in range(len(devices)):
            self._change(index)
        for unbuilt in country.unbuilt:
            self.branches.hold(index_of[unbuilt], "unbuilt")

    def mute(self, holder: str) -> None:
        """Nothing at all is answered until this holder lets go."""
        self._muted.add(holder)

    def unmute(self, holder: str) -> None:
        """This holder lets go."""
        self._muted.discard(holder)

    def worsen(self, index: int, holder: str, worse: Worse) -> None:
        """Add loss (share) and delay (seconds) to a device until this holder lets go."""
        self._worse.setdefault(index, {})[holder] = worse
        self._change(index)

    def mend(self, index: int, holder: str) -> None:
        """This holder's loss and delay are gone."""
        self._worse.get(index, {}).pop(holder, None)
        self._change(index)

    def answer(self, packet: bytes) -> Answer | None:
        """The answer to one IPv4 packet; None for silence."""
        echo = self._echoes.get(packet[16:20])
        if (
            echo is None
            or len(packet) < ECHO_HEADER
            or packet[20] != ECHO_REQUEST
            or packet[9] != ICMP
            or packet[8] < echo[0]
            or packet[0] != PLAIN_IP
            or packet[6] & FRAGMENT
            or self._muted
        ):
            return self._answer_otherwise(packet)
        hops, seconds, loss = echo
        if seconds or loss:
            chance = self._random()
            if chance < loss:
                return None
            seconds += seconds * _JITTER * chance
        return seconds, echo_reply(packet, _SENT_TTL - hops)

    def _answer_otherwise(self, packet: bytes) -> Answer | None:
        """Anything but an echo request to a living device within its TTL."""
        if self._muted or len(packet) < ECHO_HEADER or packet[0] != PLAIN_IP or packet[6] & FRAGMENT:
            return None
        if not (packet[9] == UDP or (packet[9] == ICMP and packet[20] == ECHO_REQUEST)):
            return None
        reached, echo = packet[8], self._echoes.get(packet[16:20])
        if echo is not None and reached >= echo[0] and packet[9] == UDP:  # it arrives, as nearly all do
            return self._answer_datagram(packet, echo)
        path = self._path(packet[16:20])
        hop = path[min(reached, len(path)) - 1]
        echo = self._echoes.get(hop)
        if echo is None:
            return None
        if reached < len(path):
            return echo[1], time_exceeded(packet, hop)
        return self._answer_datagram(packet, echo) if packet[9] == UDP else None

    def _answer_datagram(self, packet: bytes, echo: Echo) -> Answer | None:
        """A UDP packet to a living device: its agent's word if it has one, else nobody listens."""
        hops, seconds, loss = echo
        index, read = self._index.get(packet[16:20], -1), datagram(packet)
        if read is None:
            return None
        port, message = read
        if port != _SNMP or index < 0 or not self.agents.speaks(index):
            return seconds, port_unreachable(packet)
        chance = self._random() if seconds or loss else 1.0
        response = None if chance < loss else self.agents.answer(index, message)
        if response is None:
            return None
        return seconds + seconds * _JITTER * chance, udp_reply(packet, response, _SENT_TTL - hops)

    def _path(self, address: bytes) -> list[bytes]:
        """Addresses from the first hop to the destination; empty where a hop has none."""
        index = self._index.get(address, -1)
        if index < 0:
            return [self._core] if address == self._core else [self._core, address]
        path = []
        while index >= 0:
            path.append(self._addresses[index])
            index = self._parents[index]
        return [self._core, *reversed(path)]

    def _change(self, index: int) -> None:
        """Bring one device's entry up to date."""
        conditions = self.agents.conditions
        (conditions.stop_traffic if self.branches.is_dark(index) else conditions.resume_traffic)(index, _DARK)
        address = self._addresses[index]
        if not address:
            return
        if self.branches.is_dark(index):
            self._echoes.pop(address, None)
            return
        seconds, kept = self._seconds[index], 1 - self._losses[index]
        for worse in self._worse.get(index, {}).values():
            seconds += worse.delay
            kept *= 1 - worse.loss
        self._echoes[address] = (self._hops[index], seconds, 1 - kept)


def _steady_clock() -> Clock:
    ahead = time.time() - time.monotonic()
    return lambda: time.monotonic() + ahead


def _hops(parents: Sequence[int]) -> list[int]:
    """Hops from netmon to each device; the core is the first."""
    hops = [0] * len(parents)
    for index in range(len(parents)):
        depth, above = _FEEDER_HOPS, parents[index]
        while above >= 0:
            depth, above = depth + 1, parents[above]
        hops[index] = depth
    return hops

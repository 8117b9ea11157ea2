"""Both address families behind `ports.Pinger`.

A target's round-trip time is kernel receive stamp minus sending time, so a busy event loop delays when an outcome is
known but never what it is: a reply that came within the time-out counts, however late it is read.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from netmon.errors import SocketRefusedError
from netmon.model.vitals import Vital
from netmon.ports import PingBatch, Vitals
from netmon.probes.icmp.lane import Lane
from netmon.probes.icmp.sockets import EchoSocket, open_socket
from netmon.probes.icmp.wire import IPV4, IPV6, Family, family_of
from netmon.probes.namespace import open_in_namespace

_NANO = 1_000_000_000


def open_pinger(vitals: Vitals, *, timeout: float, namespace: str = "") -> "IcmpPinger":
    """Open the ICMP sockets, in a network namespace if one is named, and put a pinger on them.

    A family the kernel grants no socket for is missed only when a target of that family is to be watched.

    Args:
        vitals: gets Vital.REPLIES_REJECTED and Vital.DATAGRAMS_DROPPED.
        timeout: seconds after which a request counts as missed.
        namespace: a name or path as in `open_in_namespace`.

    Raises:
        SocketRefusedError: the kernel grants no socket for either family.
        InputError: there is no such namespace.
        ProbeError: the namespace cannot be entered.
    """
    opened = open_in_namespace(namespace, lambda: {family.name: _try(family) for family in (IPV4, IPV6)})
    sockets = {name: one for name, one in opened.items() if isinstance(one, EchoSocket)}
    refusals = {name: one for name, one in opened.items() if isinstance(one, SocketRefusedError)}
    if not sockets:
        raise refusals[IPV4.name]
    lanes = {f.name: Lane(f, sockets[f.name], round(timeout * _NANO)) for f in (IPV4, IPV6) if f.name in sockets}
    return IcmpPinger(lanes, refusals, vitals)


def _try(family: Family) -> EchoSocket | SocketRefusedError:
    try:
        return open_socket(family)
    except SocketRefusedError as refusal:
        return refusal


class IcmpPinger:
    """Implements `ports.Pinger`; make it with `open_pinger`. Not thread-safe."""

    def __init__(self, lanes: Mapping[str, Lane], refusals: Mapping[str, SocketRefusedError], vitals: Vitals) -> None:
        """Lanes by family name, and why a family has none."""
        self._lanes = tuple(lanes.values())
        self._number = {name: number for number, name in enumerate(lanes)}
        self._refusals = refusals
        self._vitals = vitals
        self._generation = 0
        self._lane_of: NDArray[np.int8] = np.zeros(0, np.int8)
        self._addressless: list[int] = []

    def watch(self, addresses: Sequence[str], generation: int) -> None:
        """See `ports.Pinger`.

        Raises:
            InputError: an address is not an IPv4 or IPv6 address; the table is as it was.
            SocketRefusedError: there is no socket for an address's family; the table is as it was.
        """
        families = [family_of(address).name if address else "" for address in addresses]
        for name, refusal in self._refusals.items():
            if name in families:
                raise refusal
        self._lane_of = np.array([self._number.get(name, -1) for name in families], np.int8)
        for lane in self._lanes:
            lane.watch(addresses)
        self._generation = generation
        self._addressless.clear()

    def send(self, targets: Sequence[int], now: float) -> None:
        """See `ports.Pinger`. Sending takes its time, so every request is stamped with its own moment, not `now`."""
        wanted = np.asarray(targets, np.intp)
        lane_of = self._lane_of[wanted]
        for number, lane in enumerate(self._lanes):
            lane.send(wanted[lane_of == number])
        self._addressless += wanted[lane_of < 0].tolist()

    def harvest(self, now: float) -> PingBatch:
        """See `ports.Pinger`."""
        batch = PingBatch(self._generation, unsent=self._addressless)
        self._addressless = []
        for lane in self._lanes:
            lane.drain()
            batch.answered += lane.answered
            batch.rtts += lane.rtts
            batch.unsent += lane.unsent
            lane.answered, lane.rtts, lane.unsent = [], [], []
            self._report(lane)
            missed, unheard = lane.expire(int(now * _NANO))
            batch.missed += missed
            batch.unheard += unheard
        return batch

    def _report(self, lane: Lane) -> None:
        for fault, count in lane.faults.items():
            self._vitals.count(Vital.REPLIES_REJECTED, count, fault)
        lane.faults.clear()
        drops = lane.new_drops()
        if drops:
            self._vitals.count(Vital.DATAGRAMS_DROPPED, drops, lane.family.name)

    def drain(self) -> None:
        """Read what the sockets hold without asking for outcomes, for a caller that waits on `filenos`."""
        for lane in self._lanes:
            lane.drain()

    def filenos(self) -> tuple[int, ...]:
        """The sockets' file descriptors; readable when there is something to drain."""
        return tuple(lane.fileno() for lane in self._lanes)

    def close(self) -> None:
        """See `ports.Pinger`."""
        for lane in self._lanes:
            lane.close()

"""A few echo requests to one device, by icmplib, and the path to it; for tickets and the command line.

The path is asked for hop by hop, because icmplib leaves silent hops out and would try all of them on a dead path. It is
asked with a ping socket (`icmp.hop`), because icmplib's traceroute takes a raw one, and netmon's unit has no capability
for that; icmplib serves where only raw sockets are granted.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from time import monotonic

import icmplib

from netmon.errors import SocketRefusedError
from netmon.model.paths import Echoes, Hop
from netmon.probes.icmp.hop import ask
from netmon.probes.icmp.sockets import NO_PING_SOCKETS, advice
from netmon.probes.icmp.wire import IPV4, IPV6
from netmon.probes.namespace import open_in_namespace

_PAUSE = 0.2  # seconds between two echo requests to one device
TRACES_AT_ONCE = 2
_MILLI = 1e-3  # icmplib counts in milliseconds


@dataclass(frozen=True, slots=True)
class TraceLimits:
    """How far a trace goes: hops, silent hops in a row, tries per hop, seconds per try and in all."""

    hops: int = 30
    silent: int = 4
    tries: int = 2
    timeout: float = 1.0
    seconds: float = 30.0


def echo(address: str, count: int = 5, timeout: float = 1.0, *, namespace: str = "") -> Echoes:
    """Send echo requests, by a datagram socket or else a raw one; takes at most `count * timeout` seconds.

    Args:
        address: numeric IPv4 or IPv6 address.
        count: how many.
        timeout: seconds an answer is waited for.
        namespace: network namespace to send from, as `open_in_namespace` takes it.

    Raises:
        SocketRefusedError: neither kind of socket is granted.
        InputError: there is no such namespace.
    """
    for is_raw in (False, True):
        try:
            host = open_in_namespace(
                namespace, partial(icmplib.ping, address, count, _PAUSE, timeout, privileged=is_raw)
            )
        except icmplib.ICMPSocketError:
            continue
        times = (host.min_rtt * _MILLI, host.avg_rtt * _MILLI, host.max_rtt * _MILLI)
        return Echoes(host.packets_sent, host.packets_received, *times)
    raise SocketRefusedError(advice((IPV6 if ":" in address else IPV4).name))


def trace(address: str, limits: TraceLimits | None = None, *, namespace: str = "") -> tuple[Hop, ...]:
    """Find the hops to an address; the last one is the address itself if the path was found to its end.

    Silent hops at the end of a path that was not are left out but for the first.

    Args:
        address: numeric IPv4 or IPv6 address.
        limits: when to give up.
        namespace: as for `echo`.

    Raises:
        SocketRefusedError: neither kind of socket is granted.
        InputError: there is no such namespace.
    """
    limits = limits or TraceLimits()
    give_up = monotonic() + limits.seconds
    hops: list[Hop] = []
    silent = 0
    while len(hops) < limits.hops and silent < limits.silent and monotonic() < give_up:
        hop = _ask(address, len(hops) + 1, limits, namespace)
        if hop.address and any(hop.address == one.address for one in hops):
            break  # it says that there is no way on, and would say so for ever
        hops.append(hop)
        silent = 0 if hop.address else silent + 1
        if hop.address and ip_address(hop.address) == ip_address(address):
            break
    return tuple(hops[: len(hops) - max(silent - 1, 0)])


class Tracer:
    """`ports.PathTracer`: traces in threads of its own, two at a time."""

    def __init__(self, limits: TraceLimits, namespace: str) -> None:
        self._limits = limits
        self._namespace = namespace
        self._threads = ThreadPoolExecutor(TRACES_AT_ONCE, thread_name_prefix="netmon-trace")

    async def trace(self, address: str) -> tuple[Hop, ...]:
        work = partial(trace, address, self._limits, namespace=self._namespace)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Begin no further trace; one under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _ask(address: str, number: int, limits: TraceLimits, namespace: str) -> Hop:
    for _ in range(limits.tries):
        try:
            answer = open_in_namespace(namespace, partial(ask, address, number, limits.timeout))
        except OSError as error:
            if error.errno in NO_PING_SOCKETS:
                return _ask_raw(address, number, limits, namespace)
            continue  # no route: nothing was sent
        if answer is not None:
            return Hop(number, answer.address, answer.rtt)
    return Hop(number)


def _ask_raw(address: str, number: int, limits: TraceLimits, namespace: str) -> Hop:
    for _ in range(limits.tries):
        try:
            found = open_in_namespace(
                namespace,
                lambda: icmplib.traceroute(address, 1, 0, limits.timeout, first_hop=number, max_hops=number),
            )
        except icmplib.ICMPSocketError:
            raise SocketRefusedError(advice((IPV6 if ":" in address else IPV4).name)) from None
        if found:
            return Hop(number, found[0].address, found[0].avg_rtt * _MILLI)
    return Hop(number)

"""Whether netmon's own link and routes are there, from the kernel's own mouth.

The kernel announces every change of a link, address or route over netlink within milliseconds. The announcement is only
a nudge: whatever it said, the sensor then asks the kernel afresh, so events that were lost (ENOBUFS) cost nothing. It
asks how a sample of the watched addresses would be reached, because that is the question, and "is there a default
route" is not: a management network often has none. A black hole further out is beyond this sensor.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from pyroute2 import AsyncIPRoute
from pyroute2.netlink.exceptions import NetlinkError

from netmon.probes.namespace import open_in_namespace

log = logging.getLogger(__name__)

SETTLING = 0.05
"""Seconds from the first event to the question: changes come in bunches."""
PAUSE = 0.2
"""Seconds between two questions at least, on a router whose table never rests."""
RETRY = 10.0
"""Seconds until the next try when the kernel did not answer."""
OUTSIDE = ("192.0.2.1", "2001:db8::1")
"""Asked about where there is no sample: documentation addresses (RFC 5737, RFC 3849) have only a default route."""

_NETLINK_ROUTE = 0
# linux/rtnetlink.h: links, then the addresses and routes of IPv4 and of IPv6
_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
_IFF_UP, _IFF_LOOPBACK, _IFF_LOWER_UP = 0x1, 0x8, 0x10000
_RTN_UNICAST, _RTN_LOCAL = 1, 2
_EVENT_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the kernel said: links other than loopback that are up, and how many of the sample lead out over one."""

    links_up: int
    reached: int

    @property
    def cut_off(self) -> str:
        """Why the poller is cut off, or ''."""
        if self.reached:
            return ""
        return "no route leads to any watched address" if self.links_up else "no network link is up"


@dataclass(frozen=True, slots=True)
class _Sockets:
    events: socket.socket
    questions: socket.socket


class NetlinkSensor:
    """Implements `ports.IsolationSensor`; make it with `open_sensor`."""

    def __init__(self, sample: Sequence[str], sockets: _Sockets | None) -> None:
        """Without sockets (the kernel tells nothing) the sensor never says anything."""
        self._sample = tuple(sample)
        self._sockets = sockets
        self._cut_off = ""
        self._failing = False

    @property
    def cut_off(self) -> str:
        return self._cut_off

    def watch(self, sample: Sequence[str]) -> None:
        """Replace the sample of addresses; it counts from the next event on."""
        self._sample = tuple(sample)

    def close(self) -> None:
        """Close the sockets; `run` does so itself when it is cancelled."""
        if self._sockets is not None:
            self._sockets.events.close()
            self._sockets.questions.close()

    async def run(self) -> None:
        """See `ports.IsolationSensor`."""
        nudged = asyncio.Event()
        if self._sockets is None:
            await nudged.wait()
            return
        loop = asyncio.get_running_loop()
        events = self._sockets.events
        nudged.set()
        loop.add_reader(events, _take_events, events, nudged)
        try:
            while True:
                await nudged.wait()
                await asyncio.sleep(SETTLING)
                nudged.clear()
                if not await self._look(self._sockets.questions):
                    loop.call_later(RETRY, nudged.set)
                await asyncio.sleep(PAUSE)
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            loop.remove_reader(events)

    async def _look(self, questions: socket.socket) -> bool:
        try:
            outlook = await survey(self._sample or OUTSIDE, questions)
        except (OSError, NetlinkError) as error:
            if not self._failing:
                log.warning("isolation sensor cannot ask the kernel, says nothing until it can reason=%r", str(error))
            self._failing, self._cut_off = True, ""
            return False
        self._failing = False
        if outlook.cut_off != self._cut_off:
            log.warning("local connectivity changed cut_off=%r before=%r", outlook.cut_off, self._cut_off)
            self._cut_off = outlook.cut_off
        return True


def open_sensor(sample: Sequence[str], *, namespace: str = "") -> NetlinkSensor:
    """Open a sensor that asks how `sample` (numeric addresses; a few dozen are plenty) would be reached.

    Where netlink is not to be had (a sandbox, a refused socket) the sensor is there, says nothing, and logs that once.

    Raises:
        InputError: there is no such namespace.
        ProbeError: the namespace cannot be entered.
    """
    try:
        return NetlinkSensor(sample, open_in_namespace(namespace, _open_sockets))
    except OSError as error:
        log.warning("isolation sensor is off, only reference targets can tell reason=%r", error.strerror)
        return NetlinkSensor(sample, None)


def _open_sockets() -> _Sockets:
    questions = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_ROUTE)
    events = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_ROUTE)
    events.bind((0, _GROUPS))
    events.settimeout(0)
    return _Sockets(events, questions)


def _take_events(events: socket.socket, nudged: asyncio.Event) -> None:
    nudged.set()
    with contextlib.suppress(OSError):  # nothing left, or ENOBUFS: some were lost, which is news enough
        while True:
            events.recv(_EVENT_BYTES)


async def survey(sample: Sequence[str], questions: socket.socket) -> Outlook:
    """Ask the kernel once, over a netlink socket, about its links and about the way to each address of the sample.

    Raises:
        OSError, NetlinkError: the kernel does not answer.
    """
    # pyroute2 would fork to open a socket in another namespace; a copy of ours it takes by number, and closes it.
    async with AsyncIPRoute(fileno=os.dup(questions.fileno())) as kernel:
        flags = {link["index"]: link["flags"] async for link in await kernel.link("dump")}
        running = {index for index, flag in flags.items() if flag & _IFF_UP and flag & _IFF_LOWER_UP}
        links_up = sum(1 for index in running if not flags[index] & _IFF_LOOPBACK)
        ways = [await _way_out(kernel, address) for address in sample]
        return Outlook(links_up, sum(1 for way in ways if way in running))


async def _way_out(kernel: AsyncIPRoute, address: str) -> int:
    """Index of the interface that packets to the address leave by, 0 where they do not."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        answer = await kernel.route("get", dst=address, family=family)
    except NetlinkError:
        return 0  # unreachable, prohibited, black hole, or no such family here
    routes = [route for route in answer if route["type"] in (_RTN_UNICAST, _RTN_LOCAL)]
    return int(routes[0].get("oif") or 0) if routes else 0

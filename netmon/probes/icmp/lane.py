"""One address family at work: its socket, its bursts, its table of requests."""

import errno
import secrets
import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netmon.probes.hearing import drops_of
from netmon.probes.icmp.requests import UNSENT, RequestTable
from netmon.probes.icmp.sockets import EchoSocket
from netmon.probes.icmp.vectors import Incoming, Outgoing, address_words
from netmon.probes.icmp.verdicts import Asked, ReadTime, ReplyFault, judge
from netmon.probes.icmp.wire import Family, socket_addresses

BURST = 128
"""Requests per system call, and between two looks at the receive buffer: the smallest default buffer holds 256."""
BATCH = 256
"""Replies per system call."""
MOST_BATCHES = 128
"""Read at one go, so that a flood of replies cannot hold up the loop: more than the receive buffer holds."""
_FULL = {errno.EAGAIN, errno.ENOBUFS, errno.EINTR}
_CLOCK_TRIES = 3
_CLOCK_SPAN = 20_000
_COUNTER_MASK = 0xFFFFFFFF


class Lane:
    """Sends requests to one family's targets and gathers what comes of them until it is collected."""

    def __init__(self, family: Family, echo: EchoSocket, timeout: int) -> None:
        """`timeout` in nanoseconds."""
        self.family = family
        self._sock = echo.sock
        self._fd = echo.sock.fileno()
        self._ident = echo.ident
        self._timeout = timeout
        self._outgoing = Outgoing(family, echo.ident, BURST)
        self._incoming = Incoming(family, echo.header, BATCH)
        self._requests = RequestTable(timeout, first=secrets.randbits(32))
        self._drops_seen = self._deaf_until = 0
        self.faults: Counter[ReplyFault] = Counter()
        self.watch(())

    def fileno(self) -> int:
        """The socket's file descriptor."""
        return self._fd

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()
        self._fd = -1  # the number may soon be somebody else's

    def watch(self, addresses: Sequence[str]) -> None:
        """Replace the addresses, by dense index; requests in flight and outcomes not collected are forgotten."""
        # One row more, so that a stray reply has an address to differ from even where nobody is watched.
        self._sockaddrs = socket_addresses(self.family, [*addresses, ""])
        self._asked = Asked(self.family, self._ident, self._timeout, address_words(self._sockaddrs, self.family))
        offsets = np.arange(len(addresses), dtype=np.uintp) * self.family.sockaddr_size
        self._names = self._sockaddrs.ctypes.data + offsets
        self._requests.clear()
        self.answered: list[int] = []
        self.rtts: list[float] = []
        self.unsent: list[int] = []

    def send(self, targets: NDArray[np.intp]) -> None:
        """Send one request to each, reading replies in between so that their buffer cannot overflow."""
        for start in range(0, targets.size, BURST):
            self._send_burst(targets[start : start + BURST])
            self.drain()

    def _send_burst(self, targets: NDArray[np.intp]) -> None:
        rows = self._requests.issue(targets)
        self._outgoing.load(self._names[targets], self._requests.slots(rows), self._requests.token[rows])
        done, may_wait = 0, True
        while done < targets.size:
            begun = time.monotonic_ns()
            sent = self._outgoing.send(self._fd, done, targets.size)
            if sent > 0:
                self._requests.stamp(rows.start + done, sent, begun, time.monotonic_ns())
                done, may_wait = done + sent, True
            elif -sent in _FULL and may_wait:
                self.drain()
                may_wait = False
            else:  # no route, no permission, still full: it says nothing about the target
                self._requests.stamp(rows.start + done, 1, begun, begun)
                self._requests.state[rows.start + done] = UNSENT
                self.unsent.append(int(targets[done]))
                done, may_wait = done + 1, True

    def drain(self) -> None:
        """Read and judge all replies the socket holds."""
        for _ in range(MOST_BATCHES):
            count = self._incoming.receive(self._fd)
            if count:
                verdicts = judge(self._incoming, count, self._requests, self._asked, _read_time())
                self.answered += self._requests.target[verdicts.rows].tolist()
                self.rtts += (verdicts.rtts * 1e-9).tolist()
                self.faults.update(verdicts.faults)
            if count < BATCH:
                return

    def expire(self, now: int) -> tuple[list[int], list[int]]:
        """Targets whose requests got no answer in time, and those whose answers may have been dropped here.

        `now` in monotonic nanoseconds.
        """
        missed, unheard = self._requests.expire(now, self._deaf_until)
        return missed.tolist(), unheard.tolist()

    def new_drops(self) -> int:
        """Datagrams the kernel dropped for want of room since the last call; looked at before `expire`."""
        drops = drops_of(self._sock)
        new = (drops - self._drops_seen) & _COUNTER_MASK
        self._drops_seen = drops
        if new:
            self._deaf_until = time.monotonic_ns()
        return new


def _read_time() -> ReadTime:
    """Both clocks at one moment; tries again when something came between the readings."""
    for _ in range(_CLOCK_TRIES):
        before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        if after - before < _CLOCK_SPAN:
            break
    return ReadTime(monotonic=after, wall_offset=wall - after)

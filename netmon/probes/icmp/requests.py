"""The table of requests: those in flight, and for a while those that are over, so that a late reply has a name.

Columns grow at the end in the order of sending. As every request waits equally long, those that time out are always
the oldest: a head that moves forward is all it takes. A request's slot number is its row plus the number of rows ever
let go, modulo 2^32.
"""

import os

import numpy as np
from numpy.typing import NDArray

from netmon.probes.icmp.wire import SLOT_MASK

PENDING, ANSWERED, MISSED, UNSENT = range(4)
KEPT = 10_000_000_000
"""Nanoseconds a request is remembered after its time-out, at least."""
_ROOM = 4096


class RequestTable:
    """Columns by row: `target` (dense index), `token`, `sent` (monotonic nanoseconds), `state`."""

    def __init__(self, timeout: int, first: int) -> None:
        """`timeout` in nanoseconds; `first` is the first slot number."""
        self._timeout = timeout
        self._first = first
        self._head = 0
        self._size = 0
        self._allot(_ROOM)

    def _allot(self, room: int) -> None:
        self.target: NDArray[np.intp] = np.zeros(room, np.intp)
        self.token: NDArray[np.uint64] = np.zeros(room, np.uint64)
        self.sent: NDArray[np.int64] = np.zeros(room, np.int64)
        self.state: NDArray[np.uint8] = np.zeros(room, np.uint8)
        self._claim: NDArray[np.int32] = np.zeros(room, np.int32)

    def clear(self) -> None:
        """Forget all; their slot numbers stay used."""
        self._first += self._size
        self._head = self._size = 0
        self._allot(_ROOM)

    def issue(self, targets: NDArray[np.intp]) -> slice:
        """Enter one request per target, with a fresh token; returns their rows."""
        if self._size + targets.size > self.target.size:
            self._make_room(targets.size)
        rows = slice(self._size, self._size + targets.size)
        self.target[rows] = targets
        self.token[rows] = np.frombuffer(os.urandom(8 * targets.size), np.uint64)
        self.state[rows] = PENDING
        self._size = rows.stop
        return rows

    def slots(self, rows: slice) -> NDArray[np.int64]:
        """Slot numbers of these rows."""
        return np.arange(self._first + rows.start, self._first + rows.stop) & SLOT_MASK

    def stamp(self, start: int, count: int, begun: int, ended: int) -> None:
        """Say when `count` requests from row `start` on were sent: one after the other between two times."""
        self.sent[start : start + count] = begun + (ended - begun) * np.arange(count) // count

    def rows_of(self, slots: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Rows of slot numbers, and which of them are in the table at all; the row of one that is not is 0."""
        rows = (slots.astype(np.int64) - self._first) & SLOT_MASK
        known = rows < self._size
        rows[~known] = 0
        return rows, known

    def firsts(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark the first place of each row in the list."""
        order = np.arange(rows.size, dtype=np.int32)
        # Of repeated rows numpy's assignment keeps the last, so it runs backwards.
        self._claim[rows[::-1]] = order[::-1]
        first: NDArray[np.bool_] = self._claim[rows] == order
        return first

    def expire(self, now: int, deaf_until: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Targets of requests of which no answer within the time-out was read: those missed, those perhaps unheard.

        Args:
            now: monotonic nanoseconds.
            deaf_until: when the socket was last found to have dropped replies: of what was sent before nobody knows.
        """
        waiting = self.sent[self._head : self._size]
        end = self._head + int(np.searchsorted(waiting, now - self._timeout, side="right"))
        rows = self._head + np.flatnonzero(self.state[self._head : end] == PENDING)
        self.state[rows] = MISSED
        self._head = end
        unheard = self.sent[rows] <= deaf_until
        return self.target[rows[~unheard]], self.target[rows[unheard]]

    def _make_room(self, wanted: int) -> None:
        """Let go of what is over long enough; if that does not free half of the room, double it."""
        oldest = self.sent[self._size - 1] - self._timeout - KEPT if self._size else 0
        gone = int(np.searchsorted(self.sent[: self._head], oldest))
        kept = self._size - gone
        target, token, sent, state = self.target, self.token, self.sent, self.state
        room = self.target.size
        while kept + wanted > room // 2:
            room *= 2
        self._allot(room)
        old = slice(gone, self._size)
        self.target[:kept], self.token[:kept] = target[old], token[old]
        self.sent[:kept], self.state[:kept] = sent[old], state[old]
        self._first += gone
        self._head -= gone
        self._size = kept

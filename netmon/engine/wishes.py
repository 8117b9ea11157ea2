"""What waits for the sweep's next turns: probes wanted out of turn, and outcomes that the judge has not heard yet.

Both come in floods when much fails at once: one first miss wants a dozen probes, of the device and of its relatives.
Whatever came, a turn takes up so many of them and no more, the oldest first; the rest waits for the next turn, so that
pages, SNMP and the sweep itself go on meanwhile.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_TICK = 0.01
"""Seconds. Wishes of the same tick come due together, up to so much early: a tenth of a slot."""

Rows = NDArray[np.intp]


class Wishes:
    """Probes wanted at a time, kept in buckets of a tick: hundreds of thousands come at once, and many are stale then.

    Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, list[int]] = {}
        self._ticks: list[int] = []

    def clear(self) -> None:
        """Nobody is wanted any more."""
        self._buckets.clear()
        self._ticks.clear()

    def add(self, devices: Sequence[int], times: Iterable[float]) -> None:
        """Want each of these devices to be probed at its time."""
        buckets = self._buckets
        for device, at in zip(devices, times, strict=True):
            tick = int(at / _TICK)
            bucket = buckets.get(tick)
            if bucket is None:
                buckets[tick] = [device]
                heapq.heappush(self._ticks, tick)
            else:
                bucket.append(device)

    def put_back(self, devices: Sequence[int], now: float) -> None:
        """These could not be served; they come first at the next turn."""
        if devices:
            tick = min([int(now / _TICK), *self._ticks[:1]]) - 1
            heapq.heappush(self._ticks, tick)
            self._buckets[tick] = list(devices)

    def take(self, now: float, most: int) -> Rows:
        """The oldest `most` wishes that are due; a device that is wanted twice stands in it twice."""
        taken: list[int] = []
        latest = int(now / _TICK)
        while self._ticks and self._ticks[0] <= latest and len(taken) < most:
            bucket = self._buckets[self._ticks[0]]
            room = most - len(taken)
            taken += bucket[:room]
            if len(bucket) > room:
                del bucket[:room]
            else:
                del self._buckets[heapq.heappop(self._ticks)]
        return np.array(taken, np.intp)


class Docket:
    """Outcomes that may change something, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Rows, Rows]] = deque()

    def clear(self) -> None:
        """What waits means other devices from now on."""
        self._waiting.clear()

    def add(self, answered: Rows, missed: Rows) -> None:
        """Devices that have answered, and that have not; each stands in one of them at the most."""
        if answered.size or missed.size:
            self._waiting.append((answered, missed))

    def take(self, most: int) -> tuple[Rows, Rows] | None:
        """Up to `most` outcomes of the oldest batch: answers and misses. None where nothing waits."""
        if not self._waiting:
            return None
        answered, missed = self._waiting.popleft()
        now_answered, now_missed = answered[:most], missed[: max(0, most - answered.size)]
        if now_answered.size + now_missed.size < answered.size + missed.size:
            self._waiting.appendleft((answered[now_answered.size :], missed[now_missed.size :]))
        return now_answered, now_missed

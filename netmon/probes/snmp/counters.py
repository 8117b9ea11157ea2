"""32-bit counters as 64-bit ones, wraps told from restarts; pure.

A smaller count than last time is a wrap if the device did not restart, and a fresh start if it did. Where that is not
known it counts as a fresh start: the rate is then too small for one interval, while a wrap that was none would add
4 GiB that never flowed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from netmon.probes.snmp.uptime import RESTARTED, Restart

_WRAP32 = 1 << 32
_WRAP64 = 1 << 64
_NEVER = -1


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter between polls: `total` is what netmon shows, `last` what the device said."""

    total: int
    last: int


def advance(before: Counter | None, raw: int | None, bits: int, restart: Restart) -> Counter | None:
    """Take in what the device says now.

    Args:
        before: the counter after the last poll that had a value; None for the first.
        raw: the device's number; None if it gave none, which changes nothing.
        bits: 32 or 64, how wide the device's counter is.
        restart: whether the device restarted since the last poll that had a value.

    Returns:
        The counter now; its total starts again from the device's number after a restart.
    """
    if raw is None:
        return before
    if before is None or restart is RESTARTED:
        return Counter(raw, raw)
    if raw == before.last:
        return before
    if raw > before.last:
        return Counter((before.total + raw - before.last) % _WRAP64, raw)
    if bits == 32 and restart is Restart.NO:  # noqa: PLR2004
        return Counter((before.total + raw - before.last + _WRAP32) % _WRAP64, raw)
    return Counter(raw, raw)


class Tally:
    """All counters of one device, in the order of its script: what the device said last, and how far the total is off.

    That is 0 until a 32-bit counter wraps, so most devices need to keep no second number: `_ahead` is empty.

    A million counters a minute come by here and nearly all of them have just grown, so that is done in place; `advance`
    says what becomes of the others.
    """

    __slots__ = ("_ahead", "_last")

    def __init__(self, size: int) -> None:
        self._last: list[float] = [_NEVER] * size  # integers, but for sums that make floats of them
        self._ahead: list[int] = []

    def take(self, readings: list[float], counters: Sequence[tuple[int, int]], restart: Restart) -> None:
        """Put totals where a poll's readings have the device's numbers; what is absent (NaN) changes nothing.

        Args:
            readings: of the whole poll.
            counters: the places of the counters in it, and how wide they are in the device.
            restart: whether the device restarted since the last poll that had an uptime.
        """
        if self._ahead:
            self._advance(readings, counters, restart)
            return
        lasts, at = self._last, 0
        for place, _ in counters:
            raw = readings[place]
            if not raw >= lasts[at]:  # also what is absent
                self._advance(readings, counters, restart)
                return
            lasts[at] = raw  # which is the total, after a restart as well
            at += 1

    def _advance(self, readings: list[float], counters: Sequence[tuple[int, int]], restart: Restart) -> None:
        lasts, aheads = self._last, self._ahead or [0] * len(self._last)
        may_grow = restart is not RESTARTED
        for at, (place, bits) in enumerate(counters):
            raw, last = readings[place], lasts[at]
            if raw.__class__ is int and raw >= last >= 0 and may_grow and raw + aheads[at] < _WRAP64:
                lasts[at] = raw
                readings[place] = raw + aheads[at]
            elif raw == raw:  # noqa: PLR0124 - no NaN
                before = None if last == _NEVER else Counter(int(last) + aheads[at], int(last))
                counter = advance(before, int(raw), bits, restart) or Counter(int(raw), int(raw))
                lasts[at], aheads[at] = counter.last, counter.total - counter.last
                readings[place] = counter.total
        self._ahead = aheads if any(aheads) else []

    def carry(self, at: int, other: "Tally", other_at: int) -> None:
        """Go on from another tally's counter."""
        self._last[at] = other._last[other_at]
        if other._ahead:
            self._ahead = self._ahead or [0] * len(self._last)
            self._ahead[at] = other._ahead[other_at]

"""32-bit counters as 64-bit ones, wraps told from restarts; pure.

A smaller count than last time is a wrap if the device did not restart, and a fresh start if it did. Where that is not
known it counts as a fresh start: the rate is then too small for one interval, while a wrap that was none would add
4 GiB that never flowed.
"""

from dataclasses import dataclass

from netmon.probes.snmp.uptime import Restart

_WRAP32 = 1 << 32
_WRAP64 = 1 << 64


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
    if before is None or restart is Restart.YES:
        return Counter(raw, raw)
    if raw == before.last:
        return before
    if raw > before.last:
        return Counter((before.total + raw - before.last) % _WRAP64, raw)
    if bits == 32 and restart is Restart.NO:  # noqa: PLR2004
        return Counter((before.total + raw - before.last + _WRAP32) % _WRAP64, raw)
    return Counter(raw, raw)

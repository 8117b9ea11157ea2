"""When in its interval each device is probed: a stable hash of its id, so load is flat and survives reloads.

Nothing depends on the order of the inventory. A device that is added or retired moves no other one, and every run of
netmon probes a device at the same phase.
"""

from collections.abc import Iterable
from hashlib import blake2b
from math import ceil

_BYTES = 6
_RANGE = 1 << 8 * _BYTES
"""48 bits: exact in a float, so a phase never rounds up to the whole interval."""


def phase(device_id: str, interval: float) -> float:
    """Seconds into its interval at which a device is probed: 0 <= phase < interval."""
    digest = blake2b(device_id.encode(), digest_size=_BYTES).digest()
    return int.from_bytes(digest, "big") / _RANGE * interval


def slots(ids: Iterable[str], interval: float, slot: float = 0.1) -> list[list[int]]:
    """Slot number -> dense indices of the devices to probe in it. A slot lasts at most `slot` seconds."""
    # The tolerance keeps 20 / 0.1 at 200 slots where the division comes out a hair above.
    count = max(1, ceil(interval / slot - 1e-9))
    table: list[list[int]] = [[] for _ in range(count)]
    for index, device_id in enumerate(ids):
        table[int(phase(device_id, count))].append(index)
    return table

"""What is learnt of the devices stays, so the collector of garbage must not look through it again and again.

A full collection over the plans of 50,000 devices holds the loop up for most of a second.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SETTLED = 180.0
"""Seconds. What comes after a device's plan (counters that await its next poll, pages laid out for it) is there after
three rounds of the SNMP sweep."""


@contextmanager
def made_to_stay() -> Iterator[None]:
    """While a country is read and laid out: hundreds of thousands of objects are made, and hardly one is garbage.

    Looking for that all the while takes a third as long as the making; at the end, what is there is out of sight.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


class Keeper:
    """Puts what stays out of the collector's sight.

    That is whenever more (or less) is known of the devices than before, and once more when that has settled.
    """

    def __init__(self) -> None:
        self._planned = 0
        self._settled_at: float | None = None

    def note(self, planned: int, now: float) -> None:
        """Tell how many devices netmon knows how to poll now, at which monotonic second."""
        if planned != self._planned:
            self._planned, self._settled_at = planned, now + SETTLED
        elif self._settled_at is None or now < self._settled_at:
            return
        else:
            self._settled_at = None
        gc.freeze()

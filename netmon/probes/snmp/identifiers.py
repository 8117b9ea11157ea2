"""Request-ids nobody can guess."""

import os
from collections.abc import Callable, Container, Iterator
from struct import unpack

_BLOCK = 1_024  # ids per visit to the kernel
_LOWEST = 1 << 23


class RequestIds:
    """Draws random request-ids of four octets from the kernel's generator.

    They lie between 2**23 and 2**31 - 1: positive (RFC 3416 section 3), and never so small that four octets would be
    one too many (X.690 8.3.2), so a template can be patched in place. That leaves 30.99 of 31 random bits.
    """

    def __init__(self, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._drawn = _draw(entropy)

    def fresh(self, used: Container[int]) -> int:
        """Return an id that is not in `used`."""
        while (request_id := next(self._drawn)) in used:
            pass
        return request_id


def _draw(entropy: Callable[[int], bytes]) -> Iterator[int]:
    while True:
        for number in unpack(f"{_BLOCK}I", entropy(4 * _BLOCK)):
            request_id = number & 0x7FFFFFFF
            if request_id >= _LOWEST:
                yield request_id

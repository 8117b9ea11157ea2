"""The day of a village: quiet at three, busy in the evening. Everything counted from clients to octets follows it.

The curve has a mean of 1 over a day and an integral in closed form, so that a counter is computed from two moments
and never kept.
"""

from functools import lru_cache
from math import cos, pi, sin
from typing import Final

_DAY: Final = 86_400.0
_BANGKOK: Final = 7 * 3_600.0
"""Seconds ahead of UTC."""
_TURN: Final = 2 * pi / _DAY
_SLOW, _SLOW_PEAK = 0.6, 16 * 3_600.0 - _BANGKOK
_FAST, _FAST_PEAK = 0.3, 20 * 3_600.0 - _BANGKOK
_MASK: Final = (1 << 64) - 1
_BUCKET: Final = 300.0
"""Seconds that a chance lasts."""


@lru_cache(maxsize=4)  # a request asks at one moment for many values
def busy(now: float) -> float:
    """How busy a village is at a moment (Unix seconds), as a multiple of its mean: 0.1 to 1.9."""
    return 1 + _SLOW * cos(_TURN * (now - _SLOW_PEAK)) + _FAST * cos(2 * _TURN * (now - _FAST_PEAK))


@lru_cache(maxsize=4)
def busy_until(now: float) -> float:
    """The integral of `busy`: grows by 86,400 a day, always."""
    slow = _SLOW / _TURN * sin(_TURN * (now - _SLOW_PEAK))
    fast = _FAST / (2 * _TURN) * sin(2 * _TURN * (now - _FAST_PEAK))
    return now + slow + fast


@lru_cache(maxsize=64)
def chance(seed: int, salt: int, now: float = 0.0) -> float:
    """A number in [0, 1) that is one device's own for `salt`, and changes every five minutes of `now`."""
    mixed = (seed ^ (salt * 0x9E37_79B9_7F4A_7C15) ^ (int(now / _BUCKET) * 0xC2B2_AE3D_27D4_EB4F)) & _MASK
    mixed = ((mixed ^ mixed >> 30) * 0xBF58_476D_1CE4_E5B9) & _MASK
    mixed = ((mixed ^ mixed >> 27) * 0x94D0_49BB_1331_11EB) & _MASK
    return (mixed ^ mixed >> 31) / 2**64

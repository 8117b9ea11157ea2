"""When to try again: exponential with jitter, so that what failed together does not come back together.

The jitter is drawn from the notice's key, not from chance: the same try of the same notice always waits as long, and
nothing here needs a random generator.
"""

import hashlib

SHORTEST = 15.0
"""Seconds a first retry waits at least."""
LONGEST = 900.0
"""Seconds any retry waits at most."""


def delay(attempt: int, key: str) -> float:
    """Seconds to wait after try number `attempt` (0 is the first) failed: base to twice base, the base doubling."""
    base = min(SHORTEST * 2.0 ** min(attempt, 32), LONGEST / 2)
    return base * (1 + _share(f"{attempt}.{key}"))


def _share(text: str) -> float:
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64

"""How many misses in a row make "down" safe to say.

A device whose path loses the share p of all probes misses n in a row by chance with probability p**n. Nobody knows p;
what is known is a history: `lost` of the last `sent` probes (`Fleet.recent`, at most 64). Putting the observed share
into p**n would be dishonest: a path of 8 % shows a clean history of 64 in one case of 200, and would then be declared
down after three misses.

So the history and the misses are judged together. For a true loss of p, seeing k of s lost and then n misses in a row
has probability C(s, k) * p**(k+n) * (1-p)**(s-k). Whatever p is, that is at most its value at p = (k+n) / (s+n).
`misses_needed` is the smallest n that brings this worst case below false_down / (s+1). There are s+1 histories, so the
chance of a false "down" a round, over all histories, is below `false_down` for EVERY p. No prior is assumed, and
nothing is claimed from few samples: they simply ask for more misses.

Only `maximum` limits this: all probes must end within `within` seconds, or a failure is told too late. With a maximum
of 12 the bound of 1e-9 holds for p up to 17 % with any history, also with none (0.17**12 = 5.8e-10). A path that
loses more cannot be judged in 12 seconds: at 25 % a false "down" has odds of 6e-8 a round, at 40 % of 2e-5.
A clean history of 64 asks for 8 misses, 2 lost of 64 for 10, 4 of 64 or fewer than 32 probes in all for 12.

The misses must be independent for this: probes are spread over the whole of `within`, never sent in one burst.
Ask once, when the device becomes suspect, with the history before that miss; a history that already contains the
misses being judged only asks for more of them.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import comb


@dataclass(frozen=True, slots=True)
class OddsPolicy:
    """When "down" may be said. `within` and `spacing` are seconds, `false_down` a probability per device and round.

    `minimum` and `maximum` bound the misses in a row, the first one included. The probes after the first miss are
    `spacing` apart, or closer where that is needed to end within `within`.
    """

    false_down: float = 1e-9
    minimum: int = 3
    maximum: int = 12
    within: float = 12.0
    spacing: float = 1.0


@dataclass(frozen=True, slots=True)
class RecoveryPolicy:
    """How long (seconds) a device that was dark must answer without a break before it counts as up."""

    steady: float = 30.0


@lru_cache(maxsize=8192)
def misses_needed(sent: int, lost: int, policy: OddsPolicy) -> int:
    """Misses in a row, the first included, after which "down" is safe, given `lost` of the last `sent` probes."""
    bound = policy.false_down / (sent + 1)
    for misses in range(policy.minimum, policy.maximum):
        if _worst_case(sent, lost, misses) <= bound:
            return misses
    return policy.maximum


def _worst_case(sent: int, lost: int, misses: int) -> float:
    """Probability of that history followed by that many misses, for the loss that makes it likeliest."""
    loss = (lost + misses) / (sent + misses)
    return comb(sent, lost) * loss ** (lost + misses) * (1 - loss) ** (sent - lost)


def recheck_spacing(needed: int, timeout: float, policy: OddsPolicy) -> float:
    """Seconds between the `needed - 1` probes after the first miss, so that the last has timed out within `within`.

    Raises:
        ValueError: the time-out alone takes longer than `within`.
    """
    if timeout >= policy.within:
        raise ValueError(f"a time-out of {timeout:g} s leaves no room for re-probes within {policy.within:g} s")
    return min(policy.spacing, (policy.within - timeout) / max(1, needed - 1))

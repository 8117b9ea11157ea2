"""What the words of OLTs weigh: power or line, and how sure. Prices in nats, as in `rules.correlation`.

An ONU that loses its power says so with its last breath, and three in ten of these gasps are not heard: then the OLT
only sees its light go out, as if the line were cut. A cut line makes no gasp, ever. So

    said           power was lost       the line was cut
    dying gasp     -ln .7  =  0.4       `NO_GASP`, 11.5: next to impossible
    light lost     -ln .3  =  1.2       0

One gasp among villages that failed together outweighs many lost lights, for a lost gasp is common and a false one is
not; ten lost lights without a gasp are a line. Some ONUs never gasp at all, and then every power cut at their OLT looks
like a line: where no gasp was heard from an OLT, lost lights together never cost power more than `MUTE_OLT`.
An OLT that gives no reason, or says nothing, favours neither.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import exp, log

from netmon.model.onus import OltWord

_HEARD = 0.7
_GASP, _LOST_GASP = -log(_HEARD), -log(1 - _HEARD)
NO_GASP = 11.5
MUTE_OLT = 4.6
_COIN = 0.5
_MOST_SURE = 0.95

Words = Mapping[str, Counter[OltWord]]
"""By OLT: how often it said what."""


def words_by_olt(said: Iterable[tuple[str, OltWord]]) -> dict[str, Counter[OltWord]]:
    """Count what each OLT says."""
    found: dict[str, Counter[OltWord]] = {}
    for olt, word in said:
        if word in (OltWord.DYING_GASP, OltWord.LOSS_OF_SIGNAL):
            found.setdefault(olt, Counter())[word] += 1
    return found


def price_of_power(words: Words) -> float:
    """What it costs to say that all of them lost their power."""
    return sum(_power(one[OltWord.DYING_GASP], one[OltWord.LOSS_OF_SIGNAL]) for one in words.values())


def price_of_power_heard(words: Words) -> float:
    """The same without any allowance for ONUs that never gasp: what it costs to call lost lights a loss of power."""
    return sum(one[OltWord.DYING_GASP] * _GASP + one[OltWord.LOSS_OF_SIGNAL] * _LOST_GASP for one in words.values())


def price_of_line(words: Words) -> float:
    """What it costs to say that all of their lines were cut."""
    return sum(NO_GASP * one[OltWord.DYING_GASP] for one in words.values())


def price_of_either(word: OltWord) -> float:
    """What a word costs of one device of which nothing is known: power and line are as likely."""
    if word is OltWord.DYING_GASP:
        return -log(_COIN * _HEARD + _COIN * exp(-NO_GASP))
    return -log(_COIN * (1 - _HEARD) + _COIN) if word is OltWord.LOSS_OF_SIGNAL else 0.0


def power_after(words: Words, before: float) -> float:
    """How sure it is, 0..1, that power was lost and not the line, when it was `before` without these words."""
    odds = log(before / (1 - before)) + price_of_line(words) - price_of_power(words)
    return min(_MOST_SURE, max(1 - _MOST_SURE, 1 / (1 + exp(-odds))))


def _power(gasps: int, lost: int) -> float:
    whole = gasps * _GASP + lost * _LOST_GASP
    return whole if gasps else min(whole, MUTE_OLT)

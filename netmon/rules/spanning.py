"""Events that span several feeders or amphoes: when faults that stand by themselves are one and the same.

A substation trips, a transmission line falls, the ring that feeds a province's exchanges is cut: then the amphoes of a
province go dark together, and each of them by itself looks like a fault of its own. Whether they are one is a matter of
prices again, in nats (see `rules.correlation`):

    apart      each part's own price, and the price of its moments: when it began, and how long it took
    together   `province_cost` for an event that takes several places, the choice of the province's amphoes that it
               took (nothing where it took all), the choice of villages in each of them, one price of the moments of
               all, and what OLTs have said of all: power or line, whichever is cheaper for the whole

Moments tell most. What began and ended together cost little more together than apart, and saves the chance that so many
began at the same time by themselves; an outage that began half a minute after its neighbour, or in one stroke while the
neighbour faded for a minute, does not fit one telling. What OLTs say is not bargained about here: a line cut amid
gasping neighbours is another event, whatever their moments.

One dead feeder explains its own villages, so it proves nothing about other places. It joins what others have proved:
two parts that stand by themselves, or three of whatever kind. Nothing is joined unless that is `doubt` nats cheaper: a
second ticket can be withdrawn, but what was joined is never taken apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from netmon.model.ids import FaultId

_BEYOND_REACH = 1e6
"""A price that no saving outweighs, yet one that fewer of it is less than more."""
Places = Mapping[str, int]
"""Amphoe code -> what was lost there, in units of `dark_units`."""


@dataclass(frozen=True, slots=True)
class SpanPolicy:
    """Costs in nats, times in seconds.

    `province_cost` is the price of an event over several places of one province: about one a year. `doubt` is how much
    cheaper together must be. `blur` is how far a moment may be off: a round of pings. `window` is how long after the
    others something may begin and still belong to them. `at_least` parts of whatever kind prove each other. A part is
    `ripe` so long after its first failure: before that too little of it has happened to tell what it is. Words of OLTs
    that are `contradiction` nats likelier under another cause keep a part away.
    """

    province_cost: float = 12.0
    doubt: float = 5.0
    blur: float = 20.0
    window: float = 180.0
    at_least: int = 3
    ripe: float = 40.0
    contradiction: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One fault, or the few lone villages of one small amphoe: what may belong to an event that spans more.

    `alone` is its price (nats) without that of its `count` moments, of which `first` and `last` are known (Unix
    seconds). `power` and `line` are the prices of what OLTs said, under either telling. `proves` says that it stands by
    itself, `is_span` that it spans several places already. `home` is the service centre that works it.
    """

    faults: tuple[FaultId, ...]
    home: str
    places: Places
    count: int
    first: float
    last: float
    alone: float
    power: float
    line: float
    proves: bool
    is_span: bool = False


@dataclass(frozen=True, slots=True)
class Province:
    """What is known of a province: its number of amphoes, and how many villages of each answer."""

    amphoes: int
    answering: Mapping[str, int]


def spans(parts: Sequence[Part], province: Province, policy: SpanPolicy) -> list[list[Part]]:
    """The sets of parts that are one event each; parts in none of them stay apart."""
    found = []
    rest = list(parts)
    while len(rest) > 1:
        event = _best(rest, province, policy)
        if event is None:
            break
        found.append(event)
        rest = [part for part in rest if part not in event]
    return found


def _best(parts: Sequence[Part], province: Province, policy: SpanPolicy) -> list[Part] | None:
    """The most that is one event, found from above: whoever fits least goes first."""
    kept = list(parts)
    saving = _saving(kept, province, policy)
    while len(kept) > 1:
        without = [(_saving([*kept[:n], *kept[n + 1 :]], province, policy), n) for n in range(len(kept))]
        best, number = max(without, key=lambda one: one[0])
        if best <= saving:
            break
        saving = best
        del kept[number]
    return kept if saving >= policy.doubt and _is_proved(kept, policy) else None


def _is_proved(parts: Sequence[Part], policy: SpanPolicy) -> bool:
    return len(parts) >= policy.at_least or (len(parts) > 1 and all(part.proves for part in parts))


def _saving(parts: Sequence[Part], province: Province, policy: SpanPolicy) -> float:
    """What it saves to say that they are one event; of a single part nothing."""
    if len(parts) < 2:  # noqa: PLR2004 - one is nothing to unite
        return 0.0
    apart = sum(_apart(part, province, policy) for part in parts)
    return apart - _together(parts, province, policy)


def _apart(part: Part, province: Province, policy: SpanPolicy) -> float:
    if part.is_span:
        return _together([part], province, policy)
    return part.alone + _moments(part.count, part.last - part.first, policy)


def _together(parts: Sequence[Part], province: Province, policy: SpanPolicy) -> float:
    lost: dict[str, int] = {}
    for part in parts:
        for place, units in part.places.items():
            lost[place] = lost.get(place, 0) + units
    which = choice(len(lost), max(0, province.amphoes - len(lost)))
    which += sum(choice(units, province.answering.get(place, 0)) for place, units in lost.items())
    power, line = [(part.power, part.line) for part in parts], [(part.line, part.power) for part in parts]
    said = min(_said(power, policy), _said(line, policy))
    lasted = max(part.last for part in parts) - min(part.first for part in parts)
    return policy.province_cost + which + said + _moments(sum(part.count for part in parts), lasted, policy)


def _said(prices: Sequence[tuple[float, float]], policy: SpanPolicy) -> float:
    """The price of all words under one telling, of (under this, under the other), beyond reach for whom denies it."""
    denials = sum(this - other > policy.contradiction for this, other in prices)
    return _BEYOND_REACH * denials + sum(this for this, _ in prices)


def choice(taken: int, spared: int) -> float:
    """What it costs to say which of a group were taken: nothing where all were."""
    if not taken or not spared:
        return 0.0
    share = taken / (taken + spared)
    return -taken * log(share) - spared * log(1 - share)


def _moments(count: int, lasted: float, policy: SpanPolicy) -> float:
    """The price of so many moments of one event, if neither its beginning nor its length is known beforehand.

    Uniform moments within an interval, its beginning uniform in the window, its length as likely a second as an hour:
    integrated over both, -ln of lasted^(1 - n) / (n (n - 1) window).
    """
    if count < 2:  # noqa: PLR2004 - one moment has no length
        return log(policy.window)
    return (count - 1) * log(lasted + policy.blur) + log(count * (count - 1)) + log(policy.window)


def chains(parts: Iterable[Part], policy: SpanPolicy) -> list[list[Part]]:
    """Parts that follow each other within the window."""
    found: list[list[Part]] = []
    end = 0.0
    for part in sorted(parts, key=lambda one: (one.first, one.faults)):
        if not found or part.first - end > policy.window:
            found.append([])
            end = part.last
        found[-1].append(part)
        end = max(end, part.last)
    return found


def by_home(event: Sequence[Part]) -> list[list[Part]]:
    """An event's parts by the service centre that works them, where there is more than one."""
    homes: dict[str, list[Part]] = {}
    for part in event:
        homes.setdefault(part.home, []).append(part)
    return [found for _, found in sorted(homes.items()) if len(found) > 1]

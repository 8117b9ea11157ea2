"""Which dead devices are one fault: the cheapest way to tell what happened.

Every explanation has a price in nats, the negative logarithm of its probability, so cheap means likely:

* a device that failed by itself costs -ln(rate): the chance that one given village fails within the time the group's
  failures span, from the share of its feeder or amphoe that was dark before (their own base rate);
* a common fault of a group costs a fixed `feeder_cost` or `amphoe_cost` (such events are rare) plus the price of
  saying which of the group's villages it took: nothing where it took all, much where most still answer.

What OLTs say of the dead has its price, too (`rules.olt_words`): a place is dark for want of power, a feeder's villages
for want of power or line, whichever is cheaper. So a village that gasped amid many whose line was cut keeps its own
fault, and one whose gasp was not heard amid many that gasped does not.

A group is one fault when that is cheaper than "independent" for all its members. Where hypotheses compete (a feeder
and an amphoe share villages), the greatest saving is taken first and the rest is judged again: greedy weighted set
cover. The feeder's price is the lower one, so on equal evidence the line outranks the place.

What is joined are atoms: a dead device without a fault, or an open fault with all its dead devices. Faults are never
taken apart, so the answer only gets coarser while a storm unfolds. A fixed atom (an old fault, or one an operator has
overruled) takes in late arrivals of its own group, but is never moved itself.

Groups that share no atom do not influence each other: an unrelated failure elsewhere changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import log

from netmon.model.faults import Fault, Scope
from netmon.model.inventory import Role
from netmon.model.onus import OltWord
from netmon.rules.diagnosis import Candidate, GroupFacts, dark_units
from netmon.rules.olt_words import price_of_either, price_of_line, price_of_power, words_by_olt
from netmon.rules.spanning import SpanPolicy, choice

GroupKey = tuple[Scope, str]

_COIN = 0.5
"""No chance of failing by itself is taken to be higher, so every failure costs something."""


@dataclass(frozen=True, slots=True)
class ConcludePolicy:
    """Thresholds of correlation. Times are seconds, costs are nats.

    A device waits `settle` after its confirmation before anything is said. Failures at most `window` apart belong
    together. A fault can be merged into another until `merge_within` after it was opened. A group has `at_least` so
    many villages. `repair` is how long a village that fails by itself is dark on average; with the share that is dark
    it gives the rate of such failures. `prior_share` is that share where little is known, worth `prior_villages`.
    A feeder belongs to a power cut when `explained_share` of its villages were dark of it before. `spans` is about what
    takes several places.
    """

    settle: float = 10.0
    window: float = 180.0
    merge_within: float = 300.0
    at_least: int = 3
    repair: float = 14_400.0
    prior_share: float = 0.02
    prior_villages: float = 20.0
    feeder_cost: float = 9.0
    amphoe_cost: float = 10.0
    explained_share: float = 0.5
    spans: SpanPolicy = field(default_factory=SpanPolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """What is joined as a whole: its dead devices, its fault if it has one, and when the first and last failed.

    A fault that spans several amphoes is an atom in each of them; `place` says in which.
    """

    id: str
    roots: tuple[Candidate, ...]
    first: float
    last: float
    fault: Fault | None = None
    place: str = ""
    is_fixed: bool = False

    @property
    def identity(self) -> GroupKey | None:
        """Scope and key of its fault, or of its place in one that spans several."""
        if self.place:
            return Scope.AMPHOE, self.place
        return (self.fault.scope, self.fault.key) if self.fault else None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """These atoms are one fault of this feeder or amphoe; `saving` (nats) against the next best telling."""

    group: GroupKey
    atoms: tuple[Atom, ...]
    saving: float


def choose(
    atoms: Sequence[Atom], groups: Mapping[GroupKey, GroupFacts], policy: ConcludePolicy
) -> tuple[Hypothesis, ...]:
    """The common faults that explain the atoms best, the greatest saving first; atoms in none of them stay alone."""
    heap = [
        (-hypothesis.saving, hypothesis.group[0] is Scope.AMPHOE, hypothesis.group[1], number, hypothesis)
        for number, (group, chain) in enumerate(_variants(_chains(atoms, policy)))
        if (hypothesis := _weigh(group, chain, groups, policy)) is not None
    ]
    heapify(heap)
    taken: set[str] = set()
    chosen = []
    while heap:
        _, is_place, key, number, hypothesis = heappop(heap)
        free = tuple(atom for atom in hypothesis.atoms if atom.id not in taken)
        if len(free) == len(hypothesis.atoms):
            chosen.append(hypothesis)
            taken.update(atom.id for atom in free)
        elif (again := _weigh(hypothesis.group, free, groups, policy)) is not None:
            heappush(heap, (-again.saving, is_place, key, number, again))
    return tuple(chosen)


def _chains(atoms: Sequence[Atom], policy: ConcludePolicy) -> Iterator[tuple[GroupKey, tuple[Atom, ...]]]:
    """Atoms of one group whose failures follow each other within the window."""
    members: dict[GroupKey, list[Atom]] = {}
    for atom in sorted(atoms, key=lambda one: (one.first, one.id)):
        for group in _groups_of(atom):
            members.setdefault(group, []).append(atom)
    for group, found in sorted(members.items()):
        chain, end = [found[0]], found[0].last
        for atom in found[1:]:
            if atom.first - end > policy.window:
                yield group, tuple(chain)
                chain = []
            chain.append(atom)
            end = max(end, atom.last)
        yield group, tuple(chain)


def _variants(chains: Iterable[tuple[GroupKey, tuple[Atom, ...]]]) -> Iterator[tuple[GroupKey, tuple[Atom, ...]]]:
    """Each chain, and for a feeder also without those that gasped: their line was not cut."""
    for group, chain in chains:
        yield group, chain
        silent = tuple(atom for atom in chain if all(root.olt is not OltWord.DYING_GASP for root in atom.roots))
        if group[0] is Scope.FEEDER and 1 < len(silent) < len(chain):
            yield group, silent


def _groups_of(atom: Atom) -> Iterator[GroupKey]:
    """The feeder and the amphoe that all of the atom's devices share; a fixed fault only has its own."""
    if atom.is_fixed:
        if atom.identity is not None and atom.identity[0] is not Scope.DEVICE:
            yield atom.identity
        return
    feeders = {None if root.role is Role.FEEDER else root.feeder_id for root in atom.roots}
    places = {root.amphoe for root in atom.roots}
    if len(feeders) == 1 and (feeder := feeders.pop()) is not None:
        yield Scope.FEEDER, feeder
    if len(places) == 1 and (place := places.pop()):
        yield Scope.AMPHOE, place


def _weigh(
    group: GroupKey, atoms: tuple[Atom, ...], groups: Mapping[GroupKey, GroupFacts], policy: ConcludePolicy
) -> Hypothesis | None:
    """The hypothesis that the atoms are one fault of the group, None where it does not beat "independent"."""
    facts = groups.get(group)
    if facts is None or not atoms[1:] or all(atom.is_fixed for atom in atoms):
        return None
    roots = [root for atom in atoms for root in atom.roots]
    if all(atom.identity != group for atom in atoms) and not _stands(roots, policy):
        return None
    span = max(policy.window, max(atom.last for atom in atoms) - min(atom.first for atom in atoms))
    alone = sum(price_alone(atom, groups, span, policy) for atom in atoms)
    saving = alone - _event_price(group[0], roots, facts, policy)
    return Hypothesis(group, atoms, saving) if saving > 0 else None


def _stands(roots: Sequence[Candidate], policy: ConcludePolicy) -> bool:
    """Whether enough villages fell silent besides those that the largest dead feeder explains already."""
    return unexplained(roots) >= policy.at_least


def unexplained(roots: Sequence[Candidate]) -> int:
    """Villages that fell silent, but for those that the largest dead feeder explains."""
    villages = {village for root in roots if root.role is not Role.FEEDER for village in root.villages}
    feeders = [root for root in roots if root.role is Role.FEEDER]
    explained = max((len(root.villages) - root.below_before for root in feeders), default=0)
    return len(villages) + sum(len(root.villages) for root in feeders) - explained


def price_alone(atom: Atom, groups: Mapping[GroupKey, GroupFacts], span: float, policy: ConcludePolicy) -> float:
    """What the atom costs without the hypothesis: its own common fault, or each device by itself."""
    identity = atom.identity
    if identity in groups and identity is not None and not _is_feeder_itself(atom):
        return _event_price(identity[0], atom.roots, groups[identity], policy)
    return sum(_own_price(root, groups, span, policy) for root in atom.roots)


def _own_price(root: Candidate, groups: Mapping[GroupKey, GroupFacts], span: float, policy: ConcludePolicy) -> float:
    """What it costs that a device failed by itself, at the base rate of the worse of its feeder and its amphoe.

    The price must not depend on the hypothesis it is compared with, or the larger group would win for its size.
    """
    prior = policy.prior_share * policy.prior_villages
    known = [groups.get((Scope.FEEDER, root.feeder_id or "")), groups.get((Scope.AMPHOE, root.amphoe))]
    bases = [(one.dark_before + prior) / (one.villages + policy.prior_villages) for one in known if one is not None]
    rate = max(bases, default=policy.prior_share) * span / policy.repair
    return -log(min(_COIN, rate)) + price_of_either(root.olt)


def _is_feeder_itself(atom: Atom) -> bool:
    return len(atom.roots) == 1 and atom.roots[0].role is Role.FEEDER


def _event_price(scope: Scope, roots: Sequence[Candidate], facts: GroupFacts, policy: ConcludePolicy) -> float:
    words = words_by_olt((root.feeder_id or "", root.olt) for root in roots)
    event = price_of_power(words)
    if scope is Scope.FEEDER:
        event = min(event, price_of_line(words))
    event += policy.feeder_cost if scope is Scope.FEEDER else policy.amphoe_cost
    return event + choice(dark_units(roots), facts.answering)

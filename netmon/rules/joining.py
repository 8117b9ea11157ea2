"""Faults that stand by themselves become one where they are one event (`rules.spanning`).

Whether they are is judged of a whole province, for what darkens it shows best in the whole. What becomes one is the
fault of each service centre, so that a centre gets one ticket, which ends when its own villages are back. Faults that
people have worked on for too long, or an operator has explained, take no part, nor does what fails for itself.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from netmon.model.faults import Cause, Fault, Scope
from netmon.rules.board import Board, unite
from netmon.rules.correlation import Atom, GroupKey, price_alone, unexplained
from netmon.rules.diagnosis import Candidate, dark_units
from netmon.rules.olt_words import price_of_line, price_of_power_heard, words_by_olt
from netmon.rules.spanning import Part, Province, by_home, chains, spans

ALONE = frozenset({Cause.ACCESS_POINT, Cause.AGENT, Cause.DEGRADED, Cause.UNUSED})
"""What never has a cause in common with its neighbours."""


def join_spans(board: Board) -> None:
    """Unite what one event has done to several feeders or amphoes, centre by centre."""
    policy = board.policy.spans
    for code, parts in _parts(board).items():
        for chain in chains(parts, policy):
            if by_home(chain):
                for event in spans(chain, _province(board, code, chain), policy):
                    for together in by_home(event):
                        _unite(board, together)


def _province(board: Board, code: str, parts: Sequence[Part]) -> Province:
    places = {place for part in parts for place in part.places}
    groups = board.situation.groups
    answering = {one: groups[Scope.AMPHOE, one].answering for one in places if (Scope.AMPHOE, one) in groups}
    return Province(board.situation.amphoes.get(code, len(places)), answering)


def _parts(board: Board) -> dict[str, list[Part]]:
    """What may be a part of something larger, and has shown what it is, by province."""
    found: dict[str, list[Part]] = {}
    crowded = _crowded(board)
    lone: dict[str, list[tuple[Fault, Candidate]]] = {}
    for fault, roots in _joinable(board):
        provinces = {root.amphoe[:2] for root in roots}
        if len(provinces) > 1 or provinces.isdisjoint(crowded):
            continue
        if fault.scope is Scope.DEVICE:
            lone.setdefault(roots[0].amphoe, []).append((fault, roots[0]))
        else:
            found.setdefault(provinces.pop(), []).append(_part(board, [fault], roots))
    for place, singles in lone.items():
        if _is_most_of(board, place, dark_units([root for _, root in singles])):
            part = _part(board, [fault for fault, _ in singles], [root for _, root in singles])
            found.setdefault(place[:2], []).append(part)
    return found


def _crowded(board: Board) -> set[str]:
    """Provinces in which a service centre has more than one fault: elsewhere there is nothing to unite."""
    homes: Counter[tuple[str, str]] = Counter()
    for fault in board.faults.values():
        if fault.is_open:
            live = (one.device for one in fault.members if one.recovered_at is None)
            root = next((board.dead[device] for device in live if device in board.dead), None)
            if root is not None and root.amphoe:
                homes[root.amphoe[:2], root.centre] += 1
    return {province for (province, _), number in homes.items() if number > 1}


def _joinable(board: Board) -> Iterator[tuple[Fault, tuple[Candidate, ...]]]:
    for fault in board.faults.values():
        if not fault.is_open or fault.cause in ALONE or board.is_fixed(fault):
            continue
        if board.wall - fault.failed_at < board.policy.spans.ripe:
            continue
        roots = board.dead_of(fault)
        if roots and not (fault.scope is Scope.DEVICE and roots[0].fails_for_itself):
            yield fault, roots


def _is_most_of(board: Board, place: str, dark: int) -> bool:
    """A village or two are an outage of their place where it has hardly more."""
    facts = board.situation.groups.get((Scope.AMPHOE, place))
    return facts is not None and dark >= board.policy.explained_share * (dark + facts.answering)


def _part(board: Board, faults: Sequence[Fault], roots: Sequence[Candidate]) -> Part:
    groups, policy = board.situation.groups, board.policy
    dead = {root.device for root in roots}
    moments = [member.failed_at for fault in faults for member in fault.members if member.device in dead]
    words = words_by_olt((root.feeder_id or "", root.olt) for root in roots)
    atoms = [
        Atom(
            id=fault.id,
            roots=tuple(r for r in roots if board.owner[r.device] == fault.id),
            first=0,
            last=0,
            fault=fault,
        )
        for fault in faults
    ]
    is_span = faults[0].scope is Scope.AMPHOES
    return Part(
        faults=tuple(fault.id for fault in faults),
        home=roots[0].centre,
        places=_places(roots),
        count=len(moments),
        first=min(moments),
        last=max(moments),
        alone=0.0 if is_span else sum(price_alone(atom, groups, policy.window, policy) for atom in atoms),
        power=price_of_power_heard(words),
        line=price_of_line(words),
        proves=faults[0].scope is not Scope.DEVICE and unexplained(roots) >= policy.at_least,
        is_span=is_span,
    )


def _places(roots: Sequence[Candidate]) -> Counter[str]:
    by_place: dict[str, list[Candidate]] = {}
    for root in roots:
        by_place.setdefault(root.amphoe, []).append(root)
    return Counter({place: dark_units(found) for place, found in by_place.items()})


def _unite(board: Board, parts: Sequence[Part]) -> None:
    faults = sorted((board.faults[one] for part in parts for one in part.faults), key=board.age_order)
    identity = _identity(board, faults, {place for part in parts for place in part.places})
    if identity is not None:
        unite(board, identity, faults, ())


def _identity(board: Board, faults: Sequence[Fault], places: set[str]) -> GroupKey | None:
    """What the united fault is about; None where another fault is about just that."""
    own = {fault.id for fault in faults}
    if len(places) == 1:
        wanted = [(Scope.AMPHOE, places.pop())]
    else:
        oldest = [board.dead_of(fault)[0].amphoe for fault in faults]
        spanning = [fault.key for fault in faults if fault.scope is Scope.AMPHOES]
        wanted = [(Scope.AMPHOES, key) for key in (*spanning, *oldest, *sorted(places))]
    return next((one for one in wanted if board.holder.get(one, faults[0].id) in own), None)


def spanned_by(board: Board, feeder: Candidate) -> Fault | None:
    """The open power cut over several amphoes that has darkened villages of this feeder."""
    for fault in board.faults.values():
        if fault.is_open and fault.scope is Scope.AMPHOES and fault.cause is Cause.POWER:
            if set(fault.dark_villages).intersection(feeder.villages):
                return fault
    return None


__all__ = ["ALONE", "join_spans", "spanned_by"]

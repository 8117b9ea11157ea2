"""From dead devices to faults: what is opened, extended, merged, relabelled and ended.

`conclude` looks at the whole situation each time and returns the faults that are new or changed. It is a pure
function, and it repeats itself until nothing changes any more, so calling it again with its result applied returns
nothing. The order of one round:

1. A dead root that stands above what was a root before absorbs it: the child is merely behind it now.
2. Devices and young faults that belong together become one fault (`rules.correlation`). The oldest fault survives and
   takes the group's scope and key, so its tickets live on; younger ones end as merged.
3. Whatever is left alone and is settled gets a fault of its own. Only a feeder that dies in a district whose power
   is out, most of its villages dark already, joins that fault, hours later too: its battery ran out.
4. Faults that one event has caused in several places become one for each service centre (`rules.joining`).
5. A single fault whose witnesses have since said more, with more confidence, is relabelled, and a common one of which
   OLTs have since said otherwise.

Before the rounds, members that recovered or were retired are marked, and faults without a dead member end. Villages
that stay dead when their feeder returns stay in its fault. A cause that an operator has overruled is never touched,
nor is such a fault merged away.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from netmon.model.faults import Cause, Fault, Member, Resolution, Scope
from netmon.model.ids import DeviceId, FaultId
from netmon.model.inventory import Role
from netmon.model.onus import OltWord
from netmon.rules.board import Board, explained, labelled, live_devices, unite
from netmon.rules.correlation import Atom, ConcludePolicy, GroupKey, choose
from netmon.rules.diagnosis import Candidate, GroupFacts, Witness, diagnose, diagnose_group
from netmon.rules.joining import ALONE, join_spans, spanned_by
from netmon.rules.situation import Situation

__all__ = ["Candidate", "ConcludePolicy", "GroupFacts", "Situation", "Witness", "conclude"]


def conclude(situation: Situation, policy: ConcludePolicy, new_id: Callable[[], FaultId]) -> tuple[Fault, ...]:
    """Every fault that is new or changed, ended ones included; what was said before comes first."""
    board = Board(situation, policy, new_id)
    for fault in situation.faults:
        board.put(fault)
    for fault in situation.faults:
        _settle_members(board, fault)
    while True:
        before = dict(board.faults)
        _absorb(board)
        _correlate(board)
        _open_singles(board)
        join_spans(board)
        _relabel(board)
        if board.faults == before:
            return _outcome(board, {fault.id: fault for fault in situation.faults})


def _settle_members(board: Board, fault: Fault) -> None:
    """Mark members that recovered or were retired, and end the fault if nothing of it is dark any more."""
    situation, wall = board.situation, board.wall
    live = live_devices(fault)
    if live and situation.recovered.isdisjoint(live) and situation.retired.isdisjoint(live):
        return
    healed = fault.with_recovered(situation.recovered, wall)
    after = _with_leftovers(board, fault, healed).with_recovered(situation.retired, wall)
    if live_devices(after) or not after.members:
        board.put(after)
        return
    was_retired = bool(live) and situation.retired.issuperset(live)
    resolution = Resolution.INVENTORY if was_retired else Resolution.RECOVERED
    board.put(replace(after, resolved_at=wall, resolution=resolution))


def _with_leftovers(board: Board, before: Fault, healed: Fault) -> Fault:
    """A feeder is back, but some villages behind it are still dead: they stay in its fault, dark since it failed.

    Else their volunteers would be told that all is well, and minutes later that it is not.
    """
    back = [m for m in before.members if m.recovered_at is None and m.device in board.situation.recovered]
    since = {village: member.failed_at for member in back if len(member.villages) > 1 for village in member.villages}
    if not since:
        return healed
    roots = [
        one
        for one in board.situation.dead
        if one.device not in board.owner and not one.fails_for_itself and since.keys() >= set(one.villages)
    ]
    left = [Member(one.device, one.villages, min(since[v] for v in one.villages)) for one in roots if one.villages]
    after = healed.with_members(left)
    return explained(board, after) if left and after.cause is Cause.FEEDER else after


def _absorb(board: Board) -> None:
    """A dead root takes over the faults of what is now behind it, if both fell silent together."""
    below: dict[DeviceId, list[DeviceId]] = {}
    for child, root in sorted(board.situation.absorbed.items()):
        if _is_absorbable(board, child, root):
            below.setdefault(root, []).append(child)
    for device, children in below.items():
        above = board.dead[device]
        faults = {board.owner[child] for child in (*children, device) if child in board.owner}
        found = sorted((board.faults[one] for one in faults), key=board.age_order)
        unite(board, _absorbing_identity(board, above, found), found, [above], drop=children)


def _absorbing_identity(board: Board, root: Candidate, faults: Sequence[Fault]) -> GroupKey:
    """What the united fault is about: what an operator spoke of, else a whole place, else the root."""
    home = board.faults.get(board.owner.get(root.device, FaultId("")))
    if home is not None and home.overruled_by:
        return home.scope, home.key
    wide = [one for scope in (Scope.AMPHOES, Scope.AMPHOE) for one in faults if one.scope is scope]
    return (wide[0].scope, wide[0].key) if wide else root.identity


def _is_absorbable(board: Board, child: DeviceId, root: DeviceId) -> bool:
    above, fault = board.dead.get(root), board.faults.get(board.owner.get(child, FaultId("")))
    if above is None or fault is None or fault.overruled_by or not board.is_settled(above):
        return False
    failed_at = next(member.failed_at for member in fault.members if member.device == child)
    return abs(failed_at - above.failed_at) <= board.policy.window


def _correlate(board: Board) -> None:
    atoms = [*_fault_atoms(board), *_device_atoms(board)]
    for hypothesis in choose(atoms, board.situation.groups, board.policy):
        faults = [board.faults[atom.fault.id] for atom in hypothesis.atoms if atom.fault is not None]
        roots = [root for atom in hypothesis.atoms if atom.fault is None for root in atom.roots]
        spanning = min((one for one in faults if one.scope is Scope.AMPHOES), key=board.age_order, default=None)
        if spanning is None:
            unite(board, hypothesis.group, faults, roots)
        else:  # what spans several places takes in what happens in one of them, and is never taken in
            others = [one for one in faults if one.scope is not Scope.AMPHOES and not board.is_fixed(one)]
            unite(board, (spanning.scope, spanning.key), [spanning, *others], roots)


def _fault_atoms(board: Board) -> Iterable[Atom]:
    for fault in board.faults.values():
        roots = board.dead_of(fault) if fault.is_open and fault.cause not in ALONE else ()
        if not roots or (fault.scope is Scope.DEVICE and roots[0].fails_for_itself):
            continue
        moments = {member.device: member.failed_at for member in fault.members if member.recovered_at is None}
        if fault.scope is Scope.AMPHOES:
            places: dict[str, list[Candidate]] = {}
            for root in roots:
                places.setdefault(root.amphoe, []).append(root)
            for place, found in places.items():
                yield _atom(board, fault, tuple(found), [moments[root.device] for root in found], place)
        else:
            yield _atom(board, fault, roots, list(moments.values()))


def _atom(board: Board, fault: Fault, roots: tuple[Candidate, ...], moments: Sequence[float], place: str = "") -> Atom:
    return Atom(
        id=f"{fault.id}/{place}" if place else fault.id,
        roots=roots,
        first=min(moments),
        last=max(moments),
        fault=fault,
        place=place,
        is_fixed=board.is_fixed(fault),
    )


def _device_atoms(board: Board) -> Iterable[Atom]:
    for candidate in _unclaimed(board):
        if not candidate.fails_for_itself:
            moment = candidate.failed_at
            yield Atom(id=candidate.device, roots=(candidate,), first=moment, last=moment)


def _unclaimed(board: Board) -> list[Candidate]:
    dead = (one for one in board.situation.dead if one.device not in board.owner and board.is_settled(one))
    return [one for one in dead if not _is_listed_with_its_feeder(board, one)]


def _is_listed_with_its_feeder(board: Board, root: Candidate) -> bool:
    """Its feeder answers again but is not over it yet: the village is still dark of what took the feeder."""
    home = None if root.feeder_id is None or root.feeder_id in board.dead else board.owner.get(root.feeder_id)
    if home is None or root.fails_for_itself:
        return False
    member = next(one for one in board.faults[home].members if one.device == root.feeder_id)
    return set(root.villages) <= set(member.villages)


def _open_singles(board: Board) -> None:
    for candidate in _unclaimed(board):
        unite(board, _home_identity(board, candidate), (), [candidate])


def _home_identity(board: Board, candidate: Candidate) -> GroupKey:
    """Its own, unless it is a feeder whose villages had lost their power before: its battery ran out."""
    if candidate.role is not Role.FEEDER:
        return candidate.identity
    home = board.holder.get((Scope.AMPHOE, candidate.amphoe))
    fault = board.faults[home] if home is not None else spanned_by(board, candidate)
    if fault is None or fault.cause is not Cause.POWER:
        return candidate.identity
    dark_already = set(fault.dark_villages).intersection(candidate.villages)
    explained = len(dark_already) >= board.policy.explained_share * len(candidate.villages)
    return (fault.scope, fault.key) if dark_already and explained else candidate.identity


_REASONS = (OltWord.DYING_GASP, OltWord.LOSS_OF_SIGNAL)


def _relabel(board: Board) -> None:
    """Witnesses that were unsure may have spoken since. Confidence only grows, so causes do not flicker.

    A common fault is judged anew only where OLTs have spoken: else it is whenever somebody joins it.
    """
    for fault in list(board.faults.values()):
        roots = board.dead_of(fault) if fault.is_open and not fault.overruled_by else ()
        is_single = len(roots) == 1 and roots[0].identity == (fault.scope, fault.key)
        if is_single:
            finding = diagnose(roots[0], board.wall)
        elif fault.scope is not Scope.DEVICE and any(root.olt in _REASONS for root in roots):
            finding = diagnose_group(fault.scope, fault.key, roots, board.situation.groups, board.wall)
        else:
            continue
        if finding.confidence > fault.confidence and (is_single or finding.cause is not fault.cause):
            board.put(labelled(fault, finding))


def _outcome(board: Board, before: Mapping[FaultId, Fault]) -> tuple[Fault, ...]:
    """What differs from before. A fault that began and ended in this very conclusion was never heard of."""
    changed = []
    for fault in board.faults.values():
        if fault == before.get(fault.id) or (fault.id not in before and not fault.is_open):
            continue
        into = fault.merged_into
        while into is not None and (heir := board.faults[into].merged_into) is not None:
            into = heir
        changed.append(fault if into == fault.merged_into else replace(fault, merged_into=into))
    return tuple(_side_by_side(changed, before))


def _side_by_side(changed: Sequence[Fault], before: Mapping[FaultId, Fault]) -> Iterable[Fault]:
    """The same, what must be written in one go next to each other: mergers, and who takes over another's identity.

    Else a storm's many mergers would be so entangled that all of it had to be written at once.
    """
    heads: dict[FaultId, FaultId] = {fault.id: fault.id for fault in changed}

    def head(one: FaultId) -> FaultId:
        while heads[one] != one:
            one = heads[one]
        return one

    held = {(one.scope, one.key): one.id for fault in changed if (one := before.get(fault.id)) is not None}
    for fault in changed:
        for other in (fault.merged_into, held.get((fault.scope, fault.key)) if fault.is_open else None):
            if other is not None and other in heads:
                heads[head(fault.id)] = head(other)
    groups: dict[FaultId, list[Fault]] = {}
    for fault in changed:
        groups.setdefault(head(fault.id), []).append(fault)
    return chain.from_iterable(groups.values())

"""From dead devices to faults: what is opened, extended, merged, relabelled and ended.

`conclude` looks at the whole situation each time and returns the faults that are new or changed. It is a pure
function, and it repeats itself until nothing changes any more, so calling it again with its result applied returns
nothing. The order of one round:

1. A dead root that stands above what was a root before absorbs it: the child is merely behind it now.
2. Devices and young faults that belong together become one fault (`rules.correlation`). The oldest fault survives and
   takes the group's scope and key, so its tickets live on; younger ones end as merged.
3. Whatever is left alone and is settled gets a fault of its own. Only a feeder that dies in a district whose power
   is out, most of its villages dark already, joins that fault, hours later too: its battery ran out.
4. A single fault whose witnesses have since said more, with more confidence, is relabelled.

Before the rounds, members that recovered or were retired are marked, and faults without a dead member end. A cause
that an operator has overruled is never touched, nor is such a fault merged away.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from netmon.model.faults import Cause, Fault, Member, Resolution, Scope
from netmon.model.ids import DeviceId, FaultId
from netmon.model.inventory import Role
from netmon.model.time import Now
from netmon.rules.correlation import Atom, ConcludePolicy, GroupKey, choose
from netmon.rules.diagnosis import Candidate, Finding, GroupFacts, Witness, diagnose, diagnose_group

__all__ = ["Candidate", "ConcludePolicy", "GroupFacts", "Situation", "Witness", "conclude"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that is concluded from.

    `faults` are the open ones. `dead` are all current dead roots, members of faults too. `recovered` are members that
    are steadily up. `absorbed` maps a former dead root to the dead root above it, behind which it now is. `groups`
    has the facts of each feeder and amphoe that a dead root belongs to; a group without facts is not considered.
    """

    faults: tuple[Fault, ...]
    dead: tuple[Candidate, ...]
    now: Now
    recovered: frozenset[DeviceId] = frozenset()
    retired: frozenset[DeviceId] = frozenset()
    absorbed: Mapping[DeviceId, DeviceId] = field(default_factory=dict)
    groups: Mapping[GroupKey, GroupFacts] = field(default_factory=dict)


def conclude(situation: Situation, policy: ConcludePolicy, new_id: Callable[[], FaultId]) -> tuple[Fault, ...]:
    """Every fault that is new or changed, ended ones included; what was said before comes first."""
    board = _Board(situation, policy, new_id)
    for fault in situation.faults:
        board.put(_settle_members(fault, situation))
    while True:
        before = dict(board.faults)
        _absorb(board)
        _correlate(board)
        _open_singles(board)
        _relabel(board)
        if board.faults == before:
            return _outcome(board, {fault.id: fault for fault in situation.faults})


class _Board:
    """Working state of one conclusion: faults by id, who belongs to which open one, and which identity is taken."""

    def __init__(self, situation: Situation, policy: ConcludePolicy, new_id: Callable[[], FaultId]) -> None:
        self.situation, self.policy, self.new_id = situation, policy, new_id
        self.wall = situation.now.wall
        self.faults: dict[FaultId, Fault] = {}
        self.owner: dict[DeviceId, FaultId] = {}
        self.holder: dict[GroupKey, FaultId] = {}
        self.dead = {candidate.device: candidate for candidate in situation.dead}
        self.known = frozenset(fault.id for fault in situation.faults)

    def put(self, fault: Fault) -> None:
        """Take a new state of a fault and keep the look-ups true."""
        old = self.faults.get(fault.id)
        if old is not None:
            self.holder.pop((old.scope, old.key), None)
            for device in _live(old):
                self.owner.pop(device, None)
        self.faults[fault.id] = fault
        if fault.is_open:
            self.holder[fault.scope, fault.key] = fault.id
            self.owner.update(dict.fromkeys(_live(fault), fault.id))

    def is_settled(self, candidate: Candidate) -> bool:
        """Long enough confirmed that isolation or neighbours would have shown."""
        return self.wall - candidate.confirmed_at >= self.policy.settle

    def is_fixed(self, fault: Fault) -> bool:
        """Never moved or merged away: an operator has spoken, or people have worked on it for too long."""
        return bool(fault.overruled_by) or self.wall - fault.opened_at > self.policy.merge_within

    def dead_of(self, fault: Fault) -> tuple[Candidate, ...]:
        """The fault's members that are dead roots right now."""
        return tuple(self.dead[device] for device in sorted(_live(fault)) if device in self.dead)

    def age_order(self, fault: Fault) -> tuple[bool, float, str]:
        """Oldest first; what is on record goes before what this very conclusion opened."""
        return fault.id not in self.known, fault.opened_at, fault.id


def _live(fault: Fault) -> list[DeviceId]:
    return [member.device for member in fault.members if member.recovered_at is None]


def _settle_members(fault: Fault, situation: Situation) -> Fault:
    """The fault with recovered and retired members marked, ended if none is left."""
    wall = situation.now.wall
    healed = fault.with_recovered(situation.recovered, wall)
    after = healed.with_recovered(situation.retired, wall)
    if _live(after) or not after.members:
        return after
    ended = _live(fault)
    was_retired = bool(ended) and situation.retired.issuperset(ended)
    return replace(after, resolved_at=wall, resolution=Resolution.INVENTORY if was_retired else Resolution.RECOVERED)


def _absorb(board: _Board) -> None:
    """A dead root takes over the faults of what is now behind it, if both fell silent together."""
    below: dict[DeviceId, list[DeviceId]] = {}
    for child, root in sorted(board.situation.absorbed.items()):
        if _is_absorbable(board, child, root):
            below.setdefault(root, []).append(child)
    for device, children in below.items():
        above = board.dead[device]
        faults = {board.owner[child] for child in (*children, device) if child in board.owner}
        found = sorted((board.faults[one] for one in faults), key=board.age_order)
        _unite(board, _absorbing_identity(board, above, found), found, [above], drop=children)


def _absorbing_identity(board: _Board, root: Candidate, faults: Sequence[Fault]) -> GroupKey:
    """What the united fault is about: what an operator spoke of, else a whole place, else the root."""
    home = board.faults.get(board.owner.get(root.device, FaultId("")))
    if home is not None and home.overruled_by:
        return home.scope, home.key
    return next(((one.scope, one.key) for one in faults if one.scope is Scope.AMPHOE), root.identity)


def _is_absorbable(board: _Board, child: DeviceId, root: DeviceId) -> bool:
    above, fault = board.dead.get(root), board.faults.get(board.owner.get(child, FaultId("")))
    if above is None or fault is None or fault.overruled_by or not board.is_settled(above):
        return False
    failed_at = next(member.failed_at for member in fault.members if member.device == child)
    return abs(failed_at - above.failed_at) <= board.policy.window


def _correlate(board: _Board) -> None:
    atoms = [*_fault_atoms(board), *_device_atoms(board)]
    for hypothesis in choose(atoms, board.situation.groups, board.policy):
        faults = [board.faults[atom.fault.id] for atom in hypothesis.atoms if atom.fault is not None]
        roots = [root for atom in hypothesis.atoms if atom.fault is None for root in atom.roots]
        _unite(board, hypothesis.group, faults, roots)


_ALONE = frozenset({Cause.ACCESS_POINT, Cause.AGENT, Cause.DEGRADED, Cause.UNUSED})


def _fault_atoms(board: _Board) -> Iterable[Atom]:
    for fault in board.faults.values():
        roots = board.dead_of(fault) if fault.is_open and fault.cause not in _ALONE else ()
        if not roots or (fault.scope is Scope.DEVICE and roots[0].fails_for_itself):
            continue
        moments = [member.failed_at for member in fault.members if member.recovered_at is None]
        yield Atom(
            id=fault.id,
            roots=roots,
            first=min(moments),
            last=max(moments),
            fault=fault,
            is_fixed=board.is_fixed(fault),
        )


def _device_atoms(board: _Board) -> Iterable[Atom]:
    for candidate in _unclaimed(board):
        if not candidate.fails_for_itself:
            moment = candidate.failed_at
            yield Atom(id=candidate.device, roots=(candidate,), first=moment, last=moment)


def _unclaimed(board: _Board) -> list[Candidate]:
    return [one for one in board.situation.dead if one.device not in board.owner and board.is_settled(one)]


def _unite(
    board: _Board, group: GroupKey, faults: Sequence[Fault], roots: Sequence[Candidate], drop: Sequence[DeviceId] = ()
) -> None:
    """Make one fault of these faults and devices; whoever holds the identity already takes part."""
    holder = board.faults.get(board.holder.get(group, FaultId("")))
    parts = {fault.id: fault for fault in (*faults, *([holder] if holder else []))}
    if holder is not None and board.is_fixed(holder):
        survivor = holder
    elif parts:
        survivor = min(parts.values(), key=board.age_order)
    else:
        survivor = _blank(board, group)
    merged = [fault for fault in parts.values() if fault.id != survivor.id]
    for fault in merged:
        board.put(replace(fault, resolved_at=board.wall, resolution=Resolution.MERGED, merged_into=survivor.id))
    members = _members((survivor, *merged), roots, drop)
    united = replace(survivor, scope=group[0], key=group[1], members=members)
    alike = united.members == survivor.members and group == (survivor.scope, survivor.key)
    board.put(survivor if alike else _explained(board, united))


def _blank(board: _Board, group: GroupKey) -> Fault:
    return Fault(
        id=board.new_id(),
        scope=group[0],
        key=group[1],
        cause=Cause.UNKNOWN,
        confidence=0.0,
        opened_at=board.wall,
        members=(),
    )


def _members(faults: Sequence[Fault], roots: Sequence[Candidate], drop: Sequence[DeviceId]) -> tuple[Member, ...]:
    """All members, each device once: a dead one replaces its recovered self, the survivor's word goes first."""
    members = {member.device: member for fault in faults[:1] for member in fault.members}
    for fault in faults[1:]:
        for member in fault.members:
            known = members.get(member.device)
            if known is None or (known.recovered_at is not None and member.recovered_at is None):
                members[member.device] = member
    for root in roots:
        known = members.get(root.device)
        if known is None or known.recovered_at is not None:
            members[root.device] = Member(root.device, root.villages, root.failed_at)
    return tuple(member for member in members.values() if member.device not in drop)


def _explained(board: _Board, fault: Fault) -> Fault:
    """The fault with its cause judged anew, unless an operator has overruled it."""
    roots = board.dead_of(fault)
    if fault.overruled_by or not roots:
        return fault
    if len(roots) == 1 and roots[0].identity == (fault.scope, fault.key):
        finding = diagnose(roots[0], board.wall)
    else:
        finding = diagnose_group(fault.scope, fault.key, roots, board.situation.groups, board.wall)
    return _labelled(fault, finding)


def _labelled(fault: Fault, finding: Finding) -> Fault:
    return replace(fault, cause=finding.cause, confidence=finding.confidence, evidence=finding.evidence)


def _open_singles(board: _Board) -> None:
    for candidate in _unclaimed(board):
        _unite(board, _home_identity(board, candidate), (), [candidate])


def _home_identity(board: _Board, candidate: Candidate) -> GroupKey:
    """Its own, unless it is a feeder whose villages had lost their power before: its battery ran out."""
    place = (Scope.AMPHOE, candidate.amphoe)
    fault = board.faults.get(board.holder.get(place, FaultId("")))
    if candidate.role is not Role.FEEDER or fault is None or fault.cause is not Cause.POWER:
        return candidate.identity
    dark_already = set(fault.dark_villages).intersection(candidate.villages)
    explained = len(dark_already) >= board.policy.explained_share * len(candidate.villages)
    return place if dark_already and explained else candidate.identity


def _relabel(board: _Board) -> None:
    """Witnesses that were unsure may have spoken since. Confidence only grows, so causes do not flicker."""
    for fault in list(board.faults.values()):
        roots = board.dead_of(fault) if fault.is_open and not fault.overruled_by else ()
        if len(roots) != 1 or roots[0].identity != (fault.scope, fault.key):
            continue
        finding = diagnose(roots[0], board.wall)
        if finding.confidence > fault.confidence:
            board.put(_labelled(fault, finding))


def _outcome(board: _Board, before: Mapping[FaultId, Fault]) -> tuple[Fault, ...]:
    """What differs from before. A fault that began and ended in this very conclusion was never heard of."""
    changed = []
    for fault in board.faults.values():
        if fault == before.get(fault.id) or (fault.id not in before and not fault.is_open):
            continue
        into = fault.merged_into
        while into is not None and (heir := board.faults[into].merged_into) is not None:
            into = heir
        changed.append(fault if into == fault.merged_into else replace(fault, merged_into=into))
    return tuple(changed)

"""The working state of one conclusion, and the one way in which faults and devices become one fault."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from netmon.model.faults import Cause, Evidence, EvidenceKind, Fault, Member, Resolution
from netmon.model.ids import DeviceId, FaultId
from netmon.rules.correlation import ConcludePolicy, GroupKey
from netmon.rules.diagnosis import Candidate, Finding, diagnose, diagnose_group
from netmon.rules.situation import Situation

_ENOUGH_GASPS = 2
"""One village may have pulled its plug just then."""


class Board:
    """Working state of one conclusion: faults by id, who belongs to which open one, and which identity is taken."""

    def __init__(self, situation: Situation, policy: ConcludePolicy, new_id: Callable[[], FaultId]) -> None:
        self.situation, self.policy, self.new_id = situation, policy, new_id
        self.wall = situation.now.wall
        self.faults: dict[FaultId, Fault] = {}
        self.owner: dict[DeviceId, FaultId] = {}
        self.holder: dict[GroupKey, FaultId] = {}
        self.dead = {candidate.device: candidate for candidate in situation.dead}
        self._dead_of: dict[FaultId, tuple[Fault, tuple[Candidate, ...]]] = {}
        self.known = frozenset(fault.id for fault in situation.faults)

    def put(self, fault: Fault) -> None:
        """Take a new state of a fault and keep the look-ups true."""
        old = self.faults.get(fault.id)
        if old is not None:
            self.holder.pop((old.scope, old.key), None)
            for device in live_devices(old):
                self.owner.pop(device, None)
        self.faults[fault.id] = fault
        if fault.is_open:
            self.holder[fault.scope, fault.key] = fault.id
            self.owner.update(dict.fromkeys(live_devices(fault), fault.id))

    def is_settled(self, candidate: Candidate) -> bool:
        """Long enough confirmed that isolation or neighbours would have shown."""
        return self.wall - candidate.confirmed_at >= self.policy.settle

    def is_fixed(self, fault: Fault) -> bool:
        """Never moved or merged away: an operator has spoken, or people have worked on it for too long."""
        return bool(fault.overruled_by) or self.wall - fault.opened_at > self.policy.merge_within

    def dead_of(self, fault: Fault) -> tuple[Candidate, ...]:
        """The fault's members that are dead roots right now; remembered, for a storm asks of the same fault often."""
        known = self._dead_of.get(fault.id)
        if known is None or known[0] is not fault:
            roots = tuple(self.dead[device] for device in sorted(live_devices(fault)) if device in self.dead)
            known = self._dead_of[fault.id] = (fault, roots)
        return known[1]

    def age_order(self, fault: Fault) -> tuple[bool, float, str]:
        """Oldest first; what is on record goes before what this very conclusion opened."""
        return fault.id not in self.known, fault.opened_at, fault.id


def live_devices(fault: Fault) -> list[DeviceId]:
    """Members that have not recovered."""
    return [member.device for member in fault.members if member.recovered_at is None]


def unite(
    board: Board, group: GroupKey, faults: Sequence[Fault], roots: Sequence[Candidate], drop: Sequence[DeviceId] = ()
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
    board.put(survivor if alike else explained(board, united))


def _blank(board: Board, group: GroupKey) -> Fault:
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


def explained(board: Board, fault: Fault) -> Fault:
    """The fault with its cause judged anew, unless an operator has overruled it."""
    roots = board.dead_of(fault)
    if fault.overruled_by or not roots:
        return fault
    if len(roots) == 1 and roots[0].identity == (fault.scope, fault.key):
        finding = diagnose(roots[0], board.wall)
    else:
        finding = diagnose_group(fault.scope, fault.key, roots, board.situation.groups, board.wall)
    return labelled(fault, finding)


def _have_gasped(fault: Fault) -> bool:
    gasps = [one.count for one in fault.evidence if one.kind is EvidenceKind.OLT_DYING_GASPS]
    return max(gasps, default=0) >= _ENOUGH_GASPS


def _new(said: Sequence[Evidence], before: Sequence[Evidence]) -> Iterator[Evidence]:
    known = {(one.kind, one.subject) for one in before}
    return (one for one in said if (one.kind, one.subject) not in known)


def labelled(fault: Fault, finding: Finding) -> Fault:
    """The fault with this cause and what it rests on.

    But where an OLT heard villages gasp before it fell silent itself, it is the power: its own has run out, too.
    """
    if finding.cause is Cause.FEEDER and fault.cause is Cause.POWER and _have_gasped(fault):
        return replace(fault, evidence=(*fault.evidence, *_new(finding.evidence, fault.evidence)))
    return replace(fault, cause=finding.cause, confidence=finding.confidence, evidence=finding.evidence)

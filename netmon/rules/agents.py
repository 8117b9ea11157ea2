"""SNMP agents that keep silent while their devices answer ping: one fault of cause `agent` each, or one for many.

An agent is silent after `rounds` polls in a row without an answer, more where the line is lossy, and speaks again after
`steady` answers in a row: an agent that answers now and then would else open a ticket an hour. Only an agent that has
spoken before can fall silent. One that never did was given a wrong community when it was installed, or none, and that
is no fault of today.

Many at once have one cause, and it is none of theirs:

    behind one feeder    most of its agents: its management network, or a list of permitted managers. One fault
                         (AGENTS), into which young faults of single agents there are merged.
    in an area           a good part of the agents of a province or of the whole country, on several feeders: netmon's
                         own socket, a firewall on the way, a community changed everywhere, a firmware that hangs at
                         midnight. One fault (AREA_AGENTS) without villages or devices, so without a ticket: no service
                         centre can repair it. Faults of single agents wait until it is over.

To know that before the first of them is called silent, those that merely began to miss polls (`quiet`) are counted too:
polls are spread over a round, so agents that fall silent together are called silent one after the other.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, log

from netmon.model.faults import COUNTRY, Cause, Evidence, EvidenceKind, Fault, Member, Resolution, Scope
from netmon.model.ids import DeviceId, FaultId, VillageId
from netmon.model.time import Now

_FALSE_SILENT = 1e-6
"""Accepted chance that so many polls of a lossy line are lost one after the other."""
_MOST_ROUNDS = 3
"""Times `rounds`; a line that needs more is no line to be sure about anything on."""
_SURE = 0.7
"""Silence is certain; whether the agent hangs or its settings were changed is not."""
_OVER = 0.5
"""An area's fault ends when its share of quiet agents has fallen below this part of what opened it."""


@dataclass(frozen=True, slots=True)
class AgentPolicy:
    """Thresholds.

    `rounds` and `steady` count polls, `tries` the requests a poll makes before it gives up. From `at_least` agents and
    a `share` of them on, the silence behind a feeder is one fault; in an area it takes `many` on `spread` feeders, and
    an `area_share`. Faults of single agents younger than `merge_within` (seconds) are merged into that of their feeder.
    """

    rounds: int = 5
    steady: int = 3
    tries: int = 2
    at_least: int = 3
    share: float = 0.5
    many: int = 10
    spread: int = 3
    area_share: float = 0.1
    merge_within: float = 900.0

    @property
    def quiet_after(self) -> int:
        """Polls missed in a row from which an agent counts as quiet: it may be about to be called silent."""
        return (self.rounds + 1) // 2


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """The agents of a feeder or an area that no open fault is about: asked now, quiet, and silent of these.

    `spread` is on how many feeders the quiet ones are.
    """

    asked: int
    quiet: int
    silent: int = 0
    spread: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentAgent:
    """A device whose agent is silent since `silent_since` (Unix seconds), and the village it stands in, if any."""

    device: DeviceId
    silent_since: float
    villages: tuple[VillageId, ...] = ()
    feeder: DeviceId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSituation:
    """All that is concluded from.

    `faults` are the open ones about agents. `silent` has every silent agent outside of wide areas (see `wide_areas`),
    members of faults too. `speaking` and `retired` are members that answer steadily, or are not asked any more.
    `feeders` and `areas` have the facts of those with quiet agents, areas by province code and as COUNTRY.
    """

    faults: tuple[Fault, ...]
    now: Now
    silent: tuple[SilentAgent, ...] = ()
    speaking: frozenset[DeviceId] = frozenset()
    retired: frozenset[DeviceId] = frozenset()
    feeders: Mapping[DeviceId, AgentFacts] = field(default_factory=dict)
    areas: Mapping[str, AgentFacts] = field(default_factory=dict)


def rounds_needed(sent: int, lost: int, policy: AgentPolicy) -> int:
    """Polls missed in a row after which an agent is silent, given `lost` of the last `sent` pings of its device."""
    loss = (lost + 1) / (sent + 2)  # Laplace's rule: a short clean history is no promise
    poll_lost = loss**policy.tries
    return max(policy.rounds, min(_MOST_ROUNDS * policy.rounds, ceil(log(_FALSE_SILENT) / log(poll_lost))))


def wide_areas(areas: Mapping[str, AgentFacts], standing: Collection[str], policy: AgentPolicy) -> frozenset[str]:
    """The areas whose agents are silent together; `standing` are those that have a fault already.

    If the whole country is, no province is named besides.
    """
    wide = {
        area
        for area, facts in areas.items()
        if _is_wide(facts, policy) or (area in standing and _share(facts) >= policy.area_share * _OVER)
    }
    return frozenset({COUNTRY} if COUNTRY in wide else wide)


def _is_wide(facts: AgentFacts, policy: AgentPolicy) -> bool:
    is_many = facts.quiet >= policy.many and facts.spread >= policy.spread
    return is_many and facts.silent > 0 and _share(facts) >= policy.area_share


def _share(facts: AgentFacts) -> float:
    return facts.quiet / facts.asked if facts.asked else 0.0


def conclude_agents(situation: AgentSituation, policy: AgentPolicy, new_id: Callable[[], FaultId]) -> tuple[Fault, ...]:
    """Every fault about agents that is new or changed; calling again with that applied returns nothing."""
    before = {fault.id: fault for fault in situation.faults}
    board = _Board(situation, policy, new_id, dict(before))
    for fault in situation.faults:
        board.settle(fault)
    board.judge_areas()
    unclaimed = board.unclaimed()
    for feeder, agents in _by_feeder(unclaimed).items():
        if feeder is not None and board.is_common(feeder):
            board.join(feeder, agents)
    for agent in board.unclaimed():
        board.open_single(agent)
    return tuple(fault for fault in board.faults.values() if fault != before.get(fault.id))


def _by_feeder(agents: Sequence[SilentAgent]) -> dict[DeviceId | None, list[SilentAgent]]:
    found: dict[DeviceId | None, list[SilentAgent]] = {}
    for agent in agents:
        found.setdefault(agent.feeder, []).append(agent)
    return found


@dataclass(slots=True)
class _Board:
    """Working state of one conclusion."""

    situation: AgentSituation
    policy: AgentPolicy
    new_id: Callable[[], FaultId]
    faults: dict[FaultId, Fault]

    @property
    def wall(self) -> float:
        return self.situation.now.wall

    def held(self, scope: Scope, key: str) -> Fault | None:
        """The open fault of that identity."""
        return next((one for one in self.faults.values() if one.is_open and (one.scope, one.key) == (scope, key)), None)

    def unclaimed(self) -> list[SilentAgent]:
        """Silent agents that no open fault is about."""
        known = {
            member.device
            for fault in self.faults.values()
            if fault.is_open
            for member in fault.members
            if member.recovered_at is None
        }
        return [agent for agent in self.situation.silent if agent.device not in known]

    def settle(self, fault: Fault) -> None:
        """Mark who speaks again or is not asked any more, and end the fault with its last silent member."""
        if fault.scope is Scope.AREA_AGENTS:
            return
        live = {member.device for member in fault.members if member.recovered_at is None}
        gone = live & self.situation.retired
        after = fault.with_recovered(self.situation.speaking | gone, self.wall)
        if any(member.recovered_at is None for member in after.members):
            self.faults[fault.id] = after
            return
        resolution = Resolution.INVENTORY if live and live == gone else Resolution.RECOVERED
        self.faults[fault.id] = replace(after, resolved_at=self.wall, resolution=resolution)

    def judge_areas(self) -> None:
        """Open a fault for each wide area, and end those that are wide no more."""
        standing = {one.key: one for one in self.faults.values() if one.scope is Scope.AREA_AGENTS}
        wide = wide_areas(self.situation.areas, standing, self.policy)
        for area in sorted(wide - standing.keys()):
            facts = self.situation.areas[area]
            evidence = Evidence(EvidenceKind.AGENTS_SILENT, area, self.wall, facts.quiet, facts.asked)
            self._put(self._blank(Scope.AREA_AGENTS, area), (), (evidence,))
        for area, fault in standing.items():
            if area not in wide:
                self.faults[fault.id] = replace(fault, resolved_at=self.wall, resolution=Resolution.RECOVERED)

    def is_common(self, feeder: DeviceId) -> bool:
        """Whether what falls silent behind this feeder now belongs to one fault."""
        if self.held(Scope.AGENTS, feeder) is not None:
            return True
        facts, young = self.situation.feeders.get(feeder, AgentFacts(0, 0)), len(self._young_singles(feeder))
        quiet = facts.quiet + young
        return quiet >= self.policy.at_least and quiet >= self.policy.share * (facts.asked + young)

    def join(self, feeder: DeviceId, agents: Sequence[SilentAgent]) -> None:
        """Make one fault of these agents and the young faults of others there."""
        fault = self.held(Scope.AGENTS, feeder) or self._blank(Scope.AGENTS, feeder)
        members = [_member(agent) for agent in agents]
        for single in self._young_singles(feeder):
            members += [member for member in single.members if member.recovered_at is None]
            self.faults[single.id] = replace(
                single, resolved_at=self.wall, resolution=Resolution.MERGED, merged_into=fault.id
            )
        after = fault.with_members(members)
        silent = sum(member.recovered_at is None for member in after.members)
        asked = self.situation.feeders.get(feeder, AgentFacts(0, 0)).asked + silent - len(agents)
        since = min(member.failed_at for member in after.members if member.recovered_at is None)
        evidence = Evidence(EvidenceKind.AGENTS_SILENT, feeder, since, silent, max(silent, asked))
        self._put(after, after.members, (evidence,))

    def open_single(self, agent: SilentAgent) -> None:
        """A fault of its own."""
        evidence = Evidence(EvidenceKind.AGENT_SILENT, agent.device, agent.silent_since, 1, 1)
        self._put(self._blank(Scope.AGENT, agent.device), (_member(agent),), (evidence,))

    def _young_singles(self, feeder: DeviceId) -> list[Fault]:
        behind = {agent.device for agent in self.situation.silent if agent.feeder == feeder}
        return [one for one in self._singles() if one.key in behind]

    def _singles(self) -> Iterator[Fault]:
        for fault in self.faults.values():
            is_young = self.wall - fault.opened_at <= self.policy.merge_within
            if fault.is_open and fault.scope is Scope.AGENT and is_young and not fault.overruled_by:
                yield fault

    def _blank(self, scope: Scope, key: str) -> Fault:
        return Fault(
            id=self.new_id(),
            scope=scope,
            key=key,
            cause=Cause.AGENT,
            confidence=_SURE,
            opened_at=self.wall,
            members=(),
        )

    def _put(self, fault: Fault, members: tuple[Member, ...], evidence: tuple[Evidence, ...]) -> None:
        kept = fault.evidence if fault.overruled_by else evidence
        self.faults[fault.id] = replace(fault, members=members, evidence=kept)


def _member(agent: SilentAgent) -> Member:
    return Member(agent.device, agent.villages, agent.silent_since)

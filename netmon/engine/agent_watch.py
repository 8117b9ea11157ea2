"""Who answers SNMP: polls become the Fleet's agent columns, and columns what the rules conclude from (`rules.agents`).

Only polls to devices that answer ping are counted, and none while netmon is blind. A device that went dark begins anew
when it is back, for its agent starts later than it does.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from netmon.model.agent_table import AgentTable
from netmon.model.country import Country
from netmon.model.faults import AGENT_SCOPES, COUNTRY, Member, Scope
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Lifecycle
from netmon.model.time import Now
from netmon.rules.agents import AgentFacts, AgentPolicy, AgentSituation, SilentAgent, rounds_needed, wide_areas

_ANSWERING = (Health.UP, Health.RECOVERING)
_AWAY = np.array([health in (Health.DOWN, Health.UNREACHABLE, Health.BLIND) for health in Health])
_WATCHED_LIFE = (Lifecycle.ACTIVE, Lifecycle.PLANNED)
_NOWHERE = -1
"""Stands for no feeder, and for no province."""


class AgentWatch:
    """Keeps the Fleet's agent columns. `dirty` tells the casework that an agent fell silent or speaks again."""

    def __init__(self, country: Country, policy: Callable[[], AgentPolicy]) -> None:
        self._country = country
        self._policy = policy
        self._was_blind = False
        self.dirty = True

    @property
    def policy(self) -> AgentPolicy:
        """The thresholds in force."""
        return self._policy()

    def silent(self) -> int:
        """How many devices answer ping but not SNMP, of those that have spoken it."""
        return int((self._is_answering() & self._country.fleet.agents.silent).sum())

    def mute(self) -> int:
        """How many devices answer ping, were asked, and never spoke SNMP: a wrong community, or none set up."""
        agents = self._country.fleet.agents
        return int((self._is_answering() & ~agents.known & (agents.missed > 0)).sum())

    def _is_answering(self) -> NDArray[np.bool_]:
        return self._country.fleet.are(*_ANSWERING)

    def expect(self, rows: NDArray[np.intp]) -> None:
        """These devices' polls are due: whose device is dark begins anew, and everybody when netmon becomes blind."""
        fleet, is_blind = self._country.fleet, self._country.isolation is not None
        if is_blind != self._was_blind:
            fleet.agents.restart()
        self._was_blind = is_blind
        fleet.agents.restart(rows[_AWAY[fleet.health[rows]]])

    def meet(self, index: int) -> None:
        """This agent has let itself be discovered: from now on it can fall silent."""
        self._country.fleet.agents.known[index] = True

    def hear(self, answered: Sequence[int], missed: Sequence[int], now: Now) -> None:
        """Take in how polls ended."""
        agents, policy = self._country.fleet.agents, self.policy
        if answered:
            rows = np.unique(np.asarray(answered, np.intp))
            agents.hear(rows)
            steady = rows[agents.answers[rows] == policy.steady]
            agents.silent[steady] = False
            self.dirty |= steady.size > 0
        if missed and self._country.isolation is None:
            rows = np.unique(np.asarray(missed, np.intp))
            agents.miss(rows, now.monotonic)
            self.dirty |= bool((agents.silent[rows] & (agents.missed[rows] == policy.rounds)).any())
            is_due = agents.known[rows] & (agents.missed[rows] >= policy.rounds) & ~agents.silent[rows]
            for index in rows[is_due].tolist():
                self._judge(index, agents, policy)

    def _judge(self, index: int, agents: AgentTable, policy: AgentPolicy) -> None:
        if agents.missed[index] >= rounds_needed(*self._country.fleet.recent(index), policy):
            agents.silent[index] = True
            self.dirty = True


class AgentGroups:
    """Where everybody's agent belongs, made once per inventory."""

    def __init__(self, inventory: Inventory) -> None:
        devices = inventory.devices
        self.asked = np.array([_is_asked(device) for device in devices], np.bool_)
        self.feeder = np.array([inventory.feeder_of(index) for index in range(len(devices))], np.intp)
        self.provinces = sorted({village.province_code for village in inventory.villages.values()})
        number = {code: at for at, code in enumerate(self.provinces)}
        home = [number[one.village[:2]] if one.village is not None else _NOWHERE for one in devices]
        self.province = np.array(home, np.intp)


def _is_asked(device: Device) -> bool:
    return device.is_watched and bool(device.credential) and device.lifecycle in _WATCHED_LIFE


class AgentSituationBuilder:
    """One reading of the whiteboard, as far as agents go."""

    def __init__(self, country: Country, groups: AgentGroups, policy: AgentPolicy, now: Now) -> None:
        self._inventory, self._fleet = country.inventory, country.fleet
        self._faults = tuple(case.fault for case in country.cases if case.fault.scope in AGENT_SCOPES)
        self._members = [member for fault in self._faults for member in fault.members if member.recovered_at is None]
        self._groups, self._policy, self._now = groups, policy, now

    def build(self) -> AgentSituation:
        """Everything the rules may look at."""
        agents, fleet = self._fleet.agents, self._fleet
        asked = self._groups.asked & agents.known & fleet.are(*_ANSWERING) & ~fleet.maintenance
        claimed = np.zeros(fleet.size, np.bool_)
        claimed[[index for member in self._members if (index := self._index(member)) >= 0]] = True
        free = asked & ~claimed
        quiet = free & (agents.silent | (agents.missed >= self._policy.quiet_after))
        areas = self._areas(free, quiet)
        standing = [fault.key for fault in self._faults if fault.scope is Scope.AREA_AGENTS]
        # Who has begun to answer is let speak on; where a whole area is silent, nobody is named.
        is_news = (agents.missed > 0) & ~self._within(wide_areas(areas, standing, self._policy))
        told = asked & agents.silent & (claimed | is_news)
        return AgentSituation(
            faults=self._faults,
            now=self._now,
            silent=tuple(self._silent(told)),
            speaking=frozenset(member.device for member in self._members if self._speaks(member)),
            retired=frozenset(member.device for member in self._members if not self._is_ours(member)),
            feeders=self._feeders(free, quiet),
            areas=areas,
        )

    def _index(self, member: Member) -> int:
        return self._inventory.index_of.get(member.device, -1)

    def _speaks(self, member: Member) -> bool:
        index = self._index(member)
        return index >= 0 and bool(self._fleet.agents.answers[index] >= self._policy.steady)

    def _is_ours(self, member: Member) -> bool:
        index = self._index(member)
        return index >= 0 and bool(self._groups.asked[index])

    def _silent(self, rows: NDArray[np.bool_]) -> Iterator[SilentAgent]:
        devices = self._inventory.devices
        for index in np.flatnonzero(rows).tolist():
            device, feeder = devices[index], int(self._groups.feeder[index])
            since = float(self._fleet.agents.missed_since[index])
            yield SilentAgent(
                device=device.id,
                silent_since=self._now.wall_of(since) if since == since else self._now.wall,  # noqa: PLR0124
                villages=() if device.village is None else (device.village,),
                feeder=devices[feeder].id if feeder >= 0 else None,
            )

    def _feeders(self, free: NDArray[np.bool_], quiet: NDArray[np.bool_]) -> dict[DeviceId, AgentFacts]:
        devices = self._inventory.devices
        return {devices[one].id: facts for one, facts in self._facts(self._groups.feeder, free, quiet)}

    def _areas(self, free: NDArray[np.bool_], quiet: NDArray[np.bool_]) -> dict[str, AgentFacts]:
        provinces = self._facts(self._groups.province, free, quiet)
        found = {self._groups.provinces[one]: facts for one, facts in provinces}
        for _, facts in self._facts(np.zeros(self._fleet.size, np.intp), free, quiet):
            found[COUNTRY] = facts
        return found

    def _facts(
        self, group: NDArray[np.intp], free: NDArray[np.bool_], quiet: NDArray[np.bool_]
    ) -> Iterator[tuple[int, AgentFacts]]:
        """The facts of each group with quiet agents; `group` has each device's, or NOWHERE."""
        if not quiet.any():
            return
        feeder, silent = self._groups.feeder, quiet & self._fleet.agents.silent
        asked, quiets, silents = (np.bincount(group[rows & (group >= 0)]) for rows in (free, quiet, silent))
        known = quiet & (group >= 0)
        pairs = np.unique(group[known] * (len(feeder) + 1) + feeder[known] + 1)
        spread = np.bincount(pairs // (len(feeder) + 1))
        for one in np.flatnonzero(quiets).tolist():
            yield (
                one,
                AgentFacts(
                    asked=int(asked[one]),
                    quiet=int(quiets[one]),
                    silent=int(silents[one]) if one < len(silents) else 0,
                    spread=int(spread[one]),
                ),
            )

    def _within(self, areas: Collection[str]) -> NDArray[np.bool_]:
        if COUNTRY in areas:
            return np.ones(self._fleet.size, np.bool_)
        numbers = [at for at, code in enumerate(self._groups.provinces) if code in areas]
        return np.isin(self._groups.province, numbers)

"""Prepare: the whiteboard read into the immutable Situation that the rules conclude from."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from netmon.engine.judge import DARK, Judge
from netmon.engine.kindred import can_speak
from netmon.engine.olts import NOBODY, onu_of
from netmon.model.country import Country
from netmon.model.faults import AGENT_SCOPES, Member, Scope
from netmon.model.fleet import EVERY
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Lifecycle, Role
from netmon.model.onus import DownCause, OltWord, RowState, word_of
from netmon.model.time import Now
from netmon.rules.conclude import Candidate, ConcludePolicy, GroupFacts, Situation, Witness

_ANSWERING = frozenset({Health.UP, Health.RECOVERING})
_SILENT = frozenset({*DARK, Health.SUSPECT})
_IS_ANSWERING = np.array([health in _ANSWERING for health in Health])
_IS_DARK = np.array([health in DARK for health in Health])
_WATCHED_LIFE = (Lifecycle.ACTIVE, Lifecycle.PLANNED)

NOTICED = 2.0
"""Seconds that an OLT takes to notice that an ONU is gone: until then, "online" says nothing of a failure."""
GRACE = 300.0
"""Seconds a device has to come back after the parent it was behind: an ONU re-registers minutes after its OLT."""


class GroupIndex:
    """Access points of each feeder and amphoe, made once per inventory; the facts of all groups are counted in one go.

    Every point has its amphoe's number and, where it has a feeder, that feeder's. `_rows` and `_groups` match.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._numbers: dict[tuple[Scope, str], int] = {}
        rows: list[int] = []
        groups: list[int] = []
        for index, device in enumerate(inventory.devices):
            if device.role is not Role.AP or device.village is None:
                continue
            keys = [(Scope.AMPHOE, inventory.villages[device.village].amphoe_code)]
            feeder = inventory.feeder_of(index)
            if feeder >= 0:
                keys.append((Scope.FEEDER, inventory.devices[feeder].id))
            rows += [index] * len(keys)
            groups += [self._numbers.setdefault(key, len(self._numbers)) for key in keys]
        self._rows: NDArray[np.intp] = np.array(rows, np.intp)
        self._groups: NDArray[np.intp] = np.array(groups, np.intp)

    def facts(
        self, keys: Iterable[tuple[Scope, str]], country: Country, dark_before: float
    ) -> dict[tuple[Scope, str], GroupFacts]:
        """How the groups' points are now; `dark_before` is the monotonic second that tells old darkness from new."""
        fleet = country.fleet
        is_old = _IS_DARK[fleet.health] & (fleet.changed_at < dark_before)
        points, answering, old = (
            np.bincount(self._groups[wanted], minlength=len(self._numbers)).tolist()
            for wanted in (EVERY, _IS_ANSWERING[fleet.health][self._rows], is_old[self._rows])
        )
        known = ((key, self._numbers.get(key)) for key in keys)
        return {
            key: GroupFacts(0, 0) if number is None else GroupFacts(points[number], answering[number], old[number])
            for key, number in known
        }


class SituationBuilder:
    """One reading of the whiteboard."""

    def __init__(self, country: Country, judge: Judge, groups: GroupIndex, now: Now) -> None:
        self._country = country
        self._judge = judge
        self._groups = groups
        self._now = now
        # Codes, looked up thousands of times in a storm: a byte costs a tenth of a numpy scalar made an enum.
        self._health = country.fleet.health.tobytes()
        self._cases = [case for case in country.cases if case.fault.scope not in AGENT_SCOPES]

    def build(self, policy: ConcludePolicy) -> Situation:
        """Everything the rules may look at, as of `now`."""
        dead = tuple(self._candidates())
        members = [m for case in self._cases for m in case.fault.members if m.recovered_at is None]
        keys = {(Scope.AMPHOE, one.amphoe) for one in dead if one.amphoe}
        keys |= {(Scope.FEEDER, one.feeder_id) for one in dead if one.feeder_id is not None}
        since = self._now.monotonic - policy.window
        return Situation(
            faults=tuple(case.fault for case in self._cases),
            dead=dead,
            recovered=frozenset(m.device for m in members if self._has_recovered(m)),
            absorbed=dict(self._absorbed(members)),
            retired=frozenset(m.device for m in members if not self._is_ours(m.device)),
            groups=self._groups.facts(keys, self._country, since),
            now=self._now,
        )

    def anything_returns(self) -> bool:
        """Whether a member answers that does not count as recovered yet: time alone will change that."""
        index_of = self._country.inventory.index_of
        members = (m for case in self._cases for m in case.fault.members if m.recovered_at is None)
        indices = [index_of[m.device] for m in members if m.device in index_of]
        return any(
            self._health[i] in _ANSWERING
            or (self._is_out_of_sight(i) and any(self._health[one] in _ANSWERING for one in self._heard_behind(i)))
            for i in indices
        )

    def _is_ours(self, device: DeviceId) -> bool:
        index = self._country.inventory.index_of.get(device)
        return index is not None and self._country.inventory.devices[index].lifecycle in _WATCHED_LIFE

    def _candidates(self) -> Iterator[Candidate]:
        inventory = self._country.inventory
        for index in np.flatnonzero(self._country.fleet.health == Health.DOWN).tolist():
            if inventory.devices[index].lifecycle in _WATCHED_LIFE:
                yield self._candidate(index, inventory.devices[index])

    def _candidate(self, index: int, device: Device) -> Candidate:
        inventory, now = self._country.inventory, self._now
        unrest = self._judge.unrest_of(index)
        first_miss = unrest.first_miss if unrest else now.monotonic
        confirmed = (unrest.confirmed_at if unrest else None) or now.monotonic
        if unrest and unrest.released_at is not None:
            confirmed = max(confirmed, unrest.released_at + GRACE)
        villages = inventory.villages_below(index)
        below = [i for i in inventory.below(index) if i != index and inventory.devices[i].is_watched]
        feeder = inventory.feeder_of(index)
        return Candidate(
            device=device.id,
            role=device.role,
            villages=villages,
            failed_at=now.wall_of(first_miss),
            confirmed_at=now.wall_of(confirmed),
            uplink=self._uplink_witness(inventory.parent_of(index)) if device.role is Role.AP else Witness.NOT_WATCHED,
            feeder=self._witness(feeder) if feeder != index else Witness.SILENT,
            feeder_id=inventory.devices[feeder].id if feeder >= 0 else None,
            amphoe=villages[0][:4] if villages else "",
            olt=self._olt_word(index, first_miss),
            onu=self._onu_id(index),
            below_watched=len(below),
            below_silent=sum(self._health[i] in DARK for i in below),
        )

    def _is_out_of_sight(self, index: int) -> bool:
        """Known from its OLT alone, which says nothing of it any more: what answers behind it tells that it works."""
        return self._health[index] == Health.UNKNOWN and self._country.inventory.devices[index].is_told_of

    def _heard_behind(self, index: int) -> list[int]:
        return [i for i in self._country.inventory.below(index) if i != index and can_speak(self._country, i)]

    def _uplink_witness(self, index: int) -> Witness:
        """What an uplink says by itself; of one without an address its OLT tells."""
        if index >= 0 and self._country.inventory.devices[index].is_told_of:
            return Witness.NOT_WATCHED
        return self._witness(index)

    def _olt_word(self, index: int, failed_at: float) -> OltWord:
        """What the OLT says since the device fell silent of the ONU that it is or stands behind."""
        fleet, onu = self._country.fleet, onu_of(self._country.inventory, index)
        if onu == NOBODY:
            return OltWord.NOTHING
        state, cause = RowState(int(fleet.row_state[onu])), DownCause(int(fleet.row_cause[onu]))
        if state is RowState.ONLINE and not fleet.row_at[onu] > failed_at + NOTICED:
            return OltWord.NOTHING
        return word_of(state, cause)

    def _onu_id(self, index: int) -> DeviceId | None:
        onu = onu_of(self._country.inventory, index)
        return None if onu == NOBODY else self._country.inventory.devices[onu].id

    def _witness(self, index: int) -> Witness:
        if index < 0 or not can_speak(self._country, index):
            return Witness.NOT_WATCHED
        health = self._health[index]
        if health in _ANSWERING:
            return Witness.ANSWERS
        return Witness.SILENT if health in _SILENT else Witness.UNSURE

    def _absorbed(self, members: list[Member]) -> Iterator[tuple[DeviceId, DeviceId]]:
        inventory, health = self._country.inventory, self._health
        for member in members:
            index = inventory.index_of.get(member.device, -1)
            if index < 0 or health[index] != Health.UNREACHABLE:
                continue
            above = inventory.parent_of(index)
            while above >= 0 and health[above] != Health.DOWN:
                above = inventory.parent_of(above)
            if above >= 0:
                yield member.device, inventory.devices[above].id

    def _has_recovered(self, member: Member) -> bool:
        """The device is steadily up, and so is every point behind it, unless their grace has run out."""
        inventory, fleet = self._country.inventory, self._country.fleet
        index = inventory.index_of.get(member.device)
        if index is not None and self._is_out_of_sight(index):
            behind = self._heard_behind(index)
            return bool(behind) and all(
                self._health[i] == Health.UP and self._judge.is_steady(i, self._now) for i in behind
            )
        if index is None or self._health[index] != Health.UP:
            return False
        if not self._judge.is_steady(index, self._now):
            return False
        return self._now.monotonic - float(fleet.changed_at[index]) > GRACE or all(
            self._health[i] == Health.UP
            for i in inventory.below(index)
            if inventory.devices[i].role is Role.AP and can_speak(self._country, i)
        )

"""Prepare: the whiteboard read into the immutable Situation that the rules conclude from."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from netmon.engine.judge import DARK, Judge, Unrest
from netmon.engine.kindred import can_speak
from netmon.engine.olts import NOBODY, onu_of
from netmon.model.country import Country
from netmon.model.faults import AGENT_SCOPES, Member, Scope
from netmon.model.fleet import EVERY
from netmon.model.health import Health
from netmon.model.ids import DeviceId, VillageId
from netmon.model.inventory import Device, Inventory, Lifecycle, Role
from netmon.model.onus import DownCause, OltWord, RowState, word_of
from netmon.model.time import Now
from netmon.model.wiring import Wiring
from netmon.rules.conclude import Candidate, ConcludePolicy, GroupFacts, Situation, Witness

_ANSWERING = frozenset({Health.UP, Health.RECOVERING})
_SILENT = frozenset({*DARK, Health.SUSPECT})
_WATCHED_LIFE = (Lifecycle.ACTIVE, Lifecycle.PLANNED)

NOTICED = 2.0
"""Seconds that an OLT takes to notice that an ONU is gone: until then, "online" says nothing of a failure."""
GRACE = 300.0
"""Seconds a device has to come back after the parent it was behind: an ONU re-registers minutes after its OLT."""


AT_A_TIME = 500
"""Devices read without a pause: about 10 ms."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a device stands, as long as the inventory is the same. Dense indices, -1 where there is none.

    `uplink` is what an access point hangs on, -1 for one that cannot speak for itself; `below` are watched devices.
    """

    villages: tuple[VillageId, ...]
    centre: str
    uplink: int
    feeder: int
    feeder_id: DeviceId | None
    onu: int
    onu_id: DeviceId | None
    below: tuple[int, ...]

    @classmethod
    def of(cls, wiring: Wiring, index: int) -> Self:
        """Look it up."""
        inventory = wiring.inventory
        devices, above = inventory.devices, wiring.parent_of(index)
        has_uplink = devices[index].role is Role.AP and above >= 0 and not devices[above].is_told_of
        feeder, onu = wiring.feeder_of(index), onu_of(inventory, index)
        villages = wiring.villages_below(index)
        return cls(
            villages=villages,
            centre=inventory.villages[villages[0]].centre if villages else "",
            uplink=above if has_uplink else -1,
            feeder=feeder,
            feeder_id=devices[feeder].id if feeder >= 0 else None,
            onu=onu,
            onu_id=None if onu == NOBODY else devices[onu].id,
            below=tuple(i for i in wiring.below(index) if i != index and devices[i].is_watched),
        )


class GroupIndex:
    """Access points of each feeder and amphoe, made once per inventory; the facts of all groups are counted in one go.

    Every point has its amphoe's number and, where it has a feeder, that feeder's. `_rows` and `_groups` match.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._moves = 0
        self._standings: dict[int, Standing] = {}
        self.made: dict[int, tuple[tuple[object, ...], Candidate]] = {}
        """Dead roots as they were last made, each with what it was made of."""
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
        self.amphoes = Counter(key[:2] for scope, key in self._numbers if scope is Scope.AMPHOE)
        self._rows: NDArray[np.intp] = np.array(rows, np.intp)
        self._groups: NDArray[np.intp] = np.array(groups, np.intp)

    def standing(self, index: int, wiring: Wiring) -> Standing:
        """Where a device stands; remembered, because a storm asks for thousands again and again."""
        known = self._standings.get(index)
        if known is None:
            known = self._standings[index] = Standing.of(wiring, index)
        return known

    def follow(self, wiring: Wiring) -> None:
        """Take in who has turned out to hang on another feeder than was thought."""
        if len(wiring.moves) == self._moves:
            return
        fresh, self._moves = wiring.moves[self._moves :], len(wiring.moves)
        self._standings.clear()
        self.made.clear()
        devices = self._inventory.devices
        names = {number: scope for (scope, _), number in self._numbers.items()}
        for moved, _, _ in fresh:
            key = (Scope.FEEDER, devices[wiring.feeder_of(moved)].id)
            number = self._numbers.setdefault(key, len(self._numbers))
            names[number] = Scope.FEEDER
            for point in (one for one in wiring.below(moved) if devices[one].role is Role.AP):
                for place in np.flatnonzero(self._rows == point).tolist():
                    if names[int(self._groups[place])] is Scope.FEEDER:
                        self._groups[place] = number

    def facts(
        self, keys: Collection[tuple[Scope, str]], country: Country, dark_before: float
    ) -> dict[tuple[Scope, str], GroupFacts]:
        """How the groups' points are now; `dark_before` is the monotonic second that tells old darkness from new."""
        if not keys:  # as on most days, and counting takes all points of the country
            return {}
        fleet = country.fleet
        is_old = fleet.are(*DARK) & (fleet.changed_at < dark_before)
        points, answering, old = (
            np.bincount(self._groups[wanted], minlength=len(self._numbers)).tolist()
            for wanted in (EVERY, fleet.are(*_ANSWERING)[self._rows], is_old[self._rows])
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
        self._inventory = country.inventory
        self._judge = judge
        self._groups = groups
        self._now = now
        self._row_states, self._row_causes = country.fleet.row_state.tobytes(), country.fleet.row_cause.tobytes()
        self._clock_offset = round(now.wall - now.monotonic, 1)
        self._window = 0.0
        self._wiring = country.wiring
        groups.follow(self._wiring)
        # Codes, looked up thousands of times in a storm: a byte costs a tenth of a numpy scalar made an enum.
        self._health = country.fleet.health.tobytes()
        self._cases = [case for case in country.cases if case.fault.scope not in AGENT_SCOPES]

    async def build(self, policy: ConcludePolicy) -> Situation | None:
        """Everything the rules may look at, as of `now`; a storm is read in parts, so that nobody waits for the loop.

        None where the inventory was swapped meanwhile.
        """
        self._window = policy.window
        members = [m for case in self._cases for m in case.fault.members if m.recovered_at is None]
        dead = [one async for one in self._in_parts(self._candidates())]
        if self._is_outdated:
            return None
        recovered = [m.device async for m in self._in_parts(members) if self._has_recovered(m)]
        if self._is_outdated:
            return None
        keys = {(Scope.AMPHOE, one.amphoe) for one in dead if one.amphoe}
        keys |= {(Scope.FEEDER, one.feeder_id) for one in dead if one.feeder_id is not None}
        since = self._now.monotonic - policy.window
        return Situation(
            faults=tuple(case.fault for case in self._cases),
            dead=tuple(dead),
            recovered=frozenset(recovered),
            absorbed=dict(self._absorbed(members)),
            retired=frozenset(m.device for m in members if not self._is_ours(m.device)),
            groups=self._groups.facts(keys, self._country, since),
            amphoes=self._groups.amphoes,
            now=self._now,
        )

    async def _in_parts(self, found: Iterable[T]) -> AsyncIterator[T]:
        """The same, letting others have the loop now and then; ends early once there is another inventory."""
        for number, one in enumerate(found, start=1):
            yield one
            if number % AT_A_TIME == 0:
                await asyncio.sleep(0)
                if self._is_outdated:
                    return

    @property
    def _is_outdated(self) -> bool:
        return self._country.inventory is not self._inventory

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
        for index in np.flatnonzero(self._country.fleet.are(Health.DOWN)).tolist():
            if inventory.devices[index].lifecycle in _WATCHED_LIFE:
                yield self._candidate(index, inventory.devices[index])

    def _candidate(self, index: int, device: Device) -> Candidate:
        """A dead root; the one of the last reading where nothing that it is made of has changed."""
        unrest, stands = self._judge.unrest_of(index), self._groups.standing(index, self._wiring)
        if unrest is None or device.role is Role.FEEDER:
            return self._make_candidate(index, device, unrest, stands)
        health, rows, onu = self._health, self._row_states, stands.onu
        seen = (
            self._clock_offset,
            unrest.first_miss,
            unrest.confirmed_at,
            unrest.released_at,
            (health[stands.uplink], rows[stands.uplink]) if stands.uplink >= 0 else None,
            health[stands.feeder] if stands.feeder >= 0 else None,
            (rows[onu], self._row_causes[onu]) if onu >= 0 else None,
        )
        known = self._groups.made.get(index)
        if known is not None and known[0] == seen:
            return known[1]
        made = self._make_candidate(index, device, unrest, stands)
        if onu < 0 or rows[onu] != RowState.ONLINE:  # whether "online" counts depends on when it was said
            self._groups.made[index] = seen, made
        return made

    def _make_candidate(self, index: int, device: Device, unrest: Unrest | None, stands: Standing) -> Candidate:
        now = self._now
        is_feeder = device.role is Role.FEEDER
        first_miss = unrest.first_miss if unrest else now.monotonic
        confirmed = (unrest.confirmed_at if unrest else None) or now.monotonic
        if unrest and unrest.released_at is not None:
            confirmed = max(confirmed, unrest.released_at + GRACE)
        return Candidate(
            device=device.id,
            role=device.role,
            villages=stands.villages,
            failed_at=now.wall_of(first_miss),
            confirmed_at=now.wall_of(confirmed),
            uplink=self._witness(stands.uplink),
            feeder=self._witness(stands.feeder) if stands.feeder != index else Witness.SILENT,
            feeder_id=stands.feeder_id,
            amphoe=stands.villages[0][:4] if stands.villages else "",
            centre=stands.centre,
            olt=self._olt_word(stands.onu, first_miss),
            onu=stands.onu_id,
            below_watched=len(stands.below) if is_feeder else 0,
            below_silent=sum(self._health[i] in DARK for i in stands.below) if is_feeder else 0,
            below_before=self._gone_before(index, stands, first_miss) if is_feeder else 0,
        )

    def _gone_before(self, feeder: int, stands: Standing, first_miss: float) -> int:
        """Villages beneath a feeder that fell silent within the window before it did, while it still answered."""
        answered, found = float(self._country.fleet.answered_at[feeder]), set()
        for index in stands.below:
            unrest = self._judge.unrest_of(index) if self._health[index] in DARK else None
            if unrest and 0 < first_miss - unrest.first_miss <= self._window and unrest.first_miss <= answered:
                found.add(self._inventory.devices[index].village)
        return len(found - {None})

    def _is_out_of_sight(self, index: int) -> bool:
        """Known from its OLT alone, which says nothing of it any more: what answers behind it tells that it works."""
        return self._health[index] == Health.UNKNOWN and self._country.inventory.devices[index].is_told_of

    def _heard_behind(self, index: int) -> list[int]:
        return [i for i in self._country.wiring.below(index) if i != index and can_speak(self._country, i)]

    def _olt_word(self, onu: int, failed_at: float) -> OltWord:
        """What the OLT says of the ONU that a device is or stands behind, since it fell silent."""
        fleet = self._country.fleet
        if onu == NOBODY:
            return OltWord.NOTHING
        state, cause = RowState(int(fleet.row_state[onu])), DownCause(int(fleet.row_cause[onu]))
        if state is RowState.ONLINE and not fleet.row_at[onu] > failed_at + NOTICED:
            return OltWord.NOTHING
        return word_of(state, cause)

    def _witness(self, index: int) -> Witness:
        if index < 0 or not can_speak(self._country, index):
            return Witness.NOT_WATCHED
        health = self._health[index]
        if health in _ANSWERING:
            return Witness.ANSWERS
        return Witness.SILENT if health in _SILENT else Witness.UNSURE

    def _absorbed(self, members: list[Member]) -> Iterator[tuple[DeviceId, DeviceId]]:
        inventory, health, wiring = self._country.inventory, self._health, self._country.wiring
        for member in members:
            index = inventory.index_of.get(member.device, -1)
            # An ONU without an address is unknown once its OLT is dead, and no less behind it.
            if index < 0 or not (health[index] == Health.UNREACHABLE or self._is_out_of_sight(index)):
                continue
            above = wiring.parent_of(index)
            while above >= 0 and health[above] != Health.DOWN:
                above = wiring.parent_of(above)
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
            for i in self._country.wiring.below(index)
            if inventory.devices[i].role is Role.AP and can_speak(self._country, i)
        )

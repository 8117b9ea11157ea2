"""Watching ONUs through their OLT: who is online and why others went, every round and out of turn; their light slowly.

The rows of an OLT's watched ONUs are found by their keys once, and again when it was discovered anew (daily, after a
restart) or rows are gone. The states of all are read once a round at the OLT's own phase. A village that falls silent
makes its OLT due for one read of the rows in question, many villages make it due for one read, so that the OLT has
spoken before anything is decided. Rows are evidence; an ONU that has no address has its health from them.

An OLT that does not answer twice in a row, or is down, says nothing of its ONUs: they are unknown, never down.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from netmon.engine.judge import DARK, Judge
from netmon.engine.olts import NOBODY, Observed, Olt, step_of
from netmon.engine.pacing import OLTS, keep_pace
from netmon.engine.plan import build_olt_round
from netmon.engine.sweep import Sweep
from netmon.model.country import Country
from netmon.model.decisions import RecheckSoon
from netmon.model.health import Health
from netmon.model.onus import OnuIndex, OnuRow, RowState, same_key
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Clock, LeisureReader, SnmpPlan, Vitals

log = logging.getLogger(__name__)

FINDING_AT_ONCE, READING_AT_ONCE = 8, 50
"""OLTs at a time; each is asked one thing at a time whatever happens."""
GATHERED = 0.5
"""Seconds that a read out of turn waits for further villages of the same OLT."""
AGAIN, AGAIN_RECOVERING = 3.0, 15.0
"""Seconds between reads of a row in question: an OLT may notice later than the ping does, an ONU takes its time."""
FAILURES = 2
"""Reads in a row without an answer after which an OLT has failed."""
FIND_RETRY, FIND_LONGEST = 60.0, 3_600.0
ROWS_GONE_AGAIN = 600.0
"""Seconds at the least between looking for rows that are gone."""
KEPT_ROUNDS = 3
OPTICS_STEP = 8
"""ONUs whose light is read in one go at least, which is one request at most OLTs."""
SWEEP_OUT_EVERY, LINK_EVERY = 100, 10
"""Slots between two looks for OLTs that are dark, and for those that can be asked for the first time."""

_ASKED = np.array([health in (Health.UP, Health.RECOVERING) for health in Health])


@dataclass(frozen=True, slots=True)
class OltPace:
    """Seconds: between two reads of all states of an OLT, and of the light of all its ONUs."""

    interval: float
    background: float


class Plans(Protocol):
    """Who knows how devices are asked: the SNMP sweep."""

    def plan(self, device: int) -> SnmpPlan | None:
        """How a device is polled now; None where that is not known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OltParts:
    """The parts of the engine that the watch works with."""

    plans: Plans
    judge: Judge
    sweep: Sweep
    vitals: Vitals
    clock: Clock


class OltWatch:
    """Drives the reads and hands what they bring to Fleet and judge."""

    def __init__(self, country: Country, pace: OltPace, reader: LeisureReader, parts: OltParts) -> None:
        self._country = country
        self._reader = reader
        self._plans = parts.plans
        self._judge = parts.judge
        self._sweep = parts.sweep
        self._clock = parts.clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._urgent: set[int] = set()
        self._vitals = parts.vitals
        self.adopt(pace)

    def adopt(self, pace: OltPace) -> None:
        """Take in the inventory and Fleet now on the whiteboard: rows are found anew, reads under way for nothing."""
        for task in self._tasks:
            task.cancel()
        self._pace = pace
        self._observed = Observed(self._country.inventory)
        self._urgent.clear()
        self._wanted_at: NDArray[np.float64] = np.full(self._country.fleet.size, -np.inf)
        for olt in self._observed.olts.values():
            said_at = self._country.fleet.row_at[list(olt.onus)]
            olt.answered_at = float(np.nanmax(said_at)) if np.isfinite(said_at).any() else np.nan
        self._unlinked = set(self._observed.olts)
        self._slots = build_olt_round(self._country.inventory, self._observed.olts, pace.interval)
        self._finding = self._reading = 0

    def known(self) -> int:
        """How many ONUs have a row that is known."""
        return sum(len(olt.rows) for olt in self._observed.olts.values())

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            await keep_pace(self.turn, self._clock, self._vitals, OLTS)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def turn(self, slots: Sequence[int], now: Now) -> None:
        """Note who is due in these slots and who is in question, and begin what can begin."""
        if self._country.isolation is not None:
            return
        olts = self._observed.olts
        for slot in slots:
            for device in self._slots[slot % len(self._slots)]:
                self._round(olts[device], now)
            if slot % SWEEP_OUT_EVERY == 0:
                self._sweep_out(now)
            if slot % LINK_EVERY == 0:
                self._link(now)
        self._look_for_questions(now)
        for device in list(self._urgent):
            olt = olts[device]
            if now.monotonic - olt.wanted_at >= GATHERED:
                self._read(olt, now)

    def _link(self, now: Now) -> None:
        """Begin with an OLT as soon as it is known how it is asked: records that are wrong are wrong until then."""
        for device in [one for one in self._unlinked if self._plans.plan(one) is not None]:
            olt = self._observed.olts[device]
            self._round(olt, now)
            if olt.link is not None and (olt.is_finding or olt.found_at > -np.inf):
                self._unlinked.discard(device)

    def _round(self, olt: Olt, now: Now) -> None:
        """One OLT's turn in the round: its plan may be another, its rows due to be found; its states are read."""
        if not self._is_asked(olt):
            return
        plan = self._plans.plan(olt.device)
        if plan is not olt.plan:
            olt.plan, olt.link = plan, None if plan is None else self._reader.olt(plan)
            olt.find_at, olt.find_pause = now.monotonic, FIND_RETRY
        if olt.link is None:
            return
        if now.monotonic >= olt.find_at and not olt.is_finding and self._finding < FINDING_AT_ONCE:
            olt.is_finding = True
            self._finding += 1
            self._start(self._find(olt))
        olt.is_due = True
        self._want(olt, (), now)
        if now.monotonic >= olt.optics_at and not olt.is_reading_optics:
            olt.is_reading_optics = True
            self._start(self._read_optics(olt))

    def _look_for_questions(self, now: Now) -> None:
        """Rows of villages that have just fallen silent, or whose ONU comes back and has no address to answer from."""
        fleet, observed = self._country.fleet, self._observed
        at = now.monotonic
        silent, coming = (np.flatnonzero(fleet.are(one)) for one in (Health.SUSPECT, Health.RECOVERING))
        silent = silent[observed.onu_of[silent] != NOBODY]
        coming = coming[observed.told_of[coming]]
        if not silent.size and not coming.size:
            return
        onus = np.unique(observed.onu_of[silent])
        answered = (fleet.row_state[onus] == RowState.OFFLINE) & ~observed.told_of[onus]
        self._want_rows(onus[~answered & (self._heard_or_asked(onus) <= at - AGAIN)], now)
        self._want_rows(coming[self._heard_or_asked(coming) <= at - AGAIN_RECOVERING], now)

    def _heard_or_asked(self, onus: NDArray[np.intp]) -> NDArray[np.float64]:
        """When the rows were read last, or wanted."""
        latest: NDArray[np.float64] = np.fmax(self._country.fleet.row_at[onus], self._wanted_at[onus])
        return latest

    def _want_rows(self, onus: NDArray[np.intp], now: Now) -> None:
        self._wanted_at[onus] = now.monotonic
        for onu in onus.tolist():
            olt = self._observed.olts[int(self._observed.olt_of[onu])]
            if onu in olt.rows:
                self._want(olt, (onu,), now)

    def _want(self, olt: Olt, onus: Sequence[int], now: Now) -> None:
        if olt.device not in self._urgent:
            olt.wanted_at = now.monotonic
            self._urgent.add(olt.device)
        olt.wanted.update(onus)

    def _read(self, olt: Olt, now: Now) -> None:
        """Begin the one read that answers everything asked of this OLT by now."""
        if olt.is_reading or self._reading >= READING_AT_ONCE:
            return
        self._urgent.discard(olt.device)
        wanted = olt.rows if olt.is_due else {onu: olt.rows[onu] for onu in olt.wanted if onu in olt.rows}
        olt.is_due = False
        olt.wanted.clear()
        if wanted and olt.link is not None and self._is_asked(olt):
            olt.is_reading = True
            self._reading += 1
            self._start(self._read_states(olt, dict(wanted)))

    def _is_asked(self, olt: Olt) -> bool:
        return bool(_ASKED[self._country.fleet.health[olt.device]])

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("reading an OLT failed", exc_info=error)

    async def _find(self, olt: Olt) -> None:
        observed, link = self._observed, olt.link
        found = None
        try:
            found = await link.find() if link is not None else None
        finally:
            if observed is self._observed:
                olt.is_finding = False
                self._finding -= 1
        if observed is self._observed and link is olt.link:
            self._found(olt, found)

    def _found(self, olt: Olt, found: Mapping[str, OnuIndex] | None) -> None:
        now, devices = self._clock.now(), self._country.inventory.devices
        if found is None:
            olt.find_at = now.monotonic + olt.find_pause
            olt.find_pause = min(2 * olt.find_pause, FIND_LONGEST)
            return
        olt.find_at, olt.found_at, olt.find_pause = np.inf, now.monotonic, FIND_RETRY
        rows: dict[int, OnuIndex] = {}
        for onu in olt.onus:
            via = devices[onu].observed_via
            if via is not None and (row := found.get(same_key(via.key))) is not None:
                rows[onu] = row
        lost = [onu for onu in olt.onus if onu not in rows]
        log.info("olt=%s onus=%d unknown_to_it=%d", devices[olt.device].id, len(rows), len(lost))
        olt.rows = rows
        moved = self._observed.claimed(olt, found)
        self._lose_sight(lost, now)
        for onu, to, row in moved:
            self._move(onu, to, row, now)
        if olt.link is not None and olt.link.outline:
            told = self._country.fleet.told_readings
            for onu in rows:
                if told.outline(onu) != olt.link.outline:
                    told.assign(onu, olt.link.outline)
            olt.steps_done, olt.optics_at = 0, now.monotonic
        olt.is_due = True
        self._want(olt, (), now)

    def _move(self, onu: int, to: int, row: OnuIndex, now: Now) -> None:
        """The inventory has it at another OLT than it hangs on."""
        olt = self._observed.olts[to]
        names = [self._country.inventory.devices[one].id for one in (onu, to, int(self._observed.olt_of[onu]))]
        log.info("onu=%s hangs on olt=%s recorded=%s", *names)
        self._observed.move(onu, to, row)
        self._country.wiring.move(onu, to)
        self._recheck(self._judge.rehang(onu, now), now)
        if olt.link is not None and olt.link.outline:
            self._country.fleet.told_readings.assign(onu, olt.link.outline)
        self._want(olt, (onu,), now)

    async def _read_states(self, olt: Olt, wanted: Mapping[int, OnuIndex]) -> None:
        observed, said = self._observed, None
        try:
            said = await olt.link.states(list(wanted.values())) if olt.link is not None else None
        finally:
            if observed is self._observed:
                olt.is_reading = False
                self._reading -= 1
        if observed is self._observed:
            self._take(olt, list(wanted), said, self._clock.now())

    def _take(self, olt: Olt, onus: Sequence[int], said: Sequence[OnuRow] | None, now: Now) -> None:
        self._vitals.count(Vital.OLT_READS, label="missed" if said is None else "answered")
        if said is None:
            olt.failures += 1
            if olt.failures >= FAILURES:
                self._fail(olt, now)
            else:
                olt.is_due = True  # at once, and everything: it may have failed
                self._want(olt, (), now)
            return
        olt.failures, olt.answered_at = 0, now.monotonic
        fleet, told_of = self._country.fleet, self._observed.told_of
        if fleet.health_of(olt.device) is not Health.UP:
            self._recheck(self._judge.hear([olt.device], [], now), now)
        changed = fleet.record_rows(onus, said, now)
        own = [(onu, row.state) for onu, row in zip(onus, said, strict=True) if told_of[onu]]
        online = [onu for onu, state in own if state is RowState.ONLINE]
        offline = [onu for onu, state in own if state is RowState.OFFLINE]
        self._recheck(self._judge.hear_rows(online, offline, now), now)
        gone = [onu for onu, row in zip(onus, said, strict=True) if row.state is RowState.MISSING]
        silent = [onu for onu, row in zip(onus, said, strict=True) if row.state in (RowState.MISSING, RowState.UNREAD)]
        self._lose_sight([onu for onu in silent if told_of[onu]], now)
        if gone:
            olt.find_at = min(olt.find_at, olt.found_at + ROWS_GONE_AGAIN)
        if changed:
            self._judge.dirty = True

    def _sweep_out(self, now: Now) -> None:
        """OLTs that are dark say nothing, nor do those that nobody could read for rounds; nor is old light shown."""
        fleet = self._country.fleet
        for olt in self._observed.olts.values():
            old = now.monotonic - olt.answered_at > KEPT_ROUNDS * self._pace.interval
            if old or fleet.health_of(olt.device) in DARK:
                self._fail(olt, now)
        fleet.told_readings.forget(now.monotonic - 2 * self._pace.background)

    def _fail(self, olt: Olt, now: Now) -> None:
        if np.isnan(olt.answered_at):
            return
        log.info("olt=%s says nothing of its ONUs any more", self._country.inventory.devices[olt.device].id)
        olt.answered_at = np.nan
        self._lose_sight(olt.onus, now)

    def _lose_sight(self, onus: Sequence[int], now: Now) -> None:
        if onus:
            self._country.fleet.forget_rows(onus)
            own = [onu for onu in onus if self._observed.told_of[onu]]
            self._recheck(self._judge.lose_sight(own, now), now)

    def _recheck(self, wishes: Sequence[RecheckSoon], now: Now) -> None:
        self._sweep.recheck(wishes, now)

    async def _read_optics(self, olt: Olt) -> None:
        observed, size = self._observed, self._optics_step(olt)
        onus, said = step_of(list(olt.rows), olt.step, size), None
        try:
            if olt.link is not None and onus:
                said = await olt.link.optics([olt.rows[onu] for onu in onus])
        finally:
            olt.is_reading_optics = False
        if observed is not self._observed:
            return
        now, steps = self._clock.now(), max(1, -(-len(olt.rows) // size))
        if said is not None:
            values = [[np.nan if one is None else one for one in readings] for readings in said]
            self._country.fleet.told_readings.write(onus, values, now.monotonic)
        olt.step, olt.steps_done = (olt.step + 1) % steps, olt.steps_done + 1
        # The first time a step with every round, so that a start shows the light of all within minutes.
        olt.optics_at = now.monotonic + (0.0 if olt.steps_done < steps else self._pace.background / steps)

    def _optics_step(self, olt: Olt) -> int:
        """ONUs a step: a step is taken with a round of states at the most, and all must have had theirs in time."""
        rounds = max(1.0, 0.8 * self._pace.background / self._pace.interval)
        return max(OPTICS_STEP, ceil(len(olt.rows) / rounds))

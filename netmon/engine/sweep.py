"""The ICMP sweep: every device once a round, in slots of 100 ms, plus probes out of turn.

A device's stable phase gives its slot, so the load is flat. Outcomes are gathered per slot and flushed to the Fleet in
one batch; only outcomes that may change something reach the judge.
"""

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netmon.engine.judge import IN_QUESTION, Judge
from netmon.engine.pacing import keep_pace
from netmon.engine.plan import SweepPlan
from netmon.engine.watch import IsolationWatch
from netmon.model.country import Country
from netmon.model.decisions import RecheckSoon
from netmon.model.health import Health
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Clock, PingBatch, Pinger, Vitals

REFERENCE_EVERY_SLOTS = 10
LATE_FACTOR = 1.5
RECHECKS_PER_TURN = 5_000
"""Probes out of turn in one turn: as many as take half a slot to send. When everything is in doubt, the rest waits."""
SPREAD = 0.8
"""Share of the judge's spacing that two probes of a device are apart at least; the rest is the turns' own unrest."""

_ANSWER_MATTERS = np.array([health not in (Health.UP, Health.BLIND) for health in Health])
_MISS_MATTERS = np.array(
    [health in (Health.UNKNOWN, Health.UP, Health.SUSPECT, Health.RECOVERING) for health in Health]
)


class Sweep:
    """Drives the pinger and flushes what it learns."""

    def __init__(
        self, country: Country, plan: SweepPlan, pinger: Pinger, *, judge: Judge, watch: IsolationWatch, vitals: Vitals
    ) -> None:
        self._country = country
        self._pinger = pinger
        self._judge = judge
        self._watch = watch
        self._vitals = vitals
        self._due: list[tuple[float, int]] = []
        self._sent_at = self._put_off = np.empty(0)
        self._turned_at = float("-inf")
        self.adopt(plan)

    def adopt(self, plan: SweepPlan) -> None:
        """Swap in a new plan (its Fleet must be on the whiteboard already); probes in flight are forgotten."""
        self._pinger.watch(plan.addresses, plan.generation)
        self._watch.adopt(plan)
        self._plan = plan
        self._watched = np.fromiter((device for slot in plan.slots for device in slot), np.intp)
        self._due.clear()
        self._sent_at = np.full(len(plan.addresses), float("-inf"))
        self._put_off = self._sent_at.copy()

    @property
    def turned_at(self) -> float:
        """Monotonic seconds of the last slot done: the watchdog's sign of progress."""
        return self._turned_at

    def recheck(self, wishes: Sequence[RecheckSoon], now: Now) -> None:
        """Queue probes out of turn."""
        for wish in wishes:
            heapq.heappush(self._due, (now.monotonic + wish.after, wish.device))

    async def run(self, clock: Clock) -> None:
        """Sweep until cancelled."""
        await keep_pace(self.turn, clock, self._vitals)

    def turn(self, slots: Sequence[int], now: Now) -> None:
        """Harvest what came, then send what these slots and the rechecks ask for."""
        self._absorb(self._pinger.harvest(now.monotonic), now)
        targets: dict[int, None] = {}
        for slot in slots:
            targets.update(dict.fromkeys(self._plan.slots[slot % len(self._plan.slots)]))
            if slot % REFERENCE_EVERY_SLOTS == 0:
                targets.update(dict.fromkeys(self._plan.references))
        self._add_rechecks(targets, now)
        self._send(list(targets), now)
        self._turned_at = now.monotonic

    def watched(self) -> NDArray[np.intp]:
        """All devices that are pinged, by dense index."""
        return self._watched

    def ask(self, devices: Sequence[int], now: Now) -> None:
        """Harvest what came, then probe these out of turn, but whom was asked a moment ago."""
        self._absorb(self._pinger.harvest(now.monotonic), now)
        gap = self._gap
        self._send([device for device in devices if self._sent_at[device] + gap <= now.monotonic], now)

    @property
    def _gap(self) -> float:
        """Seconds that two probes of a device are apart at least."""
        return SPREAD * self._judge.spacing

    def _send(self, targets: list[int], now: Now) -> None:
        if targets:
            self._pinger.send(targets, now.monotonic)
            self._sent_at[targets] = now.monotonic
            self._vitals.count(Vital.PROBES_SENT, len(targets))

    def _add_rechecks(self, targets: dict[int, None], now: Now) -> None:
        """Probes out of turn, due and still wanted. Wishes that piled up are spread out, never sent in a burst."""
        if not self._due or self._due[0][0] > now.monotonic:
            return
        # A storm has ten thousand wishes a second: bytes are looked up, not numpy's scalars, and few enums are named.
        gap, health, up = self._gap, self._country.fleet.health.tobytes(), int(Health.UP)
        most = len(targets) + RECHECKS_PER_TURN
        while self._due and self._due[0][0] <= now.monotonic and len(targets) < most:
            device = heapq.heappop(self._due)[1]
            if health[device] not in IN_QUESTION and health[device] != up:
                continue
            sent_at = now.monotonic if device in targets else float(self._sent_at[device])
            just_asked = sent_at + gap > now.monotonic
            if health[device] == up and (just_asked or not self._judge.wants_probe(device)):
                continue
            if just_asked:
                self._wait_in_line(device, sent_at, now)
            else:
                targets[device] = None

    def _wait_in_line(self, device: int, sent_at: float, now: Now) -> None:
        """Put a wish off until the last probe and the wishes put off before it are over; what is too much is dropped.

        Forty villages ask for their feeder at once. Were all of these put off to the same moment, and again then, a
        country in doubt would keep the loop busy with nothing but that, and be late for its own answers.
        """
        after = max(sent_at, float(self._put_off[device])) + self._gap
        if after <= now.monotonic + self._judge.policy.odds.within:
            self._put_off[device] = after
            heapq.heappush(self._due, (after, device))

    def late_devices(self, now: Now) -> int:
        """Watched devices whose last probe is overdue by half a round."""
        probed = self._country.fleet.probed_at[self._watched]  # never probed is NaN, and no comparison with NaN is true
        return int((now.monotonic - probed > LATE_FACTOR * self._plan.round_seconds + 1).sum())

    def _absorb(self, batch: PingBatch, now: Now) -> None:
        if batch.generation != self._plan.generation:
            return
        self._count(batch)
        size = self._plan.size
        # A loop held up for seconds may bring two outcomes of one device; the Fleet takes one per batch.
        rtts = {i: rtt for i, rtt in zip(batch.answered, batch.rtts, strict=True) if i < size}
        missed = list(dict.fromkeys(i for i in batch.missed if i < size))
        if self._plan.references:
            self._watch.references_heard(
                [i - size for i in batch.answered if i >= size], [i - size for i in batch.missed if i >= size], now
            )
        if rtts or missed:
            self._flush(list(rtts), list(rtts.values()), missed, now)

    def _flush(self, answered: list[int], rtts: list[float], missed: list[int], now: Now) -> None:
        fleet = self._country.fleet
        rows_up, rows_out = np.array(answered, np.intp), np.array(missed, np.intp)
        fleet.record(answered, rtts, missed, now)
        notable_up = rows_up[_ANSWER_MATTERS[fleet.health[rows_up]] | self._judge.would_refute(rows_up)]
        notable_out = rows_out[_MISS_MATTERS[fleet.health[rows_out]]]
        if notable_up.size or notable_out.size:
            self.recheck(self._judge.hear(notable_up.tolist(), notable_out.tolist(), now), now)

    def _count(self, batch: PingBatch) -> None:
        for vital, outcomes in (
            (Vital.PROBES_ANSWERED, batch.answered),
            (Vital.PROBES_MISSED, batch.missed),
            (Vital.PROBES_UNSENT, batch.unsent),
            (Vital.PROBES_UNHEARD, batch.unheard),
        ):
            if outcomes:
                self._vitals.count(vital, len(outcomes))

"""The ICMP sweep: every device once a round, in slots of 100 ms, plus probes out of turn.

A device's stable phase gives its slot, so the load is flat. Outcomes are gathered per slot and flushed to the Fleet in
one batch; only outcomes that may change something reach the judge. However much fails at once, a turn takes as long as
it may: what is more than that waits for the next one (`wishes`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netmon.engine.judge import IN_QUESTION, Judge
from netmon.engine.pacing import keep_pace
from netmon.engine.plan import SweepPlan
from netmon.engine.watch import IsolationWatch
from netmon.engine.wishes import Docket, Wishes
from netmon.model.country import Country
from netmon.model.decisions import RecheckSoon
from netmon.model.health import Health
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Clock, PingBatch, Pinger, Vitals

REFERENCE_EVERY_SLOTS = 10
LATE_FACTOR = 1.5
RECHECKS_PER_TURN = 1_000
"""Probes out of turn in one turn, of devices in question and as many of their relatives. The first are 10,000 a second,
four times what the sweep of the whole country sends; where the way is congested, more would make it worse."""
WISHES_PER_TURN = 20_000
"""Wishes looked at in one turn, 2 to 5 ms. Most are stale or of the same devices."""
HEARD_PER_TURN = 2_000
"""Outcomes told to the judge in one turn; a first miss takes it 35 µs."""
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
        self._wishes, self._docket = Wishes(), Docket()
        self._sent_at = self._put_off = np.empty(0)
        self._turned_at = float("-inf")
        self.adopt(plan)

    def adopt(self, plan: SweepPlan) -> None:
        """Swap in a new plan (its Fleet must be on the whiteboard already); probes in flight are forgotten."""
        self._pinger.watch(plan.addresses, plan.generation)
        self._watch.adopt(plan)
        self._plan = plan
        self._watched = np.fromiter((device for slot in plan.slots for device in slot), np.intp)
        self._wishes.clear()
        self._docket.clear()
        self._sent_at = np.full(len(plan.addresses), float("-inf"))
        self._put_off = self._sent_at.copy()

    @property
    def turned_at(self) -> float:
        """Monotonic seconds of the last slot done: the watchdog's sign of progress."""
        return self._turned_at

    def recheck(self, wishes: Sequence[RecheckSoon], now: Now) -> None:
        """Queue probes out of turn."""
        self._wishes.add([wish.device for wish in wishes], [now.monotonic + wish.after for wish in wishes])

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
        due = self._wishes.take(now.monotonic, WISHES_PER_TURN)
        if not due.size:
            return
        devices, came, wishes = np.unique(due, return_index=True, return_counts=True)
        order = np.argsort(came)  # by number, the last provinces would wait for ever where the first have enough wishes
        devices, wishes = devices[order], wishes[order]
        sent_at = self._sent_at[devices]
        sent_at[np.isin(devices, np.fromiter(targets, np.intp, len(targets)))] = now.monotonic
        are, is_rested = self._country.fleet.are, sent_at + self._gap <= now.monotonic
        is_open, is_up = are(*IN_QUESTION, rows=devices), are(Health.UP, rows=devices)
        is_next = is_open & is_rested
        ready = devices[is_next].tolist()
        targets.update(dict.fromkeys(ready[:RECHECKS_PER_TURN]))
        self._add_relatives(targets, devices[is_up & is_rested], now)
        sent_at[is_next] = now.monotonic
        wishes[is_next] -= 1
        self._wait_in_line(devices[is_open], sent_at[is_open], wishes[is_open], now)
        self._wishes.put_back(ready[RECHECKS_PER_TURN:], now.monotonic)

    def _add_relatives(self, targets: dict[int, None], up: NDArray[np.intp], now: Now) -> None:
        """Devices that are up, where the judge still wants to hear of them; whom there is no time to look at waits."""
        looked_at, others = up[:RECHECKS_PER_TURN].tolist(), up[RECHECKS_PER_TURN:].tolist()
        targets.update((device, None) for device in looked_at if self._judge.wants_probe(device))
        self._wishes.put_back(others, now.monotonic)

    def _wait_in_line(
        self, devices: NDArray[np.intp], sent_at: NDArray[np.float64], wishes: NDArray[np.intp], now: Now
    ) -> None:
        """Put wishes off until the last probe and the wishes put off before are over; what is too much is dropped.

        Forty villages ask for their feeder at once. Were all of these put off to the same moment, and again then, a
        country in doubt would keep the loop busy with nothing but that, and be late for its own answers.
        """
        begins, gap = np.maximum(sent_at, self._put_off[devices]), self._gap
        room = (now.monotonic + self._judge.policy.odds.within - begins) / gap
        kept = np.minimum(wishes, np.maximum(room, 0.0).astype(np.intp))
        self._put_off[devices] = np.where(kept > 0, begins + kept * gap, self._put_off[devices])
        which = np.repeat(np.arange(devices.size), kept)
        places = np.arange(which.size) - np.repeat(np.cumsum(kept) - kept, kept) + 1
        self._wishes.add(devices[which].tolist(), (begins[which] + places * gap).tolist())

    def late_devices(self, now: Now) -> int:
        """Watched devices whose last probe is overdue by half a round."""
        probed = self._country.fleet.probed_at[self._watched]  # never probed is NaN, and no comparison with NaN is true
        return int((now.monotonic - probed > LATE_FACTOR * self._plan.round_seconds + 1).sum())

    def _absorb(self, batch: PingBatch, now: Now) -> None:
        if batch.generation == self._plan.generation:
            self._take_in(batch, now)
        self._hear(now)

    def _take_in(self, batch: PingBatch, now: Now) -> None:
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
        self._country.fleet.record(answered, rtts, missed, now)
        self._docket.add(*self._notable(np.array(answered, np.intp), np.array(missed, np.intp)))

    def _notable(self, answered: NDArray[np.intp], missed: NDArray[np.intp]) -> tuple[NDArray[np.intp], ...]:
        """The answers and the misses that may change something."""
        health = self._country.fleet.health
        return (
            answered[_ANSWER_MATTERS[health[answered]] | self._judge.would_refute(answered)],
            missed[_MISS_MATTERS[health[missed]]],
        )

    def _hear(self, now: Now) -> None:
        """Tell the judge what matters, as far as there is time; what has waited may matter no longer."""
        left = HEARD_PER_TURN
        while left > 0 and (outcomes := self._docket.take(left)) is not None:
            answered, missed = self._notable(*outcomes)
            left -= outcomes[0].size + outcomes[1].size
            if answered.size or missed.size:
                self.recheck(self._judge.hear(answered.tolist(), missed.tolist(), now), now)

    def _count(self, batch: PingBatch) -> None:
        for vital, outcomes in (
            (Vital.PROBES_ANSWERED, batch.answered),
            (Vital.PROBES_MISSED, batch.missed),
            (Vital.PROBES_UNSENT, batch.unsent),
            (Vital.PROBES_UNHEARD, batch.unheard),
        ):
            if outcomes:
                self._vitals.count(vital, len(outcomes))

"""Isolation: is it the country that has gone dark, or netmon itself?

Two witnesses: the kernel (link and routes, at once) and the last seconds' probes (reference targets and regions).
While netmon is cut off every device is blind, no ticket decision is taken, and one alarm goes to the NOC.
"""

import logging
from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from netmon.engine.judge import Judge
from netmon.engine.plan import NO_REGION, REGIONS, SweepPlan
from netmon.errors import StoreError
from netmon.model.country import Country, Isolation
from netmon.model.decisions import SendNotice
from netmon.model.notices import Audience, Channel, Notice, Recipient, Stage
from netmon.model.regions import Region
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import IsolationSensor, Store, Vitals
from netmon.rules.isolation import (
    IsolationPolicy,
    ReferenceState,
    RegionSample,
    judge_isolation,
    judge_sighted,
)

log = logging.getLogger(__name__)


class References:
    """The reference targets' outcomes over the window: (monotonic seconds, answered) per target."""

    def __init__(self, count: int, window: float) -> None:
        self._window = window
        self._outcomes: list[deque[tuple[float, bool]]] = [deque() for _ in range(count)]

    def heard(self, answered: Sequence[int], missed: Sequence[int], now: Now) -> None:
        """Note outcomes by target number."""
        for numbers, outcome in ((answered, True), (missed, False)):
            for number in numbers:
                self._outcomes[number].append((now.monotonic, outcome))

    def states(self, now: Now) -> tuple[ReferenceState, ...]:
        """What each target did within the window."""
        return tuple(self._state(outcomes, now) for outcomes in self._outcomes)

    def _state(self, outcomes: deque[tuple[float, bool]], now: Now) -> ReferenceState:
        while outcomes and outcomes[0][0] < now.monotonic - self._window:
            outcomes.popleft()
        if not outcomes:
            return ReferenceState.UNTRIED
        return ReferenceState.ANSWERED if any(answered for _, answered in outcomes) else ReferenceState.FAILED


def region_samples(country: Country, plan: SweepPlan, since: float) -> Mapping[Region, RegionSample]:
    """Devices with a probe outcome after `since` (monotonic seconds), and those that missed them all, per region."""
    fleet = country.fleet
    probed = (fleet.probed_at > since) & ~(plan.silent_by_design & np.isnan(fleet.answered_at))
    missed = probed & ~(fleet.answered_at > since)
    asked = np.bincount(plan.region_of[probed], minlength=NO_REGION + 1)
    silent = np.bincount(plan.region_of[missed], minlength=NO_REGION + 1)
    return {
        region: RegionSample(probed=int(asked[number]), missed=int(silent[number]))
        for number, region in enumerate(REGIONS)
        if asked[number]
    }


class IsolationWatch:
    """Gathers both witnesses and moves the country into blindness and out of it."""

    def __init__(self, country: Country, sensor: IsolationSensor, *, policy: IsolationPolicy, vitals: Vitals) -> None:
        self._country = country
        self._sensor = sensor
        self._policy = policy
        self._vitals = vitals
        self._references = References(0, policy.window)
        self._untold: list[SendNotice] = []
        self._refused = False

    def use(self, policy: IsolationPolicy) -> None:
        """Take a new policy after a reload; `adopt` of the new plan has to follow."""
        self._policy = policy

    def adopt(self, plan: SweepPlan) -> None:
        """Take a new plan's regions and reference targets."""
        self._plan = plan
        self._references = References(len(plan.references), self._policy.window)

    def references_heard(self, answered: Sequence[int], missed: Sequence[int], now: Now) -> None:
        """Outcomes of reference targets, by their number."""
        self._references.heard(answered, missed, now)

    async def tick(self, judge: Judge, store: Store, now: Now) -> None:
        """Decide whether netmon is blind now, and tell the NOC when that changes."""
        references = self._references.states(now)
        regions = region_samples(self._country, self._plan, now.monotonic - self._policy.window)
        if self._country.isolation is None:
            reason = judge_isolation(references, regions, self._sensor.cut_off, self._policy)
            if reason:
                self._country.isolation = Isolation(since=now.wall, reason=reason)
                judge.isolate(now)
                log.warning("blind=1 reason=%r", reason)
                self._note(Stage.BLIND, self._country.isolation, now)
        elif judge_sighted(references, regions, self._sensor.cut_off, self._policy):
            ended, self._country.isolation = self._country.isolation, None
            judge.sight(now)
            log.warning("blind=0 lasted_seconds=%.0f", now.wall - ended.since)
            self._note(Stage.SIGHTED, ended, now)
        self._vitals.gauge(Vital.BLIND, float(self._country.isolation is not None))
        await self._tell(store, now)

    def _note(self, stage: Stage, isolation: Isolation, now: Now) -> None:
        recipient = Recipient(Audience.NOC, "noc")
        notice = Notice(stage=stage, channel=Channel.MAIL, recipient=recipient, revision=int(isolation.since))
        self._untold.append(SendNotice(notice, not_before=now.wall))

    async def _tell(self, store: Store, now: Now) -> None:
        """Hand the alarms to the store; what it does not take is offered again at the next tick."""
        while self._untold:
            try:
                await store.commit(self._untold[:1], now)
            except StoreError as error:
                if not self._refused:
                    log.error("alarm cannot be written reason=%r", str(error))
                self._refused = True
                return
            self._untold.pop(0)
            self._refused = False

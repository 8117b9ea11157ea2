"""Isolation: is it the country that has gone dark, or netmon itself?

Two witnesses: the kernel (link and routes, at once) and the last seconds' probes (reference targets and regions).
While netmon is cut off every device is blind, no ticket decision is taken, and one alarm goes to the NOC.
"""

import logging
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netmon.engine.judge import Judge
from netmon.engine.window import RegionWindow
from netmon.model.country import Country, Isolation
from netmon.model.decisions import SendNotice
from netmon.model.notices import Audience, Channel, Notice, Recipient, Stage
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import IsolationSensor, Store, Vitals
from netmon.rules.isolation import IsolationPolicy, ReferenceState, judge_isolation

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
        answered = sum(outcome for _, outcome in outcomes)
        return ReferenceState(answered=answered, missed=len(outcomes) - answered)


class IsolationWatch:
    """Gathers both witnesses and moves the country into blindness and out of it."""

    def __init__(
        self, country: Country, sensor: IsolationSensor, *, references: int, policy: IsolationPolicy, vitals: Vitals
    ) -> None:
        self._country = country
        self._sensor = sensor
        self._policy = policy
        self._vitals = vitals
        self._references = References(references, policy.window)
        self._regions = RegionWindow(policy.window)

    def references_heard(self, answered: Sequence[int], missed: Sequence[int], now: Now) -> None:
        """Outcomes of reference targets, by their number."""
        self._references.heard(answered, missed, now)

    def sampled(self, answered: NDArray[np.int8], missed: NDArray[np.int8], now: Now) -> None:
        """Outcomes of devices, as region numbers."""
        self._regions.add(answered, missed, now.monotonic)

    async def tick(self, judge: Judge, store: Store, now: Now) -> None:
        """Decide whether netmon is blind now, and tell the NOC when that changes."""
        reason = judge_isolation(
            self._references.states(now),
            self._regions.samples(now.monotonic),
            link_reason=self._sensor.cut_off,
            blind=self._country.isolation is not None,
            policy=self._policy,
        )
        if reason and self._country.isolation is None:
            self._country.isolation = Isolation(since=now.wall, reason=reason)
            judge.isolate(now)
            log.warning("blind=1 reason=%r", reason)
            await self._tell(Stage.BLIND, self._country.isolation, store, now)
        elif not reason and self._country.isolation is not None:
            ended, self._country.isolation = self._country.isolation, None
            judge.sight(now)
            self._regions.clear()
            log.warning("blind=0 lasted_seconds=%.0f", now.wall - ended.since)
            await self._tell(Stage.SIGHTED, ended, store, now)
        self._vitals.gauge(Vital.BLIND, float(self._country.isolation is not None))

    async def _tell(self, stage: Stage, isolation: Isolation, store: Store, now: Now) -> None:
        notice = Notice(
            stage=stage,
            channel=Channel.MAIL,
            recipient=Recipient(Audience.NOC, "noc"),
            revision=int(isolation.since),
        )
        await store.commit([SendNotice(notice, not_before=now.wall)], now)

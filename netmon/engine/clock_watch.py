"""What is done when the machine's wall clock is put right."""

import logging
from collections.abc import Callable

from netmon.engine.clock import SystemClock
from netmon.errors import StoreError
from netmon.model.country import Country
from netmon.model.vitals import Vital
from netmon.ports import Store, Vitals

log = logging.getLogger(__name__)

TRUSTED_AFTER = 86_400.0
"""Seconds without a step after which the wall clock may decide what is old enough to be deleted."""


class ClockWatch:
    """Carries a step of the wall clock into everything that waits for a time or says since when.

    `stepped` is told afterwards. While the store does not take it the step waits, and netmon goes by its old time.
    """

    def __init__(
        self,
        clock: SystemClock,
        country: Country,
        store: Store,
        *,
        vitals: Vitals,
        stepped: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._country = country
        self._store = store
        self._vitals = vitals
        self._stepped = stepped
        self._refused = False
        self._last = clock.now().monotonic

    def is_trusted(self) -> bool:
        """Whether the wall clock has been steady for so long that what is old by it may be deleted."""
        return self._clock.now().monotonic - self._last >= TRUSTED_AFTER

    async def tick(self) -> None:
        """Look once."""
        step = self._clock.step()
        if not step:
            return
        try:
            await self._store.shift(step)
        except StoreError as error:
            if not self._refused:
                log.error("clock=stepped by_seconds=%.1f taken=no reason=%r", step, str(error))
            self._refused = True
            return
        self._refused = False
        self._clock.adopt(step)
        self._country.shift(step)
        self._vitals.count(Vital.CLOCK_STEPS, label="forward" if step > 0 else "back")
        log.warning("clock=stepped by_seconds=%.1f", step)
        self._last = self._clock.now().monotonic
        self._stepped()

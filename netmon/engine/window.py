"""How the last seconds' probes went, per region: what isolation is judged by."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from netmon.engine.plan import NO_REGION, REGIONS
from netmon.model.regions import Region
from netmon.rules.isolation import RegionSample


class RegionWindow:
    """A ring of one-second buckets of (probed, missed) per region, covering `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._buckets = max(2, round(seconds))
        self._counts: NDArray[np.int64] = np.zeros((self._buckets, 2, NO_REGION + 1), np.int64)
        self._second = 0

    def add(self, answered: NDArray[np.int8], missed: NDArray[np.int8], monotonic: float) -> None:
        """Count outcomes given as region numbers, one per probe."""
        self._turn(monotonic)
        bucket = self._counts[self._second % self._buckets]
        width = NO_REGION + 1
        lost = np.bincount(missed, minlength=width)
        bucket[0] += np.bincount(answered, minlength=width) + lost
        bucket[1] += lost

    def samples(self, monotonic: float) -> Mapping[Region, RegionSample]:
        """Totals over the window, for regions that were probed at all."""
        self._turn(monotonic)
        probed, missed = self._counts.sum(axis=0)
        return {
            region: RegionSample(probed=int(probed[i]), missed=int(missed[i]))
            for i, region in enumerate(REGIONS)
            if probed[i]
        }

    def clear(self) -> None:
        """Forget everything."""
        self._counts[:] = 0

    def _turn(self, monotonic: float) -> None:
        second = int(monotonic)
        for passed in range(self._second + 1, min(second, self._second + self._buckets) + 1):
            self._counts[passed % self._buckets] = 0
        if second - self._second > self._buckets:
            self.clear()
        self._second = second

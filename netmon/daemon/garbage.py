"""What is learnt of the devices stays, so the collector of garbage must not look through it again and again.

A full collection over the plans of 50,000 devices holds the loop up for most of a second.
"""

import gc


class Keeper:
    """Puts what stays out of the collector's sight, whenever more (or less) is known of the devices than before."""

    def __init__(self) -> None:
        self._planned = 0

    def note(self, planned: int) -> None:
        """Tell how many devices netmon knows how to poll now."""
        if planned != self._planned:
            self._planned = planned
            gc.freeze()

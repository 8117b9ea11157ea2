"""What is known of every device's SNMP agent, as distinct from the device: arrays by dense device index.

An agent may hang while its device goes on carrying traffic, and a device that never spoke SNMP has no agent that could.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MOST: Final = np.iinfo(np.uint16).max


class AgentTable:
    """Agents by dense device index.

    `known` marks who has ever spoken SNMP at its address. `missed` counts polls in a row without a usable answer while
    ping answered (of who was never heard: tries to discover it), `answers` those in a row with one. `missed_since` is
    the moment (monotonic seconds) of the first of these misses, NaN where the last poll was answered or there was
    none. `silent` is what has been concluded from it.
    """

    def __init__(self, size: int) -> None:
        self.known: NDArray[np.bool_] = np.zeros(size, np.bool_)
        self.missed: NDArray[np.uint16] = np.zeros(size, np.uint16)
        self.answers: NDArray[np.uint16] = np.zeros(size, np.uint16)
        self.missed_since: NDArray[np.float64] = np.full(size, np.nan)
        self.silent: NDArray[np.bool_] = np.zeros(size, np.bool_)

    def hear(self, rows: NDArray[np.intp]) -> None:
        """These agents, each once, have answered."""
        self.known[rows] = True
        self.missed[rows] = 0
        self.missed_since[rows] = np.nan
        self.answers[rows] = np.minimum(self.answers[rows], _MOST - 1) + 1

    def miss(self, rows: NDArray[np.intp], at: float) -> None:
        """These agents, each once, have not answered a poll that ended `at` (monotonic seconds)."""
        first = rows[self.missed[rows] == 0]
        self.missed_since[first] = at
        self.missed[rows] = np.minimum(self.missed[rows], _MOST - 1) + 1
        self.answers[rows] = 0

    def restart(self, rows: NDArray[np.intp] | slice = slice(None)) -> None:
        """Begin to count anew: what was missed says nothing about these agents, nor do answers of before."""
        self.missed[rows] = 0
        self.answers[rows] = 0
        self.missed_since[rows] = np.nan

    def adopt(self, old: "AgentTable", rows: Sequence[int], old_rows: Sequence[int]) -> None:
        """Carry what was known of `old_rows` into `rows` of this table, after a reload."""
        for name, column in vars(old).items():
            getattr(self, name)[list(rows)] = column[list(old_rows)]

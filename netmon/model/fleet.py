"""The Fleet: what is known of every device now, as a struct of arrays by dense device index.

A sweep gathers into plain lists and writes here once per batch: scalar numpy writes cost ten times a list append.
`generation` changes with every reload, so a late reply cannot land in another device's row.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netmon.model.agent_table import AgentTable
from netmon.model.health import Health
from netmon.model.onus import OnuRow
from netmon.model.reading_table import ReadingTable
from netmon.model.time import Now

RECENT = 64
"""Probes that loss and RTT statistics look back on: 21 minutes at the default interval."""
RTT_KEPT = 16
"""Round-trip times kept per device."""

Rows = NDArray[np.intp] | slice
"""Some devices by dense index, in that order."""
EVERY = slice(None)
_HEALTHS = tuple(Health)
"""By code; an enum's own look-up takes four times as long, and a storm makes hundreds of thousands."""
Histories = tuple[NDArray[np.uint64], NDArray[np.uint8]]
RttStatistics = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


class Fleet:
    """Columns by dense device index; RTT in seconds, NaN where absent.

    `since` is Unix seconds, for readers. `changed_at` (of the same moment), `answered_at` and `probed_at` are
    monotonic seconds, for the rules: the wall clock may step. NaN where never. `readings` is what SNMP brought at the
    last round, `slow_readings` what it brought in the background, `told_readings` what its OLT told of an ONU, `agents`
    who answers SNMP at all.

    `row_state` and `row_cause` are codes of what the OLT says of an ONU (`model.onus`), `row_at` when it said so last,
    `row_since` since when it says the same.
    """

    def __init__(self, size: int, generation: int) -> None:
        self.size = size
        self.generation = generation
        self.health: NDArray[np.uint8] = np.zeros(size, np.uint8)
        self.since: NDArray[np.float64] = np.full(size, np.nan)
        self.changed_at: NDArray[np.float64] = np.full(size, np.nan)
        self.answered_at: NDArray[np.float64] = np.full(size, np.nan)
        self.probed_at: NDArray[np.float64] = np.full(size, np.nan)
        self.flapping: NDArray[np.bool_] = np.zeros(size, np.bool_)
        self.maintenance: NDArray[np.bool_] = np.zeros(size, np.bool_)
        self._lost: NDArray[np.uint64] = np.zeros(size, np.uint64)
        self._probes: NDArray[np.uint8] = np.zeros(size, np.uint8)
        self._rtt: NDArray[np.float32] = np.full((size, RTT_KEPT), np.nan, np.float32)
        self._rtt_at: NDArray[np.uint8] = np.zeros(size, np.uint8)
        self._now: Now | None = None
        self.row_state: NDArray[np.uint8] = np.zeros(size, np.uint8)
        self.row_cause: NDArray[np.uint8] = np.zeros(size, np.uint8)
        self.row_at: NDArray[np.float64] = np.full(size, np.nan)
        self.row_since: NDArray[np.float64] = np.full(size, np.nan)
        self.readings = ReadingTable(size)
        self.agents = AgentTable(size)
        self.slow_readings = ReadingTable(size)
        self.told_readings = ReadingTable(size)

    def record(self, answered: Sequence[int], rtts: Sequence[float], missed: Sequence[int], now: Now) -> None:
        """Write one batch of probe outcomes, known `now`; `rtts` matches `answered`.

        A device may stand in a batch only once.
        """
        at, self._now = now.monotonic, now
        if answered:
            rows = np.asarray(answered, np.intp)
            self._lost[rows] <<= np.uint64(1)
            self._count(rows, at)
            self.answered_at[rows] = at
            self._rtt[rows, self._rtt_at[rows]] = np.asarray(rtts, np.float32)
            self._rtt_at[rows] = (self._rtt_at[rows] + 1) % RTT_KEPT
        if missed:
            rows = np.asarray(missed, np.intp)
            self._lost[rows] = (self._lost[rows] << np.uint64(1)) | np.uint64(1)
            self._count(rows, at)

    def _count(self, rows: NDArray[np.intp], at: float) -> None:
        self._probes[rows] = np.minimum(self._probes[rows], RECENT - 1) + 1
        self.probed_at[rows] = at

    def record_rows(self, devices: Sequence[int], rows: Sequence[OnuRow], now: Now) -> list[int]:
        """Write what an OLT said of these ONUs, each once; returns those of whom it says something else than before."""
        found = np.asarray(devices, np.intp)
        states = np.array([row.state for row in rows], np.uint8)
        causes = np.array([row.cause for row in rows], np.uint8)
        changed = (self.row_state[found] != states) | (self.row_cause[found] != causes)
        self.row_since[found[self.row_state[found] != states]] = now.monotonic
        self.row_state[found], self.row_cause[found], self.row_at[found] = states, causes, now.monotonic
        known: list[int] = found[changed].tolist()
        return known

    def forget_rows(self, devices: Sequence[int]) -> None:
        """The OLT says nothing of these ONUs any more."""
        found = np.asarray(devices, np.intp)
        self.row_state[found] = self.row_cause[found] = 0
        self.row_at[found] = self.row_since[found] = np.nan

    def last_probe(self) -> float | None:
        """Unix second of the newest probe outcome of all, None where there is none."""
        return self._now.wall if self._now else None

    def set_health(self, index: int, health: Health, now: Now) -> None:
        """One device changes; the caller has asked the health machine."""
        self.health[index] = health
        self.since[index] = now.wall
        self.changed_at[index] = now.monotonic

    def histories(self) -> Histories:
        """A copy of what is known of lost probes, to be put back with `restore_histories`."""
        return self._lost.copy(), self._probes.copy()

    def restore_histories(self, histories: Histories) -> None:
        """Forget the probes since that copy was made: they said nothing about the devices."""
        self._lost[:], self._probes[:] = histories

    def restart_history(self, index: int) -> None:
        """Forget one device's lost probes: after an outage they say nothing about its line."""
        self._lost[index] = 0
        self._probes[index] = 0

    def health_of(self, index: int) -> Health:
        """One device's health."""
        return _HEALTHS[int(self.health[index])]

    def are(self, *healths: Health, rows: Rows = EVERY) -> NDArray[np.bool_]:
        """Which of these devices are in one of these states.

        An `IntEnum` beside a column of octets makes numpy widen the whole column first: six times the time, for a look
        that is taken ten times a second.
        """
        health = self.health[rows]
        found: NDArray[np.bool_] = health == int(healths[0])
        for one in healths[1:]:
            found |= health == int(one)
        return found

    def loss_ratio(self, rows: Rows = EVERY) -> NDArray[np.float64]:
        """Share of the last RECENT probes lost, per device; NaN where nothing was ever sent (never 0)."""
        probes = self._probes[rows].astype(np.uint64)
        # A shift by 64 is undefined, so the mask of a full history is written out.
        partial = (np.uint64(1) << (probes % np.uint64(RECENT))) - np.uint64(1)
        mask = np.where(probes >= RECENT, np.uint64(2**RECENT - 1), partial)
        lost = np.bitwise_count(self._lost[rows] & mask)
        ratio: NDArray[np.float64] = np.full(len(probes), np.nan)
        np.divide(lost, probes, out=ratio, where=probes > 0)
        return ratio

    def recent(self, index: int) -> tuple[int, int]:
        """(probes sent, probes lost) of one device among the last RECENT."""
        probes = int(self._probes[index])
        return probes, (int(self._lost[index]) & ((1 << probes) - 1)).bit_count()

    def rtt_statistics(self, rows: Rows = EVERY) -> RttStatistics:
        """(min, mean, max) of the RTTs kept, seconds, NaN where none."""
        kept = self._rtt[rows].astype(np.float64)
        heard = ~np.isnan(kept)
        count = heard.sum(axis=1)
        low = np.where(heard, kept, np.inf).min(axis=1, initial=np.inf)
        high = np.where(heard, kept, -np.inf).max(axis=1, initial=-np.inf)
        mean = np.where(heard, kept, 0.0).sum(axis=1) / np.maximum(count, 1)
        for column in (low, mean, high):
            column[count == 0] = np.nan
        return low, mean, high

    def last_rtt(self) -> NDArray[np.float64]:
        """The newest RTT of each device, seconds, NaN where none."""
        newest = (self._rtt_at.astype(np.intp) - 1) % RTT_KEPT
        return self._rtt[np.arange(self.size), newest].astype(np.float64)

    def adopt(self, old: "Fleet", rows: Sequence[int], old_rows: Sequence[int]) -> None:
        """Carry what was known of `old_rows` into `rows` of this table, after a reload."""
        self._now = old._now
        for name, column in vars(old).items():
            if isinstance(column, np.ndarray):
                getattr(self, name)[list(rows)] = column[list(old_rows)]
        self.readings.adopt(old.readings, rows, old_rows)
        self.agents.adopt(old.agents, rows, old_rows)
        self.slow_readings.adopt(old.slow_readings, rows, old_rows)
        self.told_readings.adopt(old.told_readings, rows, old_rows)

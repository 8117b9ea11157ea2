"""What the daemon says of itself while a drill runs, read from its /metrics as Prometheus would."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

_LINE = re.compile(r"^(?P<name>[a-z_]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$", re.MULTILINE)
_LAG, _LAG_COUNT = "netmon_loop_lag_seconds_bucket", ("netmon_loop_lag_seconds_count", "")
_LATE = ("netmon_sweep_late_devices", "")
STORM_LASTS = 120.0
"""Seconds after the last thing broke: by then all of it is decided, written and on its way."""
Sample = dict[tuple[str, str], float]


@dataclass(slots=True)
class Gauges:
    """Gathers over the drill; counters are counted from `begin`, and anew after the daemon was started again."""

    address: str
    began: float = 0.0
    first: Sample = field(default_factory=dict)
    last: Sample = field(default_factory=dict)
    late_devices: float = 0.0
    storm: Sample = field(default_factory=dict)
    storm_last: Sample = field(default_factory=dict)
    storm_until: float = 0.0
    storm_late: float = 0.0
    unseen_before: int = 0
    back_at: float | None = None
    returns: list[float | None] = field(default_factory=list)

    def begin(self) -> None:
        """Count from here."""
        self.began, self.first = time.monotonic(), self._scrape()
        self.last = self.first
        self.unseen_before = self._unseen() or 0

    def come_back(self) -> None:
        """Netmon is cut off no more: from now on counts how long the country takes to be tested again."""
        self.back_at = time.monotonic()
        self.returns.append(None)

    def look_at_return(self) -> None:
        """While netmon comes back: note when no village is left that it has not tested since."""
        if self.back_at is None:
            return
        unseen = self._unseen()
        if unseen is not None and unseen <= self.unseen_before:
            self.returns[-1] = round(time.monotonic() - self.back_at, 1)
            self.back_at = None

    def look(self) -> None:
        """Read once more; while the daemon does not answer nothing is noted."""
        sample = self._scrape()
        if sample:
            self.last = sample
            late = sample.get(_LATE, 0.0)
            self.late_devices = max(self.late_devices, late)
            if time.monotonic() <= self.storm_until:
                self.storm_last, self.storm_late = sample, max(self.storm_late, late)

    def break_out(self) -> None:
        """Something of the scenario breaks: from the first such moment until a while after the last it is a storm."""
        self.storm = self.storm or self._scrape()
        self.storm_until = time.monotonic() + STORM_LASTS

    def figures(self) -> dict[str, Any]:
        """CPU share, memory, and how far behind the loop and the sweeps were: all the time, and in the storm."""
        wall = max(time.monotonic() - self.began, 1e-9)
        lags, storm = _lags(self.first, self.last), _lags(self.storm, self.storm_last)
        return {
            "cpu_share": round(self._grown("process_cpu_seconds_total") / wall, 4),
            "rss_mib": round(self.last.get(("process_resident_memory_bytes", ""), 0.0) / 2**20, 1),
            "loop_lag_p99_at_most": lag_quantile(lags, 0.99),
            "loop_lag_max_at_most": lag_quantile(lags, 1.0),
            "storm_loop_lag_p99_at_most": lag_quantile(storm, 0.99),
            "storm_loop_lag_max_at_most": lag_quantile(storm, 1.0),
            "storm_devices_late_at_most": int(self.storm_late) if self.storm_last else None,
            "devices_late_at_most": int(self.late_devices),
            "slots_skipped": int(self._grown("netmon_sweep_skipped_slots_total")),
            "seconds_to_all_tested_again": self.returns,
            "task_restarts": int(sum(v for (name, _), v in self.last.items() if name == "netmon_task_restarts_total")),
        }

    def _grown(self, name: str) -> float:
        value, before = self.last.get((name, ""), 0.0), self.first.get((name, ""), 0.0)
        return value - before if value >= before else value

    def _unseen(self) -> int | None:
        """Villages of which netmon cannot say how they are, but for those that are only planned."""
        try:
            said = httpx.get(f"http://{self.address}/api/v1/overview", timeout=5, trust_env=False).json()
            return int(said["villages"]["unknown"] + said["villages"]["blind"] - said["not_in_service"])
        except (httpx.HTTPError, ValueError, KeyError):
            return None

    def _scrape(self) -> Sample:
        try:
            text = httpx.get(f"http://{self.address}/metrics", timeout=5, trust_env=False).text
        except httpx.HTTPError:
            return {}
        return {(one["name"], one["labels"] or ""): float(one["value"]) for one in _LINE.finditer(text)}


def _lags(first: Sample, last: Sample) -> dict[float, float]:
    """Timers of the loop by the upper bound of their lag (seconds), cumulative, between two samples."""
    restarted = last.get(_LAG_COUNT, 0.0) < first.get(_LAG_COUNT, 0.0)
    before = {} if restarted else first
    return {
        float(labels.partition('"')[2].rstrip('"')): value - before.get((name, labels), 0.0)
        for (name, labels), value in last.items()
        if name == _LAG
    }


def lag_quantile(cumulative: Mapping[float, float], share: float) -> float | None:
    """The smallest bucket's bound below which that share of the turns was; None where nothing was counted."""
    total = max(cumulative.values(), default=0.0)
    if not total:
        return None
    bounds = (bound for bound, count in sorted(cumulative.items()) if count >= share * total)
    found = next(bounds)
    return None if found == float("inf") else found

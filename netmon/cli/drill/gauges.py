"""What the daemon says of itself while a drill runs, read from its /metrics as Prometheus would."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

_LINE = re.compile(r"^(?P<name>[a-z_]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$", re.MULTILINE)
_LAG, _LAG_COUNT = "netmon_loop_lag_seconds_bucket", ("netmon_loop_lag_seconds_count", "")
Sample = dict[tuple[str, str], float]


@dataclass(slots=True)
class Gauges:
    """Gathers over the drill; counters are counted from `begin`, and anew after the daemon was started again."""

    address: str
    began: float = 0.0
    first: Sample = field(default_factory=dict)
    last: Sample = field(default_factory=dict)
    late_devices: float = 0.0

    def begin(self) -> None:
        """Count from here."""
        self.began, self.first = time.monotonic(), self._scrape()
        self.last = self.first

    def look(self) -> None:
        """Read once more; while the daemon does not answer nothing is noted."""
        sample = self._scrape()
        if sample:
            self.last = sample
            self.late_devices = max(self.late_devices, sample.get(("netmon_sweep_late_devices", ""), 0.0))

    def figures(self) -> dict[str, Any]:
        """CPU share, memory, and how far behind the loop and the sweeps were."""
        wall = max(time.monotonic() - self.began, 1e-9)
        return {
            "cpu_share": round(self._grown("process_cpu_seconds_total") / wall, 4),
            "rss_mib": round(self.last.get(("process_resident_memory_bytes", ""), 0.0) / 2**20, 1),
            "loop_lag_p99_at_most": lag_quantile(self._lags(), 0.99),
            "loop_lag_max_at_most": lag_quantile(self._lags(), 1.0),
            "devices_late_at_most": int(self.late_devices),
            "slots_skipped": int(self._grown("netmon_sweep_skipped_slots_total")),
            "task_restarts": int(sum(v for (name, _), v in self.last.items() if name == "netmon_task_restarts_total")),
        }

    def _grown(self, name: str) -> float:
        value, before = self.last.get((name, ""), 0.0), self.first.get((name, ""), 0.0)
        return value - before if value >= before else value

    def _lags(self) -> dict[float, float]:
        """Turns of the loop by the upper bound of their lag (seconds), cumulative."""
        restarted = self.last.get(_LAG_COUNT, 0.0) < self.first.get(_LAG_COUNT, 0.0)
        before = {} if restarted else self.first
        return {
            float(labels.partition('"')[2].rstrip('"')): value - before.get((name, labels), 0.0)
            for (name, labels), value in self.last.items()
            if name == _LAG
        }

    def _scrape(self) -> Sample:
        try:
            text = httpx.get(f"http://{self.address}/metrics", timeout=5, trust_env=False).text
        except httpx.HTTPError:
            return {}
        return {(one["name"], one["labels"] or ""): float(one["value"]) for one in _LINE.finditer(text)}


def lag_quantile(cumulative: Mapping[float, float], share: float) -> float | None:
    """The smallest bucket's bound below which that share of the turns was; None where nothing was counted."""
    total = max(cumulative.values(), default=0.0)
    if not total:
        return None
    bounds = (bound for bound, count in sorted(cumulative.items()) if count >= share * total)
    found = next(bounds)
    return None if found == float("inf") else found

"""What is read of a running daemon from outside: its processes by the kernel's books, and its own vital signs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from netmon.cli.bench.processes import cpu_of

_LINE = re.compile(r"^([a-z_]+)(?:\{([^}]*)\})? (\S+)$", re.MULTILINE)
_BOUND = re.compile(r'le="([^"]+)"')
_STATUS = re.compile(r"^(VmRSS|VmHWM):\s+(\d+) kB$", re.MULTILINE)
_MEGABYTE = 1e6
_NANOSECONDS = 1e9


@dataclass(frozen=True, slots=True)
class Usage:
    """One process: CPU seconds so far (user and system, all threads), and megabytes in memory, now and at the most.

    `waited` is for how many seconds its first thread, which runs the event loop, had work and no processor: others ran
    there. NaN where the kernel keeps no such books.
    """

    name: str
    cpu: float
    rss: float
    most: float
    waited: float


def usage_of(pid: int) -> dict[int, Usage]:
    """A process and all beneath it, by process id."""
    return {one: usage for one in _tree(pid) if (usage := _usage(one)) is not None}


def _tree(pid: int) -> list[int]:
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            text = children.read_text(encoding="ascii")
        except OSError:  # the thread is gone
            continue
        found += [below for child in text.split() for below in _tree(int(child))]
    return found


def _usage(pid: int) -> Usage | None:
    folder = Path(f"/proc/{pid}")
    try:
        name = (folder / "comm").read_text(encoding="utf-8").strip()
        sizes = dict(_STATUS.findall((folder / "status").read_text(encoding="utf-8")))
        rss, most = (int(sizes[key]) * 1024 / _MEGABYTE for key in ("VmRSS", "VmHWM"))
        return Usage(name, cpu_of(pid), rss, most, _waited(folder))
    except (OSError, KeyError):  # it has ended
        return None


def _waited(folder: Path) -> float:
    """Second field of /proc/PID/schedstat, nanoseconds (Documentation/scheduler/sched-stats.rst)."""
    try:
        return int((folder / "schedstat").read_text(encoding="ascii").split()[1]) / _NANOSECONDS
    except FileNotFoundError:  # built without CONFIG_SCHED_INFO
        return float("nan")


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """The daemon's own metrics at one moment; each as its samples by label text."""

    samples: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def total(self, name: str) -> float:
        """A metric, all its labels added up; 0 where it has no sample."""
        return sum(self.samples.get(name, {}).values())

    def labelled(self, name: str) -> Mapping[str, float]:
        """Its samples by label text."""
        return self.samples.get(name, {})

    def buckets(self, name: str) -> Sequence[tuple[float, float]]:
        """A histogram's (upper bound, cumulative count), in order."""
        found = ((_BOUND.search(labels), count) for labels, count in self.samples.get(f"{name}_bucket", {}).items())
        return sorted((float(bound[1]), count) for bound, count in found if bound is not None)


def read_vitals(client: httpx.Client) -> VitalSigns:
    """Ask for `/metrics`.

    Raises:
        httpx.HTTPError: it does not answer.
    """
    samples: dict[str, dict[str, float]] = {}
    for name, labels, value in _LINE.findall(client.get("/metrics").raise_for_status().text):
        samples.setdefault(name, {})[labels] = float(value)
    return VitalSigns(samples)


def quantile(share: float, before: VitalSigns, after: VitalSigns, name: str) -> float:
    """A quantile of what a histogram saw between two moments, straight within its bucket as Prometheus reckons it."""
    earlier = dict(before.buckets(name))
    counts = [(bound, count - earlier.get(bound, 0.0)) for bound, count in after.buckets(name)]
    if not counts or not counts[-1][1]:
        return float("nan")
    wanted, low, seen = share * counts[-1][1], 0.0, 0.0
    for bound, count in counts:
        if count >= wanted:
            return low if bound == float("inf") else low + (bound - low) * (wanted - seen) / (count - seen)
        low, seen = bound, count
    return low

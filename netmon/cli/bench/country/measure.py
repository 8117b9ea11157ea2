"""Watching the daemon from outside: until its picture is complete, over a window, and through one full round."""

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from netmon.cli.bench.country.readings import Usage, VitalSigns, quantile, read_vitals, usage_of
from netmon.cli.bench.country.staging import Staged
from netmon.cli.bench.rows import ANSWERED_AT_LEAST
from netmon.errors import NetmonError

_LOOK_EVERY = 0.5
_SAMPLE_EVERY = 10.0
_PICTURE_WITHIN = 900.0
_ROUND_WITHIN = 150.0
LAG = "netmon_loop_lag_seconds"
_LONGEST = "netmon_loop_lag_longest_seconds"
_LATE = "netmon_sweep_late_devices"


@dataclass(frozen=True, slots=True)
class Picture:
    """Seconds from the start of the process until nearly all that can answer had: pings, SNMP. NaN for never."""

    pinged: float
    polled: float

    @property
    def complete(self) -> float:
        """Both."""
        return max(self.pinged, self.polled) if self.is_complete else math.nan

    @property
    def is_complete(self) -> bool:
        """Whether it came to that."""
        return math.isfinite(self.pinged) and math.isfinite(self.polled)


@dataclass(frozen=True, slots=True)
class Window:
    """Some minutes of the daemon's life; `late` and `longest_lag` are the worst of several looks within them."""

    seconds: float
    before: VitalSigns
    after: VitalSigns
    usage_before: Mapping[int, Usage]
    usage_after: Mapping[int, Usage]
    late: float
    longest_lag: float

    def grown(self, name: str) -> float:
        """How much a counter has grown."""
        return self.after.total(name) - self.before.total(name)

    def cpu(self, pid: int) -> float:
        """CPU seconds of one process within the window."""
        earlier = self.usage_before.get(pid)
        return self.usage_after[pid].cpu - (earlier.cpu if earlier is not None else 0.0)

    @property
    def share(self) -> float:
        """CPU of all processes, as a share of one core."""
        return sum(self.cpu(pid) for pid in self.usage_after) / self.seconds

    @property
    def rss(self) -> float:
        """Megabytes of all processes at their largest since they started."""
        return sum(one.most for one in self.usage_after.values())

    @property
    def waited(self) -> float:
        """Share of the time in which the loop had work and others had all processors: lag that is none of its own."""
        pid = next(iter(self.usage_after))
        return (self.usage_after[pid].waited - self.usage_before[pid].waited) / self.seconds

    def lag(self, share: float) -> float:
        """A quantile of the loop's lag, milliseconds."""
        return 1000 * quantile(share, self.before, self.after, LAG)


class Observer:
    """Asks a staged daemon's pages."""

    def __init__(self, staged: Staged, client: httpx.Client) -> None:
        self._staged = staged
        self._client = client

    def await_picture(self, *, must_complete: bool) -> Picture:
        """Wait until 99.9 % of the devices that can answer have.

        Raises:
            NetmonError: a process ended, or it takes longer than a quarter of an hour though it `must_complete`.
        """
        wanted = {
            "pinged": ANSWERED_AT_LEAST * self._staged.pinged,
            "polled": ANSWERED_AT_LEAST * self._staged.polled,
        }
        reached: dict[str, float] = {}
        seconds = 0.0
        while len(reached) < len(wanted) and seconds <= _PICTURE_WITHIN:
            time.sleep(_LOOK_EVERY)
            self._staged.check_alive()
            seconds = time.monotonic() - self._staged.started_at
            for what, count in self._counts().items():
                if count >= wanted[what]:
                    reached.setdefault(what, seconds)
        if len(reached) < len(wanted) and must_complete:
            raise NetmonError(f"The picture is not complete after {seconds:,.0f} s: {self._counts()}.")
        return Picture(**{what: reached.get(what, math.nan) for what in wanted})

    def answered(self) -> int:
        """Devices that have answered a ping so far."""
        return int(self._client.get("/api/v1/overview").raise_for_status().json()["devices_answered"])

    def watch(self, seconds: float) -> Window:
        """Let some time pass, and tell what it took.

        Raises:
            NetmonError: a process ended, or the pages do not answer.
        """
        pid, late, longest = self._staged.daemon.child.pid, 0.0, 0.0
        before, usage, began = self._vitals(), usage_of(pid), time.monotonic()
        after = before
        while (left := began + seconds - time.monotonic()) > 0:
            time.sleep(min(_SAMPLE_EVERY, left))
            self._staged.check_alive()
            after = self._vitals()
            late = max(late, after.total(_LATE))
            longest = max(longest, after.total(_LONGEST))
        return Window(time.monotonic() - began, before, after, usage, usage_of(pid), late, longest)

    def full_round(self) -> Mapping[str, Any]:
        """Ask for one full round with `netmon sweep`, and return what that says.

        Raises:
            NetmonError: it does not come about.
        """
        environment = {**os.environ, "STATE_DIRECTORY": str(self._staged.stage.state)}
        done = subprocess.run(
            [sys.executable, "-m", "netmon.cli", "sweep", "--json"],
            env=environment, capture_output=True, text=True, timeout=_ROUND_WITHIN, check=False,
        )  # fmt: skip
        if done.returncode:
            raise NetmonError(f"No full round: {done.stderr.strip()}")
        said: Mapping[str, Any] = json.loads(done.stdout)
        return said

    def _counts(self) -> dict[str, float]:
        try:
            return {"pinged": self.answered(), "polled": read_vitals(self._client).total("netmon_snmp_devices")}
        except httpx.HTTPError:  # still starting
            return {"pinged": 0, "polled": 0}

    def _vitals(self) -> VitalSigns:
        try:
            return read_vitals(self._client)
        except httpx.HTTPError as error:
            raise NetmonError(f"The daemon's metrics do not answer: {type(error).__name__}.") from error

"""The soak: twenty times as many rounds as in production, faults all the while, and nothing grows but the database.

The drill's own machinery plays it: the real daemon, a lab with things that break and mend all the time, gateways
outside. NETMON_SOAK_MINUTES says how long (`make acceptance`: 30). Looked at is what is left after the first third, in
which caches fill.
"""

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, median

import httpx
import pytest
import yaml

from tests.kit.peers import ROOT

MINUTES = float(os.environ.get("NETMON_SOAK_MINUTES") or 3)
FASTER = 20
SAMPLE_EVERY = 2.0
PERIOD, LASTS = 90, 50
"""Seconds from fault to fault of one kind, and how long each lasts: long enough to be told, and to be over."""

MEMORY_GROWTH = 0.05
"""Of the memory, over an hour at this pace: twenty hours of production."""
NOISE_MIB = 6.0
FILES_GROWTH = TASKS_GROWTH = 4

BYTES = {
    "fault": 640,
    "member": 80,
    "ticket": 240,
    "ticket_village": 90,
    "ticket_event": 170,
    "outbox": 340,
    "device": 150,
    "device_event": 150,
    "notice_event": 150,
}
"""Bytes of a row with its part of the indexes, measured by dbstat after a storm of 5,000 villages (v5 of the schema).

A village that goes dark and comes back takes 80 + 90 + 2 x 340 bytes, a ticket with six lines of history and four mails
640 + 240 + 6 x 170 + 4 x 340: under 5 KB together. The database grows by nothing else, however often it probes.
"""
EMPTY = 56 * 4096
"""Every table and index has a page, and those that grow have one that is not full yet."""
OFF_AT_MOST = 0.4
"""Share by which prediction and file may differ: texts are of any length, and pages are split when they are full."""


@dataclass(frozen=True)
class Sample:
    """The daemon at a moment, seconds since the soak began."""

    at: float
    rss_mib: float
    files: int
    tasks: int


def scenario() -> str:
    """Faults of three kinds without end, each mended before the next of its kind."""
    duration = MINUTES * 60
    events = []
    for number, at in enumerate(range(5, int(duration) - LASTS, PERIOD)):
        until = at + LASTS
        events.append({"at": at, "until": until, "kind": "power_cut", "where": {"amphoe": f"#{1 + number % 3}"}})
        village = f"#{1 + number * 17 % 250}"
        events.append({"at": at + 10, "until": until, "kind": "fibre_cut", "where": {"village": village}})
        if number % 4 == 3:
            events.append({"at": at + LASTS + 5, "until": at + LASTS + 20, "kind": "poller_isolation"})
    return yaml.safe_dump(
        {
            "name": "soak",
            "country": {"villages": 250, "seed": 7, "villages_per_feeder": 30},
            "intervals": {"ping": 20 / FASTER, "snmp": 60 / FASTER},
            "holds": {"mail": 120 / FASTER, "sms": 300 / FASTER},
            "stagger": {"begin": 5, "end": 5},
            "duration": duration,
            "events": events,
        }
    )


def sample(folder: Path, began: float) -> Sample | None:
    """None while the daemon is not up, or is no more."""
    with contextlib.suppress(OSError, ValueError, httpx.HTTPError):
        pid = int((folder / "state" / "netmon.pid").read_text())
        status = Path(f"/proc/{pid}/status").read_text()
        port = re.search(r"port: (\d+)\}\ncredentials", (folder / "netmon.yaml").read_text())
        assert port is not None
        vitals = httpx.get(f"http://127.0.0.1:{port[1]}/metrics", timeout=5, trust_env=False).text
        rss, tasks = re.search(r"VmRSS:\s+(\d+) kB", status), re.search(r"^netmon_tasks (\S+)$", vitals, re.MULTILINE)
        if rss is not None and tasks is not None:
            files = len(os.listdir(f"/proc/{pid}/fd"))
            return Sample(time.monotonic() - began, int(rss[1]) / 1024, files, int(float(tasks[1])))
    return None


def soak(folder: Path, script: Path) -> list[Sample]:
    """Play it to its end."""
    command = [sys.executable, "-m", "netmon.cli", "drill", str(script), "--keep", str(folder)]
    began, samples = time.monotonic(), []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as drill:
        try:
            while drill.poll() is None:
                one = sample(folder, began)
                samples += [one] if one is not None else []
                time.sleep(SAMPLE_EVERY)
        finally:
            drill.terminate()
        assert drill.stdout is not None
        said = drill.stdout.read()
    assert drill.returncode == 0, said
    return samples


def rows_and_size(database: Path) -> tuple[dict[str, int], int]:
    """Rows by table, and the bytes in use."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in BYTES}
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    return rows, (pages - free) * size


def predicted(rows: dict[str, int]) -> int:
    """Bytes that the database takes."""
    return EMPTY + sum(BYTES[table] * count for table, count in rows.items())


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(MINUTES * 60 + 300)
def test_a_daemon_that_never_rests_grows_in_nothing_but_its_database(tmp_path: Path) -> None:
    script, folder = tmp_path / "soak.yaml", tmp_path / "kept"
    script.write_text(scenario())
    samples = soak(folder, script)
    begin = samples[0].at + (samples[-1].at - samples[0].at) / 3
    settled = [one for one in samples if one.at >= begin]
    assert len(settled) > 10
    half = len(settled) // 2
    slope, _ = linear_regression([one.at for one in settled], [one.rss_mib for one in settled])
    figures = {
        "minutes": MINUTES,
        "rss_mib": [round(settled[0].rss_mib, 1), round(settled[-1].rss_mib, 1)],
        "rss_mib_per_hour": round(slope * 3600, 2),
        "files": sorted({one.files for one in settled}),
        "tasks": sorted({one.tasks for one in settled}),
    }
    rows, size = rows_and_size(folder / "state" / "netmon.db")
    figures |= {"rows": rows, "database": size, "predicted": predicted(rows)}
    (tmp_path / "soak.json").write_text(json.dumps(figures))
    told = json.dumps(figures)
    span = settled[-1].at - settled[0].at
    assert slope * span <= max(NOISE_MIB, MEMORY_GROWTH * settled[0].rss_mib * span / 3600), told
    early, late = settled[:half], settled[half:]
    assert median(one.files for one in late) - median(one.files for one in early) <= FILES_GROWTH, told
    assert median(one.tasks for one in late) - median(one.tasks for one in early) <= TASKS_GROWTH, told
    assert rows["ticket"] >= MINUTES / 2, told
    assert abs(size - predicted(rows)) <= OFF_AT_MOST * size, told

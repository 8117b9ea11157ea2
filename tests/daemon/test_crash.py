"""kill -9 at any moment of a bad day: what the database, the mails and the SMS say afterwards.

A real lab breaks real devices on a script while the real daemon is killed and started again and again. The truth
comes from the lab's ledger.
"""

import contextlib
import itertools
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from netmon.lab.agents import COMMUNITY
from netmon.lab.country import CREDENTIAL, generate
from netmon.lab.inventory_files import write_inventory
from netmon.lab.ledger import Outage, read_outages
from netmon.lab.scenario import Scenario, check_scenario
from tests.kit.peers import ROOT
from tests.kit.running import eventually
from tests.lab.running import RunningLab, running_lab

SETTINGS = """\
probing: {{interval: 500ms, timeout: 400ms, namespace: '{namespace}'}}
health:
  odds: {{minimum: 4, maximum: 5, spacing: 150ms, within: 1200ms}}
  recovery: {{steady: 500ms}}
conclude: {{settle: 300ms}}
isolation: {{reference_targets: [{references}]}}
notices: {{hold: {{mail: 0s, sms: 0s}}, noc_mail: noc@example.org}}
web: {{port: 0}}
credentials: {{{credential}: community}}
"""
TOLD_WITHIN = 4.0
"""Seconds after which a netmon with these settings has told of an outage, on a busy machine too."""
DRAINED_WITHIN = 45.0
MOSTLY = 0.5


def bad_day(seconds: float, *, gentle: bool = True) -> Scenario:
    """One of each simple fault, all mended at the end."""
    events = [
        {"at": 2, "until": seconds * 0.85, "kind": "fibre_cut", "where": {"village": "#3"}},
        {"at": 4, "until": seconds * 0.5, "kind": "ap_fault", "where": {"village": "#15"}},
        {"at": 5, "until": seconds * 0.9, "kind": "feeder_cut", "where": {"feeder": "#3"}},
        {"at": seconds * 0.35, "until": seconds * 0.95, "kind": "ap_fault", "where": {"village": "#30"}},
    ]
    country = {"villages": 40, "seed": 5, "villages_per_feeder": 10, "gentle": gentle}
    stagger = {"begin": 0, "end": 0} if gentle else {"begin": 5, "end": 5}
    raw = {"name": "crash", "duration": seconds, "country": country, "stagger": stagger, "events": events}
    return check_scenario(raw, "test")


@dataclass
class Day:
    """What the day leaves behind."""

    folder: Path
    outages: tuple[Outage, ...]
    lives: tuple[tuple[float, float], ...]
    """From when to when each daemon that was killed had watched, Unix seconds."""

    def was_watched(self, outage: Outage) -> bool:
        """Whether one of the daemons lived long enough during an outage to tell of it."""
        assert outage.until is not None
        return any(min(until, outage.until) - max(since, outage.since) >= TOLD_WITHIN for since, until in self.lives)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def rows(self, query: str) -> list[sqlite3.Row]:
        with contextlib.closing(sqlite3.connect(f"file:{self.state / 'netmon.db'}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return database.execute(query).fetchall()

    def faults(self) -> list[dict[str, Any]]:
        """Faults with the devices that were their members."""
        members: dict[str, set[str]] = {}
        for row in self.rows("select fault, device from member"):
            members.setdefault(row["fault"], set()).add(row["device"])
        return [{**dict(row), "devices": members.get(row["id"], set())} for row in self.rows("select * from fault")]

    def undrained(self) -> list[str]:
        """What is not over yet."""
        left = [
            f"open fault {row['scope']} {row['key']}"
            for row in self.rows("select * from fault where resolved_at is null")
        ]
        left += [f"waiting notice {row['key']}" for row in self.rows("select key from outbox where state = 'waiting'")]
        return left


def start(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """The daemon as a service manager starts it."""
    roots = os.pathsep.join([str(ROOT), str(ROOT / "exporters")])
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "netmon.cli", "run", "--config", str(folder / "netmon.yaml")],
            env={**os.environ, "PYTHONPATH": roots, "STATE_DIRECTORY": str(folder / "state")},
            stdout=out,
            stderr=out,
        )


@contextlib.contextmanager
def stage(folder: Path, scenario: Scenario) -> Iterator[RunningLab]:
    """A lab that answers, and files for the daemon that watches it."""
    write_inventory(generate(scenario.country.plan()), folder / "inventory")
    (folder / "state").mkdir()
    with running_lab(scenario, folder, instant=True) as lab:
        references = ", ".join(lab.ready["references"])
        (folder / "community").write_text(f"{COMMUNITY}\n", encoding="utf-8")
        settings = SETTINGS.format(namespace=lab.ready["namespace"], references=references, credential=CREDENTIAL)
        (folder / "netmon.yaml").write_text(settings, encoding="utf-8")
        yield lab


def watches(daemon: subprocess.Popen[bytes], state: Path) -> bool:
    """Whether this daemon has said that it is up."""
    with contextlib.suppress(FileNotFoundError):
        return (state / "netmon.pid").read_text() == f"{daemon.pid}\n"
    return False


def live_and_die(folder: Path, log: Path, chance: random.Random, *, long: bool) -> tuple[float, float]:
    """One daemon's life, ended by SIGKILL: while it starts, or while it opens and resolves tickets.

    Returns: from when to when it watched, Unix seconds.
    """
    daemon = start(folder, log)
    since = float("inf")
    if long:
        eventually(lambda: daemon.poll() is not None or watches(daemon, folder / "state"))
        since = time.time()
    time.sleep(chance.uniform(2.5, 4.5) if long else chance.uniform(0.2, 1.6))
    assert daemon.poll() is None, log.read_text(encoding="utf-8")[-4000:]
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    return since, time.time()


def live_through(folder: Path, scenario: Scenario, *, kills: int, seed: int) -> Day:
    """The whole day, with that many kills at random moments, and then the time to finish in peace."""
    chance, log = random.Random(seed), folder / "netmon.log"
    which = [number % 3 == 0 for number in range(kills)]
    chance.shuffle(which)
    with stage(folder, scenario) as lab:
        lab.tell("start")
        began = time.monotonic()
        lives = tuple(live_and_die(folder, log, chance, long=long) for long in which)
        daemon = start(folder, log)
        try:
            time.sleep(max(0.0, began + scenario.duration + 1 - time.monotonic()))
            day = Day(folder, (), lives)
            eventually(lambda: not day.undrained(), DRAINED_WITHIN, lambda: "\n".join(day.undrained()))
        finally:
            daemon.terminate()
            daemon.wait(15)
    return Day(folder, read_outages(lab.ledger), lives)


def assert_nothing_doubled(day: Day) -> None:
    """One ticket per fault and centre, one fault per identity at a time, one file per notice."""
    tickets = Counter((row["fault"], row["centre"]) for row in day.rows("select fault, centre from ticket"))
    assert set(tickets.values()) == {1}
    for device in {one.device for one in day.outages}:
        spans = sorted(
            (fault["opened_at"], fault["resolved_at"])
            for fault in day.faults()
            if device in fault["devices"] and fault["resolution"] != "merged"
        )
        for (_, ended), (opened, _) in itertools.pairwise(spans):
            assert ended <= opened, f"{device} was in two faults at a time"
    for channel, pattern in (("mail", "*.eml"), ("sms", "*.txt")):
        known = day.rows(f"select key, state from outbox where channel = '{channel}'")
        files = list((day.state / channel).glob(pattern))
        assert sum(row["state"] == "sent" for row in known) <= len(files) <= len(known)
    ids = [
        message_from_bytes(file.read_bytes(), policy=policy.default)["Message-ID"]
        for file in (day.state / "mail").glob("*.eml")
    ]
    assert len(ids) == len(set(ids)) > 0


def assert_nothing_lost(day: Day) -> None:
    """Each outage that was watched was a fault's while it lasted, everything is resolved, and everybody was told."""
    faults = day.faults()
    watched = [one for one in day.outages if day.was_watched(one)]
    assert len(watched) >= MOSTLY * len(day.outages), "the kills left no time to see anything"
    for outage in watched:
        assert outage.until is not None
        found = [
            fault
            for fault in faults
            if outage.device in fault["devices"] and fault["opened_at"] < outage.until < fault["resolved_at"] + 1
        ]
        assert found, f"nobody was told of {outage.device}"
    assert {row["status"] for row in day.rows("select status from ticket")} <= {"resolved", "cancelled"}
    told = {row["fault"] for row in day.rows("select fault from outbox where stage = 'opened' and channel = 'mail'")}
    assert told == {fault["id"] for fault in faults}
    assert {row["state"] for row in day.rows("select state from outbox")} <= {"sent", "superseded"}
    for row in day.rows("select channel, count(*) as sent from outbox where state = 'sent' group by channel"):
        assert row["sent"] > 0


def assert_nothing_invented(day: Day) -> None:
    """Every fault answers to an outage, and no true cause has two faults that were not made one."""
    behind = {one.device: one for one in day.outages}
    for fault in day.faults():
        assert fault["devices"] & behind.keys(), f"{fault['scope']} {fault['key']} answers to nothing"
    causes = Counter(
        behind[device].event
        for fault in day.faults()
        if fault["resolution"] != "merged"
        for device in fault["devices"] & behind.keys()
    )
    assert set(causes.values()) == {1}, causes


def assert_sound(day: Day) -> None:
    """The database is whole, and netmon never stumbled."""
    assert [row[0] for row in day.rows("pragma integrity_check")] == ["ok"]
    assert not day.rows("pragma foreign_key_check")
    log = (day.folder / "netmon.log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log[log.index("Traceback") :][:4000]


@pytest.mark.network
def test_twenty_kills_on_a_bad_day_double_and_lose_nothing(tmp_path: Path) -> None:
    day = live_through(tmp_path, bad_day(45), kills=20, seed=1)
    assert_sound(day)
    assert_nothing_doubled(day)
    assert_nothing_lost(day)
    assert_nothing_invented(day)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_hundred_kills_on_a_long_bad_day_double_and_lose_nothing(tmp_path: Path) -> None:
    day = live_through(tmp_path, bad_day(300), kills=100, seed=2)
    assert_sound(day)
    assert_nothing_doubled(day)
    assert_nothing_lost(day)
    assert_nothing_invented(day)

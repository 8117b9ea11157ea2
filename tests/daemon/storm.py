"""A scripted storm over a lab's country, and daemons that are killed in it.

The script is as long as the kills will take on this machine, judged by how long importing netmon takes, so that a slow
machine sees the same story as a fast one.
"""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netmon.lab.agents import COMMUNITY
from netmon.lab.country import CREDENTIAL, Country, CountryPlan, generate
from netmon.lab.inventory_files import write_inventory
from netmon.lab.ledger import Outage, read_outages
from netmon.lab.scenario import Scenario, check_scenario
from netmon.model.inventory import Role
from tests.daemon.sinks import CREDENTIALS, Sinks, sinks
from tests.kit.peers import ROOT
from tests.kit.running import eventually
from tests.lab.running import RunningLab, running_lab
from tests.notifiers.kannel_peer import free_ports

SETTINGS = """\
probing: {{interval: 500ms, timeout: 400ms, namespace: '{namespace}'}}
health:
  odds: {{minimum: 4, maximum: 5, spacing: 150ms, within: 1200ms}}
  recovery: {{steady: 500ms}}
conclude: {{settle: 300ms}}
isolation: {{reference_targets: [{references}]}}
notices:
  hold: {{mail: 0s, sms: 0s}}
  in_doubt: {in_doubt}s
  noc_mail: noc@example.org
  limits: {{mail_per_hour: 1000, sms_per_day: 1000}}
web: {{port: {port}}}
"""
IN_DOUBT = 10.0
"""Seconds; as long as Kannel goes on calling with a report that netmon was not there to take."""
TOLD_WITHIN = 4.0
"""Seconds after which a netmon with these settings has seen an outage; on a busy machine, the time importing took."""
LIFE = (0.1, 1.5)
"""How long a daemon lives from the moment it watches, as a part of that time."""
START_PER_IMPORT = 0.25
"""How long a daemon takes to start, as a part of the time that importing it took."""
SLOWER = 1.1
"""How much longer than foreseen the kills may take, for the storm to last as long; what is left of it is waited for."""
STARTING = 0.25
"""Share of the daemons that are killed while they start."""
DRAINED_WITHIN = 120.0
PER_WAVE = 3
"""Feeders that a wave of the storm touches."""
PLAN = CountryPlan(villages=120, seed=5, villages_per_feeder=10, gentle=True)


def storm(seconds: float, waves: int, rest: float) -> Scenario:
    """Wave after wave: a feeder is cut off, elsewhere an access point and a fibre fail; all is mended at the end.

    The last wave lasts for a `rest` of seconds more, so that the last daemon, which is not killed, sees it.
    """
    country = generate(PLAN)
    feeders = [device.id for device in country.inventory.devices if device.role is Role.FEEDER]
    every = seconds / waves
    events: list[dict[str, Any]] = []
    for wave in range(waves):
        cut, first, second = (feeders[(PER_WAVE * wave + n) % len(feeders)] for n in range(PER_WAVE))
        at = wave * every + 1
        until = at + every * 1.5 if wave < waves - 1 else seconds + rest
        inner, outer = village_behind(country, first), village_behind(country, second)
        events += [
            {"at": at, "until": until, "kind": "feeder_cut", "where": {"feeder": cut}},
            {"at": at + every * 0.2, "until": until, "kind": "ap_fault", "where": {"village": inner}},
            {"at": at + every * 0.4, "until": until, "kind": "fibre_cut", "where": {"village": outer}},
        ]
    raw = {
        "name": "crash",
        "duration": seconds + rest + 2,
        "country": {"villages": PLAN.villages, "seed": PLAN.seed, "villages_per_feeder": 10, "gentle": True},
        "stagger": {"begin": 0, "end": 0},
        "events": events,
    }
    return check_scenario(raw, "test")


def village_behind(country: Country, feeder: str) -> str:
    """One village that truly hangs on a feeder."""
    devices = country.inventory.devices
    uplinks = {one.id for one in devices if country.parent_of[one.id] == feeder}
    below = (one.village for one in devices if one.role is Role.AP and country.parent_of[one.id] in uplinks)
    return next(village for village in below if village is not None)


@dataclass(frozen=True)
class Life:
    """One daemon: from when to when it watched (Unix seconds), and what its death by SIGKILL left on the wire.

    `parted` are the messages it had parted with and not yet settled, by their keys, and when it did: only these may
    come twice. `in_message` says which of these a notice was in: it may come in no other any more. It
    `needs` so many seconds to see an outage, the more the longer its start took: that is how busy the machine was.
    """

    since: float
    until: float
    parted: Mapping[str, float] = field(default_factory=dict)
    in_message: Mapping[str, str] = field(default_factory=dict)
    needs: float = TOLD_WITHIN

    @property
    def watched(self) -> bool:
        return self.since < self.until

    def saw(self, outage: Outage) -> float:
        """Seconds of an outage that it watched, as a part of those it needs."""
        assert outage.until is not None
        return max(0.0, min(self.until, outage.until) - max(self.since, outage.since)) / self.needs


@dataclass
class Nursery:
    """Starts daemons (tests.daemon.nursery); `took` is how long its own start did, in seconds."""

    process: subprocess.Popen[str]
    took: float

    def bear(self) -> int:
        """The process id of a new daemon."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextlib.contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """Ended at the end, when its last daemon must have ended."""
    roots, began = os.pathsep.join([str(ROOT), str(ROOT / "exporters")]), time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.daemon.nursery", str(folder / "netmon.yaml"), str(folder / "netmon.log")],
        env={**os.environ, "PYTHONPATH": roots, "STATE_DIRECTORY": str(folder / "state")},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield Nursery(process, time.monotonic() - began)
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def is_alive(daemon: int) -> bool:
    """Not ended; one that has is a zombie until the nursery looks after it."""
    return Path(f"/proc/{daemon}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@dataclass
class Storm:
    """What the storm leaves behind; `survivor` is the last daemon, which was not killed."""

    folder: Path
    sinks: Sinks
    lives: list[Life] = field(default_factory=list)
    outages: tuple[Outage, ...] = ()
    survivor: Life = Life(0.0, 0.0)
    told_within: float = TOLD_WITHIN

    def was_watched(self, outage: Outage) -> bool:
        """Whether one of the daemons lived long enough during an outage to tell of it."""
        return self.looked_at(outage) >= 1

    def looked_at(self, outage: Outage) -> float:
        """Of all daemons the one that had most time for an outage: how much of the time it needed for that."""
        return max(life.saw(outage) for life in (*self.lives, self.survivor))

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def log(self) -> Path:
        return self.folder / "netmon.log"

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

    def parted(self, born: float) -> list[sqlite3.Row]:
        """Notices that a daemon which was born then, and is dead now, had parted with; not what it found so."""
        query = f"select key, message, parted_at from outbox where state = 'waiting' and parted_at >= {born}"
        made = (self.state / "netmon.db").exists() and self.rows("select 1 from sqlite_master where name = 'outbox'")
        return self.rows(query) if made else []

    def undrained(self) -> list[str]:
        """What is not over yet."""
        left = [
            f"open fault {row['scope']} {row['key']}"
            for row in self.rows("select * from fault where resolved_at is null")
        ]
        return left + [
            f"waiting notice {row['key']}: {row['reason']}"
            for row in self.rows("select key, reason from outbox where state = 'waiting'")
        ]

    def watches(self, daemon: int) -> bool:
        """Whether this daemon has said that it is up."""
        with contextlib.suppress(FileNotFoundError):
            return (self.state / "netmon.pid").read_text() == f"{daemon}\n"
        return False

    def wait_until_it_watches(self, daemon: int) -> None:
        eventually(lambda: not is_alive(daemon) or self.watches(daemon), 90, self.log_tail)
        assert is_alive(daemon), self.log_tail()

    def log_tail(self) -> str:
        return self.log.read_text(encoding="utf-8")[-4000:] if self.log.exists() else ""

    def live_and_die(self, daemon: int, chance: random.Random, start_takes: float) -> None:
        """One daemon's life, ended by SIGKILL: while it starts, or anywhere in its work."""
        born, since, needs = time.time(), float("inf"), self.told_within
        if chance.random() < STARTING:
            time.sleep(chance.uniform(0.05, start_takes))
        else:
            self.wait_until_it_watches(daemon)
            since = time.time()
            needs = self.told_within * max(1.0, (since - born) / start_takes)
            time.sleep(chance.uniform(*LIFE) * self.told_within)
        assert is_alive(daemon), self.log_tail()
        os.kill(daemon, signal.SIGKILL)
        eventually(lambda: not is_alive(daemon))
        until, parted = time.time(), self.parted(born)
        on_the_wire = {row["message"]: row["parted_at"] for row in parted}
        self.lives.append(Life(since, until, on_the_wire, {row["key"]: row["message"] for row in parted}, needs))


@contextlib.contextmanager
def stage(folder: Path, scenario: Scenario) -> Iterator[tuple[RunningLab, Sinks]]:
    """A lab that answers, sinks that take, and files for the daemon between them."""
    write_inventory(generate(scenario.country.plan()), folder / "inventory")
    (folder / "state").mkdir()
    (folder / "community").write_text(f"{COMMUNITY}\n", encoding="utf-8")
    with running_lab(scenario, folder, instant=True) as lab, sinks(folder, seed=PLAN.seed) as taken:
        references = ", ".join(lab.ready["references"])
        # One port for all of them: Kannel calls again there with a report that a dead daemon could not take.
        (port,) = free_ports(1)
        settings = SETTINGS.format(
            namespace=lab.ready["namespace"], references=references, port=port, in_doubt=IN_DOUBT
        )
        settings += f"{taken.settings}credentials: {{{CREDENTIALS}, {CREDENTIAL}: ./community}}\n"
        (folder / "netmon.yaml").write_text(settings, encoding="utf-8")
        yield lab, taken


def live_through(folder: Path, *, kills: int, waves: int, seed: int) -> Storm:
    """The whole storm, with that many kills at random moments, and then the time to finish in peace."""
    chance = random.Random(seed)
    with nursery(folder) as daemons:
        start_takes, told_within = max(1.0, daemons.took * START_PER_IMPORT), max(TOLD_WITHIN, daemons.took)
        each = STARTING * start_takes / 2 + (1 - STARTING) * (start_takes + told_within * sum(LIFE) / 2)
        with stage(folder, storm(kills * each * SLOWER, waves, 2 * told_within)) as (lab, taken):
            after = Storm(folder, taken, told_within=told_within)
            lab.tell("start")
            for _ in range(kills):
                after.live_and_die(daemons.bear(), chance, start_takes)
            last = daemons.bear()
            try:
                after.wait_until_it_watches(last)
                since = time.time()
                lab.hear_until("over")
                after.survivor = Life(since, time.time(), needs=told_within)
                eventually(lambda: not after.undrained(), DRAINED_WITHIN, lambda: "\n".join(after.undrained()))
            finally:
                os.kill(last, signal.SIGTERM)
                eventually(lambda: not is_alive(last))
    after.outages = read_outages(lab.ledger)
    return after

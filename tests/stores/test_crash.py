"""Killed without warning, again and again: what was acknowledged is there, and what must be one is one."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20


def crash_again_and_again(url: str, ledger: Path, seed: str) -> None:
    """Let the child work for a random while and kill it, KILLS times or more, until it has written enough."""
    chance = random.Random(seed)
    with ledger.open("ab") as book:
        command = [sys.executable, "-m", "tests.stores.crash_child", url, seed, str(book.fileno())]
        child = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[book.fileno()]
        )
        assert child.stdin is not None
        assert child.stdout is not None
        kills = 0
        while kills < KILLS or count_lines(ledger) <= 10 * KILLS:  # a busy machine writes little between two kills
            kills += 1
            child.stdin.write("go\n")
            child.stdin.flush()
            pid = int(child.stdout.readline())
            time.sleep(chance.uniform(0.02, 0.6))
            os.kill(pid, signal.SIGKILL)
        child.stdin.close()
        child.stdout.close()
        assert child.wait() == 0


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    file, ledger = tmp_path / "netmon.db", tmp_path / "ledger"
    seed = str(random.randrange(10**6))
    crash_again_and_again(f"sqlite:///{file}", ledger, seed)
    acknowledged = [json.loads(line) for line in ledger.read_text().splitlines()]
    connection = sqlite3.connect(file)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert lost(connection, acknowledged) == [], f"seed {seed}"
        assert doubled_or_halved(connection) == [], f"seed {seed}"
    finally:
        connection.close()


def count_lines(ledger: Path) -> int:
    return ledger.read_bytes().count(b"\n")


def lost(connection: sqlite3.Connection, acknowledged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the ledger has and the database has not."""
    faults = dict(connection.execute("SELECT id, resolved_at FROM fault"))
    notices = dict(connection.execute("SELECT key, state FROM outbox"))
    villages = set(
        connection.execute("SELECT t.fault, v.village FROM ticket t JOIN ticket_village v ON v.ticket = t.number")
    )

    def is_kept(line: dict[str, Any]) -> bool:
        if "sent" in line:
            return notices.get(line["sent"]) == "sent"
        return (
            line["fault"] in faults
            and all(key in notices for key in line.get("keys", ()))
            and ("village" not in line or (line["fault"], line["village"]) in villages)
            and ("resolved" not in line or faults[line["fault"]] is not None)
        )

    return [line for line in acknowledged if not is_kept(line)]


def doubled_or_halved(connection: sqlite3.Connection) -> list[Any]:
    """Rows that break a promise: two tickets for one, a notice twice, a batch of which only a part is there."""
    queries = (
        "SELECT fault, centre FROM ticket GROUP BY fault, centre HAVING count(*) > 1",
        "SELECT key FROM outbox GROUP BY key HAVING count(*) > 1",
        "SELECT id FROM fault WHERE (SELECT count(*) FROM ticket WHERE fault = fault.id) <> 2",
        "SELECT id FROM fault WHERE (SELECT count(*) FROM outbox WHERE fault = fault.id AND stage = 'opened') <> 2",
        "SELECT number FROM ticket JOIN fault ON fault.id = ticket.fault "
        "WHERE (fault.resolved_at IS NULL) <> (status = 'acknowledged')",
        "SELECT fault FROM outbox o JOIN fault f ON f.id = o.fault WHERE stage = 'resolved' AND resolved_at IS NULL",
        "SELECT ticket FROM ticket_event GROUP BY ticket HAVING count(*) <> max(sequence)",
        "SELECT max(running) FROM ticket HAVING max(running) > (SELECT value FROM counter WHERE name = 'ticket')",
    )
    return [row for query in queries for row in connection.execute(query)]

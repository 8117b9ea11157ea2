"""`netmon reload`: let the running daemon take in changed files, and say what came of it."""

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from netmon.cli.common import config_option
from netmon.daemon.pid_file import running_daemon
from netmon.daemon.reload import ACCEPT, REPORT
from netmon.errors import NetmonError
from netmon.settings import check, state_directory

ANSWER_WITHIN = 60.0
LOOK_EVERY = 0.1


@click.command()
@config_option
@click.option("--accept", is_flag=True, help="Take it in even if it retires more devices than 'reload.retired_share'.")
def reload(config: Path, *, accept: bool) -> int:
    """Let the running daemon take in changed settings and inventory. Wrong files change nothing (exit code 2)."""
    found = check(config)
    if not found.is_good:
        for line in found.lines():
            click.echo(line, err=True)
        click.echo("Nothing was changed: netmon goes on with what it has.", err=True)
        return 2
    state = state_directory()
    report = _ask(state, _daemon_on(state), accept=accept)
    for line in report["lines"]:
        click.echo(line, err=not report["ok"])
    return 0 if report["ok"] else 1


def _daemon_on(state: Path) -> int:
    pid = running_daemon(state)
    if pid is None:
        raise NetmonError(f"No netmon runs on {state}. If it runs elsewhere, name its folder in STATE_DIRECTORY.")
    if pid == 0:
        raise NetmonError("netmon is still starting, and reads these files anyway; nothing was done.")
    return pid


def _ask(state: Path, pid: int, *, accept: bool) -> Mapping[str, Any]:
    mark, asked_at = state / ACCEPT, time.time()
    try:
        if accept:
            mark.touch()
        os.kill(pid, signal.SIGHUP)
        return _answer(state / REPORT, asked_at)
    except OSError as error:
        raise NetmonError(f"netmon (process {pid}) cannot be asked to reload: {error.strerror}.") from error
    finally:
        if accept:
            mark.unlink(missing_ok=True)


def _answer(report: Path, asked_at: float) -> Mapping[str, Any]:
    deadline = time.monotonic() + ANSWER_WITHIN
    while time.monotonic() < deadline:
        try:
            said: Mapping[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        except FileNotFoundError:
            said = {"began": 0.0}
        if said["began"] >= asked_at:
            return said
        time.sleep(LOOK_EVERY)
    raise NetmonError(f"netmon has not answered within {ANSWER_WITHIN:.0f} seconds; its log says more.")

"""`netmon reload`: let the running daemon take in changed files, and say what came of it."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from netmon.cli.common import config_option
from netmon.cli.signalling import ask_by_signal, daemon_on
from netmon.daemon.reload import ACCEPT, REPORT
from netmon.errors import NetmonError
from netmon.settings import check, state_directory

ANSWER_WITHIN = 60.0


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
    report = _ask(state, daemon_on(state), accept=accept)
    for line in report["lines"]:
        click.echo(line, err=not report["ok"])
    return 0 if report["ok"] else 1


def _ask(state: Path, pid: int, *, accept: bool) -> Mapping[str, Any]:
    mark = state / ACCEPT
    try:
        if accept:
            mark.touch()
        return ask_by_signal(pid, signal.SIGHUP, state / REPORT, ANSWER_WITHIN)
    except OSError as error:
        raise NetmonError(f"{mark} cannot be written: {error.strerror}.") from error
    finally:
        if accept:
            mark.unlink(missing_ok=True)

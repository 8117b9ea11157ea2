"""`netmon sweep`: let the running daemon ask every device now, and say what came of it."""

import json
import signal

import click

from netmon.cli.signalling import ask_by_signal, daemon_on
from netmon.daemon.full_round import REPORT
from netmon.engine.full_round import LONGEST
from netmon.settings import state_directory

ANSWER_WITHIN = LONGEST + 10.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def sweep(*, as_json: bool) -> None:
    """Let the running daemon ping and poll every device now instead of at its next turn; takes seconds."""
    state = state_directory()
    said = ask_by_signal(daemon_on(state), signal.SIGUSR1, state / REPORT, ANSWER_WITHIN)
    if as_json:
        click.echo(json.dumps(said))
        return
    click.echo(
        f"{said['answered']:,} of {said['pinged']:,} devices answered within {said['ping_seconds']:.1f} s, "
        f"{said['read']:,} of {said['polled']:,} that speak SNMP were read within {said['poll_seconds']:.1f} s."
    )
    if not said["is_whole"]:
        click.echo("The round was cut short, by a reload or because it took too long.", err=True)

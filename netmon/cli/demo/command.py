"""`netmon demo`: plays the demo's script on a simulated country, with the real daemon watching."""

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console

from netmon.cli.common import Number, WholeNumber
from netmon.cli.demo.cast import LabProcess, start_daemon
from netmon.cli.demo.interrupts import Interrupts
from netmon.cli.demo.outcome import look, overview, write_summary
from netmon.cli.demo.screen import Screen
from netmon.cli.demo.show import Show, await_first_picture, make_country
from netmon.cli.demo.stage import set_stage, write_settings
from netmon.cli.demo.telling import say, tell_summary
from netmon.lab.demo_scenario import demo_scenario
from netmon.web.server import address_of, listen

LOOK_EVERY = 1.0
INTERRUPTED = 130


@click.command()
@click.option("--for", "seconds", type=Number(90, 86_400), default=180, show_default=True, help="Seconds.")
@click.option("--villages", type=WholeNumber(20, 100_000), default=300, show_default=True)
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True,
              help="Where everything it makes is put; an earlier demo there is replaced.")  # fmt: skip
@click.option("--port", type=WholeNumber(0, 65_535), default=0, help="Port of the status page; any free one if 0.")
def demo(seconds: float, villages: int, folder: Path, port: int) -> int:
    """Show netmon at work: a simulated country, a bad day on a script, tickets, mails and SMS as files."""
    console, interrupts = Console(soft_wrap=True), Interrupts()
    with interrupts.heard():
        try:
            with ExitStack() as stack:
                show = _raise_curtain(console, stack, seconds=seconds, villages=villages, folder=folder, port=port)
                _play(console, show, interrupts, seconds)
        except KeyboardInterrupt:
            say(console, "\nStopped before anything broke. Nothing is left running.")
            return INTERRUPTED
    return 0


def _raise_curtain(
    console: Console, stack: ExitStack, *, seconds: float, villages: int, folder: Path, port: int
) -> Show:
    """Start everything; the stack ends it again.

    Raises:
        NetmonError: something did not start.
    """
    stage = stack.enter_context(set_stage(folder))
    http = listen("127.0.0.1", port)
    stack.callback(http.close)
    say(console, f"Making a simulated country of {villages:,} villages in {stage.folder} ...")
    scenario = demo_scenario(duration=seconds, villages=villages)
    inventory = make_country(stage, scenario.country.plan())
    lab = LabProcess(stage, scenario)
    stack.callback(lab.end)
    wire = lab.ready()
    write_settings(stage, namespace=wire.namespace, references=wire.references, port=http.getsockname()[1])
    daemon = start_daemon(stage, wire, http)
    stack.callback(daemon.end)
    show = Show(stage, inventory, lab, daemon, address_of(http))
    await_first_picture(show)
    say(console, f"The country answers on a network of its own ({wire.made_as}), and netmon sees it.")
    return show


def _introduce(console: Console, show: Show, seconds: float) -> None:
    say(console, f"Status page while this runs: http://{show.address}/")
    say(console, f"Things now break and mend on a script, for {seconds:g} seconds; Ctrl-C ends it early.")
    say(console, "'lab' is what truly happens, everything else is what netmon makes of it.\n")


def _play(console: Console, show: Show, interrupts: Interrupts, seconds: float) -> None:
    """Play the script to its end or to Ctrl-C, and tell what came of it in either case, or of a failure."""
    try:
        _introduce(console, show, seconds)
        show.lab.begin()
        screen = Screen(console, show.inventory)
        _follow(screen, show, until=time.monotonic() + seconds)
    except KeyboardInterrupt:
        say(console, "\nStopped early.")
    finally:
        interrupts.hold_off()
        outcome = asyncio.run(look(show.stage))
        tell_summary(console, show.stage, write_summary(
            show.stage, outcome, inventory=show.inventory, expected=show.expected, answered=show.answered()
        ))  # fmt: skip


def _follow(screen: Screen, show: Show, *, until: float) -> None:
    while time.monotonic() < until:
        for process, who in ((show.lab, "The simulated country"), (show.daemon, "The daemon")):
            if not process.is_alive:
                raise process.ended(who)
        for said in show.lab.said():
            screen.truth(said)
        screen.overview(overview(show.address))
        screen.outcome(asyncio.run(look(show.stage)))
        time.sleep(LOOK_EVERY)

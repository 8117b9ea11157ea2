"""`netmon demo`: plays the demo's script on a simulated country, with the real daemon watching."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from netmon.cli.demo.cast import LabProcess, Process, Wire, start_daemon
from netmon.cli.demo.outcome import look, overview, write_summary
from netmon.cli.demo.screen import Screen
from netmon.cli.demo.stage import Stage, set_stage, write_settings
from netmon.errors import NetmonError
from netmon.lab.country import CountryPlan, generate
from netmon.lab.demo_scenario import demo_scenario
from netmon.lab.inventory_files import write_inventory
from netmon.model.inventory import Inventory, Lifecycle
from netmon.web.server import address_of, listen

LOOK_EVERY = 1.0
UP_WITHIN = 60.0
ENOUGH = 0.98
"""Share of the active devices that makes a first picture; the rest fail at random, as in the field."""


@click.command()
@click.option("--for", "seconds", type=click.FloatRange(90, 86_400), default=180, show_default=True, help="Seconds.")
@click.option("--villages", type=click.IntRange(20, 100_000), default=300, show_default=True)
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True,
              help="Where everything it makes is put; an earlier demo there is replaced.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port of the status page; any free one if 0.")
def demo(seconds: float, villages: int, folder: Path, port: int) -> int:
    """Show netmon at work: a simulated country, a bad day on a script, tickets, mails and SMS as files."""
    screen = Screen(Console(soft_wrap=True))
    with ExitStack() as stack, _terminate_is_ctrl_c():
        stage = set_stage(folder)
        http = listen("127.0.0.1", port)
        stack.callback(http.close)
        screen.say(f"A simulated country of {villages} villages is made in {stage.folder} ...")
        scenario = demo_scenario(duration=seconds, villages=villages)
        inventory = _make_country(stage, scenario.country.plan())
        lab = LabProcess(stage, scenario)
        stack.callback(lab.end)
        wire = lab.ready()
        write_settings(stage, namespace=wire.namespace, references=wire.references, port=http.getsockname()[1])
        daemon = start_daemon(stage, wire, http)
        stack.callback(daemon.end)
        answered = _await_first_picture(address_of(http), daemon, inventory)
        _introduce(screen, stage, wire, address_of(http))
        lab.begin()
        with contextlib.suppress(KeyboardInterrupt):
            _follow(screen, stage, lab, daemon, until=time.monotonic() + seconds, address=address_of(http))
        _conclude(screen, stage, inventory, address_of(http), answered)
    return 0


def _make_country(stage: Stage, plan: CountryPlan) -> Inventory:
    country = generate(plan)
    write_inventory(country, stage.inventory)
    return country.inventory


def _await_first_picture(address: str, daemon: Process, inventory: Inventory) -> int:
    """Wait until nearly every device that can answer has; returns how many have.

    Raises:
        NetmonError: the daemon ended, or its pages do not answer.
    """
    expected = sum(device.is_watched and device.lifecycle is Lifecycle.ACTIVE for device in inventory.devices)
    answered, deadline = 0, time.monotonic() + UP_WITHIN
    while answered < ENOUGH * expected and time.monotonic() < deadline:
        if not daemon.is_alive:
            raise NetmonError("The daemon ended at once; see netmon.log in the demo's folder.")
        time.sleep(0.25)
        answered = overview(address).get("devices_answered", answered)
    if not answered:
        raise NetmonError("No device answered; see netmon.log and lab.log in the demo's folder.")
    return answered


def _introduce(screen: Screen, stage: Stage, wire: Wire, address: str) -> None:
    screen.say(f"The country answers on a wire of its own ({wire.made_as}), and netmon sees it.")
    screen.say(f"Status page: http://{address}/   everything else: {stage.folder}")
    screen.say("Now things break, on a script; 'lab' is what truly happens, the rest is what netmon makes of it.\n")


def _follow(screen: Screen, stage: Stage, lab: LabProcess, daemon: Process, *, until: float, address: str) -> None:
    while time.monotonic() < until:
        if not (lab.is_alive and daemon.is_alive):
            raise NetmonError("The lab or the daemon ended early; see lab.log and netmon.log in the demo's folder.")
        _look_once(screen, stage, lab, address)
        time.sleep(LOOK_EVERY)


def _look_once(screen: Screen, stage: Stage, lab: LabProcess, address: str) -> None:
    for said in lab.said():
        screen.truth(said)
    screen.overview(overview(address))
    screen.outcome(asyncio.run(look(stage)))


def _conclude(screen: Screen, stage: Stage, inventory: Inventory, address: str, answered: int) -> None:
    outcome = asyncio.run(look(stage))
    answered = overview(address).get("devices_answered", answered)
    summary = write_summary(
        stage, outcome, villages=len(inventory.villages), devices=len(inventory.devices), answered=answered
    )
    tickets, causes = summary["tickets"], summary["faults_by_cause"]
    screen.say(
        f"\n{summary['villages']} villages, {answered} of {summary['devices']} devices answered. "
        f"Faults: {', '.join(f'{count} {cause}' for cause, count in causes.items()) or 'none'}.\n"
        f"Tickets: {tickets['opened']} opened, {tickets['resolved']} resolved. "
        f"{summary['mails']['count']} mails in {stage.state / 'mail'}, {summary['sms']['count']} SMS in "
        f"{stage.state / 'sms'}.\nThe same for machines: {stage.summary}"
    )


@contextlib.contextmanager
def _terminate_is_ctrl_c() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C, so that no process is left behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

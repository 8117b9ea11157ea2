"""`netmon drill SCENARIO`: netmon put to the test by a script, and a report of how well it did."""

import json
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from netmon.cli.demo.interrupts import Interrupts
from netmon.cli.demo.stage import set_stage
from netmon.cli.drill.play import play
from netmon.cli.drill.telling import missed, tell
from netmon.errors import InputError
from netmon.lab.country import generate
from netmon.lab.events import place_events
from netmon.lab.scenario import Scenario, find_scenario
from netmon.lab.scoring.kept import Kept
from netmon.lab.scoring.score import Report, score

ELSEWHERE = "name another folder with --keep"
INTERRUPTED = 130


@click.command()
@click.argument("scenario")
@click.option("--report", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the report here (JSON).")
@click.option("--keep", "folder", type=click.Path(path_type=Path),
              help="Leave here what is scored: inventory, truth, tickets, every mail and SMS.")  # fmt: skip
def drill(scenario: str, file: Path | None, folder: Path | None) -> int:
    """Play SCENARIO (a YAML file, or one that comes with netmon) to the real daemon, and score what it does.

    Exit code 1 where the scenario expects more than netmon reached.
    """
    script = find_scenario(scenario)
    place_events(script, generate(script.country.plan()))  # a mistake is to be known before anything starts
    if file:
        _try_writing(file)
    console, interrupts = Console(soft_wrap=True), Interrupts()
    with interrupts.heard():
        try:
            report = _played(script, folder, console)
        except KeyboardInterrupt:
            console.print("\nStopped early, so there is no score. Nothing is left running.")
            return INTERRUPTED
    if file:
        file.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    tell(console, report)
    failures = list(missed(report, script.expect))
    for failure in failures:
        console.print(f"[bold red]{failure}[/]", highlight=False)
    return 1 if failures else 0


def _played(script: Scenario, folder: Path | None, console: Console) -> Report:
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(TemporaryDirectory(prefix="netmon-drill-")))
        stage = stack.enter_context(set_stage(place, what="drill", elsewhere=ELSEWHERE))
        kept = Kept(stage.folder)
        play(script, stage, kept, console)
        return score(kept)


def _try_writing(file: Path) -> None:
    """A drill takes minutes: that its report cannot be written is to be known before."""
    try:
        file.open("a", encoding="utf-8").close()
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.") from error

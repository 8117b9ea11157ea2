"""What the demo says before and after the show."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from netmon.cli.demo.screen import counted
from netmon.cli.demo.stage import Stage


def say(console: Console, text: str) -> None:
    """Print a text as it is: a folder's name may look like markup."""
    console.print(text, highlight=False, markup=False)


def tell_summary(console: Console, stage: Stage, summary: Mapping[str, Any]) -> None:
    """The figures of summary.json in a few lines, and where to look next."""
    tickets, planned = summary["tickets"], summary["devices"] - summary["devices_expected"]
    causes = ", ".join(f"{number} {cause.replace('_', ' ')}" for cause, number in summary["faults_by_cause"].items())
    more = f" ({planned} more are planned, not built yet)" if planned else ""
    answered = f"{summary['devices_answered']:,} of {summary['devices_expected']:,} devices answered"
    say(
        console,
        f"\n{summary['villages']:,} villages, {answered}{more}.\n"
        f"Faults found: {causes or 'none'}. "
        f"{counted(tickets['opened'], 'ticket')} opened, {tickets['resolved']} resolved.\n"
        f"{counted(summary['mails']['count'], 'mail')} in {stage.state / 'mail'} (any mail program opens them)\n"
        f"{summary['sms']['count']} SMS in {stage.state / 'sms'} (plain text)\n"
        f"All this for machines: {stage.summary}",
    )

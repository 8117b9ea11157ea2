"""`netmon check`: every mistake in the settings and the inventory at once."""

from pathlib import Path

import click

from netmon.cli.common import config_option
from netmon.settings import check as examine_files


@click.command()
@config_option
def check(config: Path) -> int:
    """Check settings and inventory without starting anything; exit code 2 if something is wrong."""
    report = examine_files(config)
    for complaint in report.complaints:
        click.echo(str(complaint), err=True)
    for warning in report.warnings:
        click.echo(f"warning: {warning}", err=True)
    if report.complaints:
        click.echo(f"{len(report.complaints)} mistakes; nothing was started or changed.", err=True)
        return 2
    click.echo(report.summary)
    return 0

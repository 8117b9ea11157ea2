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
    for line in (*report.lines(), *(f"warning: {line}" for line in report.warning_lines())):
        click.echo(line, err=True)
    if not report.is_good or report.inventory is None:
        click.echo("netmon would not start with these files; a running one would keep the old.", err=True)
        return 2
    inventory = report.inventory
    click.echo(
        f"{config} is good: {len(inventory.villages)} villages, {len(inventory.devices)} devices, "
        f"{len(inventory.centres)} service centres, {len(inventory.technicians)} technicians, "
        f"{len(inventory.volunteers)} volunteers."
    )
    return 0

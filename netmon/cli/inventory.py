"""`netmon inventory`: a synthetic country, and a doctor for real ones."""

from pathlib import Path

import click

from netmon.errors import InputError
from netmon.lab.country import CountryPlan, generate
from netmon.lab.inventory_files import write_inventory
from netmon.settings import examine, listing


@click.group()
def inventory() -> None:
    """Make and examine inventories."""


@inventory.command("generate")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--villages", type=click.IntRange(1, 1_000_000), default=24_700, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same country.")
@click.option(
    "--coordinates",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV with columns tambon_code,lat,lon; approximated where not given.",
)
def generate_inventory(directory: Path, villages: int, seed: int, coordinates: Path | None) -> None:
    """Write a synthetic country on Thailand's real tambons into DIRECTORY, clearly labelled as such."""
    if directory.exists() and any(directory.iterdir()):
        raise InputError(f"{directory} is not empty; name a new directory.")
    country = generate(CountryPlan(villages=villages, seed=seed, coordinates=coordinates))
    write_inventory(country, directory)
    click.echo(f"{directory}: {villages} synthetic villages, {len(country.inventory.devices)} devices, seed {seed}.")


@inventory.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
def doctor(directory: Path) -> int:
    """Examine the inventory in DIRECTORY; exit code 1 if something wants mending."""
    findings = examine(directory)
    for line in listing(findings):
        click.echo(line)
    click.echo(f"{len(findings)} findings." if findings else "Nothing to mend.")
    return 1 if findings else 0

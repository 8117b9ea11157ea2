"""`netmon inventory`: a synthetic country, and a doctor for real ones."""

from pathlib import Path

import click

from netmon.cli.common import ExistingFile, WholeNumber
from netmon.errors import InputError
from netmon.lab.country import CountryPlan, generate
from netmon.lab.inventory_files import COLUMNS, write_inventory
from netmon.lab.people import MOST_VILLAGES
from netmon.settings import examine, listing


@click.group()
def inventory() -> None:
    """Make and examine inventories."""


@inventory.command("generate")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--villages", type=WholeNumber(1, MOST_VILLAGES), default=24_700, show_default=True)
@click.option("--seed", type=WholeNumber(), default=1, show_default=True, help="The same seed gives the same country.")
@click.option(
    "--coordinates",
    type=ExistingFile(),
    help="CSV with columns tambon_code,lat,lon; approximated where not given.",
)
@click.option(
    "--credential",
    default="",
    help="Name of the community of all devices that speak SNMP, as in netmon.yaml; none where not given.",
)
def generate_inventory(directory: Path, villages: int, seed: int, coordinates: Path | None, credential: str) -> None:
    """Write a synthetic country on Thailand's real tambons into DIRECTORY, clearly labelled as such."""
    if directory.exists() and any(directory.iterdir()):
        raise InputError(f"{directory} is not empty; name a new directory.")
    country = generate(CountryPlan(villages=villages, seed=seed, coordinates=coordinates))
    write_inventory(country, directory, credential=credential)
    size = f"{villages} synthetic village{'s' if villages > 1 else ''}, {len(country.inventory.devices)} devices"
    click.echo(f"{directory}: {size}, seed {seed}.")


@inventory.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
def doctor(directory: Path) -> int:
    """Examine the inventory in DIRECTORY; exit code 1 if something wants mending."""
    if not any((directory / f"{name}.csv").exists() for name in COLUMNS):
        raise InputError(
            f"{directory} holds no inventory; name the folder with {', '.join(f'{n}.csv' for n in COLUMNS)}."
        )
    findings = examine(directory)
    for line in listing(findings):
        click.echo(line)
    found = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}."
    click.echo(found if findings else "Nothing to mend.")
    return 1 if findings else 0

"""`netmon backup` and `netmon restore`: the database to a file and back."""

from pathlib import Path

import click

from netmon.cli.common import config_option
from netmon.settings import load_settings
from netmon.stores import backup as copy_database
from netmon.stores import restore as put_back

file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@config_option
@file_argument
def backup(config: Path, file: Path) -> None:
    """Copy the database into the new FILE, while netmon runs or not."""
    copy_database(load_settings(config).store.url, file)
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB, checked.")


@click.command()
@config_option
@file_argument
def restore(config: Path, file: Path) -> None:
    """Put the backup FILE in the database's place; netmon must be stopped first.

    The database that was there is kept beside it under the name .replaced. Notices that left after the backup was made
    may leave a second time, and tickets opened since are unknown to netmon from then on.
    """
    kept = put_back(load_settings(config).store.url, file)
    click.echo(f"Restored from {file}." + (f" What was there is now {kept}." if kept else ""))

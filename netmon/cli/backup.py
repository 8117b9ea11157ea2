"""`netmon backup` and `netmon restore`: the database to a file and back."""

from pathlib import Path

import click

from netmon.cli.common import check_store_file, config_option
from netmon.errors import InputError, StoreError
from netmon.settings import load_settings
from netmon.stores import backup as copy_database
from netmon.stores import restore as put_back

file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@config_option
@file_argument
def backup(config: Path, file: Path) -> None:
    """Copy the database into the new FILE, while netmon runs or not."""
    url = load_settings(config).store.url
    if not file.parent.is_dir():
        raise InputError(f"{file} cannot be written: No such file or directory.")
    check_store_file(url, expected=True)
    copy_database(url, file)
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB, checked.")


@click.command()
@config_option
@file_argument
def restore(config: Path, file: Path) -> None:
    """Put the backup FILE in the database's place; netmon must be stopped first.

    The database that was there is kept beside it under the name .replaced. Notices that left after the backup was made
    may leave a second time, and tickets opened since are unknown to netmon from then on.
    """
    url = load_settings(config).store.url
    try:
        kept = put_back(url, file)
    except StoreError as error:
        raise InputError(f"{file} was not restored: {error}") from error
    click.echo(f"Restored from {file}." + (f" What was there is now {kept}." if kept else ""))

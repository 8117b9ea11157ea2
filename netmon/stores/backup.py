"""Backup of a SQLite database while it is used, and the way back.

SQLite's online backup copies one consistent state; in write-ahead mode it makes no writer wait. A copy gets its final
name only once it is whole, checked and on the disk, so that neither a backup nor a restored database is ever half one.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from netmon.errors import InputError, StoreError
from netmon.stores.lock import file_of, hold_database
from netmon.stores.migrating import schema_of
from netmon.stores.trouble import store_error

_COMPANIONS = ("", "-wal", "-shm")
REPLACED = ".replaced"
"""Ends the name under which `restore` keeps the database that was there."""


def backup(url: str, target: Path) -> None:
    """Copy the database into a new file, mode 0600.

    Raises:
        InputError: the target is there already, or the database is PostgreSQL's.
        StoreError: the database cannot be read, or the target not written; no target is left.
    """
    source = _sqlite_file(url)
    if target.exists():
        raise InputError(f"{target} is there already; name a new file.")
    _copy(source, target)


def restore(url: str, source: Path) -> Path | None:
    """Put a backup in the database's place; returns under which name what was there is kept, None if nothing was.

    Raises:
        InputError: netmon is at work on the database, the backup is not there, or an earlier `.replaced` is.
        StoreError: the backup is damaged, not netmon's or newer than this program; nothing was changed.
    """
    file = _sqlite_file(url)
    if not source.is_file():
        raise InputError(f"There is no file {source}.")
    with hold_database(url):
        kept = Path(f"{file}{REPLACED}")
        if kept.exists():
            raise InputError(f"{kept} of an earlier restore is still there; move it away first.")
        part = Path(f"{file}.restoring")
        part.unlink(missing_ok=True)
        _copy(source, part)
        for suffix in _COMPANIONS:
            if Path(f"{file}{suffix}").exists():
                os.rename(f"{file}{suffix}", f"{kept}{suffix}")
        os.rename(part, file)
        _flush_names(file.parent)
        return kept if kept.exists() else None


def _sqlite_file(url: str) -> Path:
    file = file_of(url)
    if file is None:
        raise InputError("This is for SQLite; back up PostgreSQL with its own pg_dump and pg_restore.")
    return file


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _like_its_folder(part)
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(part)) as new,
        ):
            old.backup(new)
            # One file that needs no companions; the daemon turns the log on again.
            new.execute("PRAGMA journal_mode=DELETE")
            (verdict,) = new.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise StoreError(f"The database in {source} is damaged: {verdict}")
        if schema_of(URL.create("sqlite+pysqlite", database=str(part))) is None:
            raise StoreError(f"{source} is an empty database, no backup of netmon's.")
        os.rename(part, target)
        _flush_names(target.parent)
    except sqlite3.Error as error:
        raise StoreError(f"{source} cannot be copied to {target}: {error}.") from error
    except SQLAlchemyError as error:
        raise store_error(error) from error
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        for suffix in _COMPANIONS:
            Path(f"{part}{suffix}").unlink(missing_ok=True)


def _like_its_folder(file: Path) -> None:
    """A restore is often done by root, and the daemon is not root."""
    if os.geteuid() == 0:
        folder = file.parent.stat()
        os.chown(file, folder.st_uid, folder.st_gid)


def _flush_names(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Connections to the database.

SQLite: write-ahead log, so that readers never wait for the writer; synchronous=FULL, so that a commit is on the disk
when it returns. Python's sqlite3 begins transactions by itself and too late (a deferred transaction that turns to
writing can fail at once, busy_timeout or not); so its own handling is switched off and every transaction begins in
words here: BEGIN IMMEDIATE to write, BEGIN to read.
"""

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from netmon.errors import InputError
from netmon.stores.trouble import damage

BUSY_TIMEOUT = 5000
"""How long (ms) to wait for another process that writes."""
LOG_LIMIT = 64 * 2**20
"""What the write-ahead log is cut back to (bytes) after a checkpoint."""

_FORMS = "write sqlite:///path or postgresql://user@host/name"


class Use(StrEnum):
    """What a connection is for."""

    WRITE = "write"
    READ = "read"


def parse_url(text: str) -> URL:
    """Check a database URL: `sqlite:///path/to/file` or `postgresql://user@host/name`.

    Raises:
        InputError: it is neither, or the driver for it is not installed.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise InputError(f"The database URL cannot be read; {_FORMS}.") from None
    kind = url.get_backend_name()
    if kind == "postgresql":
        if find_spec("psycopg") is None:
            raise InputError("PostgreSQL needs the Python package psycopg beside netmon; install it, or use SQLite.")
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise InputError(f"netmon knows no database '{kind}'; {_FORMS}.")
    if not url.database or url.database == ":memory:":
        raise InputError("The database URL names no file; write sqlite:///path/to/netmon.db.")
    return url.set(drivername="sqlite+pysqlite")


def make_engine(url: URL, use: Use) -> sa.Engine:
    """An engine with one connection, for one thread at a time."""
    sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}} if sqlite else {"pool_pre_ping": True}
    # Should a driver's error ever be printed whole, then without the values it was about.
    engine = sa.create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=0, hide_parameters=True, **options)
    if sqlite:
        sa.event.listen(engine, "connect", _set_up_writer if use is Use.WRITE else _set_up_reader)
        sa.event.listen(engine, "begin", _begin_to_write if use is Use.WRITE else _begin_to_read)
    return engine


def look_for_damage(url: URL) -> None:
    """Read a whole SQLite database and hold its pages against each other; PostgreSQL looks after its own.

    Raises:
        StoreError: it is damaged; it was left as it is.
        SQLAlchemyError: it cannot be read.
    """
    if url.get_backend_name() != "sqlite" or not Path(str(url.database)).exists():
        return
    engine = make_engine(url, Use.READ)
    try:
        with engine.connect() as connection:
            verdict = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    finally:
        engine.dispose()
    if verdict != "ok":
        raise damage(verdict)


def _set_up_writer(connection: Any, _record: object) -> None:
    _pragmas(connection, f"journal_size_limit={LOG_LIMIT}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


def _set_up_reader(connection: Any, _record: object) -> None:
    _pragmas(connection, "query_only=ON")


def _pragmas(connection: Any, *pragmas: str) -> None:
    connection.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_TIMEOUT}", *pragmas):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_to_write(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_to_read(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")

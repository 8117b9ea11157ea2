"""Brings the database to this program's schema when it is opened, and refuses what it must not touch."""

import threading
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL

from netmon.errors import StoreError
from netmon.stores.database import Use, make_engine

_PLACE = Path(__file__).parent / "migrations"
_ALEMBIC = threading.Lock()  # its environment is global to the process
_ADVISORY_LOCK = 0x6E65746D6F6E  # "netmon": two programs that open a PostgreSQL database at once take turns


def migrate(url: URL) -> None:
    """Create the tables, or bring older ones up to date, in one transaction.

    Raises:
        StoreError: the schema is newer than this program, or the tables are not netmon's.
        SQLAlchemyError: the database cannot be used.
    """
    config = _config()
    script = ScriptDirectory.from_config(config)
    if _version(url, script) == script.get_current_head():
        return
    engine = make_engine(url, Use.WRITE)
    try:
        with _ALEMBIC, engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def schema_of(url: URL) -> str | None:
    """The schema of a database that this program knows; None where it is empty.

    Raises:
        StoreError: the schema is newer than this program, or the tables are not netmon's.
        SQLAlchemyError: the database cannot be used.
    """
    return _version(url, ScriptDirectory.from_config(_config()))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_PLACE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _version(url: URL, script: ScriptDirectory) -> str | None:
    # Looked up on a connection that cannot write: a database that is not netmon's must stay as it is.
    engine = make_engine(url, Use.READ)
    try:
        with engine.connect() as connection:
            tables = sa.inspect(connection).get_table_names()
            version = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    if version is None and tables:
        raise StoreError("The database holds tables that are not netmon's; give netmon a database of its own.")
    if version is not None and version not in {revision.revision for revision in script.walk_revisions()}:
        raise StoreError(
            f"The database was written by a newer netmon (schema {version}); run that version, or restore a backup."
        )
    return version

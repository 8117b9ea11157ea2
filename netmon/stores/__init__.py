"""Faults, tickets, outbox and history on disk: SQLite by default, PostgreSQL by URL, one SQLAlchemy Core schema."""

from netmon.stores.backup import backup, restore
from netmon.stores.lock import hold_database
from netmon.stores.store import SqlStore, open_store

__all__ = ["SqlStore", "backup", "hold_database", "open_store", "restore"]

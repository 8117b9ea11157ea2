"""Faults, tickets, outbox and history on disk: SQLite by default, PostgreSQL by URL, one SQLAlchemy Core schema."""

from netmon.stores.store import SqlStore, open_store

__all__ = ["SqlStore", "open_store"]

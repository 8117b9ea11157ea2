"""The few words SQL has no common spelling for."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, leaving out those whose key is there already."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(postgresql.insert(table).on_conflict_do_nothing(), rows)
    else:
        # Without a target SQLite's clause would excuse a broken NOT NULL too.
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(index_elements=_key(table)), rows)


def _key(table: sa.Table) -> list[str]:
    unique = [column.name for column in table.columns if column.unique]
    return unique[:1] or [column.name for column in table.primary_key.columns]

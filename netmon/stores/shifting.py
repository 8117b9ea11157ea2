"""A step of the wall clock, carried into all that is not over: what waits goes on waiting as long as it should."""

import sqlalchemy as sa

from netmon.model.tickets import TERMINAL
from netmon.stores.schema import fault, member, outbox, ticket


def shift(connection: sa.Connection, seconds: float) -> None:
    """Move the times of open faults, of tickets that have not ended and of waiting notices."""
    is_open = fault.c.resolved_at.is_(None)
    of_open_fault = member.c.fault.in_(sa.select(fault.c.id).where(is_open))
    waiting = outbox.c.state == "waiting"
    for table, condition, columns in (
        (fault, is_open, ("opened_at",)),
        (member, of_open_fault, ("failed_at", "recovered_at")),
        (ticket, ticket.c.status.not_in(sorted(TERMINAL)), ("opened_at", "accepted_at", "resolved_at")),
        (outbox, waiting, ("created_at", "not_before", "next_try", "lease_until", "parted_at", "stale_at")),
    ):
        moved = {name: table.c[name] + seconds for name in columns}  # what is not there (NULL) stays so
        connection.execute(table.update().where(condition).values(moved))

"""Forgetting: what ended long ago leaves the database, a slice a transaction, so that no writer waits long."""

import sqlalchemy as sa

from netmon.model.tickets import TERMINAL
from netmon.stores.schema import fault, member, notice_event, outbox, ticket, ticket_event, ticket_village

_WAITING = "waiting"
_merged = fault.alias("merged")


def forget(connection: sa.Connection, before: float, limit: int) -> int:
    """Delete up to `limit` faults, with all that hangs on them, that ended and whose tickets ended before that time.

    A fault into which others were merged goes after these. Returns how many faults and lone notices went.
    """
    unfinished_ticket = sa.exists().where(
        ticket.c.fault == fault.c.id,
        sa.or_(ticket.c.status.not_in(sorted(TERMINAL)), ticket.c.closed_at >= before),
    )
    query = (
        sa.select(fault.c.id)
        .where(
            fault.c.resolved_at < before,
            sa.not_(unfinished_ticket),
            sa.not_(sa.exists().where(outbox.c.fault == fault.c.id, outbox.c.state == _WAITING)),
            sa.not_(sa.exists().where(_merged.c.merged_into == fault.c.id)),
        )
        .order_by(fault.c.resolved_at, fault.c.id)
        .limit(limit)
    )
    old = connection.execute(query).scalars().all()
    of_old = sa.select(ticket.c.number).where(ticket.c.fault.in_(old))
    notices_of_old = sa.select(outbox.c.id).where(outbox.c.fault.in_(old))
    connection.execute(notice_event.delete().where(notice_event.c.notice.in_(notices_of_old)))
    connection.execute(outbox.delete().where(outbox.c.fault.in_(old)))
    for table in (ticket_village, ticket_event):
        connection.execute(table.delete().where(table.c.ticket.in_(of_old)))
    connection.execute(ticket.delete().where(ticket.c.fault.in_(old)))
    connection.execute(member.delete().where(member.c.fault.in_(old)))
    connection.execute(fault.delete().where(fault.c.id.in_(old)))
    return len(old) + _forget_lone_notices(connection, before, limit)


def _forget_lone_notices(connection: sa.Connection, before: float, limit: int) -> int:
    """Notices about no fault: netmon's own isolation."""
    query = sa.select(outbox.c.id).where(
        outbox.c.fault.is_(None), outbox.c.state != _WAITING, outbox.c.finished_at < before
    )
    old = connection.execute(query.limit(limit)).scalars().all()
    connection.execute(notice_event.delete().where(notice_event.c.notice.in_(old)))
    return int(connection.execute(outbox.delete().where(outbox.c.id.in_(old))).rowcount)

"""Writes tickets and their append-only history. Every function works inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa

from netmon.errors import InputError, StoreError
from netmon.model.decisions import AddVillages, OpenTicket, ResolveFault
from netmon.model.faults import Resolution
from netmon.model.ids import CentreId, FaultId, TicketNumber, VillageId
from netmon.model.tickets import ALLOWED_MOVES, TERMINAL, Ticket, TicketEvent, TicketStatus
from netmon.model.time import Now
from netmon.ports import TicketAction
from netmon.stores.dialect import insert_new
from netmon.stores.reading import OPEN_STATUSES, read_tickets
from netmon.stores.schema import counter, fault, ticket, ticket_event, ticket_village

NETMON = "netmon"
"""The author of what no person did."""

_THAILAND = timezone(timedelta(hours=7))
_BUDDHIST_ERA = 543
_NOT_TERMINAL = ticket.c.status.not_in(sorted(TERMINAL))

# Made once: a storm runs these thousands of times, and to put one together costs five times what it takes to run it.
_OWN = ticket.c.fault == sa.bindparam("owner")
_NUMBER = sa.select(ticket.c.number).where(_OWN, ticket.c.centre == sa.bindparam("at_centre"), _NOT_TERMINAL)


def _appending(condition: sa.ColumnElement[bool]) -> sa.Insert:
    """One more line for each ticket that meets the condition, numbered after its last one."""
    last = sa.select(sa.func.max(ticket_event.c.sequence)).where(ticket_event.c.ticket == ticket.c.number)
    values = [
        sa.bindparam(f"new_{column.name}", type_=column.type)
        for column in (ticket_event.c.at, ticket_event.c.author, ticket_event.c.what, ticket_event.c.text)
    ]
    sequence = sa.func.coalesce(last.correlate(ticket).scalar_subquery(), 0) + 1
    columns = ["ticket", "sequence", "at", "author", "what", "text"]
    return ticket_event.insert().from_select(columns, sa.select(ticket.c.number, sequence, *values).where(condition))


_APPEND = _appending(ticket.c.number == sa.bindparam("to"))
_NOTE = _appending(sa.and_(_OWN, _NOT_TERMINAL))


def open_ticket(connection: sa.Connection, decision: OpenTicket) -> None:
    """Open a ticket, unless the fault is over, or (fault, centre) has one open or had one of that very time."""
    row = connection.execute(sa.select(fault.c.resolved_at).where(fault.c.id == decision.fault)).one_or_none()
    if row is None:
        raise StoreError(f"Fault {decision.fault} is not in the database, so it gets no ticket.")
    there = sa.select(ticket.c.number).where(
        ticket.c.fault == decision.fault,
        ticket.c.centre == decision.centre,
        sa.or_(_NOT_TERMINAL, ticket.c.opened_at == decision.at),
    )
    if row.resolved_at is not None or connection.execute(there).first() is not None:
        return
    running = _next_running(connection)
    year = datetime.fromtimestamp(decision.at, _THAILAND).year + _BUDDHIST_ERA
    number = TicketNumber(f"T-{year}-{running:06d}")
    values = {
        "number": number,
        "running": running,
        "fault": decision.fault,
        "centre": decision.centre,
        "status": TicketStatus.ACKNOWLEDGED.value,
        "opened_at": decision.at,
        "accepted_by": "",
    }
    connection.execute(ticket.insert().values(values))
    _put_villages(connection, number, decision.villages, decision.at)
    append_event(connection, number, TicketEvent(decision.at, NETMON, "opened"))


def _next_running(connection: sa.Connection) -> int:
    connection.execute(counter.update().where(counter.c.name == "ticket").values(value=counter.c.value + 1))
    return int(connection.execute(sa.select(counter.c.value).where(counter.c.name == "ticket")).scalar_one())


def _put_villages(connection: sa.Connection, number: str, villages: Sequence[VillageId], at: float) -> None:
    insert_new(
        connection, ticket_village, [{"ticket": number, "village": village, "added_at": at} for village in villages]
    )


def add_villages(connection: sa.Connection, decision: AddVillages) -> None:
    """Put villages on the open ticket; those already there are passed over."""
    number = number_of(connection, decision.fault, decision.centre)
    if number is None:
        return
    query = sa.select(ticket_village.c.village).where(ticket_village.c.ticket == number)
    there = set(connection.execute(query).scalars())
    new = sorted(set(decision.villages) - there)
    if new:
        _put_villages(connection, number, new, decision.at)
        append_event(connection, number, TicketEvent(decision.at, NETMON, "extended", ", ".join(new)))


def number_of(connection: sa.Connection, owner: FaultId, centre: CentreId) -> TicketNumber | None:
    """The ticket of (fault, centre) that is not yet closed, cancelled or rejected."""
    found = connection.execute(_NUMBER, {"owner": owner, "at_centre": centre}).scalar_one_or_none()
    return None if found is None else TicketNumber(found)


def append_event(connection: sa.Connection, number: str, event: TicketEvent) -> None:
    """Add a line to a ticket's history."""
    connection.execute(_APPEND, {"to": number, **_fields(event)})


def note_on_tickets(connection: sa.Connection, owner: FaultId, event: TicketEvent) -> None:
    """Add a line to the history of every ticket of a fault that has not ended."""
    connection.execute(_NOTE, {"owner": owner, **_fields(event)})


def _fields(event: TicketEvent) -> dict[str, Any]:
    return {"new_at": event.at, "new_author": event.author, "new_what": event.what, "new_text": event.text}


def end_tickets(connection: sa.Connection, ended: ResolveFault) -> None:
    """A fault has ended, so its tickets become resolved; of a merged fault cancelled; of a retired device closed."""
    by_inventory = ended.resolution is Resolution.INVENTORY
    statuses = [*OPEN_STATUSES, TicketStatus.RESOLVED.value] if by_inventory else OPEN_STATUSES
    query = sa.select(ticket).where(ticket.c.fault == ended.fault, ticket.c.status.in_(statuses))
    for row in connection.execute(query.order_by(ticket.c.running)).all():
        if ended.resolution is Resolution.MERGED:
            status, text = TicketStatus.CANCELLED, _join_survivor(connection, row, ended)
        else:
            status, text = TicketStatus.CLOSED if by_inventory else TicketStatus.RESOLVED, ended.resolution.value
        _move(connection, row, status, ended.at)
        append_event(connection, row.number, TicketEvent(ended.at, NETMON, status.value, text))


def _join_survivor(connection: sa.Connection, row: Any, ended: ResolveFault) -> str:
    number = None if ended.merged_into is None else number_of(connection, ended.merged_into, row.centre)
    if number is None:
        return "merged"
    append_event(connection, number, TicketEvent(ended.at, NETMON, "merged", f"{row.number} merged into this"))
    return f"merged into {number}"


def _move(connection: sa.Connection, row: Any, status: TicketStatus, at: float) -> None:
    values: dict[str, Any] = {"status": status.value}
    if status is TicketStatus.RESOLVED:
        values["resolved_at"] = at
    elif status is TicketStatus.IN_PROGRESS:
        values["resolved_at"] = None
    elif status.is_terminal:
        values["closed_at"] = at
        if status is TicketStatus.CLOSED and row.resolved_at is None:
            values["resolved_at"] = at
    connection.execute(ticket.update().where(ticket.c.number == row.number).values(values))


def act(connection: sa.Connection, action: TicketAction, now: Now) -> Ticket:
    """What a person asked for.

    Raises:
        InputError: no such ticket, nothing asked, or its status does not allow the move.
    """
    row = connection.execute(sa.select(ticket).where(ticket.c.number == action.number)).one_or_none()
    if row is None:
        raise InputError(f"There is no ticket {action.number!r}.")
    if action.status is None and not action.note:
        raise InputError(f"Nothing was asked of ticket {action.number}: give a status or a note.")
    if action.status is not None:
        _check_move(action.number, TicketStatus(row.status), action.status)
        _move(connection, row, action.status, now.wall)
        if action.status is TicketStatus.IN_PROGRESS and row.accepted_at is None:
            accepted = {"accepted_at": now.wall, "accepted_by": action.author}
            connection.execute(ticket.update().where(ticket.c.number == action.number).values(accepted))
    what = "note" if action.status is None else action.status.value
    append_event(connection, action.number, TicketEvent(now.wall, action.author, what, _storable(action.note)))
    return read_tickets(connection, ticket.c.number == action.number)[0]


def _check_move(number: TicketNumber, present: TicketStatus, wanted: TicketStatus) -> None:
    allowed = ALLOWED_MOVES[present]
    if wanted not in allowed:
        rest = f"it may become {', '.join(sorted(allowed))}" if allowed else "that is its end"
        raise InputError(f"Ticket {number} is {present}, it cannot become {wanted}; {rest}.")


def _storable(text: str) -> str:
    """A person's text as both databases take it: PostgreSQL has no NUL, UTF-8 no lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def close_resolved(connection: sa.Connection, before: float, now: Now) -> int:
    """Close tickets resolved before that time; returns how many."""
    query = (
        sa.select(ticket)
        .where(ticket.c.status == TicketStatus.RESOLVED.value, ticket.c.resolved_at < before)
        .order_by(ticket.c.running)
    )
    rows = connection.execute(query).all()
    for row in rows:
        _move(connection, row, TicketStatus.CLOSED, now.wall)
        append_event(connection, row.number, TicketEvent(now.wall, NETMON, TicketStatus.CLOSED.value))
    return len(rows)

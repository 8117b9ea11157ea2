"""Rows to model values, in a fixed number of statements however many rows there are."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from netmon.model.cases import Case, TicketFile
from netmon.model.faults import Cause, Evidence, EvidenceKind, Fault, Member, Resolution, Scope
from netmon.model.ids import CentreId, DeviceId, FaultId, TicketNumber, VillageId
from netmon.model.paths import PathTrace
from netmon.model.tickets import Ticket as TicketValue
from netmon.model.tickets import TicketEvent, TicketStatus
from netmon.stores.schema import fault, member, ticket, ticket_event, ticket_village

Condition = sa.ColumnElement[bool]

OPEN_STATUSES = tuple(
    status.value
    for status in (TicketStatus.ACKNOWLEDGED, TicketStatus.IN_PROGRESS, TicketStatus.PENDING, TicketStatus.HELD)
)
"""Somebody's work still (`Ticket.is_open`)."""


def read_cases(connection: sa.Connection, condition: Condition) -> tuple[Case, ...]:
    """Cases of the faults that meet a condition on table `fault`, oldest first."""
    tickets: dict[str, list[TicketValue]] = defaultdict(list)
    joined = ticket.join(fault, ticket.c.fault == fault.c.id)
    for one in _tickets(connection, joined, condition, ticket.c.running):
        tickets[one.fault].append(one)
    return tuple(Case(one, tuple(tickets[one.id])) for one in read_faults(connection, condition))


def read_faults(connection: sa.Connection, condition: Condition) -> tuple[Fault, ...]:
    """Faults that meet a condition on table `fault`, oldest first."""
    members: dict[str, list[Member]] = defaultdict(list)
    query = (
        sa.select(member)
        .join_from(member, fault, member.c.fault == fault.c.id)
        .where(condition)
        .order_by(member.c.position)
    )
    for row in connection.execute(query):
        members[row.fault].append(
            Member(DeviceId(row.device), tuple(map(VillageId, row.villages)), row.failed_at, row.recovered_at)
        )
    rows = connection.execute(sa.select(fault).where(condition).order_by(fault.c.opened_at, fault.c.id))
    return tuple(_fault(row, members[row.id]) for row in rows)


def _fault(row: Any, members: Sequence[Member]) -> Fault:
    return Fault(
        id=FaultId(row.id),
        scope=Scope(row.scope),
        key=row.key,
        cause=Cause(row.cause),
        confidence=row.confidence,
        opened_at=row.opened_at,
        members=tuple(members),
        path=None if row.path is None else PathTrace(**{**row.path, "hops": tuple(row.path["hops"])}),
        evidence=tuple(Evidence(**{**one, "kind": EvidenceKind(one["kind"])}) for one in row.evidence),
        overruled_by=row.overruled_by,
        resolved_at=row.resolved_at,
        resolution=None if row.resolution is None else Resolution(row.resolution),
        merged_into=None if row.merged_into is None else FaultId(row.merged_into),
    )


def read_tickets(connection: sa.Connection, condition: Condition) -> tuple[TicketValue, ...]:
    """Tickets that meet a condition on table `ticket`, newest first."""
    return tuple(_tickets(connection, ticket, condition, ticket.c.running.desc()))


def _tickets(
    connection: sa.Connection, source: sa.FromClause, condition: Condition, order: sa.ColumnElement[Any]
) -> list[TicketValue]:
    villages: dict[str, list[VillageId]] = defaultdict(list)
    query = (
        sa.select(ticket_village.c.ticket, ticket_village.c.village)
        .select_from(source.join(ticket_village, ticket_village.c.ticket == ticket.c.number))
        .where(condition)
        .order_by(ticket_village.c.village)
    )
    for number, village in connection.execute(query):
        villages[number].append(VillageId(village))
    rows = connection.execute(sa.select(ticket).select_from(source).where(condition).order_by(order))
    return [_ticket(row, villages[row.number]) for row in rows]


def _ticket(row: Any, villages: Sequence[VillageId]) -> TicketValue:
    return TicketValue(
        number=TicketNumber(row.number),
        fault=FaultId(row.fault),
        centre=CentreId(row.centre),
        status=TicketStatus(row.status),
        villages=tuple(villages),
        opened_at=row.opened_at,
        accepted_at=row.accepted_at,
        accepted_by=row.accepted_by,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
    )


def read_ticket_file(connection: sa.Connection, number: TicketNumber) -> TicketFile | None:
    """One ticket with its fault and history."""
    found = read_tickets(connection, ticket.c.number == number)
    if not found:
        return None
    rows = connection.execute(
        sa.select(ticket_event).where(ticket_event.c.ticket == number).order_by(ticket_event.c.sequence)
    )
    history = tuple(TicketEvent(row.at, row.author, row.what, row.text) for row in rows)
    return TicketFile(found[0], read_faults(connection, fault.c.id == found[0].fault)[0], history)

"""Carries out a batch of decisions in the caller's transaction. Done twice, it changes nothing the second time."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from netmon.errors import StoreError
from netmon.model.decisions import (
    AddVillages,
    ChangeFault,
    OpenFault,
    OpenTicket,
    ResolveFault,
    SendNotice,
    StoredDecision,
    SupersedeNotices,
)
from netmon.model.faults import Fault, Member, Resolution
from netmon.model.ids import FaultId
from netmon.model.tickets import TicketEvent
from netmon.model.time import Now
from netmon.stores import outbox, tickets
from netmon.stores.reading import read_faults
from netmon.stores.schema import fault, member


def carry_out(connection: sa.Connection, decisions: Sequence[StoredDecision], now: Now) -> None:
    """Carry out all decisions, in their order."""
    settled = _settled_faults(connection, decisions)
    # A merged fault gives up its identity first, because its survivor may take it in the same batch.
    for merged in _merging(decisions):
        if _is_known(connection, merged.fault):
            _resolve(connection, merged)
    for position, decision in enumerate(decisions):
        if isinstance(decision, SupersedeNotices):
            outbox.supersede(connection, decision, now, spared=_keys_sent(decisions[position + 1 :]))
        elif not (isinstance(decision, ChangeFault) and decision.fault.id in settled):
            _carry_out_one(connection, decision, now)
    # Merged faults give up their tickets last, because the survivor's ticket, which their history names, may be
    # opened further down the same batch.
    for merged in _merging(decisions):
        _end_merged(connection, merged)


def _merging(decisions: Sequence[StoredDecision]) -> list[ResolveFault]:
    return [one for one in decisions if isinstance(one, ResolveFault) and one.resolution is Resolution.MERGED]


def _is_known(connection: sa.Connection, one: FaultId) -> bool:
    return connection.execute(sa.select(fault.c.id).where(fault.c.id == one)).first() is not None


def _carry_out_one(connection: sa.Connection, decision: StoredDecision, now: Now) -> None:
    match decision:
        case OpenFault():
            _open(connection, decision.fault)
        case ChangeFault():
            _change(connection, decision, now)
        case ResolveFault():
            _resolve(connection, decision)
        case OpenTicket():
            tickets.open_ticket(connection, decision)
        case AddVillages():
            tickets.add_villages(connection, decision)
        case SendNotice():
            outbox.send(connection, decision, now)


def _keys_sent(decisions: Sequence[StoredDecision]) -> list[str]:
    """What the rest of the batch sends, its earlier part does not take back, or the batch could not be done twice."""
    return [decision.notice.key for decision in decisions if isinstance(decision, SendNotice)]


def _settled_faults(connection: sa.Connection, decisions: Sequence[StoredDecision]) -> set[FaultId]:
    """Faults that already are as the batch's last word on them says: their notes have been written, too."""
    last = {decision.fault.id: decision.fault for decision in decisions if isinstance(decision, ChangeFault)}
    if not last:
        return set()
    stored = read_faults(connection, fault.c.id.in_(list(last)))
    return {one.id for one in stored if _changeable(one) == _changeable(last[one.id])}


def _changeable(one: Fault) -> tuple[Any, ...]:
    return one.scope, one.key, one.cause, one.confidence, one.overruled_by, one.evidence, one.members


def _open(connection: sa.Connection, new: Fault) -> None:
    if _is_known(connection, new.id):
        return
    values = {
        "id": new.id,
        **_identity(new),
        "opened_at": new.opened_at,
        "resolved_at": new.resolved_at,
        "resolution": None if new.resolution is None else new.resolution.value,
        "merged_into": new.merged_into,
        **_columns(new),
    }
    connection.execute(fault.insert().values(values))
    _write_members(connection, new.id, new.members)


def _identity(one: Fault) -> dict[str, Any]:
    return {"scope": one.scope.value, "key": one.key}


def _columns(one: Fault) -> dict[str, Any]:
    return {
        "cause": one.cause.value,
        "confidence": one.confidence,
        "overruled_by": one.overruled_by,
        "evidence": [asdict(evidence) for evidence in one.evidence],
    }


def _write_members(connection: sa.Connection, owner: FaultId, members: Sequence[Member]) -> None:
    connection.execute(member.delete().where(member.c.fault == owner))
    rows = [
        {
            "fault": owner,
            "device": one.device,
            "position": position,
            "failed_at": one.failed_at,
            "recovered_at": one.recovered_at,
            "villages": list(one.villages),
        }
        for position, one in enumerate(members)
    ]
    if rows:
        connection.execute(member.insert(), rows)


def _change(connection: sa.Connection, decision: ChangeFault, now: Now) -> None:
    """A fault that turns out to be a feeder's or an amphoe's takes that identity while it is open.

    When it was opened and ended is not ChangeFault's to write.
    """
    new = decision.fault
    is_open = sa.and_(fault.c.id == new.id, fault.c.resolved_at.is_(None))
    connection.execute(fault.update().where(is_open).values(_identity(new)))
    if connection.execute(fault.update().where(fault.c.id == new.id).values(_columns(new))).rowcount == 0:
        raise StoreError(f"Fault {new.id} is not in the database, so it cannot change.")
    _write_members(connection, new.id, new.members)
    if decision.note:
        tickets.note_on_tickets(connection, new.id, TicketEvent(now.wall, tickets.NETMON, "changed", decision.note))


def _resolve(connection: sa.Connection, decision: ResolveFault) -> None:
    row = connection.execute(sa.select(fault.c.resolved_at).where(fault.c.id == decision.fault)).one_or_none()
    if row is None:
        raise StoreError(f"Fault {decision.fault} is not in the database, so it cannot be resolved.")
    if row.resolved_at is not None:
        return
    connection.execute(
        fault.update()
        .where(fault.c.id == decision.fault)
        .values(resolved_at=decision.at, resolution=decision.resolution.value, merged_into=decision.merged_into)
    )
    if decision.resolution is not Resolution.MERGED:
        tickets.end_tickets(connection, decision)


def _end_merged(connection: sa.Connection, decision: ResolveFault) -> None:
    really = sa.select(fault.c.id).where(fault.c.id == decision.fault, fault.c.resolution == Resolution.MERGED.value)
    if connection.execute(really).first() is not None:
        tickets.end_tickets(connection, decision)

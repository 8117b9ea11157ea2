"""Carries out a batch of decisions in the caller's transaction. Done twice, it changes nothing the second time."""

from collections.abc import Iterable, Mapping, Sequence
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
from netmon.model.paths import PathTrace
from netmon.model.tickets import TicketEvent
from netmon.model.time import Now
from netmon.stores import outbox, tickets
from netmon.stores.reading import read_faults
from netmon.stores.schema import fault, member


def carry_out(connection: sa.Connection, decisions: Sequence[StoredDecision], now: Now) -> None:
    """Carry out all decisions, in their order."""
    stored = _stored_faults(connection, decisions)
    settled = _settled(stored, decisions)
    # A merged fault gives up its identity first, because its survivor may take it in the same batch.
    for merged in _merging(decisions):
        if _is_known(connection, merged.fault):
            _resolve(connection, merged)
    unsent: list[SendNotice] = []
    for position, decision in enumerate(decisions):
        if isinstance(decision, SendNotice):
            unsent.append(decision)
        elif isinstance(decision, SupersedeNotices):
            outbox.send(connection, unsent, now)  # what was sent before it is superseded, too
            unsent.clear()
            outbox.supersede(connection, decision, now, spared=_keys_sent(decision.fault, decisions[position + 1 :]))
        elif isinstance(decision, ChangeFault):
            if decision.fault.id not in settled:
                _change(connection, decision, stored, now)
        else:
            _carry_out_one(connection, decision)
    outbox.send(connection, unsent, now)
    # Merged faults give up their tickets last, because the survivor's ticket, which their history names, may be
    # opened further down the same batch.
    for merged in _merging(decisions):
        _end_merged(connection, merged)


def _merging(decisions: Sequence[StoredDecision]) -> list[ResolveFault]:
    return [one for one in decisions if isinstance(one, ResolveFault) and one.resolution is Resolution.MERGED]


def _is_known(connection: sa.Connection, one: FaultId) -> bool:
    return connection.execute(sa.select(fault.c.id).where(fault.c.id == one)).first() is not None


def _carry_out_one(connection: sa.Connection, decision: StoredDecision) -> None:
    match decision:
        case OpenFault():
            _open(connection, decision.fault)
        case ResolveFault():
            _resolve(connection, decision)
        case OpenTicket():
            tickets.open_ticket(connection, decision)
        case AddVillages():
            tickets.add_villages(connection, decision)


def _keys_sent(about: FaultId, decisions: Sequence[StoredDecision]) -> list[str]:
    """What the rest of the batch sends, its earlier part does not take back, or the batch could not be done twice."""
    sent = (decision.notice for decision in decisions if isinstance(decision, SendNotice))
    return [notice.key for notice in sent if notice.fault == about]


def _stored_faults(connection: sa.Connection, decisions: Sequence[StoredDecision]) -> dict[FaultId, Fault]:
    """The faults that the batch changes, as they are now."""
    changing = {decision.fault.id for decision in decisions if isinstance(decision, ChangeFault)}
    return {one.id: one for one in read_faults(connection, fault.c.id.in_(list(changing)))} if changing else {}


def _settled(stored: Mapping[FaultId, Fault], decisions: Sequence[StoredDecision]) -> set[FaultId]:
    """Faults that already are as the batch's last word on them says: their notes have been written, too."""
    last = {decision.fault.id: decision.fault for decision in decisions if isinstance(decision, ChangeFault)}
    return {name for name, one in stored.items() if _changeable(one) == _changeable(last[name])}


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
    _replace_members(connection, owner, range(len(members)), members)


def _replace_members(
    connection: sa.Connection, owner: FaultId, positions: Iterable[int], members: Sequence[Member]
) -> None:
    """Write the members at these positions, whether or not their devices had a row before."""
    rows = [
        {
            "fault": owner,
            "device": members[position].device,
            "position": position,
            "failed_at": members[position].failed_at,
            "recovered_at": members[position].recovered_at,
            "villages": list(members[position].villages),
        }
        for position in positions
    ]
    if rows:
        connection.execute(_FORGET_MEMBER, [{"owner": owner, "gone": row["device"]} for row in rows])
        connection.execute(member.insert(), rows)


# Made once: see `tickets`.
_IS_OPEN = fault.c.resolved_at.is_(None)
_FORGET_MEMBER = member.delete().where(member.c.fault == sa.bindparam("owner"), member.c.device == sa.bindparam("gone"))
_NEW = {
    column.name: sa.bindparam(f"new_{column.name}", type_=column.type)
    for column in (
        fault.c.scope,
        fault.c.key,
        fault.c.cause,
        fault.c.confidence,
        fault.c.overruled_by,
        fault.c.evidence,
    )
}
_CHANGE = (
    fault.update()
    .where(fault.c.id == sa.bindparam("owner"))
    .values(
        _NEW
        | {
            "scope": sa.case((_IS_OPEN, _NEW["scope"]), else_=fault.c.scope),
            "key": sa.case((_IS_OPEN, _NEW["key"]), else_=fault.c.key),
        }
    )
)


def _change(connection: sa.Connection, decision: ChangeFault, stored: dict[FaultId, Fault], now: Now) -> None:
    """A fault that turns out to be a feeder's or an amphoe's takes that identity while it is open.

    When it was opened and ended is not ChangeFault's to write. `stored` has the fault as it was, if it was there
    before this batch, and is kept up to date: of hundreds of members a second changes a few.
    """
    new = decision.fault
    values = {f"new_{name}": value for name, value in {**_identity(new), **_columns(new)}.items()}
    if connection.execute(_CHANGE, {"owner": new.id, **values}).rowcount == 0:
        raise StoreError(f"Fault {new.id} is not in the database, so it cannot change.")
    old = stored.get(new.id)
    if old is None:
        connection.execute(member.delete().where(member.c.fault == new.id))
        _write_members(connection, new.id, new.members)
    else:
        _write_changed_members(connection, old, new)
    stored[new.id] = new
    if decision.note:
        tickets.note_on_tickets(connection, new.id, TicketEvent(now.wall, tickets.NETMON, "changed", decision.note))


def _write_changed_members(connection: sa.Connection, old: Fault, new: Fault) -> None:
    before = {one.device: (position, one) for position, one in enumerate(old.members)}
    changed = [place for place, one in enumerate(new.members) if before.pop(one.device, None) != (place, one)]
    if before:
        connection.execute(_FORGET_MEMBER, [{"owner": new.id, "gone": device} for device in before])
    _replace_members(connection, new.id, changed, new.members)


def note_path(connection: sa.Connection, about: FaultId, path: PathTrace) -> None:
    """Keep with a fault how far the way to its device went."""
    connection.execute(fault.update().where(fault.c.id == about).values(path=asdict(path)))


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

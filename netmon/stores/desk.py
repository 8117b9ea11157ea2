"""What an operator does to the outbox by hand. Every function works inside the caller's transaction."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from netmon.errors import InputError
from netmon.model.ids import TicketNumber
from netmon.model.notices import NoticeEvent, NoticeFile, NoticeState, OutboxLine, Progress
from netmon.model.tickets import TicketEvent
from netmon.model.time import Now
from netmon.stores import notice_history, tickets
from netmon.stores.outbox import notice_of
from netmon.stores.schema import outbox

_MOVABLE = frozenset({NoticeState.WAITING, NoticeState.DEAD, NoticeState.UNKNOWN, NoticeState.FAILED})


def lines(connection: sa.Connection, states: Collection[NoticeState], limit: int) -> tuple[OutboxLine, ...]:
    """The latest notices in these states, oldest first."""
    wanted = outbox.c.state.in_([state.value for state in states])
    rows = connection.execute(sa.select(outbox).where(wanted).order_by(outbox.c.id.desc()).limit(limit)).all()
    return tuple(_line(row) for row in reversed(rows))


def file_of(connection: sa.Connection, notice: int) -> NoticeFile | None:
    """One notice with its history."""
    row = connection.execute(sa.select(outbox).where(outbox.c.id == notice)).one_or_none()
    return None if row is None else NoticeFile(_line(row), notice_history.of(connection, notice))


def resend(connection: sa.Connection, notice: int, now: Now) -> OutboxLine:
    """Begin anew with a notice, its age too, or an old one would be given up at the first busy gateway."""
    _movable(connection, notice, now)
    notice_history.append(connection, notice, NoticeEvent(now.wall, "again"))
    fresh = {"next_try": now.wall, "not_before": now.wall, "attempt": 0, "doubts": 0, "stale_at": None, "message": None}
    state, progress = NoticeState.WAITING.value, Progress.NONE.value
    return _write(connection, notice, state=state, progress=progress, finished_at=None, **fresh)


def drop(connection: sa.Connection, notice: int, author: str, now: Now) -> OutboxLine:
    """Take a notice out for good."""
    _movable(connection, notice, now)
    notice_history.append(connection, notice, NoticeEvent(now.wall, "dropped", author))
    line = _write(connection, notice, state=NoticeState.DROPPED.value, finished_at=now.wall)
    if line.ticket is not None:
        one = line.notice
        text = f"{one.channel} to {one.recipient.audience} {one.recipient.id} ({one.stage}): dropped"
        tickets.append_event(connection, line.ticket, TicketEvent(now.wall, author, "undelivered", text))
    return line


def _movable(connection: sa.Connection, notice: int, now: Now) -> None:
    row = connection.execute(sa.select(outbox).where(outbox.c.id == notice)).one_or_none()
    if row is None:
        raise InputError(f"There is no notice {notice}.")
    if row.state not in _MOVABLE:
        raise InputError(f"Notice {notice} is {row.state}; nothing can be done about it any more.")
    # A later one to the same person must not be overtaken on the wire, either.
    in_hand = sa.and_(outbox.c.state == NoticeState.WAITING.value, outbox.c.lease_until > now.wall)
    if connection.execute(sa.select(outbox.c.id).where(outbox.c.lane == row.lane, in_hand)).first() is not None:
        raise InputError(f"Notice {notice}, or the next one to this person, is being sent just now; try in a minute.")


def _write(connection: sa.Connection, notice: int, **values: Any) -> OutboxLine:
    connection.execute(outbox.update().where(outbox.c.id == notice).values(lease_until=None, parted_at=None, **values))
    return _line(connection.execute(sa.select(outbox).where(outbox.c.id == notice)).one())


def _line(row: Any) -> OutboxLine:
    return OutboxLine(
        id=row.id,
        notice=notice_of(row),
        state=NoticeState(row.state),
        ticket=None if row.ticket is None else TicketNumber(row.ticket),
        attempt=row.attempt,
        created_at=row.created_at,
        next_try=row.next_try,
        reason=row.reason,
        progress=Progress(row.progress),
    )

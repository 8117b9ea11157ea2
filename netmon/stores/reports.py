"""What gateways say afterwards. Every function works inside the caller's transaction.

A report may come before the answer to the sending is written down, twice, long after, or in the wrong order.
"""

from typing import Any

import sqlalchemy as sa

from netmon.model.notices import Channel, NoticeEvent, NoticeState, Progress, Report, SentNotice
from netmon.model.tickets import TicketEvent
from netmon.model.time import Now
from netmon.stores import notice_history, tickets
from netmon.stores.schema import outbox

_DOUBTED = frozenset({NoticeState.WAITING, NoticeState.UNKNOWN})
_LEFT = frozenset({NoticeState.SENT, NoticeState.FAILED})


def report(connection: sa.Connection, key: str, said: Report, now: Now) -> bool:
    """Record a report; False if no notice has this key."""
    row = connection.execute(sa.select(outbox).where(outbox.c.key == key)).one_or_none()
    if row is None:
        return False
    event = NoticeEvent(now.wall, said.progress.value, said.reason)
    if not notice_history.has(connection, row.id, event):
        notice_history.append(connection, row.id, event)
    values = _changes(row, said, now)
    if values:
        connection.execute(outbox.update().where(outbox.c.id == row.id).values(values))
    if values.get("state") == NoticeState.FAILED:
        note_failure(connection, row, said.reason, now)
    if said.progress.proves_it_left:
        _end_doubts(connection, key, now)
    return True


def _end_doubts(connection: sa.Connection, key: str, now: Now) -> None:
    """What may have left in this notice's message has left in it."""
    reason = f"told together with {key}"
    is_other = sa.and_(outbox.c.message == key, outbox.c.key != key)
    in_doubt = sa.and_(is_other, outbox.c.state.in_([one.value for one in sorted(_DOUBTED)]))
    told = {"state": NoticeState.SUPERSEDED.value, "told_with": key, "reason": reason, "finished_at": now.wall}
    for id_ in connection.execute(sa.select(outbox.c.id).where(in_doubt).order_by(outbox.c.id)).scalars().all():
        notice_history.append(connection, id_, NoticeEvent(now.wall, "superseded", reason))
        values = {**told, "lease_until": None, "parted_at": None}
        connection.execute(outbox.update().where(outbox.c.id == id_).values(values))


_BY_SMS = sa.and_(outbox.c.channel == Channel.SMS.value, outbox.c.state.in_([one.value for one in sorted(_LEFT)]))


def key_of(connection: sa.Connection, reference: str) -> str | None:
    """The key of the SMS that left under this id of its gateway's, the latest if it repeats its ids."""
    wanted = sa.select(outbox.c.key).where(_BY_SMS, outbox.c.reference == reference, outbox.c.told_with == "")
    key: str | None = connection.execute(wanted.order_by(outbox.c.id.desc()).limit(1)).scalar_one_or_none()
    return key


def in_delivery(connection: sa.Connection, since: float, limit: int) -> tuple[SentNotice, ...]:
    """SMS sent since then that may still arrive, the latest first."""
    open_ones = [one.value for one in Progress if not one.is_final]
    wanted = sa.select(outbox.c.key, outbox.c.reference, outbox.c.finished_at).where(
        _BY_SMS, outbox.c.finished_at >= since, outbox.c.progress.in_(open_ones), outbox.c.reference != ""
    )
    rows = connection.execute(wanted.order_by(outbox.c.finished_at.desc(), outbox.c.id.desc()).limit(limit))
    return tuple(SentNotice(row.key, row.reference, row.finished_at) for row in rows)


def _changes(row: Any, said: Report, now: Now) -> dict[str, Any]:
    """What becomes of the row."""
    state, in_hand = NoticeState(row.state), row.lease_until is not None and row.lease_until > now.wall
    if said.progress.rank <= Progress(row.progress).rank:
        return {}
    if state in _DOUBTED and said.progress.proves_it_left:
        # At once, also while a courier waits for the answer: if it dies before that, the notice is not sent again.
        told = {"progress": said.progress.value, "state": NoticeState.SENT.value}
        return {**told, "finished_at": now.wall, "lease_until": None, "parted_at": None}
    if state in _DOUBTED and not in_hand:
        return {}  # a copy that failed settles no doubt: the notice is sent again, and that may succeed
    values: dict[str, Any] = {"progress": said.progress.value}
    if state in _LEFT:
        ended = NoticeState.FAILED if said.progress is Progress.FAILED else NoticeState.SENT
        values |= {"state": ended.value} if ended is not state else {}
    return values


def note_failure(connection: sa.Connection, row: Any, reason: str, now: Now) -> None:
    """Say in the ticket's history that somebody was not reached."""
    if row.ticket is not None:
        text = f"{row.channel} to {row.audience} {row.recipient} ({row.stage}): not delivered {reason}".rstrip()
        tickets.append_event(connection, row.ticket, TicketEvent(now.wall, tickets.NETMON, "undelivered", text))

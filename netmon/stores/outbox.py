"""The outbox: notices that have not left. Every function works inside the caller's transaction.

A lane is one person on one channel about one fault. Only the oldest waiting notice of a lane may be claimed, so the
order is kept; those behind it leave together with it, in the same courier's hands, or wait. What is in doubt leaves
with all that may have left in the same message, and with nothing else. Whether a notice that depends on what was told
before is to leave is looked up when it is written, and again when it is claimed: until then what was in the air has
come down.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from netmon.model.decisions import SendNotice, SupersedeNotices
from netmon.model.ids import CentreId, FaultId
from netmon.model.notices import (
    Audience,
    Channel,
    Delivery,
    Notice,
    NoticeEvent,
    NoticeState,
    OutboxEntry,
    Progress,
    Recipient,
    Stage,
    Telling,
    Verdict,
)
from netmon.model.tickets import TicketEvent
from netmon.model.time import Now
from netmon.ports import OutboxState
from netmon.stores import notice_history, reports, tickets, told
from netmon.stores.dialect import insert_new
from netmon.stores.schema import outbox, ticket, ticket_village

_ENDS = {
    Verdict.SENT: NoticeState.SENT,
    Verdict.RETRY: NoticeState.DEAD,
    Verdict.PERMANENT: NoticeState.DEAD,
    Verdict.UNKNOWN: NoticeState.UNKNOWN,
}
WHOLE_COUNTRY = 1_000_000
"""Weight of a notice about netmon itself: nothing is known of any village."""
_CUT_OFF = "netmon ended before it knew whether the gateway had taken it"
_UNTOLD = "what this person was told before leaves nothing to say"
_WAITING = outbox.c.state == NoticeState.WAITING.value
_ahead = outbox.alias("ahead")
_HEAD_OF_LANE = outbox.c.id == (
    sa.select(sa.func.min(_ahead.c.id))
    .where(_ahead.c.lane == outbox.c.lane, _ahead.c.state == NoticeState.WAITING.value)
    .scalar_subquery()
)


def send(connection: sa.Connection, decisions: Sequence[SendNotice], now: Now) -> None:
    """Put notices in the outbox, but for those that ever were there and those that will never be let out."""
    hopeless = _hopeless(connection, decisions, now)
    known: dict[tuple[FaultId | None, CentreId | None], tuple[str | None, int]] = {}
    rows = []
    for decision in decisions:
        if decision.notice in hopeless:
            continue
        about = decision.notice.fault, decision.notice.centre
        if about not in known:
            number = _ticket_of(connection, decision.notice)
            known[about] = number, WHOLE_COUNTRY if about[0] is None else _villages_on(connection, number)
        number, weight = known[about]
        rows.append(_row(decision, number, weight, now))
    insert_new(connection, outbox, rows)


def _row(decision: SendNotice, number: str | None, weight: int, now: Now) -> dict[str, Any]:
    notice = decision.notice
    recipient = notice.recipient
    return {
        "key": notice.key,
        "lane": told.lane(notice.channel, recipient.audience, recipient.id, notice.fault),
        "fault": notice.fault,
        "ticket": number,
        "centre": notice.centre,
        "stage": notice.stage.value,
        "channel": notice.channel.value,
        "audience": recipient.audience.value,
        "recipient": recipient.id,
        "revision": notice.revision,
        "created_at": now.wall,
        "not_before": decision.not_before,
        "next_try": decision.not_before,
        "attempt": 0,
        "doubts": 0,
        "state": NoticeState.WAITING.value,
        "reference": "",
        "reason": "",
        "progress": "",
        "weight": weight,
        "telling": decision.telling.value,
    }


def _hopeless(connection: sa.Connection, decisions: Sequence[SendNotice], now: Now) -> set[Notice]:
    """Those that depend on what was told before, and by that are not to leave."""
    conditional = [one for one in decisions if one.telling is not Telling.ALWAYS]
    words = _words(connection, [one.notice for one in conditional], now)
    return {one.notice for one in conditional if told.verdict(one.telling, words[one.notice]) is False}


def _words(connection: sa.Connection, notices: Sequence[Notice], now: Now) -> dict[Notice, told.Word]:
    """What the recipients of these know of their faults."""
    about: defaultdict[tuple[Channel, FaultId | None], set[Recipient]] = defaultdict(set)
    for one in notices:
        about[one.channel, one.fault].add(one.recipient)
    known = {key: told.words(connection, *key, people, now) for key, people in about.items()}
    return {one: known[one.channel, one.fault][one.recipient] for one in notices}


_TICKET_OF = (
    sa.select(ticket.c.number)
    .where(ticket.c.fault == sa.bindparam("about"), ticket.c.centre == sa.bindparam("at_centre"))
    .order_by(ticket.c.running.desc())
    .limit(1)
)


def _ticket_of(connection: sa.Connection, notice: Notice) -> str | None:
    about = {"about": notice.fault, "at_centre": notice.centre}
    return connection.execute(_TICKET_OF, about).scalar_one_or_none()


def _villages_on(connection: sa.Connection, number: str | None) -> int:
    count = sa.select(sa.func.count()).where(ticket_village.c.ticket == number)
    return int(connection.execute(count).scalar_one())


def supersede(connection: sa.Connection, decision: SupersedeNotices, now: Now, *, spared: Sequence[str]) -> None:
    """Take waiting notices out. One a courier holds may be on the wire: it is only marked, not to be tried again."""
    is_held = sa.and_(outbox.c.lease_until.is_not(None), outbox.c.lease_until > now.wall)
    meant = [
        outbox.c.fault == decision.fault,
        outbox.c.stage.in_([stage.value for stage in decision.stages]),
        *_only_for(decision.recipients),
    ]
    if spared:
        meant.append(outbox.c.key.not_in(spared))
    connection.execute(
        outbox.update()
        .where(_WAITING, *meant)
        .values(
            stale_at=sa.case((is_held, decision.at), else_=outbox.c.stale_at),
            state=sa.case((is_held, outbox.c.state), else_=NoticeState.SUPERSEDED.value),
            lease_until=sa.case((is_held, outbox.c.lease_until)),
            finished_at=sa.case((is_held, outbox.c.finished_at), else_=decision.at),
        )
    )


def _only_for(recipients: Sequence[Recipient]) -> list[sa.ColumnElement[bool]]:
    """No condition where everybody is meant."""
    if not recipients:
        return []
    people = [(one.audience.value, one.id) for one in recipients]
    return [sa.tuple_(outbox.c.audience, outbox.c.recipient).in_(people)]


def is_anything_due(connection: sa.Connection, now: Now, channel: Channel | None) -> bool:
    """Whether a claim would take anything."""
    return connection.execute(_ANYTHING_DUE[channel], {"now": now.wall}).first() is not None


def _due(wall: float | sa.BindParameter[float], channel: Channel | None) -> sa.Select[Any]:
    """The notices that may be claimed now, in the order in which they should leave: the most affected first."""
    is_due = sa.and_(_WAITING, outbox.c.next_try <= wall, _is_free(wall))
    query = sa.select(outbox).where(is_due, _HEAD_OF_LANE, *_only_on(channel))
    return query.order_by(outbox.c.weight.desc(), outbox.c.next_try, outbox.c.id)


def _is_free(wall: float | sa.BindParameter[float]) -> sa.ColumnElement[bool]:
    """Nobody has it in hand."""
    return sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= wall)


def _only_on(channel: Channel | None) -> list[sa.ColumnElement[bool]]:
    return [] if channel is None else [outbox.c.channel == channel.value]


# Asked every second for every channel: to build such a statement costs several times what the database does for it.
_NOW: sa.BindParameter[float] = sa.bindparam("now", type_=sa.Float)
_ANYTHING_DUE = {channel: _due(_NOW, channel).limit(1) for channel in (None, *Channel)}


def rest_of(now: Now, claimed: Sequence[OutboxEntry]) -> sa.Select[Any]:
    """What may leave together with these, oldest first; nothing overtakes what has to stay."""
    people = {one.notice.recipient for one in claimed}
    is_claimed = _ahead.c.id.in_([one.id for one in claimed])
    is_elsewhere = sa.or_(_ahead.c.lease_until > now.wall, _ahead.c.not_before > now.wall)
    blocked = sa.exists().where(
        _ahead.c.lane == outbox.c.lane,
        _ahead.c.state == NoticeState.WAITING.value,
        _ahead.c.id < outbox.c.id,
        sa.or_(_ahead.c.doubts > 0, sa.and_(sa.not_(is_claimed), is_elsewhere)),
    )
    query = sa.select(outbox).where(
        _WAITING,
        _is_free(now.wall),
        outbox.c.not_before <= now.wall,
        outbox.c.doubts == 0,
        outbox.c.channel.in_({one.notice.channel.value for one in claimed}),
        sa.tuple_(outbox.c.audience, outbox.c.recipient).in_([(one.audience.value, one.id) for one in people]),
        sa.not_(blocked),
    )
    return query.order_by(outbox.c.id)


def claim(
    connection: sa.Connection, now: Now, limit: int, *, lease: float, channel: Channel | None
) -> tuple[OutboxEntry, ...]:
    """Take due notices for `lease` seconds. What went stale in the hands of a courier that died is dropped first."""
    connection.execute(
        outbox.update()
        .where(_WAITING, outbox.c.stale_at.is_not(None), outbox.c.lease_until <= now.wall)
        .values(state=NoticeState.SUPERSEDED.value, lease_until=None, finished_at=now.wall)
    )
    return take(connection, _due(now.wall, channel).limit(limit), now, lease)


def take(connection: sa.Connection, wanted: sa.Select[Any], now: Now, lease: float) -> tuple[OutboxEntry, ...]:
    """Lease these notices for so many seconds, but for those that are not to leave after all, or not yet."""
    rows = connection.execute(wanted).all()
    rows = _let_out(connection, [*rows, *_company(connection, rows, now)], now)
    connection.execute(
        outbox.update().where(outbox.c.id.in_([row.id for row in rows])).values(lease_until=now.wall + lease)
    )
    return tuple(_entry(row) for row in rows)


def _company(connection: sa.Connection, rows: Sequence[Any], now: Now) -> Sequence[Any]:
    """What may have left in the same messages as these, each in whole: a part of one would pass for all of it."""
    messages = {row.message for row in rows} - {None}
    if not messages:
        return ()
    is_other = outbox.c.id.not_in([row.id for row in rows])
    others = sa.select(outbox).where(_WAITING, _is_free(now.wall), outbox.c.message.in_(messages), is_other)
    return connection.execute(others.order_by(outbox.c.id)).all()


def _entry(row: Any) -> OutboxEntry:
    return OutboxEntry(
        row.id, notice_of(row), row.attempt, doubts=row.doubts, due_at=row.not_before, message=row.message or ""
    )


def _let_out(connection: sa.Connection, rows: Sequence[Any], now: Now) -> list[Any]:
    """The rows that may leave; those that never will are superseded.

    What may have left before waits for nobody's answer: the rest of its message would be gone by then.
    """
    conditional = {row.id: notice_of(row) for row in rows if row.telling}
    words = _words(connection, list(conditional.values()), now)
    verdicts = {row.id: told.verdict(Telling(row.telling), words[conditional[row.id]]) for row in rows if row.telling}
    never = [id_ for id_, verdict in verdicts.items() if verdict is False]
    if never:
        ended = {"state": NoticeState.SUPERSEDED.value, "lease_until": None, "finished_at": now.wall, "reason": _UNTOLD}
        connection.execute(outbox.update().where(outbox.c.id.in_(never)).values(ended))
    undecided = [id_ for id_, verdict in verdicts.items() if verdict is None]
    return [row for row in rows if row.id not in never and (row.message is not None or row.id not in undecided)]


def notice_of(row: Any) -> Notice:
    """The notice a row holds."""
    return Notice(
        stage=Stage(row.stage),
        channel=Channel(row.channel),
        recipient=Recipient(Audience(row.audience), row.recipient),
        fault=None if row.fault is None else FaultId(row.fault),
        centre=None if row.centre is None else CentreId(row.centre),
        revision=row.revision,
    )


def settle(
    connection: sa.Connection, entry: OutboxEntry, delivery: Delivery, now: Now, *, retry_at: float | None
) -> None:
    """Record one try; a try recorded already changes nothing."""
    this_try = sa.and_(outbox.c.id == entry.id, _WAITING, outbox.c.attempt == entry.attempt)
    row = connection.execute(sa.select(outbox).where(this_try)).one_or_none()
    if row is None:
        return
    doubts = row.doubts + (delivery.verdict is Verdict.UNKNOWN)
    values: dict[str, Any] = {
        "attempt": row.attempt + 1,
        "doubts": doubts,
        "message": row.message if doubts or delivery.verdict is Verdict.SENT else None,
        "lease_until": None,
        "parted_at": None,
        "told_with": delivery.told_with,
        "reference": delivery.reference,
        "reason": delivery.reason,
        "progress": _progress(row, delivery),
    }
    what = "superseded" if delivery.told_with else delivery.progress.value or delivery.verdict.value
    notice_history.append(connection, row.id, NoticeEvent(now.wall, what, delivery.reason))
    if retry_at is not None and delivery.verdict is not Verdict.SENT and row.stale_at is None:
        values["next_try"] = retry_at
    else:
        # What left within another's message had none of its own: it counts as superseded by that.
        stale = bool(delivery.told_with) or (row.stale_at is not None and delivery.verdict is not Verdict.SENT)
        state = NoticeState.SUPERSEDED if stale else _ENDS[delivery.verdict]
        if state is NoticeState.SENT and values["progress"] == Progress.FAILED:
            state = NoticeState.FAILED  # that it failed was told sooner than that it was taken
            reports.note_failure(connection, row, "", now)
        values |= {"state": state.value, "finished_at": now.wall}
        if state in {NoticeState.DEAD, NoticeState.UNKNOWN} and row.ticket is not None:
            text = f"{row.channel} to {row.audience} {row.recipient} ({row.stage}): {delivery.reason}"
            tickets.append_event(connection, row.ticket, TicketEvent(now.wall, tickets.NETMON, "undelivered", text))
    connection.execute(outbox.update().where(outbox.c.id == row.id).values(values))


def _progress(row: Any, delivery: Delivery) -> str:
    """How far the message has got: the report may have come before the gateway's answer."""
    if delivery.verdict is not Verdict.SENT:
        return Progress.NONE.value
    return max(Progress(row.progress), delivery.progress, key=lambda one: one.rank).value


def part_with(connection: sa.Connection, entries: Sequence[OutboxEntry], message: str, now: Now) -> bool:
    """Note that these may be on the wire, in this message; False if none is wanted there any more."""
    wanted = sa.and_(outbox.c.id.in_([one.id for one in entries]), _WAITING, outbox.c.stale_at.is_(None))
    parted = {"parted_at": now.wall, "message": message}
    return connection.execute(outbox.update().where(wanted).values(parted)).rowcount > 0


def release_leases(connection: sa.Connection, now: Now, *, rest: float, resends: int) -> None:
    """Give back what a courier that is no more had claimed; what it had parted with may have arrived."""
    on_the_wire = sa.select(outbox).where(_WAITING, outbox.c.parted_at.is_not(None))
    for row in connection.execute(on_the_wire).all():
        retry_at = now.wall + rest if row.doubts < resends else None
        settle(connection, _entry(row), Delivery(Verdict.UNKNOWN, reason=_CUT_OFF), now, retry_at=retry_at)
    connection.execute(outbox.update().where(_WAITING, outbox.c.lease_until.is_not(None)).values(lease_until=now.wall))


def state(connection: sa.Connection, now: Now, channel: Channel | None) -> OutboxState:
    """How much waits (on one channel), and since when the oldest that is due."""
    count, oldest = connection.execute(_STATE[channel], {"now": now.wall}).one()
    return OutboxState(count, oldest)


_DUE_SINCE = sa.func.min(sa.case((outbox.c.not_before <= _NOW, outbox.c.not_before)))
_STATE = {
    channel: sa.select(sa.func.count(), _DUE_SINCE).where(_WAITING, *_only_on(channel)) for channel in (None, *Channel)
}

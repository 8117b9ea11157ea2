"""The history of notices, append-only. Every function works inside the caller's transaction."""

import sqlalchemy as sa

from netmon.model.notices import NoticeEvent
from netmon.stores.schema import notice_event


def append(connection: sa.Connection, notice: int, event: NoticeEvent) -> None:
    """Add a line, unless the last one says the same: a gateway that is away for a day says so once."""
    mine = notice_event.c.notice == notice
    last = connection.execute(
        sa.select(notice_event).where(mine).order_by(notice_event.c.sequence.desc()).limit(1)
    ).one_or_none()
    if last is not None and (last.what, last.text) == (event.what, event.text):
        return
    sequence = 1 if last is None else last.sequence + 1
    values = {"notice": notice, "sequence": sequence, "at": event.at, "what": event.what, "text": event.text}
    connection.execute(notice_event.insert().values(values))


def has(connection: sa.Connection, notice: int, event: NoticeEvent) -> bool:
    """Whether any line says the same already, whenever."""
    same = (notice_event.c.notice == notice, notice_event.c.what == event.what, notice_event.c.text == event.text)
    return connection.execute(sa.select(notice_event.c.sequence).where(*same).limit(1)).first() is not None


def of(connection: sa.Connection, notice: int) -> tuple[NoticeEvent, ...]:
    """All lines, oldest first."""
    query = sa.select(notice_event).where(notice_event.c.notice == notice).order_by(notice_event.c.sequence)
    return tuple(NoticeEvent(row.at, row.what, row.text) for row in connection.execute(query))

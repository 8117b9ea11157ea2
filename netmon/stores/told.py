"""Who was told of what: whether a notice that depends on that is to leave. Every function works in its transaction.

A fault's family are the fault and all that were merged into it: who was told of one of them was told of the trouble.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from netmon.model.notices import NoticeState, Recipient, Stage, Telling
from netmon.model.time import Now
from netmon.stores.schema import fault, outbox

_AT_ONCE = 500
"""Lanes in one statement; SQLite took no more than 999 for long."""
_ENDS = frozenset({Stage.RESOLVED, Stage.SIGHTED})


class Word(StrEnum):
    """What one person knows of a trouble, as far as netmon does."""

    NOTHING = "nothing"
    """Nothing, or its end, too."""
    DOWN = "down"
    MAYBE = "maybe"
    """A message was lost between netmon and its gateway, and nobody knows whether it arrived."""
    OPEN = "open"
    """A courier is about it just now."""


_IF_TOLD = {Word.NOTHING: False, Word.DOWN: True, Word.MAYBE: True, Word.OPEN: None}
_UNLESS_TOLD = {Word.NOTHING: True, Word.DOWN: False, Word.MAYBE: True, Word.OPEN: None}


def verdict(telling: Telling, word: Word) -> bool | None:
    """Whether such a notice is to leave; None while that is not decided."""
    match telling:
        case Telling.IF_TOLD:
            return _IF_TOLD[word]
        case Telling.UNLESS_TOLD:
            return _UNLESS_TOLD[word]
        case Telling.ALWAYS:
            return True


def lane(channel: str, audience: str, recipient: str, about: str | None) -> str:
    """One person, one channel, one fault."""
    return f"{channel}.{audience}.{recipient}.{about or ''}"


def family(connection: sa.Connection, about: str | None) -> tuple[str, ...]:
    """The fault and all that were merged into it, and into those."""
    if about is None:
        return ("",)
    merged = sa.select(sa.literal(about).label("id")).cte("family", recursive=True)
    merged = merged.union(sa.select(fault.c.id).where(fault.c.merged_into == merged.c.id))
    return tuple(connection.execute(sa.select(merged.c.id)).scalars())


def words(
    connection: sa.Connection, channel: str, about: str | None, people: Collection[Recipient], now: Now
) -> Mapping[Recipient, Word]:
    """What these people know of a fault."""
    faults = family(connection, about)
    whose = {lane(channel, one.audience, one.id, name): one for one in people for name in faults}
    lanes, found = list(whose), dict.fromkeys(people, Word.NOTHING)
    for start in range(0, len(lanes), _AT_ONCE):
        wanted = outbox.c.lane.in_(lanes[start : start + _AT_ONCE])
        for row in connection.execute(sa.select(outbox).where(wanted).order_by(outbox.c.id)):
            person = whose[row.lane]
            found[person] = _after(found[person], row, now)
    return found


def _after(known: Word, row: Any, now: Now) -> Word:
    """What somebody knows with this notice, too; they come in the order in which they were written."""
    told = _told(row, now)
    if told is Word.NOTHING or known is Word.OPEN:
        return known
    if row.stage in _ENDS:
        return Word.NOTHING if told is Word.DOWN else told
    return told


def _told(row: Any, now: Now) -> Word:
    """Whether this notice has told anything."""
    state = NoticeState(row.state)
    if state is NoticeState.WAITING and row.lease_until is not None and row.lease_until > now.wall:
        return Word.OPEN
    if state is NoticeState.SENT or row.told_with:
        return Word.DOWN
    return Word.MAYBE if row.doubts else Word.NOTHING

"""Which notices leave in one message, and under which key.

News about one fault is told by one letter, and what is too much for one person by one message of several letters. What
may have left before is another matter: what left together is sent again together, in a message of its own and under
the key it had, so that whoever has got it already sees that nothing is new.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from netmon.model.notices import Letter, OutboxEntry, Stage

ALARMS = frozenset({Stage.OPENED, Stage.EXTENDED, Stage.RELABELLED})


@dataclass(frozen=True, slots=True)
class Part:
    """Notices to one person about one fault, oldest first, and the letter that tells them all."""

    entries: tuple[OutboxEntry, ...]
    letter: Letter


@dataclass(frozen=True, slots=True)
class Message:
    """What its reader gets, and every notice that is told by it."""

    letter: Letter
    entries: tuple[OutboxEntry, ...]


def apart(
    entries: Sequence[OutboxEntry], *, latest_only: bool
) -> tuple[Mapping[str, Sequence[OutboxEntry]], Sequence[OutboxEntry]]:
    """What may have left before, by the key of the message it left in, and the news.

    Where a text tells only the latest, nothing but that one may have reached anybody: once it is over, what was left
    out for its sake is news.
    """
    doubted: defaultdict[str, list[OutboxEntry]] = defaultdict(list)
    for entry in entries:
        doubted[entry.message].append(entry)
    news = doubted.pop("", [])
    for key, group in list(doubted.items()) if latest_only else ():
        if all(one.notice.key != key for one in group):
            news += doubted.pop(key)
    return doubted, news


def by_fault(entries: Sequence[OutboxEntry]) -> list[tuple[OutboxEntry, ...]]:
    """The notices about each fault, oldest first; what is about none stands alone."""
    groups: defaultdict[object, list[OutboxEntry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda one: one.id):
        groups[entry.notice.fault or entry.id].append(entry)
    return [tuple(group) for group in groups.values()]


def spokesman(entries: Sequence[OutboxEntry]) -> OutboxEntry:
    """Of notices about one fault the one that tells them all.

    That which did so before, else the end, else the beginning, else the latest.
    """
    last = entries[-1]
    again = [one for one in entries if one.notice.key == one.message]
    if again or last.notice.stage not in ALARMS:
        return again[0] if again else last
    return next((one for one in entries if one.notice.stage is Stage.OPENED), last)


def one_message(parts: Sequence[Part], *, latest_only: bool, repeats: str = "") -> Message:
    """All of it in one, under the notice it left under before, else under the latest; there must be a part."""
    ordered = sorted(parts, key=lambda part: part.entries[-1].id)
    letters = tuple(part.letter for part in ordered)
    under = next((letter for letter in letters if letter.notice.key == repeats), letters[-1])
    folded = letters if len(letters) > 1 and not latest_only else ()
    letter = replace(under, folded=folded, repeats=repeats)
    return Message(letter, tuple(entry for part in ordered for entry in part.entries))

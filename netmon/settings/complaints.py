"""What is wrong with an operator's file, as a sentence that says where, what, and what to do.

Mistakes are gathered, never raised one by one: an operator who repairs a file of 24,700 rows wants the whole list.
Nothing secret and no phone number may enter a sentence, since complaints end in logs and mails.
"""

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

PRINTED = 200
"""Sentences printed before the rest is only counted."""
_QUOTED_AT_MOST = 60
# With a trunk 0 or a country code, or the nine digits Excel leaves of a mobile. Village ids have eight and no 0 first.
_PHONE = re.compile(r"(?:\+|0|66[ .-]?(?=[689]))[ .()-]*\d(?:[ .()-]*\d){6,}|[689](?:[ .-]?\d){8}")


class Kind(StrEnum):
    """What sort of thing is wrong; `netmon inventory doctor` groups by it."""

    MISTAKE = "mistake"
    REMARK = "remark"
    UNREADABLE_FILE = "unreadable_file"
    DUPLICATE_ADDRESS = "duplicate_address"
    PARENT_CIRCLE = "parent_circle"
    VILLAGE_WITHOUT_CENTRE = "village_without_centre"
    VOLUNTEER_WITHOUT_MOBILE = "volunteer_without_mobile"
    VILLAGE_WITHOUT_ACCESS_POINT = "village_without_access_point"
    CENTRE_WITHOUT_TECHNICIAN = "centre_without_technician"
    UPLINK_WITHOUT_FEEDER = "uplink_without_feeder"
    CROWDED_FEEDER = "crowded_feeder"
    FAR_FROM_NEIGHBOURS = "far_from_neighbours"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong. `line` is a spreadsheet's row in CSV, and 0 for the whole file; `column` may be a key."""

    file: str
    line: int
    column: str
    what: str
    fix: str = ""
    kind: Kind = Kind.MISTAKE

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f"{shorten(self.column)}: " if self.column else ""
        sentence = f"{place}: {subject}{self.what}" + (f"; {self.fix}" if self.fix else "")
        # A sentence is one line, and whatever a file holds must not reach a terminal as a command.
        return "".join(c if c.isprintable() else " " for c in sentence)


@dataclass(frozen=True, slots=True)
class Notes:
    """Where the readers of one set of files write down what they stumble on."""

    complaints: list[Complaint] = field(default_factory=list)
    warnings: list[Complaint] = field(default_factory=list)

    def page(self, file: str) -> "Page":
        """The same notes, for one file."""
        return Page(file, self)


@dataclass(frozen=True, slots=True)
class Page:
    """Notes about one file."""

    file: str
    notes: Notes

    def wrong(self, line: int, column: str, what: str, fix: str = "", *, kind: Kind = Kind.MISTAKE) -> None:
        """Something that must be repaired before netmon takes the file."""
        self.notes.complaints.append(Complaint(self.file, line, column, what, fix, kind))

    def unreadable(self, line: int, what: str, fix: str) -> None:
        """Rows of the file, or all of it, could not be read."""
        self.wrong(line, "", what, fix, kind=Kind.UNREADABLE_FILE)

    def warn(self, line: int, column: str, what: str, fix: str = "", *, kind: Kind = Kind.REMARK) -> None:
        """Something netmon can live with, but somebody should look."""
        self.notes.warnings.append(Complaint(self.file, line, column, what, fix, kind))


def shorten(text: str) -> str:
    """A value cut to what a complaint can bear."""
    return text if len(text) <= _QUOTED_AT_MOST else f"{text[:_QUOTED_AT_MOST]}..."


def quote(text: str) -> str:
    """A value as a complaint may quote it. A phone number in the wrong column is not quoted."""
    return "what looks like a phone number" if _PHONE.fullmatch(text) else f"'{shorten(text)}'"


def did_you_mean(word: str, known: Collection[str]) -> str:
    """What to write instead of `word`: the nearest known word, or all of them where none is near."""
    lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{lower[near[0]]}'?"
    return f"known here: {', '.join(known)}" if known else ""


def listing(complaints: Sequence[Complaint], limit: int = PRINTED) -> tuple[str, ...]:
    """Sentences to print: the first `limit`, and a count of the rest."""
    lines = tuple(str(one) for one in complaints[:limit])
    rest = len(complaints) - limit
    return (*lines, f"... and {rest:,} more; repair these first") if rest > 0 else lines

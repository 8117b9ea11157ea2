"""The five inventory files: their columns, and what they say row by row, mistakes included.

A draft is read leniently: whatever has an id is in it, so that the doctor can look at files which `load` refuses.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from netmon.model.inventory import Device, ServiceCentre, Technician, Village, Volunteer
from netmon.settings.complaints import Kind, Notes, Page, quote
from netmon.settings.tables import Columns

T = TypeVar("T")

VILLAGES = Columns(
    "villages.csv",
    tuple("id name kind tambon amphoe province service_centre lat lon place opening_hours contact".split()),
    ("id", "name", "service_centre"),
    varied=("lat", "lon", "contact"),
)
DEVICES = Columns(
    "devices.csv",
    tuple(
        "id role address village parent observed_via lifecycle name service_centre profile credential".split(),
    ),
    ("id", "role"),
    varied=("address", "observed_via", "name"),
)
CENTRES = Columns("service_centres.csv", ("id", "name", "phone", "email"), ("id", "name"))
TECHNICIANS = Columns(
    "technicians.csv",
    ("id", "name", "service_centre", "email", "mobile", "language"),
    ("id", "name", "service_centre", "email"),
)
VOLUNTEERS = Columns(
    "volunteers.csv",
    ("village", "name", "mobile", "language"),
    ("village", "name", "mobile"),
    varied=("name", "mobile"),
)
LANGUAGES = ("th", "en")

# Ids end in URLs, labels and the left part of a Message-ID, hence no blanks and no punctuation beyond this.
_ID = re.compile(r"[A-Za-z0-9_-]+(?:[.:][A-Za-z0-9_-]+)*")
_ID_AT_MOST = 64
_AS_NUMBER = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+")
_AS_DATE = re.compile(r"[0-9]{1,2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:-[0-9]{2,4})?")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


@dataclass(slots=True)
class Sheet(Generic[T]):
    """What one file says: items, the row of each, and the first row of each id, also of rows too bad to be items."""

    columns: Columns
    items: list[T] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    first_row: dict[str, int] = field(default_factory=dict)
    _by_bare_id: dict[str, str] = field(default_factory=dict)

    def add(self, item: T, row: int) -> None:
        """Append an item."""
        self.items.append(item)
        self.rows.append(row)

    def near(self, text: str) -> str:
        """What to do about a reference to an id that is not here: the same id in another spelling, if there is one."""
        if not self._by_bare_id:
            self._by_bare_id.update((_bare(known), known) for known in self.first_row)
        known = self._by_bare_id.get(_bare(text))
        return f"did you mean '{known}'?" if known else f"add it to {self.columns.file}, or correct the id"


@dataclass(frozen=True, slots=True)
class Draft:
    """The five files as far as they can be read, and what was noted on the way."""

    villages: Sheet[Village]
    devices: Sheet[Device]
    centres: Sheet[ServiceCentre]
    technicians: Sheet[Technician]
    volunteers: Sheet[Volunteer]
    notes: Notes

    def unreadable(self) -> frozenset[str]:
        """Names of files of which rows are missing; what they lack says nothing."""
        return frozenset(one.file for one in self.notes.complaints if one.kind is Kind.UNREADABLE_FILE)


def take_id(sheet: Sheet[T], text: str, row: int, page: Page, column: str = "id") -> bool:
    """Note the id of a row; complains of one that is blank, spoilt by Excel, of a wrong shape, or there already."""
    mistake = shape_of_id(text)
    if mistake is not None:
        page.wrong(row, column, *mistake)
        return False
    first = sheet.first_row.setdefault(text, row)
    if first != row:
        page.wrong(row, column, f"{quote(text)} stands in row {first} already", "give each its own, or delete one row")
    return True


def shape_of_id(text: str) -> tuple[str, str] | None:
    """What is wrong with an id, and what to do; None where nothing is."""
    if not text:
        return "is empty", "every row needs one"
    if _AS_NUMBER.fullmatch(text) or _AS_DATE.fullmatch(text):
        return (
            f"Excel has turned this id into '{text}', and its real form is lost",
            "format the column as Text and type the id again",
        )
    if not _ID.fullmatch(text) or len(text) > _ID_AT_MOST:
        return f"{quote(text)} is no id", "use letters a-z, digits, '-', '_', and '.' or ':' between them"
    return None


def choice(text: str, known: Sequence[str], default: str) -> str | None:
    """One of some words, in any case; the default for a blank, None for anything else."""
    word = text.lower() or default
    return word if word in known else None


def arabic(text: str) -> str:
    """The text with Thai digits as Arabic ones."""
    return text if text.isascii() else text.translate(_THAI_DIGITS)


def _bare(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())

"""Foreign errors stop here: whatever the database driver raises becomes one StoreError sentence and one word.

The statement and its parameters never get into the sentence, only the driver's own short message.
"""

import sqlite3
from enum import StrEnum

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from netmon.errors import StoreError


class Trouble(StrEnum):
    """Why a transaction failed; the label of `Vital.STORE_FAILED`."""

    FULL = "full"
    READ_ONLY = "read_only"
    CORRUPT = "corrupt"
    BUSY = "busy"
    CANNOT_OPEN = "cannot_open"
    DISK = "disk"
    CONFLICT = "conflict"
    OTHER = "other"


_SENTENCES = {
    Trouble.FULL: "The disk of the database is full; make room there, netmon goes on by itself.",
    Trouble.READ_ONLY: "The database can be read but not written; give netmon's user write access to it.",
    Trouble.CORRUPT: "The database file is damaged or is none; it was left as it is. Restore a backup in its place.",
    Trouble.BUSY: "Another program keeps the database locked; end it, netmon goes on by itself.",
    Trouble.CANNOT_OPEN: "The database cannot be opened; check that its folder exists and that netmon may write there.",
    Trouble.DISK: "The disk of the database fails to read or write; the kernel's log (dmesg) says why, and whether it "
    "is read-only now. Tickets wait until it is mended.",
    Trouble.CONFLICT: "What was to be written contradicts what the database holds.",
    Trouble.OTHER: "The database cannot be used.",
}

# Extended ones go first: a log's index that cannot grow is how a full disk shows when the database is opened.
_SQLITE_EXTENDED = {sqlite3.SQLITE_IOERR_SHMSIZE: Trouble.FULL}
# SQLite's primary result codes (sqlite.org/rescode.html): the low byte of the extended code.
_SQLITE = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: Trouble.CORRUPT,
    sqlite3.SQLITE_NOTADB: Trouble.CORRUPT,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_CANTOPEN: Trouble.CANNOT_OPEN,
    sqlite3.SQLITE_IOERR: Trouble.DISK,
}
# PostgreSQL's SQLSTATE (its manual, appendix A), by the longest prefix given here.
_SQLSTATE = {
    "53100": Trouble.FULL,
    "25006": Trouble.READ_ONLY,
    "42501": Trouble.READ_ONLY,
    "XX001": Trouble.CORRUPT,
    "XX002": Trouble.CORRUPT,
    "55P03": Trouble.BUSY,
    "58030": Trouble.DISK,
    "08": Trouble.CANNOT_OPEN,
    "28": Trouble.CANNOT_OPEN,
    "3D": Trouble.CANNOT_OPEN,
    "57P": Trouble.CANNOT_OPEN,
}


def trouble_of(error: SQLAlchemyError) -> Trouble:
    """The word for a database error."""
    if isinstance(error, IntegrityError):
        return Trouble.CONFLICT
    if not isinstance(error, DBAPIError) or error.orig is None:
        return Trouble.OTHER
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE_EXTENDED.get(code) or _SQLITE.get(code & 0xFF, Trouble.OTHER)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return Trouble.CANNOT_OPEN if error.connection_invalidated or "connect" in str(error.orig) else Trouble.OTHER
    return next((word for prefix, word in _SQLSTATE.items() if state.startswith(prefix)), Trouble.OTHER)


def damage(own_words: str) -> StoreError:
    """The sentence for a file in which a check has found damage."""
    return StoreError(f"{_SENTENCES[Trouble.CORRUPT]} ({own_words.strip().splitlines()[0]})")


def store_error(error: SQLAlchemyError) -> StoreError:
    """The sentence for a database error, with the driver's own words in brackets where they add something."""
    trouble = trouble_of(error)
    own_words = str(error.orig).strip().splitlines()[0] if isinstance(error, DBAPIError) and str(error.orig) else ""
    return StoreError(f"{_SENTENCES[trouble]} ({own_words or type(error).__name__})")

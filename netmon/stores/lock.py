"""One daemon to a database, and nobody puts another file in its place meanwhile.

The mark is an flock(2) on a file beside the SQLite database; the kernel lets go of it when its holder dies, however.
PostgreSQL's database is guarded by its own server.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netmon.errors import InputError, StoreError
from netmon.stores.database import parse_url


def file_of(url: str) -> Path | None:
    """The file of a SQLite database; None where the URL is PostgreSQL's.

    Raises:
        InputError: the URL is no database URL.
    """
    parsed = parse_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


@contextmanager
def hold_database(url: str) -> Iterator[None]:
    """Keep the database for this process alone; commands that only add a note to a ticket may still come and go.

    Raises:
        InputError: another netmon holds it.
        StoreError: the folder of the database cannot be written.
    """
    file = file_of(url)
    if file is None:
        yield
        return
    try:
        mark = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"The folder of the database, {file.parent}, cannot be written ({error.strerror}); "
            "make it, or give netmon's user write access to it."
        ) from error
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise InputError(f"Another netmon is at work on {file}; stop that first.") from None
    finally:
        os.close(mark)

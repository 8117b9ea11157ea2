"""One daemon per state directory, and how the command line finds it.

The lock, not the file, says that a daemon runs: the kernel drops it with the process, however that ends. Two daemons
on one state directory would open every ticket twice, so the second one does not start. The process id is written once
the daemon takes signals; until then the file is empty. A daemon touches it again and again, so that the next one knows
for how long nobody has watched.
"""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from netmon.errors import InputError, StoreError

NAME = "netmon.pid"
_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
_TRIES, _PAUSE = 10, 0.1
"""A look of `running_daemon` holds the lock for a moment; that must not keep a daemon from starting."""


class PidFile:
    """The locked file of a running daemon.

    `left_at` is when the one before was last alive (Unix seconds); None where it ended in order, or there was none.
    """

    def __init__(self, handle: int, left_at: float | None) -> None:
        self._handle = handle
        self.left_at = left_at

    def touch(self) -> None:
        """Show that netmon is alive; a disk that fails is told elsewhere."""
        with contextlib.suppress(OSError):
            os.utime(self._handle)

    def announce(self) -> None:
        """From now on this process may be sent signals.

        Raises:
            StoreError: the disk is full.
        """
        try:
            os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            raise StoreError(f"The process id cannot be written to {NAME}: {error.strerror}.") from error


@contextlib.contextmanager
def claimed(directory: Path) -> Iterator[PidFile]:
    """Hold the state directory for this process; the file is gone afterwards.

    Raises:
        InputError: another daemon holds it, or this user may not write it.
        StoreError: its disk cannot be written now, which a later start may find mended.
    """
    path, left_at = directory / NAME, None
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            left_at = path.stat().st_mtime
        handle = _lock(path)
    except OSError as error:
        kind = StoreError if error.errno in _PASSING else InputError
        raise kind(f"{path} cannot be written: {error.strerror}. netmon keeps its state there.") from error
    try:
        yield PidFile(handle, left_at)
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(handle)


def _lock(path: Path) -> int:
    for _ in range(_TRIES):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            time.sleep(_PAUSE)
            continue
        # Whoever held it before may have removed the file between the opening and the lock.
        if path.exists() and path.stat().st_ino == os.fstat(handle).st_ino:
            os.ftruncate(handle, 0)
            return handle
        os.close(handle)
    raise InputError(f"Another netmon runs on {path.parent} already; end it first, or use another state directory.")


def running_daemon(directory: Path) -> int | None:
    """Process id of the daemon on this state directory, None where none runs; 0 while it is still starting.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with (directory / NAME).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{directory / NAME} cannot be read: {error.strerror}.") from error
    return None

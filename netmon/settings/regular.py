"""Files that end: a pipe may be waited for without end, and a device such as /dev/zero never stops."""

import errno
import os
import stat
from pathlib import Path


def size_of(path: Path) -> int:
    """Size in bytes of a regular file; links are followed.

    Raises:
        OSError: there is none, or what is there is a directory, a pipe, a socket or a device.
    """
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))
    return found.st_size

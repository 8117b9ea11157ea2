"""The secret that seals the addresses of delivery reports: made at the first start, kept in the state directory."""

import os
import secrets
from pathlib import Path

from netmon.errors import InputError

NAME = "report.key"
_BYTES = 32


def report_secret(directory: Path) -> bytes:
    """The secret, 32 bytes; only netmon's own user may read its file.

    Raises:
        InputError: the file cannot be read or made, or holds something else.
    """
    path = directory / NAME
    try:
        _make(path)
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        secret = b""
    except OSError as error:
        raise InputError(f"{path} cannot be used: {error.strerror}.") from error
    if len(secret) != _BYTES:
        raise InputError(f"{path} does not hold the secret of delivery reports; remove it, and netmon makes a new one.")
    return secret


def _make(path: Path) -> None:
    """Make the file whole or not at all, unless it is there."""
    if path.exists():
        return
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_BYTES))
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)

"""Drivers that deliver into files: for trying out, for drills, and for a gateway that takes files from a folder.

A file's name is made of what never changes about a message, so a second delivery replaces the first in one step and
leaves no double. What can be mended (folder missing, disk full, template broken) is `retry`; an address that
cannot be used is `permanent`. No reason, log line or file name carries a phone number.
"""

import asyncio
import hashlib
import os
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from urllib.parse import quote

from netmon.model.notices import Channel, Delivery, Letter, Verdict
from netmon.notifiers.making import made
from netmon.notifiers.thai import local_time
from netmon.ports import Parting, parting_unrecorded

_LONGEST_NAME = 180
"""Characters; file systems take 255 bytes, and the driver adds an ending."""


def file_stem(letter: Letter) -> str:
    """`<date>-<ticket>-<stage>-<recipient>`, with the revision after the stage where it is not the first.

    The date is the ticket's opening (of a blindness: its beginning) in Thailand, because a later try has another `at`.
    What tells several matters, or did so before, is named by its key instead: `digest....-<recipient>`.
    """
    notice, ticket = letter.notice, letter.ticket
    began = ticket.opened_at if ticket is not None else float(notice.revision)
    revision = [str(notice.revision)] if notice.revision else []
    number = ticket.number if ticket is not None else "netmon"
    what = [f"{local_time(began):%Y%m%d}", number, notice.stage, *revision]
    if letter.key != notice.key:
        what = [letter.key]
    stem = quote("-".join((*what, notice.recipient.id)), safe="")
    if len(stem) > _LONGEST_NAME:
        stem = f"{stem[:100]}-{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}"
    return stem


class FileNotifier(ABC):
    """A notifier that writes one file for each letter into `directory`, which must exist."""

    channel: Channel
    ending: str

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
        refusal = self.refusal(letter)
        if refusal:
            return Delivery(Verdict.PERMANENT, reason=refusal)
        content = await made(letter, self.content)
        if isinstance(content, Delivery):
            return content
        await parting()
        return await asyncio.to_thread(self._deliver, letter, content)

    @abstractmethod
    def refusal(self, letter: Letter) -> str:
        """Why this person can never be reached over this channel; '' if they can."""

    @abstractmethod
    def content(self, letter: Letter) -> bytes:
        """The whole file.

        Raises:
            InputError: an operator's template is unusable.
        """

    def _deliver(self, letter: Letter, content: bytes) -> Delivery:
        path = self._directory / f"{file_stem(letter)}{self.ending}"
        try:
            write_atomically(path, content)
        except OSError as error:
            return Delivery(Verdict.RETRY, reason=f"{self._directory} cannot be written to: {error.strerror}.")
        return Delivery(Verdict.SENT, reference=path.name)


def write_atomically(path: Path, content: bytes) -> None:
    """Put a file in place whole or not at all; on disk when this returns.

    Raises:
        OSError: it was not written; nothing is left behind.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

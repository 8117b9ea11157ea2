"""SMS as text files: a few header lines as a gateway would want them, an empty line, the text."""

from pathlib import Path

from netmon.model.notices import Channel, Letter
from netmon.notifiers.files import FileNotifier
from netmon.notifiers.rendering import clean
from netmon.notifiers.sms import SmsRenderer, units, village_of
from netmon.notifiers.thai import local_time


class FileSms(FileNotifier):
    """Writes each SMS to a UTF-8 file of its own."""

    channel = Channel.SMS
    ending = ".txt"

    def __init__(self, directory: Path, renderer: SmsRenderer) -> None:
        super().__init__(directory)
        self._renderer = renderer

    def refusal(self, letter: Letter) -> str:
        if not clean(letter.person.mobile):
            return f"{letter.notice.recipient.audience} {letter.notice.recipient.id} has no mobile number."
        return ""

    def content(self, letter: Letter) -> bytes:
        text = self._renderer.render(letter)
        village = village_of(letter)
        header = {
            "To": letter.person.mobile,
            "Date": local_time(letter.at).isoformat(timespec="seconds"),
            "Idempotency-Key": letter.key,
            "Ticket": letter.ticket.number if letter.ticket is not None else "",
            "Stage": letter.notice.stage.value,
            "Village": village.id if village is not None else "",
            "Length": str(units(text)),
        }
        lines = [f"{name}: {clean(value)}" for name, value in header.items() if value]
        return "\n".join([*lines, "", text, ""]).encode()

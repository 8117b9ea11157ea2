"""Mail as `.eml` files."""

from pathlib import Path

from netmon.model.notices import Channel, Letter
from netmon.notifiers.files import FileNotifier
from netmon.notifiers.mail import MailComposer, recipient_address


class FileMail(FileNotifier):
    """Writes each mail to a file of its own, ready for any mail program."""

    channel = Channel.MAIL
    ending = ".eml"

    def __init__(self, directory: Path, composer: MailComposer) -> None:
        super().__init__(directory)
        self._composer = composer

    def refusal(self, letter: Letter) -> str:
        if recipient_address(letter) is None:
            return f"{letter.notice.recipient.audience} {letter.notice.recipient.id} has no usable e-mail address."
        return ""

    def content(self, letter: Letter) -> bytes:
        return self._composer.compose(letter).as_bytes()

"""The two drivers as the tests of this room use them."""

from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path

from netmon.model.faults import Fault
from netmon.model.notices import Letter
from netmon.notifiers import FileMail, FileSms, Letterhead, MailComposer, SmsRenderer, Templates

CONTACT = "1111 กด 88"
LETTERHEAD = Letterhead(
    address="netmon@example.invalid",
    name="netmon เน็ตประชารัฐ",
    contact=CONTACT,
    map_link="https://www.google.com/maps?q={lat},{lon}",
)


def wording(fault: Fault, language: str) -> tuple[str, Sequence[str]]:
    """Stands for the rules' wording."""
    text = {"th": "น่าจะเป็นเพราะ", "en": "Probably "}[language]
    return f"{text}{fault.cause}", [f"{one.kind} {one.subject}" for one in fault.evidence]


@cache
def mail_composer(templates: Path | None = None) -> MailComposer:
    return MailComposer(Templates(templates), LETTERHEAD, wording)


def file_mail(directory: Path, templates: Path | None = None) -> FileMail:
    return FileMail(directory, mail_composer(templates))


def file_sms(directory: Path, templates: Path | None = None) -> FileSms:
    return FileSms(directory, SmsRenderer(Templates(templates), CONTACT))


def sent(letter: Letter, templates: Path | None = None) -> EmailMessage:
    """The mail as its reader's program parses it."""
    parsed = message_from_bytes(mail_composer(templates).compose(letter).as_bytes(), policy=SMTP)
    assert isinstance(parsed, EmailMessage)
    return parsed


def plain(letter: Letter, templates: Path | None = None) -> str:
    return part(sent(letter, templates), "plain")


def html(letter: Letter) -> str:
    return part(sent(letter), "html")


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")

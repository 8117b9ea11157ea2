"""A letter as an e-mail: Thai first, English below, plain text and HTML.

What a technician's mail program and the desk behind it rely on: a subject that says where and what, with the token
`[T-2569-000123]`, the same as long as place and cause are; a Message-ID made from the letter's key, so that a second
copy is recognisable (DESIGN section 6); In-Reply-To and References to the mail that opened the ticket for this person;
Auto-Submitted (RFC 3834) and its older cousins, so that no absence assistant answers. Mail programs that thread by
subject begin a new thread where a ticket turns out to have another cause, or several villages: that is news.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from urllib.parse import quote

from netmon.errors import InputError
from netmon.model.faults import Priority
from netmon.model.notices import Audience, Letter, Notice, Stage
from netmon.notifiers.particulars import SHOWN, Particulars, Wording, state_of
from netmon.notifiers.rendering import LANGUAGES, Templates, clean
from netmon.notifiers.thai import local_time
from netmon.notifiers.village_table import village_table

_ATEXT = "!#$&'*+-/=?^_`{|}~"
_LONGEST_ID = 200
_MACHINE_HEADERS = frozenset({"message-id", "in-reply-to", "references", "x-netmon-idempotency-key"})
_DIGEST_SUBJECT = "netmon เน็ตประชารัฐ: สรุปหลายเรื่อง"
_NOC_SUBJECT = "netmon เน็ตประชารัฐ: สถานะการตรวจสอบโครงข่าย"


class _MailPolicy(EmailPolicy):
    """SMTP's, but ids stay in one piece.

    Python folds a long References or X- header into encoded words, and then nobody finds the id (RFC 2047 section 5
    forbids them there). Ids are ASCII and shorter than the 998 characters a line may have.
    """

    def fold(self, name: str, value: str) -> str:
        if name.lower() in _MACHINE_HEADERS:
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


MAIL_POLICY = _MailPolicy(linesep=SMTP.linesep, utf8=False, cte_type="7bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What the operator set about messages. `map_link` has places {lat} and {lon}; '' is none."""

    address: str
    name: str
    contact: str
    map_link: str = ""
    reply_to: str = ""

    @property
    def domain(self) -> str:
        """Where message ids belong."""
        return self.address.rpartition("@")[2]


def message_id(key: str, domain: str) -> str:
    """A key as a Message-ID (RFC 5322: dot-atom), always the same and different for every key."""
    local = quote(key, safe=_ATEXT + ".")
    if len(local) > _LONGEST_ID or re.search(r"^\.|\.\.|\.$", local):
        local = f"netmon.{hashlib.sha256(key.encode()).hexdigest()}"
    return f"<{local}@{domain}>"


def first_of_thread(notice: Notice) -> Notice:
    """The notice that began this person's thread: the ticket's opening, or the blindness that is now over."""
    if notice.fault is None:
        return replace(notice, stage=Stage.BLIND)
    return replace(notice, stage=Stage.OPENED, revision=0)


def recipient_address(letter: Letter) -> Address | None:
    """Name and address of the recipient, None if there is no usable address."""
    try:
        address = Address(addr_spec=letter.person.email)
        return Address(clean(letter.person.name), addr_spec=letter.person.email) if _deliverable(address) else None
    except (MessageError, ValueError, IndexError, AttributeError):  # the parser answers some scraps with the latter
        return None


def _deliverable(address: Address) -> bool:
    text = address.addr_spec
    return text.isascii() and text.isprintable() and bool(address.username and address.domain)


class MailComposer:
    """Makes mails of letters; how they travel is the driver's business."""

    def __init__(self, templates: Templates, letterhead: Letterhead, wording: Wording) -> None:
        self._templates = templates
        self._head = letterhead
        self._wording = wording

    def compose(self, letter: Letter) -> EmailMessage:
        """The whole mail.

        Raises:
            InputError: the address or an operator's template is unusable; the sentence says which.
        """
        to = recipient_address(letter)
        if to is None:
            raise InputError(f"The e-mail address of {letter.notice.recipient.id} is not usable.")
        message = EmailMessage(policy=MAIL_POLICY)
        message["From"] = Address(clean(self._head.name), addr_spec=self._head.address)
        message["To"] = to
        if self._head.reply_to:
            message["Reply-To"] = Address(addr_spec=self._head.reply_to)
        message["Subject"] = self._subject(letter)
        message["Date"] = local_time(letter.at)
        self._identify(message, letter)
        self._fill(message, letter)
        return message

    def _subject(self, letter: Letter) -> str:
        if letter.folded:
            return _DIGEST_SUBJECT
        if letter.ticket is None:
            return _NOC_SUBJECT
        language = letter.person.language if letter.person.language in LANGUAGES else LANGUAGES[0]
        return clean(self._templates.render(f"{language}/subject.txt", **self._ticket_values(letter)[language]))

    def _identify(self, message: EmailMessage, letter: Letter) -> None:
        notice, domain = letter.notice, self._head.domain
        message["Message-ID"] = own = message_id(letter.key, domain)
        first = message_id(first_of_thread(notice).key, domain)
        if first != own and not letter.folded:
            message["In-Reply-To"] = first
            message["References"] = first
        message["Auto-Submitted"] = "auto-generated"
        message["Precedence"] = "bulk"
        message["X-Auto-Response-Suppress"] = "All"
        message["List-Id"] = f"<netmon.{domain}>"
        if letter.fault is not None and letter.fault.priority is Priority.LOW and not letter.folded:
            message["Importance"] = "low"  # RFC 2156; the next line is what Outlook of old reads
            message["X-Priority"] = "5"
        if letter.ticket is not None and not letter.folded:
            message["X-Netmon-Ticket"] = clean(letter.ticket.number)
        message["X-Netmon-Stage"] = "digest" if letter.folded else notice.stage.value
        message["X-Netmon-Idempotency-Key"] = quote(letter.key, safe=_ATEXT + ".@:")

    def _fill(self, message: EmailMessage, letter: Letter) -> None:
        page, values = self._values(letter)
        texts = [self._templates.render(f"{one}/{page}.txt", **values[one]).strip() for one in LANGUAGES]
        sections = {one: self._templates.render(f"{one}/{page}.html", **values[one]) for one in LANGUAGES}
        html = self._templates.render("frame.html", subject=str(message["Subject"]), sections=sections)
        message.set_content("\n\n\n---------- English ----------\n\n".join(texts) + "\n", cte="base64")
        message.add_alternative(html, subtype="html", cte="base64")
        # Else random: two copies of one notice are to be the same, byte for byte.
        boundary = f"netmon-{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}"
        message.set_boundary(boundary)
        table = _table(letter)
        if table is not None:
            name, content = table
            message.add_attachment(content, maintype="text", subtype="csv", filename=name, params={"charset": "utf-8"})
            message.set_boundary(f"{boundary}-whole")
        # Only now: turning the mail into parts moves Content- headers into the first of them.
        message["Content-Language"] = ", ".join(LANGUAGES)

    def _values(self, letter: Letter) -> tuple[str, dict[str, dict[str, object]]]:
        if letter.folded:
            ordered = sorted(letter.folded, key=_urgency)
            head = {"count": len(ordered), "at": letter.at, "contact": self._head.contact}
            items = [self._ticket_values(one) for one in ordered]
            return "digest", {one: head | {"items": [item[one] for item in items]} for one in LANGUAGES}
        if letter.notice.recipient.audience is Audience.NOC:
            return "noc", {language: self._noc_values(letter, language) for language in LANGUAGES}
        return "mail", self._ticket_values(letter)

    def _noc_values(self, letter: Letter, language: str) -> dict[str, object]:
        """About netmon's own blindness, or a fault that is nobody's ticket."""
        fault = letter.fault
        return {
            "state": state_of(letter),
            "since": float(letter.notice.revision) if fault is None else fault.opened_at,
            "at": letter.at if fault is None else fault.resolved_at or letter.at,
            "sentence": "" if fault is None else self._wording(fault, language)[0],
            "history": letter.history,
        }

    def _ticket_values(self, letter: Letter) -> dict[str, dict[str, object]]:
        head = self._head
        letter_for = Particulars(letter, wording=self._wording, contact=head.contact, map_link=head.map_link)
        return {language: dict(letter_for.in_language(language)) for language in LANGUAGES}


def _urgency(letter: Letter) -> tuple[bool, int]:
    """Place in a digest: what is still dark first, and of that what concerns most villages."""
    over = letter.fault is None or not letter.fault.is_open
    return over, -len(letter.villages)


def _table(letter: Letter) -> tuple[str, bytes] | None:
    """Name and content of the table of villages; None where the mail itself names them all."""
    if letter.folded:
        return "villages.csv", village_table(letter.folded)
    if letter.ticket is None or len(letter.villages) <= SHOWN:
        return None
    return f"{clean(letter.ticket.number)}-villages.csv", village_table([letter])

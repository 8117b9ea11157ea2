"""A notice: one message to one person about one ticket at one stage, and what became of it."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from netmon.model.faults import Fault
from netmon.model.ids import CentreId, FaultId, TicketNumber
from netmon.model.inventory import Device, ServiceCentre, Village
from netmon.model.tickets import Ticket, TicketEvent


class Channel(StrEnum):
    """How a notice travels."""

    MAIL = "mail"
    SMS = "sms"


class Stage(StrEnum):
    """What the notice tells."""

    OPENED = "opened"
    EXTENDED = "extended"
    RELABELLED = "relabelled"
    RESOLVED = "resolved"
    MERGED = "merged"
    BLIND = "blind"
    SIGHTED = "sighted"


class Audience(StrEnum):
    """Who is told; the address is looked up when the notice leaves, so a corrected number is used at once."""

    TECHNICIAN = "technician"
    VOLUNTEER = "volunteer"
    NOC = "noc"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person by role and id: a technician's id, a volunteer's village id, or `noc`."""

    audience: Audience
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message. (fault, centre, stage, recipient, channel, revision) is its identity: told at most once.

    `revision` counts repetitions of a stage (a ticket extended twice). Blind and sighted notices carry no fault; the
    revision is then the whole Unix second it began.
    """

    stage: Stage
    channel: Channel
    recipient: Recipient
    fault: FaultId | None = None
    centre: CentreId | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """Stable id of the notice, and of a message that tells it alone (`Letter.key`)."""
        parts = (self.fault or "netmon", self.centre or "noc", self.stage, str(self.revision), self.channel)
        return ".".join((*parts, self.recipient.audience, self.recipient.id))


class Telling(StrEnum):
    """Whether a notice depends on what this person was told of the same trouble, by its fault or one merged into it."""

    ALWAYS = ""
    IF_TOLD = "if_told"
    """Only to whom the beginning was told, or may have been, and not its end yet."""
    UNLESS_TOLD = "unless_told"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A notice waiting to leave; `attempt` counts the tries so far, `doubts` those whose outcome stayed unknown.

    `due_at` (Unix seconds) is when it was first allowed to leave. `message` is the key of the message in which it may
    have left, '' as long as it surely has not.
    """

    id: int
    notice: Notice
    attempt: int
    doubts: int = 0
    due_at: float = 0.0
    message: str = ""


class Progress(StrEnum):
    """How far a message has got, as its gateway says; in order, for what is said may come in any order."""

    NONE = ""
    QUEUED = "queued"
    """The gateway keeps it; nobody behind it has it yet."""
    ACCEPTED = "accepted"
    """The next mail server, or the phone network, has it."""
    BUFFERED = "buffered"
    """The phone is off; the network keeps trying."""
    FAILED = "failed"
    DELIVERED = "delivered"
    """Above failed: of two copies one may fail, and the other have arrived."""

    @property
    def rank(self) -> int:
        """Place in that order."""
        return tuple(Progress).index(self)

    @property
    def is_final(self) -> bool:
        """Whether nothing better is to be heard."""
        return self in {Progress.FAILED, Progress.DELIVERED}

    @property
    def proves_it_left(self) -> bool:
        """Whether whoever says so must have the message."""
        return self in {Progress.ACCEPTED, Progress.BUFFERED, Progress.DELIVERED}


@dataclass(frozen=True, slots=True)
class Report:
    """What a gateway says afterwards of a message it had taken; `reason` is for the operator."""

    progress: Progress
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SentNotice:
    """A notice that its gateway has taken: when (Unix seconds), and under which id of the gateway's."""

    key: str
    reference: str
    at: float


class Receipt(StrEnum):
    """What became of a delivery report."""

    TAKEN = "taken"
    """Recorded, or about a notice that netmon has forgotten."""
    FORGED = "forged"
    """Its token is none of netmon's."""
    UNREADABLE = "unreadable"


REPORTS_PATH = "/hooks/sms/"
"""Where netmon's pages take delivery reports; the token follows."""


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """One line of a notice's append-only history: when (Unix seconds), what, and free text."""

    at: float
    what: str
    text: str = ""


class NoticeState(StrEnum):
    """Where a notice stands.

    Unknown: it may have gone out, and netmon has given up finding out. Failed: the gateway took it, and said later that
    it could not be delivered.
    """

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    DEAD = "dead"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxLine:
    """A notice as the operator sees it. Times are Unix seconds; `reason` is what the last try came to."""

    id: int
    notice: Notice
    state: NoticeState
    ticket: TicketNumber | None
    attempt: int
    created_at: float
    next_try: float
    reason: str = ""
    progress: Progress = Progress.NONE


@dataclass(frozen=True, slots=True)
class NoticeFile:
    """A notice and all that became of it, oldest first."""

    line: OutboxLine
    history: tuple[NoticeEvent, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A recipient looked up in the inventory; fields are empty where there is none."""

    name: str
    email: str = ""
    mobile: str = ""
    language: str = "th"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What netmon did before it believed a device dead, and still does: so many pings within seconds, then one `every`.

    `last_try` and `last_answer` are Unix seconds, of the fault's devices that are still dead; None where not known.
    """

    tries: int
    within: float
    every: float
    last_try: float | None = None
    last_answer: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """All a notifier needs to render and send one notice; `at` (Unix seconds) is when it was prepared.

    `villages` are the ticket's, `devices` those of the fault's members. `folded` are the letters to the same
    person that leave as this one message, this letter among them; empty for an ordinary letter. `repeats` is the key
    of the message in doubt that this one repeats, '' where it is new. `tried` is None where no device is dead.
    """

    notice: Notice
    person: Person
    at: float
    fault: Fault | None = None
    ticket: Ticket | None = None
    centre: ServiceCentre | None = None
    villages: tuple[Village, ...] = ()
    devices: tuple[Device, ...] = ()
    history: tuple[TicketEvent, ...] = ()
    folded: tuple["Letter", ...] = ()
    repeats: str = ""
    tried: Tried | None = None

    @property
    def key(self) -> str:
        """Stable id of the message: the Idempotency-Key, and the local part of the mail's Message-ID.

        A repeat has that of what it repeats, whatever of that is over by now. A digest is not the message that would
        tell the notice it leaves under alone.
        """
        if self.repeats or not self.folded:
            return self.repeats or self.notice.key
        return f"digest.{hashlib.sha256(self.notice.key.encode()).hexdigest()[:32]}"


class Verdict(StrEnum):
    """What became of one try. Unknown: the gateway's answer was cut off, so it may have gone out."""

    SENT = "sent"
    RETRY = "retry"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome of one try; `reference` is the gateway's id (or a file name), `reason` is for the operator.

    `told_with` is the key of the notice in whose message this one left, '' if it had a message of its own. What was
    sent is accepted, unless the gateway said that it is only queued.
    """

    verdict: Verdict
    reference: str = ""
    reason: str = ""
    told_with: str = ""
    is_queued: bool = False

    @property
    def progress(self) -> Progress:
        """How far the message has got by this."""
        if self.verdict is not Verdict.SENT or self.told_with:
            return Progress.NONE
        return Progress.QUEUED if self.is_queued else Progress.ACCEPTED

"""Settings of the ways messages travel: files for trying out, an SMTP server, Kannel, any HTTP SMS gateway."""

import re
from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from netmon.settings.credentials import CredentialName
from netmon.settings.values import ConfigPath, Count, Line, Positive, Section, StatePath

PLACES: Final = frozenset({"to", "text", "key", "report"})
"""What may be filled into a gateway's request."""
POLL_PLACES: Final = frozenset({"id"})
"""What may be filled into a question about a message."""
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Security(StrEnum):
    """How a connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Auth(StrEnum):
    """How netmon proves to an HTTP gateway who it is."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"


class Body(StrEnum):
    """How the fields travel to an HTTP gateway."""

    JSON = "json"
    FORM = "form"


class StatusWord(StrEnum):
    """What a gateway's answer means; queued: sent, but nobody behind the gateway has it yet."""

    SENT = "sent"
    QUEUED = "queued"
    RETRY = "retry"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"


class ReportWord(StrEnum):
    """What a gateway's delivery report means; buffered: the phone is off, and the network keeps trying."""

    ACCEPTED = "accepted"
    BUFFERED = "buffered"
    DELIVERED = "delivered"
    FAILED = "failed"


class NumberForm(StrEnum):
    """How an HTTP gateway wants numbers written: +66812345678, 66812345678 or 0812345678."""

    E164 = "e164"
    DIGITS = "digits"
    NATIONAL = "national"


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("should be a web address such as https://sms.example.org/send")
    if parts.username is not None or parts.password is not None:
        raise ValueError("should be without user and password; give them in `user` and `credential`")
    return text


def _filled(value: Any, places: frozenset[str] = PLACES) -> Any:
    """Check the places in every text of a request."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            _filled(one, places)
    if isinstance(value, str):
        try:
            wrong = {name for _, name, _, _ in Formatter().parse(value) if name is not None} - places
        except ValueError:
            wrong = {"?"}
        if wrong:
            known = "{to}, {text}, {key} and {report}" if places is PLACES else "{id}"
            raise ValueError(f"should have no places in braces but {known}")
    return value


def _poll_filled(value: Any) -> Any:
    return _filled(value, POLL_PLACES)


def _header_name(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise ValueError("is no name of an HTTP header")
    return text


def _ascii(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise ValueError("should be plain ASCII text")
    return text


def _asks_for_reports(value: Any) -> bool:
    """Whether a request body has {report} anywhere."""
    if isinstance(value, dict | list):
        return any(map(_asks_for_reports, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and any(name == "report" for _, name, _, _ in Formatter().parse(value))


Url = Annotated[str, AfterValidator(_url)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, AfterValidator(_ascii)]
Fields = Annotated[dict[str, Any], AfterValidator(_filled)]
PollUrl = Annotated[str, AfterValidator(_url), AfterValidator(_poll_filled)]
PollFields = Annotated[dict[str, Any], AfterValidator(_poll_filled)]


class _WithLogin(Section):
    """A gateway that may want a user and a password."""

    user: Line = Field("", description="User name at the gateway. Text; default '': netmon does not log in.")
    credential: CredentialName | None = Field(
        None, description="Name of the password or token, declared under `credentials`. Default none."
    )


class FileMail(Section):
    """Mail written to files, for trying out and for drills."""

    driver: Literal["file"] = Field("file", description="How mail is delivered. 'file' writes one .eml file each.")
    directory: StatePath = Field(
        Path("mail"), description="Folder for the files. Path from the state directory; default 'mail'."
    )


class SmtpMail(_WithLogin):
    """Mail handed to an SMTP server."""

    driver: Literal["smtp"] = Field("smtp", description="How mail is delivered. 'smtp' hands it to a mail server.")
    host: Annotated[Line, Field(min_length=1, max_length=253)] = Field(
        "localhost", description="The mail server's name or address; default localhost."
    )
    port: Port = Field(587, description="The mail server's port. Usual: 587 starttls, 465 tls, 25 none. Default 587.")
    security: Security = Field(
        Security.STARTTLS, description="How the connection is protected: starttls, tls or none. Default starttls."
    )
    ca_file: ConfigPath | None = Field(
        None, description="Certificates (PEM) to trust instead of the system's. Path from this file; default none."
    )
    timeout: Annotated[Positive, Field(le=60)] = Field(
        20.0, description="Longest wait until the server wants the mail, and until it has it. Seconds; default 20."
    )
    connections: Annotated[Count, Field(ge=1, le=16)] = Field(
        3, description="Connections kept at most; each carries one mail at a time. Count; default 3."
    )

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if bool(self.user) != bool(self.credential):
            raise ValueError("needs both `user` and `credential`, or neither")
        if self.user and self.security is Security.NONE:
            raise ValueError("needs `security: starttls` or `tls` where netmon logs in")
        return self


class FileSms(Section):
    """SMS written to files, for trying out and for drills."""

    driver: Literal["file"] = Field("file", description="How SMS is delivered. 'file' writes one text file each.")
    directory: StatePath = Field(
        Path("sms"), description="Folder for the files. Path from the state directory; default 'sms'."
    )


class KannelSms(_WithLogin):
    """SMS handed to Kannel's sendsms page."""

    driver: Literal["kannel"] = Field("kannel", description="How SMS is delivered. 'kannel' asks Kannel's smsbox.")
    url: Url = Field(
        "http://127.0.0.1:13013/cgi-bin/sendsms", description="The smsbox's sendsms page. URL; default on this machine."
    )
    sender: Annotated[Line, Field(max_length=16)] = Field(
        "", description="Sender name or number. Text; default '': the smsbox's global-sender."
    )
    validity: Positive = Field(
        14_400.0, description="How long the network keeps trying a phone that is off. Seconds; default 4 hours."
    )
    timeout: Annotated[Positive, Field(le=60)] = Field(
        20.0, description="Longest wait for the smsbox's answer. Seconds; default 20."
    )
    reports: bool = Field(
        default=True,
        strict=True,
        description="Whether Kannel is asked what became of each message. Default true.",
    )
    report_to: Url | Literal[""] = Field(
        "",
        description="netmon's pages as the smsbox reaches them, for its reports. URL; default '': where the pages "
        "listen, which is right for a smsbox on this machine.",
    )

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if bool(self.user) != bool(self.credential):
            raise ValueError("needs both `user` and `credential`, or neither")
        return self


class Answer(Section):
    """Where the gateway's answer (JSON) says what became of the message. A path is like messages.0.id."""

    id: Line = Field("", description="Path to the message's id. Text; default '': the answer has none.")
    status: Line = Field("", description="Path to its status. Text; default '': HTTP's own status decides.")


class ReportPaths(Section):
    """Where the gateway's delivery report says what became of the message: paths in JSON, or names of fields."""

    id: Line = Field(
        "",
        description="Path to the gateway's id of the message, for a gateway that calls one fixed address; `netmon "
        "outbox callback` shows that. Text; default '': {report} is an address of its own for each message.",
    )
    status: Line = Field("", description="Path to the status. Text; must be given where {report} or `id` is used.")
    reason: Line = Field("", description="Path to the gateway's reason. Text; default '': it gives none.")
    statuses: dict[str, ReportWord] = Field(
        {}, description="The report's status words -> accepted, buffered, delivered or failed; others are ignored."
    )


class Poll(Section):
    """How a gateway is asked what became of a message, where it does not report that by itself."""

    url: PollUrl = Field(description="The gateway's page for that; {id} is the message's id. URL; must be given.")
    method: Literal["GET", "POST"] = Field("GET", description="HTTP method, GET or POST. Default GET.")
    fields: PollFields = Field(
        {}, description="The question, {id} filled in: a query by GET, a body of kind `body` by POST. Default none."
    )
    status: Line = Field(description="Path to the status in the answer (JSON). Text; must be given.")
    reason: Line = Field("", description="Path to the gateway's reason. Text; default '': it gives none.")
    statuses: dict[str, ReportWord] = Field(
        description="The answer's status words -> accepted, buffered, delivered or failed; others are ignored."
    )
    every: Annotated[Positive, Field(ge=1)] = Field(
        60.0,
        description="Time to the first question about a message; each further wait is twice as long, up to an "
        "hour. Seconds; default 60.",
    )
    within: Positive = Field(86_400.0, description="How long netmon asks about a message. Seconds; default 24h.")


class HttpSms(_WithLogin):
    """SMS handed to any gateway that is asked over HTTP."""

    driver: Literal["http"] = Field("http", description="How SMS is delivered. 'http' is any gateway asked over HTTP.")
    url: Url = Field(description="The gateway's page for sending. URL; must be given.")
    method: Literal["POST", "PUT"] = Field("POST", description="HTTP method, POST or PUT. Default POST.")
    headers: dict[HeaderName, HeaderValue] = Field(
        {}, description="Further HTTP headers; no secrets here. Default none."
    )
    auth: Auth = Field(Auth.NONE, description="How netmon logs in: none, basic (user and credential) or bearer.")
    body: Body = Field(Body.JSON, description="How the fields travel: json or form. Default json.")
    fields: Fields = Field(
        {"to": "{to}", "text": "{text}"},
        description="The request; {to}, {text}, {key} (a stable id) and {report} (where the gateway reports to) are "
        "filled in. Default to and text.",
    )
    number: NumberForm = Field(
        NumberForm.E164, description="How {to} is written: e164 (+66...), digits (66...) or national (0...)."
    )
    answer: Answer = Field(Answer(), description="Where the answer says what became of the message.")
    statuses: dict[str, StatusWord] = Field(
        {}, description="The gateway's status words -> sent, queued, retry, permanent or unknown; others are unknown."
    )
    report: ReportPaths = Field(ReportPaths(), description="Where delivery reports say what became of the message.")
    report_to: Url | Literal[""] = Field(
        "", description="netmon's pages as the gateway reaches them. URL; must be given where {report} is used."
    )
    poll: Poll | None = Field(
        None, description="How to ask what became of a message. Default none: netmon does not ask."
    )
    timeout: Annotated[Positive, Field(le=60)] = Field(
        20.0, description="Longest wait for the gateway's answer. Seconds; default 20."
    )

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.auth is Auth.NONE) != (self.credential is None) or (self.auth is Auth.BASIC) != bool(self.user):
            raise ValueError("needs `user` and `credential` for auth basic, `credential` for bearer, and nothing else")
        if self.statuses and not self.answer.status:
            raise ValueError("has `statuses` but no `answer.status`, the path where the gateway tells its status")
        return self

    @model_validator(mode="after")
    def _reports_are_whole(self) -> Self:
        declared = bool(self.report_to and self.report.status and self.report.statuses)
        if _asks_for_reports(self.fields) and not declared:
            raise ValueError("needs `report_to`, `report.status` and `report.statuses` where {report} is used")
        if self.report.id and not (self.report.status and self.report.statuses):
            raise ValueError("needs `report.status` and `report.statuses` where `report.id` is given")
        if (self.report.id or self.poll) and not self.answer.id:
            raise ValueError("needs `answer.id`, by which the gateway knows the message, for `report.id` and `poll`")
        return self


def _driver(section: Any) -> Any:
    """The driver a section names; files are the default, for a section without the key, too."""
    if isinstance(section, dict):
        driver = section.get("driver", "file")
        return driver if isinstance(driver, str) else str(driver)
    return getattr(section, "driver", "file")


Mail = Annotated[
    Annotated[FileMail, Tag("file")] | Annotated[SmtpMail, Tag("smtp")],
    Discriminator(_driver),
]
Sms = Annotated[
    Annotated[FileSms, Tag("file")] | Annotated[KannelSms, Tag("kannel")] | Annotated[HttpSms, Tag("http")],
    Discriminator(_driver),
]

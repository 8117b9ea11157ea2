"""A real SMTP server on a loopback port of its own, with TLS, a login and a script of troubles."""

import asyncio
import shutil
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "netmon", "p4ss-canary-word"


@dataclass
class Moment:
    """When a mail was taken, and when whoever sent it was told so (Unix seconds; None: gone before that)."""

    taken: float
    answered: float | None = None


@dataclass
class Mailbox:
    """aiosmtpd's handler: keeps what it takes; answers by recipient; `at_data` and `at_mail` make trouble."""

    mails: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    by_recipient: dict[str, str] = field(default_factory=dict)
    at_mail: Callable[[SMTP], str] = lambda _: "250 OK"
    after_data: Callable[[SMTP], str | None] = lambda _: "250 OK queued as 4cX1"
    hang: asyncio.Event | None = None
    answers_after: Callable[[], float] = lambda: 0.0
    connections: int = 0
    busy: int = 0
    busiest: int = 0

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.at_mail(server)
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.by_recipient.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.busy += 1
        self.busiest = max(self.busy, self.busiest)
        try:
            await asyncio.sleep(0.01)
            if self.hang is not None:
                await self.hang.wait()
        finally:
            self.busy -= 1
        assert isinstance(envelope.content, bytes)
        assert envelope.mail_from is not None
        self.mails.append(envelope.content)
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        self.moments.append(moment := Moment(time.time()))
        await asyncio.sleep(self.answers_after())  # aiosmtpd cancels this when the line is lost
        moment.answered = time.time()
        return self.after_data(server) or "250 OK"

    @property
    def received(self) -> list[EmailMessage]:
        """The mails as their readers' programs parse them."""
        return [message_from_bytes(mail, policy=SMTP_POLICY) for mail in self.mails]


def hang_up(server: SMTP) -> str:
    """The connection is gone before any answer."""
    cast(asyncio.WriteTransport, server.transport).abort()
    return "250 never heard"


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-made certificate for localhost and its key, made once for each folder."""
    certificate, key = folder / "localhost.pem", folder / "localhost.key"
    openssl = shutil.which("openssl")
    assert openssl is not None, "openssl is part of every Debian"
    if not certificate.exists():
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-days", "2", "-subj", "/CN=localhost", "-addext", names]
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


@asynccontextmanager
async def mail_server(
    mailbox: Mailbox, tls: ssl.SSLContext | None, *, starttls: bool = True, port: int = 0
) -> AsyncIterator[int]:
    """Serve the mailbox on 127.0.0.1; gives the port. With `tls` a login is wanted."""

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
        known = LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=given == known, handled=False)

    def serve() -> SMTP:
        mailbox.connections += 1
        return SMTP(
            mailbox,
            hostname="mail.invalid",
            loop=asyncio.get_running_loop(),
            tls_context=tls if starttls else None,
            require_starttls=tls is not None and starttls,
            auth_required=tls is not None and starttls,
            auth_require_tls=starttls,
            authenticator=check,
        )

    server = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", port, ssl=None if starttls else tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()

"""Mail handed to an SMTP server.

A server answers MAIL, RCPT and DATA one after the other, and until it has seen the dot that ends the message nothing
was taken (RFC 5321 section 4.1.1.4). Whatever breaks before the message is on its way is therefore `retry`; a
connection that is lost, or silent, after that leaves it `unknown` whether the server has taken it. A code in the 400s
is `retry`, one in the 500s `permanent` (section 4.2.1), but a refused login or sender is the operator's to mend, and
mail waits for that.

A few connections are kept open, each with one mail at a time. One that has rested is asked first whether it still
lives (RSET), so that a server which hung up meanwhile costs nothing.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import aiosmtplib

from netmon.errors import InputError
from netmon.model.notices import Channel, Delivery, Letter, Verdict
from netmon.notifiers.mail import MailComposer, recipient_address
from netmon.notifiers.making import made
from netmon.notifiers.rendering import clean
from netmon.ports import Parting, parting_unrecorded

_READY_FOR_DATA = 354
_OK = 250
_PERMANENT = 500
_LONGEST_REASON = 200


class Security(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail goes and how. The server has `timeout` seconds to want the message, and again to take it."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout: float = 20.0
    connections: int = 3

    def context(self) -> ssl.SSLContext | None:
        """How the server's certificate is checked; None where nothing is encrypted.

        Raises:
            InputError: the certificates to trust cannot be read.
        """
        if self.security is Security.NONE:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise InputError(f"{self.ca_file} cannot be used as certificates to trust: {error.strerror}.") from error


class _NotTakenError(Exception):
    """The server refused, or was lost before it could take the mail."""

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(delivery.reason)
        self.delivery = delivery


class SmtpMail:
    """Sends each letter as one mail to one recipient."""

    channel = Channel.MAIL

    def __init__(self, server: MailServer, composer: MailComposer) -> None:
        self._server = server
        self._composer = composer
        self._context = server.context()
        self._free = asyncio.Semaphore(server.connections)
        self._resting: list[aiosmtplib.SMTP] = []

    async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
        to = recipient_address(letter)
        if to is None:
            who = letter.notice.recipient
            return Delivery(Verdict.PERMANENT, reason=f"{who.audience} {who.id} has no usable e-mail address.")
        content = await made(letter, self._content)
        if isinstance(content, Delivery):
            return content
        try:
            async with asyncio.timeout(self._server.timeout) as patience, self._free, self._connection() as client:
                await self._envelope(client, to.addr_spec)
                patience.reschedule(None)
                await parting()
                return await self._hand_over(client, content, letter.key)
        except _NotTakenError as error:
            return error.delivery
        except TimeoutError:
            return _retry(f"the mail server was not ready for the message within {self._server.timeout:.0f} s")

    def _content(self, letter: Letter) -> bytes:
        return self._composer.compose(letter).as_bytes()

    async def close(self) -> None:
        """Take leave of the server."""
        while self._resting:
            client = self._resting.pop()
            try:
                await client.quit(timeout=1)
            except (aiosmtplib.SMTPException, OSError):
                client.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        client = await self._rested() or await self._connected()
        try:
            yield client
        except _NotTakenError:
            raise
        except BaseException:
            client.close()
            raise
        finally:
            if client.is_connected:
                self._resting.append(client)

    async def _rested(self) -> aiosmtplib.SMTP | None:
        while self._resting:
            client = self._resting.pop()
            try:
                await client.rset()
            except (aiosmtplib.SMTPException, OSError):
                client.close()
            except asyncio.CancelledError:
                client.close()
                raise
            else:
                return client
        return None

    async def _connected(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=self._context,
            timeout=server.timeout,
        )
        try:
            await client.connect()
        except BaseException as error:
            client.close()
            if isinstance(error, aiosmtplib.SMTPException | OSError):
                raise _NotTakenError(_retry(_no_connection(error))) from error
            raise
        return client

    async def _envelope(self, client: aiosmtplib.SMTP, to: str) -> None:
        try:
            await client.mail(self._server.sender)
            await client.rcpt(to)
            answer = await client.execute_command(b"DATA")
        except aiosmtplib.SMTPSenderRefused as error:
            # Then it refuses everybody's mail, and only the operator can mend that.
            raise _NotTakenError(_retry(_said(error.code, error.message))) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _NotTakenError(_refusal(error.code, error.message)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _NotTakenError(_retry(f"the mail server was lost before the message: {_kind(error)}")) from error
        if answer.code != _READY_FOR_DATA:
            raise _NotTakenError(_refusal(answer.code, answer.message))

    async def _hand_over(self, client: aiosmtplib.SMTP, content: bytes, key: str) -> Delivery:
        """The message itself. aiosmtplib's `data` joins it to DATA, and then nobody knows which of both got lost."""
        protocol = client.protocol
        if protocol is None:
            return _retry("the mail server was lost before the message")
        try:
            # A line that begins with a dot gets a second one (RFC 5321 section 4.5.2).
            protocol.write(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
            answer = await protocol.read_response(timeout=self._server.timeout)
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            return Delivery(Verdict.UNKNOWN, reason=f"the mail server's answer is garbled ({error.code})")
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return Delivery(Verdict.UNKNOWN, reason=f"the mail server gave no answer to the message: {_kind(error)}")
        if answer.code != _OK:
            return _refusal(answer.code, answer.message)
        return Delivery(Verdict.SENT, reference=key, reason=_said(answer.code, answer.message))


def _refusal(code: int, message: str) -> Delivery:
    verdict = Verdict.PERMANENT if code >= _PERMANENT else Verdict.RETRY
    return Delivery(verdict, reason=_said(code, message))


def _no_connection(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return f"the mail server refuses the login ({error.code})"  # its words may quote what was sent
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _said(error.code, error.message)
    return f"no connection to the mail server: {_kind(error)}"


def _retry(reason: str) -> Delivery:
    return Delivery(Verdict.RETRY, reason=reason)


def _said(code: int, message: str) -> str:
    return clean(f"{code} {message}")[:_LONGEST_REASON]


def _kind(error: BaseException) -> str:
    """What went wrong, by its kind: the text may quote addresses."""
    cause = error.__cause__ or error
    return cause.strerror if isinstance(cause, ConnectionError) and cause.strerror else type(cause).__name__

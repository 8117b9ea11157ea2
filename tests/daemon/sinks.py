"""A mail server with TLS and a real Kannel with fakesmsc behind it, outside the daemon: what they hold is the truth.

Both take their time to answer, so that a kill often falls between a message that was taken and the answer to it. Kannel
is reached over a line that holds its answers back. Of each copy they know when it was taken, and when its sender was
told so, if it still lived.
"""

import asyncio
import contextlib
import random
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.notifiers.kannel_peer import PASSWORD as SMS_PASSWORD
from tests.notifiers.kannel_peer import USER as SMS_USER
from tests.notifiers.kannel_peer import Kannel
from tests.notifiers.mail_server import PASSWORD as MAIL_PASSWORD
from tests.notifiers.mail_server import USER as MAIL_USER
from tests.notifiers.mail_server import Mailbox, Moment, mail_server, make_certificate

SETTINGS = """\
mail:
  {{driver: smtp, host: localhost, port: {mail}, ca_file: {certificate}, user: {mail_user}, credential: smtp}}
sms: {{driver: kannel, url: 'http://127.0.0.1:{line}/cgi-bin/sendsms', user: {sms_user}, credential: sms}}
"""
CREDENTIALS = "smtp: ./smtp-password, sms: ./sms-password"


@dataclass(frozen=True)
class Copy:
    """One copy of a notice. `answered` is None where its sender was gone before it could be told."""

    taken: float
    answered: float | None


@dataclass
class Sinks:
    """What was taken from the daemon, whatever the daemon knows of it."""

    kannel: Kannel
    mailbox: Mailbox = field(default_factory=Mailbox)
    settings: str = ""
    asked: list[tuple[str, Moment]] = field(default_factory=list)
    """Requests that Kannel took, by the account they carry."""

    def mails(self) -> dict[str, list[Copy]]:
        """Copies of each mail, by the key in its header, which is also the local part of its Message-ID."""
        keys = [unquote(str(mail["X-Netmon-Idempotency-Key"])) for mail in self.mailbox.received]
        ids = Counter(str(mail["Message-ID"]) for mail in self.mailbox.received)
        assert sorted(Counter(keys).values()) == sorted(ids.values())
        return _copies(zip(keys, self.mailbox.moments, strict=True))

    def ticket_numbers(self) -> set[str]:
        """Every ticket that a mail was about."""
        return {str(mail["X-Netmon-Ticket"]) for mail in self.mailbox.received if mail["X-Netmon-Ticket"]}

    def texts(self) -> dict[str, list[Copy]]:
        """Copies of each SMS, by its account; what bearerbox gave away is what the phone network has got."""
        handed = self.kannel.handed()
        network = Counter((one.sender, one.to, one.text) for one in self.kannel.received(len(handed)))
        assert network == Counter((one.sender, one.to, one.text) for one in handed)
        found = _copies(self.asked)
        assert Counter(one.key for one in handed) == {account: len(copies) for account, copies in found.items()}
        return found


@contextlib.contextmanager
def sinks(folder: Path, *, seed: int, slowest: float = 0.5) -> Iterator[Sinks]:
    """Both sinks until the end; `settings` and CREDENTIALS are how the daemon is told of them."""
    for name in ("kannel", "tls"):
        (folder / name).mkdir()
    chance, made = random.Random(seed), Sinks(Kannel(folder / "kannel"))
    made.mailbox.answers_after = lambda: chance.uniform(0, slowest)
    certificate, key = make_certificate(folder / "tls")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    up, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with (
            mail_server(made.mailbox, tls) as mail,
            _slow_line(made, lambda: chance.uniform(0, slowest)) as line,
        ):
            made.settings = SETTINGS.format(
                mail=mail, certificate=certificate, mail_user=MAIL_USER, line=line, sms_user=SMS_USER
            )
            up.set()
            await asyncio.to_thread(over.wait)

    (folder / "smtp-password").write_text(f"{MAIL_PASSWORD}\n", encoding="utf-8")
    (folder / "sms-password").write_text(f"{SMS_PASSWORD}\n", encoding="utf-8")
    made.kannel.start()
    server = threading.Thread(target=lambda: asyncio.run(serve()), name="sinks")
    try:
        made.kannel.start_network()
        server.start()
        assert up.wait(20)
        yield made
    finally:
        over.set()
        if server.ident is not None:
            server.join(10)
        made.kannel.stop()


def _copies(found: Iterable[tuple[str, Moment]]) -> dict[str, list[Copy]]:
    copies: dict[str, list[Copy]] = {}
    for key, moment in sorted(found, key=lambda one: one[1].taken):
        copies.setdefault(key, []).append(Copy(moment.taken, moment.answered))
    return copies


@contextlib.asynccontextmanager
async def _slow_line(made: Sinks, seconds: Callable[[], float]) -> AsyncIterator[int]:
    """A line to Kannel that asks at once, to the end whoever has died meanwhile, and brings the answer late.

    Gives the port to call.
    """

    under_way: set[asyncio.Task[None]] = set()

    async def ask(head: bytes) -> bytes:
        there, back = await asyncio.open_connection("127.0.0.1", made.kannel.sendsms)
        try:
            back.write(head)
            answer = await there.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", answer)
            return answer + await there.readexactly(int(length[1]) if length else 0)
        finally:
            await _closed(back)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        answer = await ask(head)
        moment = Moment(time.time())
        if answer.split()[1] == b"202":
            query = parse_qs(urlsplit(head.split()[1].decode()).query)
            made.asked.append((query["account"][0], moment))
        await asyncio.sleep(seconds())
        if not reader.at_eof() and reader.exception() is None:
            writer.write(answer)
            await writer.drain()
            moment.answered = time.time()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await carry(reader, writer)
        finally:
            await _closed(writer)
            under_way.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Closed to the last, or its destructor complains after the loop's end."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()

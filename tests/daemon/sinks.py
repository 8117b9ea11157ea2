"""A mail server with TLS and a real Kannel with fakesmsc behind it, outside the daemon: what they hold is the truth.

Both take their time to answer, so that a kill often falls between a message that was taken and the answer to it. Kannel
is reached over a line that holds its answers back.
"""

import asyncio
import contextlib
import random
import ssl
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from tests.notifiers.kannel_peer import PASSWORD as SMS_PASSWORD
from tests.notifiers.kannel_peer import USER as SMS_USER
from tests.notifiers.kannel_peer import Kannel
from tests.notifiers.mail_server import PASSWORD as MAIL_PASSWORD
from tests.notifiers.mail_server import USER as MAIL_USER
from tests.notifiers.mail_server import Mailbox, mail_server, make_certificate

SETTINGS = """\
mail:
  {{driver: smtp, host: localhost, port: {mail}, ca_file: {certificate}, user: {mail_user}, credential: smtp}}
sms: {{driver: kannel, url: 'http://127.0.0.1:{line}/cgi-bin/sendsms', user: {sms_user}, credential: sms}}
"""
CREDENTIALS = "smtp: ./smtp-password, sms: ./sms-password"
_PIECE = 65536


@dataclass
class Sinks:
    """What was taken from the daemon, whatever the daemon knows of it."""

    kannel: Kannel
    mailbox: Mailbox = field(default_factory=Mailbox)
    settings: str = ""

    def mails(self) -> Counter[str]:
        """Copies of each mail, by the key in its header, which is also the local part of its Message-ID."""
        found = Counter(unquote(str(mail["X-Netmon-Idempotency-Key"])) for mail in self.mailbox.received)
        ids = Counter(str(mail["Message-ID"]) for mail in self.mailbox.received)
        assert sorted(found.values()) == sorted(ids.values())
        return found

    def ticket_numbers(self) -> set[str]:
        """Every ticket that a mail was about."""
        return {str(mail["X-Netmon-Ticket"]) for mail in self.mailbox.received if mail["X-Netmon-Ticket"]}

    def texts(self) -> Counter[str]:
        """Copies of each SMS, by its key; what bearerbox gave away is what the phone network has got."""
        handed = self.kannel.handed()
        network = Counter((one.sender, one.to, one.text) for one in self.kannel.received(len(handed)))
        assert network == Counter((one.sender, one.to, one.text) for one in handed)
        return Counter(one.key for one in handed)


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
            _slow_line(made.kannel.sendsms, lambda: chance.uniform(0, slowest)) as line,
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


@contextlib.asynccontextmanager
async def _slow_line(port: int, seconds: Callable[[], float]) -> AsyncIterator[int]:
    """A line to a loopback port that delivers at once and brings the answer late; gives the port to call."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wait: float) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(_PIECE):
                await asyncio.sleep(wait)
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, back, 0), carry(there, writer, seconds()))

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()

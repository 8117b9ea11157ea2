"""A real mail server with TLS and a login, and a smsbox that repeats in its answer what it was sent, in a thread.

They listen on loopback in a network namespace of choice, so that a daemon that lives in one can reach them.
"""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from netmon.probes.namespace import open_in_namespace
from tests.notifiers.mail_server import USER, Mailbox, mail_server, make_certificate
from tests.notifiers.web_sink import Sink, listening

SETTINGS = """\
mail: {{driver: smtp, host: localhost, port: {mail}, ca_file: {certificate}, user: {user}, credential: smtp-password}}
sms: {{driver: kannel, url: '{smsbox}', user: netmon, credential: gateway}}
"""


@dataclass
class Gateways:
    """What the daemon handed over: `mailbox.mails`, and in `smsbox.calls` one call for each SMS."""

    mailbox: Mailbox = field(default_factory=Mailbox)
    smsbox: Sink = field(default_factory=Sink)
    settings: str = ""


@contextlib.contextmanager
def gateways(folder: Path, namespace: str = "", *, status: str = "202 Accepted") -> Iterator[Gateways]:
    """Both, until the end; `settings` is how the daemon is told of them."""
    made, up, over = Gateways(), threading.Event(), threading.Event()
    certificate, key = make_certificate(folder)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)

    async def repeat(writer: asyncio.StreamWriter) -> None:
        said = f"0: Accepted for delivery {made.smsbox.calls[-1].line}".encode()
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(said)}\r\nConnection: close\r\n\r\n".encode() + said)
        await writer.drain()

    async def serve() -> None:
        made.smsbox.instead = repeat
        async with mail_server(made.mailbox, tls) as mail, listening(made.smsbox) as smsbox:
            url = smsbox.url.replace("/v1/messages", "/cgi-bin/sendsms")
            made.settings = SETTINGS.format(mail=mail, certificate=certificate, user=USER, smsbox=url)
            up.set()
            await asyncio.to_thread(over.wait)

    server = threading.Thread(target=lambda: open_in_namespace(namespace, lambda: asyncio.run(serve())))
    server.start()
    try:
        assert up.wait(10)
        yield made
    finally:
        over.set()
        server.join(10)

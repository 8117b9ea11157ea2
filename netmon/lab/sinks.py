"""Where a drill's mails and SMS arrive: a mail server and an SMS gateway that keep everything as it came.

`python -m netmon.lab.sinks FOLDER PARENT`, started wherever the daemon's own connections go. It prints one line of
JSON, {"sinks": "ready", "smtp": port, "http": port}, both on 127.0.0.1, and ends with its parent or its standard input.

    FOLDER/mail/000001.eml ...     each mail, byte for byte
    FOLDER/mail/received.jsonl     {"at", "from", "to": [...], "file"}
    FOLDER/sms.jsonl               {"at", "to", "text", "key"}
"""

import asyncio
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from netmon.lab.namespace import die_with_parent

_LONGEST_SMS = 16_384


class _Journal:
    """Appends lines of JSON; each is whole on disk before the sender gets its answer."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._one_at_a_time = Lock()

    def write(self, **fields: Any) -> None:
        with self._one_at_a_time:
            self._file.write(json.dumps(fields, ensure_ascii=False) + "\n")
            self._file.flush()


class _Mailbox:
    """aiosmtpd's handler."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._journal = _Journal(folder / "received.jsonl")
        self._count = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        self._count += 1
        name = f"{self._count:06}.eml"
        content = envelope.content
        await asyncio.to_thread(
            (self._folder / name).write_bytes, content if isinstance(content, bytes) else str(content).encode()
        )
        self._journal.write(at=time.time(), **{"from": envelope.mail_from}, to=list(envelope.rcpt_tos), file=name)
        return "250 OK"


def _gateway(journal: _Journal) -> ThreadingHTTPServer:
    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Take one SMS."""
            length = min(int(self.headers.get("Content-Length", "0")), _LONGEST_SMS)
            asked = json.loads(self.rfile.read(length))
            journal.write(at=time.time(), to=asked["to"], text=asked["text"], key=asked["key"])
            answer = b"{}"
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Gateway)


async def _serve(folder: Path) -> None:
    mailbox, gateway = _Mailbox(folder / "mail"), _gateway(_Journal(folder / "sms.jsonl"))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, hostname="drill.invalid", loop=loop), "127.0.0.1", 0)
    Thread(target=gateway.serve_forever, name="sms gateway", daemon=True).start()
    ports = {"smtp": server.sockets[0].getsockname()[1], "http": gateway.server_address[1]}
    sys.stdout.write(json.dumps({"sinks": "ready", **ports}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    server.close()
    gateway.shutdown()


if __name__ == "__main__":
    die_with_parent(int(sys.argv[2]))
    asyncio.run(_serve(Path(sys.argv[1])))

"""A real Kannel on loopback ports of its own: bearerbox, smsbox, and fakesmsc in place of the phone network."""

import contextlib
import re
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_to_bytes
from urllib.request import urlopen

from tests.kit.peers import find_program

USER, PASSWORD, ADMIN = "netmon", "s3cret-canary", "adminpw"
_CONFIG = """\
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {admin_password}
admin-allow-ip = "127.0.0.1"
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
box-deny-ip = "*.*.*.*"
log-file = "{folder}/bearerbox.log"
access-log = "{folder}/access.log"
log-level = 1
dlr-storage = internal
store-type = file
store-file = "{folder}/kannel.store"

group = smsc
smsc = fake
smsc-id = FAKE
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = "{folder}/smsbox.log"
log-level = 0
global-sender = 1100
http-request-retry = 10
http-queue-delay = 1

group = sendsms-user
username = {user}
password = {password}
max-messages = 3
concatenation = true
user-allow-ip = "127.0.0.1"
default-smsc = FAKE

group = sms-service
keyword = default
catch-all = true
text = ""
max-messages = 0
"""
_SENT = re.compile(rb"Got message [0-9]+: <([^ ]+) ([^ ]+) (ucs-2|text|data|udh|route) (.*)>")
_ACCESS = re.compile(r"Sent SMS .*\[ACT:([^\]]*)\] .*\[from:([^\]]*)\] \[to:([^\]]*)\] .*\[msg:[0-9]+:([0-9A-F]*)\]")


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass(frozen=True)
class Sms:
    """One message as the phone network got it."""

    sender: str
    to: str
    coding: str
    text: str


@dataclass(frozen=True)
class Handed:
    """One message in bearerbox's access log: with the account, which is the notice's key."""

    key: str
    sender: str
    to: str
    text: str


@dataclass
class Kannel:
    """The three programs; the network can be started later than the boxes."""

    folder: Path
    admin: int = 0
    sendsms: int = 0
    smsc: int = 0
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        self.admin, box, self.sendsms, self.smsc = free_ports(4)
        config = self.folder / "kannel.conf"
        ports = {"admin": self.admin, "box": box, "sendsms": self.sendsms, "smsc": self.smsc}
        names = {"user": USER, "password": PASSWORD, "admin_password": ADMIN, "folder": self.folder}
        config.write_text(_CONFIG.format(**ports, **names))
        self._run("bearerbox", "-v", "4", str(config))
        self._until(lambda: self._listens(box))
        self._run("smsbox", "-v", "4", str(config))
        self._until(lambda: self._listens(self.sendsms))

    def start_network(self) -> None:
        arguments = ("-H", "127.0.0.1", "-r", str(self.smsc), "-i", "3600", "-m", "1", "66800000000 1100 text ping")
        self._run("fakesmsc", *arguments)
        self._until(lambda: b"(online" in self._status())

    def _run(self, name: str, *arguments: str) -> None:
        program = find_program(name)
        assert program is not None
        with (self.folder / f"{name}.out").open("wb") as out:
            self.started.append(
                subprocess.Popen(
                    [program, *arguments], cwd=self.folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL
                )
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.sendsms}/cgi-bin/sendsms"

    def received(self, count: int) -> list[Sms]:
        """What fakesmsc printed, once it is that many."""
        self._until(lambda: len(self._printed()) >= count)
        return self._printed()

    def handed(self) -> list[Handed]:
        """What bearerbox gave to the phone network so far, each with the notice's key; UCS-2 only."""
        lines = (self.folder / "access.log").read_text(encoding="utf-8", errors="replace").splitlines()
        found = [match.groups() for match in map(_ACCESS.search, lines) if match is not None]
        return [Handed(key, sender, to, bytes.fromhex(raw).decode("utf-16-be")) for key, sender, to, raw in found]

    def _printed(self) -> list[Sms]:
        found = _SENT.findall((self.folder / "fakesmsc.out").read_bytes())
        return [Sms(one.decode(), to.decode(), coding.decode(), _text(coding, raw)) for one, to, coding, raw in found]

    @staticmethod
    def _listens(port: int) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        return False

    def _status(self) -> bytes:
        with (
            contextlib.suppress(OSError),
            urlopen(f"http://127.0.0.1:{self.admin}/status.txt?password={ADMIN}", timeout=2) as page,
        ):
            return bytes(page.read())
        return b""

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, f"Kannel is not ready; see {self.folder}"
            for one in self.started:
                assert one.poll() is None, f"a program has ended; see {self.folder}"
            time.sleep(0.02)

    def stop(self) -> None:
        """End what was started, the last first."""
        for one in reversed(self.started):
            one.terminate()
        for one in self.started:
            try:
                one.wait(5)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
        self.started.clear()


def _text(coding: bytes, raw: bytes) -> str:
    data = unquote_to_bytes(raw.replace(b"+", b" "))
    return data.decode("utf-16-be" if coding == b"ucs-2" else "utf-8")

"""A real daemon for a test: in a process of its own, on loopback addresses, its pages on a socket opened here.

With a network of the test's own (`tests.kit.wire.Network`) an access point can be silenced, so that a fault is born.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from netmon.web.server import address_of, listen
from tests.kit.peers import ROOT
from tests.kit.wire import Network

VILLAGES = ("34010101", "34010102", "34010103")
ADDRESSES = ("127.1.0.1", "127.1.0.2", "127.1.0.3")
REFERENCE = "127.9.9.9"
SETTINGS = """\
probing: {{interval: 1s, namespace: '{namespace}'}}
health: {{recovery: {{steady: 1s}}, odds: {{spacing: 200ms}}}}
conclude: {{settle: 500ms}}
isolation: {{reference_targets: [{reference}]}}
notices: {{hold: {{mail: 0s, sms: 0s}}, noc_mail: noc@example.org}}
"""
ORDINARY_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
"""Like the unit's PrivateUsers=yes, no capability in the world outside; but root's files are its own."""


@dataclass(kw_only=True)
class Site:
    """A folder with settings and a small inventory; `state` is where netmon writes."""

    folder: Path
    namespace: str = ""
    more_settings: str = ""
    phone: str = "045-000-000"
    technician: str = "0812345678"
    volunteer: str = "0898765432"
    credential: str = ""
    settings: Path = field(init=False)
    state: Path = field(init=False)

    def __post_init__(self) -> None:
        self.settings, self.state = self.folder / "netmon.yaml", self.folder / "state"
        self.state.mkdir()
        self.write()

    @property
    def database(self) -> Path:
        return self.state / "netmon.db"

    def write(self) -> None:
        """Write settings and inventory."""
        settings = SETTINGS.format(namespace=self.namespace, reference=REFERENCE)
        self.settings.write_text(settings + self.more_settings)
        sheets = {
            "service_centres": ["id,name,phone,email", f"UBN,ศูนย์อุบล,{self.phone},ubn@example.org"],
            "technicians": [
                "id,name,service_centre,email,mobile,language",
                f"T1,ช่างหนึ่ง,UBN,t1@example.org,{self.technician},th",
            ],
            "villages": [
                "id,name,service_centre,lat,lon",
                *(f"{village},บ้านที่{n},UBN,15.2{n},104.8{n}" for n, village in enumerate(VILLAGES)),
            ],
            "devices": [
                "id,role,address,village,credential",
                *(f"AP-{v},ap,{a},{v},{self.credential}" for v, a in zip(VILLAGES, ADDRESSES, strict=True)),
            ],
            "volunteers": ["village,name,mobile,language", f"{VILLAGES[0]},อาสาหนึ่ง,{self.volunteer},th"],
        }
        (self.folder / "inventory").mkdir(exist_ok=True)
        for name, lines in sheets.items():
            (self.folder / "inventory" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        """The `netmon` command with these settings."""
        return [sys.executable, "-m", "netmon.cli", *arguments, "--config", str(self.settings)]

    def environment(self, **more: str) -> dict[str, str]:
        roots = os.pathsep.join([str(ROOT), str(ROOT / "exporters")])
        return {**os.environ, "PYTHONPATH": roots, "STATE_DIRECTORY": str(self.state), **more}

    def netmon(self, *arguments: str, wrapper: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess:
        """Run a command to its end."""
        return subprocess.run(
            [*wrapper, *self.command(*arguments)],
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@dataclass
class RunningDaemon:
    """`netmon run` in a process of its own."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://{self.address}{path}", timeout=10, trust_env=False)

    def ready(self) -> tuple[int, str]:
        """Status and body of /readyz; (0, '') where it does not answer."""
        try:
            answer = self.get("/readyz")
        except httpx.HTTPError:
            return 0, ""
        return answer.status_code, answer.text

    def metric(self, name: str) -> float:
        """The value of one of netmon's own vital signs."""
        lines = [line for line in self.get("/metrics").text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(line.split()[-1]) for line in lines)

    def tickets(self) -> Any:
        return self.get("/api/v1/tickets").json()

    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text(encoding="utf-8")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


BUSY = 3.0


def eventually(holds: Callable[[], bool], within: float = 20.0, otherwise: Callable[[], object] = str) -> None:
    """Wait until something holds, or fail with what is the case `otherwise`; a busy machine gets more time."""
    deadline = time.monotonic() + BUSY * within
    while not holds():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)


@contextlib.contextmanager
def running(site: Site, *, wrapper: Sequence[str] = (), **environment: str) -> Iterator[RunningDaemon]:
    """The daemon on a site, ready for work; ended at the end if it has not by itself."""
    log = site.folder / "netmon.log"
    with listen("127.0.0.1", 0) as http, log.open("wb") as out:
        process = subprocess.Popen(
            [*wrapper, *site.command("run"), "--http-fd", str(http.fileno())],
            env=site.environment(**environment),
            stdout=out,
            stderr=out,
            pass_fds=[http.fileno()],
        )
        daemon = RunningDaemon(process, address_of(http), log)
    try:
        eventually(lambda: process.poll() is not None or daemon.ready()[0] == 200, 90, daemon.said)
        assert process.poll() is None, daemon.said()
        yield daemon
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def network_with_firewall() -> Iterator[Network]:
    """A namespace in which `silence` can make loopback addresses dumb."""
    network = Network()
    try:
        network.run("nft add table inet test")
        network.run("nft add chain inet test in { type filter hook input priority 0 ; }")
        yield network
    finally:
        network.close()


def silence(network: Network, address: str) -> None:
    """Let an address answer no more."""
    network.run(f"nft add rule inet test in ip daddr {address} icmp type echo-request drop")


def hear_again(network: Network) -> None:
    """Let all addresses answer."""
    network.run("nft flush chain inet test in")


def listening_datagrams(path: Path) -> socket.socket:
    """A datagram socket such as systemd listens on."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(path))
    return sock

"""A real net-snmp agent, and agents on loopback that do as a test tells them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings

from netmon.probes.snmp.client import Patience, SnmpClient
from netmon.probes.snmp.codec import Message, PduType, VarBind, Version, decode_message, encode_message
from netmon.probes.snmp.sockets import Address, Sockets, open_socket
from netmon.probes.snmp.template import RequestTemplate, compile_get

# What must be quick is timed where it is tested; a busy machine is no failure of the others.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
TIME_TICKS = 0x43


def _snmpd() -> str | None:
    return shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _answers(address: Address) -> bool:
    probe = compile_get(Version.V2C, b"public", (UPTIME,))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        sock.sendto(probe.packet(1 << 24), address)
        try:
            return bool(sock.recv(2048))
        except OSError:
            return False


@pytest.fixture(scope="session")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """net-snmp's agent with community "public", on a loopback port of its own."""
    program = _snmpd()
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("snmpd is missing; apt-get install snmpd")
        pytest.skip("snmpd is not installed, so no real agent can be asked")
    home: Path = tmp_path_factory.mktemp("snmpd")
    address = ("127.0.0.1", _free_port())
    config = home / "snmpd.conf"
    config.write_text(f"agentaddress udp:127.0.0.1:{address[1]}\nrocommunity public\nsysName ap-40010101\n")
    command = [program, "-f", "-Lf", str(home / "log"), "-C", "-c", str(config), "-p", str(home / "pid")]
    process = subprocess.Popen(command, env={**os.environ, "SNMP_PERSISTENT_DIR": str(home)})
    try:
        give_up = time.monotonic() + 15
        while not _answers(address):
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < give_up, "snmpd does not answer"
        yield address
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Agent:
    """A UDP socket that plays a device; `seen` are the requests it was sent, with the asker's address."""

    sock: socket.socket
    seen: list[tuple[Message, Address]] = field(default_factory=list)

    @property
    def address(self) -> Address:
        return self.sock.getsockname()  # type: ignore[no-any-return]

    def listen(self) -> Message:
        data, asker = self.sock.recvfrom(65536)
        self.seen.append((decode_message(data), asker))
        return self.seen[-1][0]

    def send(self, message: Message | bytes, to: Address | None = None) -> None:
        data = message if isinstance(message, bytes) else encode_message(message)
        self.sock.sendto(data, to or self.seen[-1][1])


@pytest.fixture
def new_agent() -> Iterator[Callable[[], Agent]]:
    agents: list[Agent] = []

    def make() -> Agent:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        agents.append(Agent(sock))
        return agents[-1]

    yield make
    for agent in agents:
        agent.sock.close()


@dataclass
class Asker:
    """The client under test, read by hand so that every step has its own time."""

    client: SnmpClient
    sock: socket.socket
    template: RequestTemplate = field(default_factory=lambda: compile_get(Version.V2C, b"public", (UPTIME,)))
    patience: Patience = field(default_factory=lambda: Patience(timeout=1.0, retries=0))

    def ask(self, key: int, agent: Agent, now: float = 0.0) -> Message:
        """Send the template to the agent and return what the agent got."""
        assert self.client.request(key, agent.address, self.template, now, self.patience) is None
        return agent.listen()

    def read(self, now: float = 0.1) -> None:
        # Loopback delivers before sendto returns, so whatever was sent is there to be read.
        self.client.on_readable(self.sock, now)


@pytest.fixture
def asker() -> Iterator[Asker]:
    sock = open_socket(socket.AF_INET)
    sock.bind(("127.0.0.1", 0))
    yield Asker(SnmpClient(Sockets(ipv4=sock)), sock)
    sock.close()


def reply(request: Message, uptime: int = 1, **changes: object) -> Message:
    """The good answer to a GET of sysUpTime, with whatever a test wants wrong about it."""
    good: dict[str, object] = {
        "version": request.version,
        "community": request.community,
        "pdu_type": PduType.RESPONSE,
        "request_id": request.request_id,
        "error_status": 0,
        "error_index": 0,
        "varbinds": (VarBind(UPTIME, TIME_TICKS, uptime),),
    }
    return Message(**{**good, **changes})  # type: ignore[arg-type]


@pytest.fixture
def answer() -> Callable[..., Message]:
    return reply

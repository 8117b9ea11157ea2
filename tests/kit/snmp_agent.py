"""net-snmp's agent on a loopback port of its own, as a test configures it."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.sockets import Address
from netmon.probes.snmp.template import compile_get
from tests.kit.peers import find_program, skip_or_fail

_UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
COMMUNITY = "only-for-friends"


def free_port(host: str = "127.0.0.1") -> int:
    """A UDP port nobody uses at this moment."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


@dataclass
class Snmpd:
    """One agent; `home` keeps its boots and, unless the configuration names one, its engine id."""

    home: Path
    address: Address
    lines: Sequence[str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = find_program("snmpd")
        if program is None:
            skip_or_fail("snmpd is not installed, so no real agent can be asked.")
        config = self.home / "snmpd.conf"
        host, port = self.address
        is_ipv6 = ":" in host
        transport = f"udp6:[{host}]:{port}" if is_ipv6 else f"udp:{host}:{port}"
        rights = "rocommunity6" if is_ipv6 else "rocommunity"
        config.write_text("\n".join((f"agentaddress {transport}", f"{rights} {COMMUNITY}", *self.lines)) + "\n")
        command = [str(program), "-f", "-Lf", str(self.home / "log"), "-C", "-c", str(config)]
        environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(self.home), "MIBS": ""}
        self.process = subprocess.Popen([*command, "-p", str(self.home / "pid")], env=environment)
        give_up = time.monotonic() + 15
        while not _answers(self.address):
            assert self.process.poll() is None, (self.home / "log").read_text()
            assert time.monotonic() < give_up, "snmpd does not answer"

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)


@contextmanager
def running_snmpd(home: Path, *lines: str, host: str = "127.0.0.1") -> Iterator[Snmpd]:
    """An agent with these lines in its configuration, ended at the end."""
    home.mkdir(parents=True, exist_ok=True)
    agent = Snmpd(home, (host, free_port(host)), lines)
    try:
        agent.start()
        yield agent
    finally:
        agent.stop()


def _answers(address: Address) -> bool:
    probe = compile_get(Version.V2C, COMMUNITY.encode(), (_UPTIME,))
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        try:
            sock.sendto(probe.packet(1 << 24), address)
            return bool(sock.recv(2048))
        except OSError:
            return False

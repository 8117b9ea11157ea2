"""net-snmp's agent on loopback addresses, for tests that need a device to ask."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.sockets import Address
from netmon.probes.snmp.template import compile_get
from tests.kit.peers import find_program, skip_or_fail

UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)


def free_udp_port() -> int:
    """A UDP port nobody uses at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def answers(address: Address, community: bytes) -> bool:
    """Whether an agent is there."""
    probe = compile_get(Version.V2C, community, (UPTIME,))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        sock.sendto(probe.packet(1 << 24), address)
        try:
            return bool(sock.recv(2048))
        except OSError:
            return False


@contextlib.contextmanager
def run_snmpd(home: Path, addresses: Sequence[Address], community: str = "public") -> Iterator[None]:
    """The agent on these addresses; skips the test where it is not installed."""
    program = find_program("snmpd")
    if program is None:
        skip_or_fail("snmpd is not installed; as root, tests/install-peers installs it.")
    config = home / "snmpd.conf"
    listen = ",".join(f"udp:{host}:{port}" for host, port in addresses)
    config.write_text(f"agentaddress {listen}\nrocommunity {community}\n")
    command = [str(program), "-f", "-Lf", str(home / "log"), "-C", "-c", str(config), "-p", str(home / "pid")]
    process = subprocess.Popen(command, env={**os.environ, "SNMP_PERSISTENT_DIR": str(home)})
    try:
        give_up = time.monotonic() + 15
        while not all(answers(address, community.encode()) for address in addresses):
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < give_up, "snmpd does not answer"
        yield
    finally:
        process.terminate()
        process.wait(10)

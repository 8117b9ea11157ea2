"""The agents of the SNMP bench: a few snmpd of net-snmp on many loopback addresses, a device each.

What it may say is limited so that netmon's own discovery ends at exactly the ten objects everybody is measured with.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from netmon.cli.bench.processes import mortal
from netmon.errors import ProbeError

COMMUNITY = "public"
OIDS = (
    "1.3.6.1.2.1.1.3.0",
    "1.3.6.1.4.1.2021.4.6.0",
    "1.3.6.1.4.1.2021.4.14.0",
    "1.3.6.1.4.1.2021.4.15.0",
    "1.3.6.1.4.1.2021.4.5.0",
    "1.3.6.1.2.1.2.2.1.8.1",
    "1.3.6.1.2.1.31.1.1.1.6.1",
    "1.3.6.1.2.1.31.1.1.1.10.1",
    "1.3.6.1.2.1.2.2.1.14.1",
    "1.3.6.1.2.1.2.2.1.20.1",
)
"""Uptime, four of memory, and state, bytes and errors of the loopback interface, which is number 1 on Linux."""
USER, PASSPHRASE = "bench", "bench-passphrase"
"""An SNMPv3 user, SHA-256 and AES-128, who may see the same."""
_VIEWS = ("1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2", "1.3.6.1.2.1.31.1.1", "1.3.6.1.4.1.2021.4")
_PATIENCE = 15.0
_PER_SNMPD = 100  # its list of addresses is cut off silently after 2,560 octets


def agent_hosts(count: int) -> list[str]:
    """Addresses of 127.0.0.0/8, from 127.77.0.1 on."""
    return [f"127.77.{n // 250}.{1 + n % 250}" for n in range(count)]


def find_snmpd() -> str | None:
    """Where net-snmp's agent is; daemons are not on an ordinary user's PATH."""
    return shutil.which("snmpd", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))


@contextmanager
def running_agents(program: str, count: int) -> Iterator[int]:
    """Run snmpd on that many addresses; gives the port.

    Raises:
        ProbeError: it does not come up.
    """
    port, hosts = _free_port(), agent_hosts(count)
    with ExitStack() as stack:
        for start in range(0, count, _PER_SNMPD):
            stack.enter_context(_running(program, hosts[start : start + _PER_SNMPD], port))
        yield port


@contextmanager
def _running(program: str, hosts: Sequence[str], port: int) -> Iterator[None]:
    listening = ",".join(f"udp:{host}:{port}" for host in hosts)
    views = "".join(f"view bench included .{oid}\n" for oid in _VIEWS)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "snmpd.conf"
        user = f'createUser {USER} SHA-256 "{PASSPHRASE}" AES\nrouser {USER} priv -V bench\n'
        config.write_text(f"agentaddress {listening}\n{views}rocommunity {COMMUNITY} default -V bench\n{user}")
        command = [program, "-f", "-Ln", "-C", "-c", str(config), "-p", str(Path(folder) / "pid")]
        env = {**os.environ, "SNMP_PERSISTENT_DIR": folder}
        with subprocess.Popen(mortal(command), env=env) as agent:  # noqa: S603 - our own list
            try:
                _await_agent(agent, hosts[-1], port)
                yield
            finally:
                agent.terminate()


def _await_agent(agent: "subprocess.Popen[bytes]", last: str, port: int) -> None:
    """Wait until its last address is taken: it binds them in order."""
    deadline = time.monotonic() + _PATIENCE
    while agent.poll() is None and time.monotonic() < deadline:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((last, port))
            except OSError:
                return
        time.sleep(0.05)
    raise ProbeError("snmpd does not come up; its address or configuration is refused")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

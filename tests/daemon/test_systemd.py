"""The unit that ships, held against systemd's own tools and against what the daemon really asks of the kernel."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.gateways import gateways
from tests.kit.peers import ROOT
from tests.kit.running import (
    ADDRESSES,
    ORDINARY_USER,
    Site,
    eventually,
    hear_again,
    network_with_firewall,
    running,
    silence,
)
from tests.notifiers.mail_server import PASSWORD

SYSTEMD = ROOT / "systemd"
UNIT = SYSTEMD / "netmon.service"
HIGHEST_EXPOSURE = 1.6
TRIED_ONLY = {"mbind"}  # numpy's OpenBLAS would like to place its memory, and works where it may not


def tool(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def values(key: str) -> list[str]:
    """What the unit sets a key to, in order."""
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(), re.MULTILINE)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a program that is on this machine."""
    (program,) = (line.split()[0] for line in values("ExecStart"))
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace(program, str(shutil.which("true"))))
    return copy


@pytest.mark.peer("systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(unit: Path) -> None:
    assert tool("systemd-analyze", "verify", "--man=no", str(unit)) == ""


@pytest.mark.peer("systemd-analyze")
def test_the_sandbox_is_as_tight_as_promised(unit: Path) -> None:
    said = tool("systemd-analyze", "security", "--offline=true", "--no-pager", str(unit))
    found = re.search(r"Overall exposure level for netmon\.service: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) <= HIGHEST_EXPOSURE


@pytest.mark.peer("systemd-sysusers")
def test_the_user_and_group_of_the_unit_are_made_by_the_file_beside_it(tmp_path: Path) -> None:
    said = tool("systemd-sysusers", f"--root={tmp_path}", "--dry-run", str(SYSTEMD / "netmon.sysusers.conf"))
    assert f"Creating group '{values('Group')[0]}'" in said
    assert f"Creating user '{values('User')[0]}'" in said


@pytest.mark.network
@pytest.mark.peer("nft", "nsenter", "unshare")
def test_the_sysctls_open_ping_sockets_to_an_ordinary_user() -> None:
    lines = (SYSTEMD / "netmon.sysctl.conf").read_text().splitlines()
    wanted = dict(line.split(" = ") for line in lines if line and not line.startswith("#"))
    assert set(wanted) == {"net.ipv4.ping_group_range", "net.core.rmem_max"}
    opening = "import socket as s; s.socket(s.AF_INET, s.SOCK_DGRAM, s.IPPROTO_ICMP)"
    with network_with_firewall() as network:
        command = ["nsenter", f"--net={network.path}", *ORDINARY_USER, sys.executable, "-c", opening]
        network.allow_ping_sockets("1 0")  # Debian's default
        assert "Permission denied" in subprocess.run(command, capture_output=True, text=True, check=False).stderr
        network.allow_ping_sockets(wanted["net.ipv4.ping_group_range"])
        assert tool(*command) == ""


def group(name: str) -> set[str]:
    """The system calls of a group, as this systemd knows it, groups within it included."""
    lines = tool("systemd-analyze", "syscall-filter", "--no-pager", name).splitlines()
    words = [line.strip() for line in lines[1:] if line.startswith("    ") and not line.strip().startswith("#")]
    inside = [group(word) for word in words if word.startswith("@")]
    return {word for word in words if not word.startswith("@")}.union(*inside)


def allowed() -> set[str]:
    """What the unit's SystemCallFilter lines leave, taken in their order (systemd.exec(5))."""
    calls = group("@default")
    for line in values("SystemCallFilter"):
        named = [group(word) if word.startswith("@") else {word} for word in line.removeprefix("~").split()]
        calls = calls.difference(*named) if line.startswith("~") else calls.union(*named)
    return calls


@dataclass(frozen=True)
class Trace:
    """Every system call of a daemon that did everything once, and how its day ended."""

    lines: list[str]
    log: str
    exit_code: int

    def calls(self) -> set[str]:
        return {found[1] for line in self.lines if (found := re.match(r"\d+ +(\w+)\(", line))}

    def arguments(self, call: str) -> list[str]:
        return [line.partition(f" {call}(")[2] for line in self.lines if f" {call}(" in line]


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    """A day under the unit's own filter: start, sweep, ticket, mail over TLS, SMS, pages, reload, recovery, stop."""
    folder = tmp_path_factory.mktemp("trace")
    site, file = Site(folder=folder), folder / "trace"
    with network_with_firewall() as network, gateways(folder, network.path) as peers:
        network.allow_ping_sockets("0 2147483647")
        site.more_settings = "credentials: {smtp-password: environment, gateway: environment}\n" + peers.settings
        site.write()
        enter = ("nsenter", f"--net={network.path}", *ORDINARY_USER)
        strace = ("strace", "-f", "-qq", "-o", str(file))
        narrow = (sys.executable, str(Path(__file__).with_name("under_filter.py")), *sorted(allowed()), "--")
        told = {
            "NOTIFY_SOCKET": str(folder / "notify"),
            "WATCHDOG_USEC": "3000000",
            "NETMON_CREDENTIAL_SMTP_PASSWORD": PASSWORD,
            "NETMON_CREDENTIAL_GATEWAY": "secret",
        }
        with running(site, wrapper=(*enter, *strace, *narrow), **told) as daemon:
            strace_id = daemon.process.pid
            (inner,) = Path(f"/proc/{strace_id}/task/{strace_id}/children").read_text().split()
            silence(network, ADDRESSES[0])
            eventually(lambda: bool(peers.mailbox.mails and peers.smsbox.calls), 40, daemon.said)
            hear_again(network)
            eventually(lambda: len(peers.smsbox.calls) > 1 and len(peers.mailbox.mails) > 1, 40, daemon.said)
            for page in ("/", "/metrics", "/api/v1/tickets"):
                assert daemon.get(page).status_code == 200
            os.kill(int(inner), signal.SIGHUP)
            eventually((site.state / "reload.json").exists, 20, daemon.said)
            os.kill(int(inner), signal.SIGTERM)
            code = daemon.process.wait(20)
    lines = file.read_text(errors="replace").splitlines()
    (_runner, began) = (n for n, line in enumerate(lines) if re.match(rf"{inner} +execve\(.*\) = 0$", line))
    yield Trace(lines[began:], daemon.said(), code)


@pytest.mark.network
@pytest.mark.peer("systemd-analyze", "strace", "nft", "nsenter", "unshare")
class TestUnderTheUnitsOwnFilter:
    def test_the_daemon_does_all_its_work_without_a_complaint(self, trace: Trace) -> None:
        assert trace.exit_code == 0, trace.log
        assert not re.search(r"ERROR|CRITICAL|Traceback", trace.log), trace.log

    def test_every_system_call_it_makes_is_allowed(self, trace: Trace) -> None:
        assert {"sendmmsg", "recvmmsg", "fdatasync", "rename", "clone3", "socket"} <= trace.calls()
        assert trace.calls() - allowed() <= TRIED_ONLY

    def test_it_opens_sockets_of_the_allowed_families_only(self, trace: Trace) -> None:
        families = {argument.partition(",")[0] for argument in trace.arguments("socket")}
        assert {"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"} == families
        assert families <= set(values("RestrictAddressFamilies")[0].split())

    def test_no_memory_becomes_executable_that_was_written_to(self, trace: Trace) -> None:
        # What MemoryDenyWriteExecute= refuses: both at once, and execution granted afterwards.
        assert not [line for line in trace.arguments("mmap") if "PROT_WRITE|PROT_EXEC" in line]
        assert not [line for line in trace.arguments("mprotect") if "PROT_EXEC" in line]

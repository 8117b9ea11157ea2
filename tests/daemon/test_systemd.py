"""The unit that ships, held against systemd's own tools and against what the daemon really asks of the kernel."""

import contextlib
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

from netmon.probes.namespace import open_in_namespace
from tests.kit.gateways import gateways
from tests.kit.peers import ROOT
from tests.kit.running import (
    ADDRESSES,
    ORDINARY_USER,
    VILLAGES,
    Site,
    eventually,
    hear_again,
    network_with_firewall,
    running,
    silence,
)
from tests.kit.snmp_agent import COMMUNITY, running_snmpd
from tests.kit.snmpd import run_snmpd
from tests.kit.wire import Network
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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.peer("systemd-sysusers", "systemd-tmpfiles")
def test_settings_are_netmons_to_read_and_credentials_nobodys_but_roots(tmp_path: Path) -> None:
    settings = tmp_path / "etc" / "netmon" / "netmon.yaml"
    secret = settings.parent / "credentials" / "smtp-password"
    sheet = settings.parent / "inventory" / "volunteers.csv"
    for file in (settings, secret, sheet):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("as an editor leaves it")
        file.chmod(0o644)
    tool("systemd-sysusers", f"--root={tmp_path}", str(SYSTEMD / "netmon.sysusers.conf"))
    tool("systemd-tmpfiles", "--create", f"--root={tmp_path}", str(SYSTEMD / "netmon.tmpfiles.conf"))
    group = int(re.findall(r"^netmon:[^:]*:(\d+):", (tmp_path / "etc" / "group").read_text(), re.MULTILINE)[0])
    rights = {path: (path.stat().st_mode & 0o7777, path.stat().st_gid) for path in settings.parent.rglob("*")}
    assert rights == {
        settings: (0o640, group),
        sheet.parent: (0o750, group),
        sheet: (0o640, group),
        secret.parent: (0o700, 0),
        secret: (0o600, 0),
    }
    assert settings.parent.stat().st_mode & 0o7777 == 0o750


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
    """Every system call of a daemon that did everything once, how its day ended, and `netmon backup` meanwhile."""

    lines: list[str]
    log: str
    exit_code: int
    backup: subprocess.CompletedProcess[str]
    backup_lines: list[str]

    def calls(self) -> set[str]:
        return calls_in(self.lines)

    def arguments(self, call: str) -> list[str]:
        return [line.partition(f" {call}(")[2] for line in self.lines if f" {call}(" in line]


def calls_in(lines: list[str]) -> set[str]:
    return {found[1] for line in lines if (found := re.match(r"\d+ +(\w+)\(", line))}


CREDENTIALS = """\
credentials:
  smtp-password: environment
  gateway: environment
  village-read: environment
  olt-v3: {source: environment, user: netmon, auth: sha256, priv: aes128}
"""
SECRETS = {
    "NETMON_CREDENTIAL_SMTP_PASSWORD": PASSWORD,
    "NETMON_CREDENTIAL_GATEWAY": "secret",
    "NETMON_CREDENTIAL_VILLAGE_READ": COMMUNITY,
    "NETMON_CREDENTIAL_OLT_V3": "long-enough-passphrase",
}
USER = f"createUser netmon SHA-256 {SECRETS['NETMON_CREDENTIAL_OLT_V3']} AES"


@contextlib.contextmanager
def agents(site: Site, network: Network) -> Iterator[None]:
    """Agents of the second and third access point, one asked by community and one by an SNMPv3 user."""
    with contextlib.ExitStack() as stack:

        def begin() -> int:
            v3 = running_snmpd(site.folder / "v3", USER, "rouser netmon priv", host=ADDRESSES[2])
            port = stack.enter_context(v3).address[1]
            (site.folder / "v2c").mkdir()
            stack.enter_context(run_snmpd(site.folder / "v2c", [(ADDRESSES[1], port)], COMMUNITY))
            return port

        port = open_in_namespace(network.path, begin)
        quickly = f"interval: 1s, snmp_interval: 1s, snmp_port: {port},"
        site.settings.write_text(site.settings.read_text().replace("interval: 1s,", quickly))
        known = zip(VILLAGES, ADDRESSES, ("", "village-read", "olt-v3"), strict=True)
        rows = [f"AP-{village},ap,{address},{village},{credential}" for village, address, credential in known]
        devices = site.folder / "inventory" / "devices.csv"
        devices.write_text("\n".join(["id,role,address,village,credential", *rows]) + "\n")
        yield


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    """A day under the unit's own filter.

    Start, ping, SNMPv2c and v3, ticket, mail over TLS, SMS, pages, backup, reload, recovery, stop.
    """
    folder = tmp_path_factory.mktemp("trace")
    site, file, aside = Site(folder=folder), folder / "trace", folder / "backup.trace"
    with network_with_firewall() as network, gateways(folder, network.path) as peers:
        network.allow_ping_sockets("0 2147483647")
        site.more_settings = CREDENTIALS + peers.settings
        site.write()
        enter = ("nsenter", f"--net={network.path}", *ORDINARY_USER)
        strace = ("strace", "-f", "-qq", "-o")
        narrow = (sys.executable, str(Path(__file__).with_name("under_filter.py")), *sorted(allowed()), "--")
        told = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "3000000", **SECRETS}
        with (
            agents(site, network),
            running(site, wrapper=(*enter, *strace, str(file), *narrow), **told) as daemon,
        ):
            strace_id = daemon.process.pid
            (inner,) = Path(f"/proc/{strace_id}/task/{strace_id}/children").read_text().split()
            silence(network, ADDRESSES[0])
            eventually(lambda: bool(peers.mailbox.mails and peers.smsbox.calls), 40, daemon.said)
            hear_again(network)
            eventually(lambda: len(peers.smsbox.calls) > 1 and len(peers.mailbox.mails) > 1, 40, daemon.said)
            eventually(lambda: daemon.metric("netmon_snmp_devices") == len(ADDRESSES) - 1, 40, daemon.said)
            eventually(lambda: daemon.metric("netmon_snmp_polls_answered_total") > len(ADDRESSES), 40, daemon.said)
            for page in ("/", "/metrics", "/metrics/province/34", "/api/v1/tickets"):
                assert daemon.get(page).status_code == 200
            backup = site.netmon("backup", str(folder / "copy.db"), wrapper=(*enter, *strace, str(aside), *narrow))
            os.kill(int(inner), signal.SIGHUP)
            eventually((site.state / "reload.json").exists, 20, daemon.said)
            os.kill(int(inner), signal.SIGTERM)
            code = daemon.process.wait(20)
    yield Trace(narrowed(file), daemon.said(), code, backup, narrowed(aside))


def narrowed(file: Path) -> list[str]:
    """What was traced after the filter was in force and had become the program it is for."""
    lines = file.read_text(errors="replace").splitlines()
    began = [number for number, line in enumerate(lines) if re.match(r"\d+ +execve\(.*\) = 0$", line)]
    return lines[began[1] :]


@pytest.mark.network
@pytest.mark.peer("systemd-analyze", "strace", "nft", "nsenter", "snmpd", "unshare")
class TestUnderTheUnitsOwnFilter:
    def test_the_daemon_does_all_its_work_without_a_complaint(self, trace: Trace) -> None:
        assert trace.exit_code == 0, trace.log
        assert not re.search(r"ERROR|CRITICAL|Traceback", trace.log), trace.log

    def test_every_system_call_it_makes_is_allowed(self, trace: Trace) -> None:
        assert {"sendmmsg", "recvmmsg", "fdatasync", "rename", "clone3", "socket"} <= trace.calls()
        assert trace.calls() - allowed() <= TRIED_ONLY

    def test_a_backup_made_meanwhile_needs_no_more_than_the_daemon(self, trace: Trace) -> None:
        assert trace.backup.returncode == 0, trace.backup.stderr
        assert trace.backup.stdout.endswith("MB, checked.\n")
        assert {"fsync", "rename"} <= calls_in(trace.backup_lines)
        assert calls_in(trace.backup_lines) - allowed() <= TRIED_ONLY

    def test_it_opens_sockets_of_the_allowed_families_only(self, trace: Trace) -> None:
        families = {argument.partition(",")[0] for argument in trace.arguments("socket")}
        assert {"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"} == families
        assert families <= set(values("RestrictAddressFamilies")[0].split())

    def test_no_memory_becomes_executable_that_was_written_to(self, trace: Trace) -> None:
        # What MemoryDenyWriteExecute= refuses: both at once, and execution granted afterwards.
        assert not [line for line in trace.arguments("mmap") if "PROT_WRITE|PROT_EXEC" in line]
        assert not [line for line in trace.arguments("mprotect") if "PROT_EXEC" in line]

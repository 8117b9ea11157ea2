"""What the daemon does when its database is in trouble, and what the operator reads."""

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from netmon.stores import open_store
from tests.kit.peers import skip_or_fail
from tests.kit.running import (
    ADDRESSES,
    ORDINARY_USER,
    RunningDaemon,
    Site,
    eventually,
    hear_again,
    network_with_firewall,
    running,
    silence,
)
from tests.kit.wire import Network
from tests.stores.sample import RememberedVitals

SMALL_DISK = 'mount -t tmpfs -o size=2m,mode=0700 tmpfs "$0" && exec "$@"'
FULL = (
    'cp "$0/netmon.db" "$0/../copy" && mount -t tmpfs -o size=1m,mode=0700 tmpfs "$0" && mv "$0/../copy" "$0/netmon.db"'
    ' && { dd if=/dev/zero of="$0/ballast" 2>&-; exec "$@"; }'
)
FAILED, BAD_INPUT = 1, 2

pytestmark = pytest.mark.network


@pytest.fixture
def network() -> Iterator[Network]:
    with network_with_firewall() as network:
        yield network


def ticket_count(daemon: RunningDaemon) -> int:
    return len(daemon.tickets()["tickets"])


def sweeps_go_on(daemon: RunningDaemon) -> None:
    """Replies still come in, and the villages' health still changes."""
    before = daemon.metric("netmon_icmp_replies_total")
    eventually(lambda: daemon.metric("netmon_icmp_replies_total") >= before + 3)


@pytest.mark.peer("nft", "unshare")
def test_with_a_full_disk_sweeps_go_on_readiness_says_why_and_the_ticket_comes_when_there_is_room(
    tmp_path: Path, network: Network
) -> None:
    site = Site(folder=tmp_path, namespace=network.path)
    with running(site, wrapper=("unshare", "--mount", "sh", "-c", SMALL_DISK, str(site.state))) as daemon:
        state = Path(f"/proc/{daemon.process.pid}/root{site.state}")
        fill(state / "ballast")
        silence(network, ADDRESSES[0])
        eventually(lambda: daemon.ready()[0] == 503, 20, daemon.said)
        assert "The disk of the database is full; make room there, netmon goes on by itself." in daemon.ready()[1]
        sweeps_go_on(daemon)
        assert ticket_count(daemon) == 0
        assert daemon.said().count("tickets=unwritten") == 1
        (state / "ballast").unlink()
        eventually(lambda: daemon.ready()[0] == 200 and ticket_count(daemon) == 1, 20, daemon.said)
        assert daemon.said().count("tickets=written") == 1
        eventually(lambda: any(state.glob("sms/*opened*")), 20, daemon.said)
        hear_again(network)
        eventually(lambda: any(state.glob("sms/*resolved*")), 20, daemon.said)


def fill(ballast: Path) -> None:
    with pytest.raises(OSError, match="No space left"), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@contextlib.contextmanager
def read_only(daemon: RunningDaemon, files: Sequence[Path]) -> Iterator[None]:
    """Every write of the daemon to these files is answered as on a disk that was made read-only (EROFS)."""
    calls = "pwrite64,pwritev,ftruncate,fdatasync,fsync"
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:error=EROFS"]
    command += [word for file in files for word in ("-P", str(file))]
    tracing = subprocess.Popen([*command, "-p", str(daemon.process.pid)], stderr=subprocess.PIPE)
    try:
        yield
    finally:
        tracing.send_signal(signal.SIGINT)
        tracing.communicate(timeout=20)


@pytest.mark.peer("nft", "strace")
def test_a_disk_that_is_read_only_for_a_while_holds_up_tickets_alone_and_all_goes_on_by_itself(
    tmp_path: Path, network: Network
) -> None:
    site = Site(folder=tmp_path, namespace=network.path)
    files = [site.state / f"netmon.db{ending}" for ending in ("", "-wal", "-shm", "-journal")]
    with running(site) as daemon:
        with read_only(daemon, files):
            silence(network, ADDRESSES[0])
            eventually(lambda: daemon.ready()[0] == 503, 30, daemon.said)
            assert "The disk of the database fails to read or write; the kernel's log" in daemon.ready()[1]
            sweeps_go_on(daemon)
            assert ticket_count(daemon) == 0
            assert daemon.said().count("tickets=unwritten") == 1
        eventually(lambda: daemon.ready()[0] == 200 and ticket_count(daemon) == 1, 30, daemon.said)
        eventually(lambda: any(site.state.glob("sms/*opened*")), 20, daemon.said)
        assert "Traceback" not in daemon.said()


LOOP = (
    'mount -o loop "$1" "$0" && chmod 700 "$0" && findmnt --noheadings --output SOURCE "$0" > "$1.device" && shift 1 '
    '&& exec "$@"'
)


@pytest.mark.slow  # a file system is made, broken and mended
@pytest.mark.peer("nft", "unshare", "mkfs.ext4", "e2fsck", "losetup")
def test_a_file_system_that_the_kernel_makes_read_only_is_said_and_after_its_repair_nothing_is_missing(
    tmp_path: Path, network: Network
) -> None:
    site, image = Site(folder=tmp_path, namespace=network.path), tmp_path / "disk"
    image.write_bytes(bytes(32 << 20))
    subprocess.run(["mkfs.ext4", "-q", "-F", "-e", "remount-ro", str(image)], check=True)
    if not Path("/sys/fs/ext4").exists() or not list(Path("/dev").glob("loop[0-9]*")):
        skip_or_fail("no loop device with ext4 to be had here")
    mounted = ("unshare", "--mount", "sh", "-c", LOOP, str(site.state), str(image))
    with running(site, wrapper=mounted) as daemon:
        device = Path((tmp_path / "disk.device").read_text().strip()).name
        silence(network, ADDRESSES[1])
        eventually(lambda: ticket_count(daemon) == 1, 20, daemon.said)
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("1")
        silence(network, ADDRESSES[0])
        eventually(lambda: daemon.ready()[0] == 503, 30, daemon.said)
        assert "The disk of the database fails to read or write" in daemon.ready()[1]
        sweeps_go_on(daemon)
        assert daemon.get("/api/v1/overview").status_code == 200
        assert "Traceback" not in daemon.said()
    subprocess.run(["e2fsck", "-fy", str(image)], check=False, capture_output=True)
    with running(site, wrapper=mounted) as daemon:
        eventually(lambda: ticket_count(daemon) == 2, 30, daemon.said)
        state = Path(f"/proc/{daemon.process.pid}/root{site.state}")
        eventually(lambda: any(state.glob("sms/*opened*")), 20, daemon.said)


@pytest.mark.slow  # SQLite waits 5 seconds for the lock before it gives up
@pytest.mark.peer("nft")
def test_a_database_that_another_program_locks_holds_up_tickets_but_neither_sweeps_nor_pages(
    tmp_path: Path, network: Network
) -> None:
    site = Site(folder=tmp_path, namespace=network.path)
    with running(site) as daemon, closing(sqlite3.connect(site.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        silence(network, ADDRESSES[0])
        eventually(lambda: daemon.ready()[0] == 503, 20, daemon.said)
        assert "Another program keeps the database locked" in daemon.ready()[1]
        sweeps_go_on(daemon)
        other.execute("ROLLBACK")
        eventually(lambda: daemon.ready()[0] == 200 and ticket_count(daemon) == 1, 20, daemon.said)


def test_a_damaged_database_is_left_alone_and_netmon_says_what_to_do(tmp_path: Path, netmon) -> None:
    site = Site(folder=tmp_path)
    site.database.write_bytes(b"this was a database once" * 400)
    before = site.database.read_bytes()
    code, _, complaint = netmon(site, "run")
    assert code == FAILED
    assert complaint.startswith("The database file is damaged or is none; it was left as it is. Restore a backup")
    assert complaint.count("\n") == 1
    assert site.database.read_bytes() == before


def test_damage_in_a_corner_is_found_before_anything_is_written(tmp_path: Path, netmon) -> None:
    site = Site(folder=tmp_path)
    asyncio.run(made(site))
    with closing(sqlite3.connect(site.database)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ticket_event'").fetchone()
    body = bytearray(site.database.read_bytes())
    body[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    site.database.write_bytes(body)
    code, _, complaint = netmon(site, "run")
    assert code == FAILED
    assert complaint.splitlines()[-1].startswith("The database file is damaged or is none; it was left as it is.")
    assert site.database.read_bytes() == bytes(body)


NOTHING_MORE = 'mount -t tmpfs -o nr_inodes=1,mode=0700 tmpfs "$0" && exec "$@"'
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


@pytest.mark.peer("unshare")
@pytest.mark.parametrize(
    ("disk", "reason"), [(NOTHING_MORE, "No space left"), (READ_ONLY, "Read-only file system"), (FULL, "is full")]
)
def test_a_disk_that_may_be_mended_later_ends_the_start_so_that_systemd_tries_again(
    tmp_path: Path, disk: str, reason: str
) -> None:
    site = Site(folder=tmp_path)
    asyncio.run(made(site))
    done = site.netmon("run", wrapper=("unshare", "--mount", "sh", "-c", disk, str(site.state)))
    # Not 2, which is for mistakes in the settings: after that the unit stays down (RestartPreventExitStatus=).
    assert done.returncode == FAILED
    assert reason in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.peer("unshare")
def test_a_database_that_may_only_be_read_is_told_in_a_sentence(tmp_path: Path) -> None:
    site = Site(folder=tmp_path)
    asyncio.run(made(site))
    site.database.chmod(0o400)
    done = site.netmon("run", wrapper=ORDINARY_USER)
    assert done.returncode == FAILED
    assert done.stderr.splitlines()[-1].startswith("The database can be read but not written; give netmon's user")
    assert "Traceback" not in done.stderr


async def made(site: Site) -> None:
    await (await open_store(f"sqlite:///{site.database}", vitals=RememberedVitals())).close()


def test_backup_beside_a_running_daemon_and_restore_only_after_it(tmp_path: Path, netmon) -> None:
    site, copy = Site(folder=tmp_path), tmp_path / "copy.db"
    with running(site) as daemon:
        code, said, complaint = netmon(site, "backup", str(copy))
        assert (code, complaint) == (0, "")
        assert said.endswith("MB, checked.\n")
        in_use = f"Another netmon is at work on {site.database}; stop that first.\n"
        assert netmon(site, "restore", str(copy)) == (BAD_INPUT, "", in_use)
        running_already = f"Another netmon runs on {site.state} already; end it first, or use another state directory."
        assert netmon(site, "run") == (BAD_INPUT, "", running_already + "\n")
        assert daemon.ready()[0] == 200
    restored = f"Restored from {copy}. What was there is now {site.database}.replaced.\n"
    assert netmon(site, "restore", str(copy)) == (0, restored, "")
    asyncio.run(made(site))

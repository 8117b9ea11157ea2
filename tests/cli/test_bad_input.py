"""Every command answers a wrong file, address, id or option with one sentence and exit code 2."""

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Netmon
from tests.kit.peers import ROOT, find_program


@pytest.fixture
def mess(tmp_path: Path) -> Iterator[int]:
    """Fill the folder with everything an operator may name by mistake; gives a port that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        for folder in ("folder", "empty", "state"):
            (tmp_path / folder).mkdir()
        (tmp_path / "loop").symlink_to("loop")
        (tmp_path / "folder" / "thesis.txt").write_text("three years of work")
        (tmp_path / "binary").write_bytes(bytes(range(256)) * 8)
        with sqlite3.connect(tmp_path / "other.db") as foreign:
            foreign.execute("CREATE TABLE wedding (guest TEXT)")
        foreign.close()
        land = f"inventory: {{directory: {ROOT}/config/inventory}}\n"
        for name, text in {
            "empty.yaml": "",
            "nowhere.yaml": "inventory: {directory: nowhere}",
            "no_store.yaml": "store: {url: ''}",
            "pathless.yaml": "store: {url: 'sqlite:///'}",
            "no_database.yaml": f"{land}store: {{url: 'sqlite:///{tmp_path}/binary'}}",
            "folder_store.yaml": f"{land}store: {{url: 'sqlite:///{tmp_path}/folder'}}",
            "foreign_store.yaml": f"{land}store: {{url: 'sqlite:///{tmp_path}/other.db'}}",
            "foreign.yaml": f"store: {{url: 'sqlite:///{tmp_path}/other.db'}}",
            "fresh.yaml": f"store: {{url: 'sqlite:///{tmp_path}/not_yet.db'}}",
            "gone.yaml": "store: {url: 'postgresql://nobody@127.0.0.1:1/netmon'}",
            "taken.yaml": f"inventory: {{directory: {ROOT}/config/inventory}}\nweb: {{listen: 127.0.0.1, port: {port}}}"
            "\ntemplates: {directory: " + f"{ROOT}/config/templates}}",
        }.items():
            (tmp_path / name).write_text(text)
        yield port


MISTAKES = {
    "frobnicate": "No such command 'frobnicate'",
    "--frobnicate": "No such option '--frobnicate'",
    "check": "/etc/netmon/netmon.yaml: no such file",
    "check -c folder": "folder: is a directory; name the file in it",
    "check -c binary": "is not UTF-8 text; save it as UTF-8",
    "check -c missing": "missing: no such file; check the path",
    "check -c nowhere.yaml": "villages.csv: no such file in",
    "check -c empty.yaml": "villages.csv: no such file in",
    "check -c no_store.yaml": "no_store.yaml:1: store.url: should be a database URL",
    "check surplus": "Got unexpected extra argument (surplus)",
    "run -c folder": "folder: is a directory",
    "run -c binary": "is not UTF-8 text",
    "run -c nowhere.yaml": "villages.csv: no such file in",
    "run -c pathless.yaml": "should name a file after three slashes",
    "run -c taken.yaml --http-fd 99": "--http-fd 99 is no open socket",
    "run -c taken.yaml --http-fd 1": "1 is not in the range",
    "run -c taken.yaml --http-fd first": "'first' is not a valid whole number",
    "explain": "Missing argument 'VILLAGE|DEVICE'",
    "explain 34010101 -c folder": "folder: is a directory",
    "explain 99 -c taken.yaml": "There is no village '99' in the inventory",
    "outbox list -c no_database.yaml": "binary is no database; it was left as it is",
    "outbox list -c fresh.yaml": "not_yet.db; the daemon makes it",
    "backup folder -c fresh.yaml": "File 'folder' is a directory",
    "backup copy -c fresh.yaml": "not_yet.db; the daemon makes it",
    "backup copy -c no_database.yaml": "binary is no database; it was left as it is",
    "backup nowhere/copy -c foreign.yaml": "nowhere/copy cannot be written: No such file or directory.",
    "restore missing -c fresh.yaml": "missing",
    "restore binary -c fresh.yaml": "binary",
    "reload -c folder": "folder: is a directory",
    "inventory generate": "Missing argument 'DIRECTORY'",
    "inventory generate folder": "folder is not empty; name a new directory.",
    "inventory generate binary": "Directory 'binary' is a file",
    "inventory generate new --villages 0": "0 is not in the range",
    "inventory generate new --villages many": "'many' is not a valid whole number",
    "inventory generate new --villages 1000000": "1000000 is not in the range",
    "inventory generate new --seed lucky": "'lucky' is not a valid whole number",
    "inventory generate new --coordinates missing": "File 'missing' does not exist",
    "inventory generate new --coordinates binary": "binary is not UTF-8 text; save it as UTF-8",
    "inventory generate new --coordinates empty.yaml": "empty.yaml is empty; the columns are tambon_code,lat,lon",
    "inventory generate /proc/new --villages 20": "cannot be written to /proc/new: No such file or directory",
    "inventory doctor": "Missing argument 'DIRECTORY'",
    "inventory doctor missing": "Directory 'missing' does not exist",
    "inventory doctor binary": "Directory 'binary' is a file",
    "inventory doctor folder": "folder holds no inventory; name the folder with villages.csv",
    "tickets show": "Missing argument 'NUMBER'",
    "tickets list -c missing": "missing: no such file",
    "tickets list -c folder": "folder: is a directory",
    "tickets list -c fresh.yaml": "not_yet.db; the daemon makes it",
    "tickets list -c no_database.yaml": "binary is no database; it was left as it is",
    "tickets list -c folder_store.yaml": "folder cannot be read: Is a directory.",
    "tickets list -c foreign.yaml": "The database holds tables that are not netmon's",
    "tickets list -c gone.yaml": "The database cannot be opened",
    "tickets list -c no_store.yaml": "should be a database URL",
    "tickets note 7 -c fresh.yaml": "Missing argument 'TEXT'",
    "tickets ack 7 -c fresh.yaml": "not_yet.db; the daemon makes it",
    "tickets lose 7": "No such command 'lose'",
    "bench frobnicate": "No such command 'frobnicate'",
    "bench icmp --devices 0": "0 is not in the range",
    "bench icmp --rounds all": "'all' is not a valid whole number",
    "bench icmp --json folder": "File 'folder' is a directory",
    "bench icmp --json nowhere/figures.json": "nowhere/figures.json cannot be written: No such file or directory.",
    "demo --for abc": "'abc' is not a valid number",
    "demo --for nan": "'nan' is not a valid number",
    "demo --for 10": "10.0 is not in the range",
    "demo --for 1e9": "1000000000.0 is not in the range",
    "demo --villages 0": "0 is not in the range",
    "demo --villages 1e3": "'1e3' is not a valid whole number",
    "demo --port 70000": "70000 is not in the range",
    "demo --dir folder": "folder holds something that is no demo's; name another folder with --dir",
    "demo --dir binary": "binary holds something that is no demo's",
    "demo --dir /proc/demo": "/proc/demo cannot be written",
    "demo --dir loop": "loop leads nowhere: its links run in a circle; name another folder with --dir",
    "demo --dir binary/new": "binary/new cannot be written: Not a directory",
    "demo --dir what?": "has a character in its path that a database URL cannot hold",
    "demo --dir a:b": "has a character in its path that a database URL cannot hold",
    "demo --quick": "No such option '--quick'",
}


@pytest.mark.parametrize("line", MISTAKES)
@pytest.mark.usefixtures("mess")
def test_a_mistake_is_answered_in_a_sentence_and_exit_code_2(line: str, netmon: Netmon, tmp_path: Path) -> None:
    said = netmon(*line.split())
    assert (said.code, "Traceback" in said.err) == (2, False)
    assert MISTAKES[line] in said.err
    assert (tmp_path / "folder" / "thesis.txt").exists()
    assert not (tmp_path / "not_yet.db").exists()
    assert (tmp_path / "binary").read_bytes() == bytes(range(256)) * 8


@pytest.mark.usefixtures("mess")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("no_database.yaml", "The database file is damaged or is none; it was left as it is."),
        ("folder_store.yaml", "The database cannot be opened"),
        ("foreign_store.yaml", "The database holds tables that are not netmon's"),
    ],
)
def test_a_database_the_daemon_cannot_use_is_a_sentence_and_stays_as_it_is(
    settings: str, words: str, netmon: Netmon, tmp_path: Path
) -> None:
    """Exit code 1, not 2: the settings are good, and a restart may find the disk mounted."""
    before = (tmp_path / "binary").read_bytes(), (tmp_path / "other.db").read_bytes()
    said = netmon("run", "-c", settings)
    assert (said.code, "Traceback" in said.err) == (1, False)
    assert words in said.err
    assert ((tmp_path / "binary").read_bytes(), (tmp_path / "other.db").read_bytes()) == before


@pytest.mark.usefixtures("mess")
def test_an_unreadable_file_is_named(netmon: Netmon, tmp_path: Path) -> None:
    """Root reads everything, so a loop of links stands in for a closed door."""
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    said = netmon("check", "-c", "loop.yaml")
    assert (said.code, "loop.yaml" in said.err, "Traceback" in said.err) == (2, True, False)


def test_a_taken_port_is_told_at_the_start(mess: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "netmon.cli", "run", "-c", str(tmp_path / "taken.yaml")],
        capture_output=True, text=True, check=False, timeout=60, cwd=ROOT,
        env={**os.environ, "STATE_DIRECTORY": str(tmp_path / "state")},
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert f"Port {mess} on 127.0.0.1 is taken by another program; stop that or choose another port." in done.stderr


def test_a_demo_on_a_taken_port_says_so_and_starts_nothing(netmon: Netmon, mess: int) -> None:
    said = netmon("demo", "--dir", "new", "--port", str(mess))
    assert said.code == 2
    assert f"Port {mess} on 127.0.0.1 is taken" in said.err


def test_a_socket_that_does_not_listen_is_refused(netmon: Netmon, mess: int) -> None:
    with socket.socket() as idle:
        said = netmon("run", "-c", "taken.yaml", "--http-fd", str(idle.fileno()))
        assert idle.fileno() >= 0
    assert (said.code, mess > 0) == (2, True)
    assert "does not listen; give the number of a listening stream socket." in said.err


@pytest.mark.network
@pytest.mark.peer("setpriv", "unshare")
def test_a_user_without_icmp_sockets_is_told_what_to_set(tmp_path: Path) -> None:
    """In a network namespace of its own, where ping_group_range is closed as the kernel closes it."""
    settings = tmp_path / "netmon.yaml"
    settings.write_text(f"inventory: {{directory: {ROOT}/config/inventory}}\nweb: {{listen: 127.0.0.1, port: 0}}\n")
    (tmp_path / "state").mkdir()
    drop = [find_program("setpriv"), "--bounding-set=-net_raw", "--inh-caps=-net_raw", "--"]
    closed = f"ip link set lo up; exec {' '.join(map(str, drop))} {sys.executable} -m netmon.cli run -c {settings}"
    done = subprocess.run(
        [str(find_program("unshare")), "--net", "sh", "-c", closed],
        capture_output=True, text=True, check=False, timeout=60, cwd=ROOT,
        env={**os.environ, "STATE_DIRECTORY": str(tmp_path / "state")},
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "net.ipv4.ping_group_range" in done.stderr
    assert "CAP_NET_RAW" in done.stderr


def test_output_that_nobody_reads_any_more_is_no_traceback() -> None:
    command = f"{sys.executable} -m netmon.cli --help | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60)
    assert "Traceback" not in done.stderr


def test_output_to_a_full_disk_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "netmon.cli", "--help"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT, timeout=60,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "The output cannot be read or written: No space left on device.\n")

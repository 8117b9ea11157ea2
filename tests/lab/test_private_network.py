"""The lab for an ordinary user, without /dev/net/tun; and what each way into a namespace says when it is refused."""

import json
import os
import pwd
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from netmon.lab.country import generate
from tests.kit.peers import ROOT, find_program, skip_or_fail
from tests.lab.running import quiet
from tests.lab.test_responder import chain

pytestmark = [pytest.mark.network, pytest.mark.peer("setpriv")]

NOBODY = pwd.getpwnam("nobody")
_PLAIN = ["--reuid", str(NOBODY.pw_uid), "--regid", str(NOBODY.pw_gid), "--clear-groups", "--bounding-set=-all"]
# setpriv reaches its program with root's rights still, so the program must be able to start itself once more.
_PROBE = (
    "import netmon.lab.process, tests.lab.running, subprocess, sys; subprocess.run([sys.executable, '-V'], check=True)"
)


def as_nobody(*command: str) -> list[str]:
    return [str(find_program("setpriv")), *_PLAIN, "--inh-caps=-all", *command]


def environment() -> dict[str, str]:
    packages = [folder for folder in sys.path if folder.endswith("-packages")]
    return {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *packages]),
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def interpreter() -> str:
    """A Python of this version that nobody may run: this one, unless it lies in root's home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        tried = subprocess.run(
            as_nobody(python, "-c", _PROBE), capture_output=True, check=False, env=environment(), cwd=ROOT
        )
        if tried.returncode == 0:
            return python
    skip_or_fail(f"No {version} that an ordinary user may run has netmon's libraries within reach.")
    raise AssertionError


def test_ordinary_user_gets_the_country_over_a_veth_pair(tmp_path: Path) -> None:
    python = interpreter()
    folder = Path(subprocess.run(as_nobody("mktemp", "-d"), capture_output=True, text=True, check=True).stdout.strip())
    _, _, ap = chain(generate(quiet().country.plan()))
    command = as_nobody(python, "-m", "tests.lab.as_ordinary_user", str(folder), ap.address)
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT) as process:
            assert process.stdout is not None
            found = json.loads(process.stdout.readline())
            # The socket opened before still listens in the host's network, where this test lives.
            socket.create_connection(("127.0.0.1", found["port"]), timeout=5).close()
            assert process.wait(5) == 0
        assert found["user"] == NOBODY.pw_uid and found["own"] is False
        assert found["lab"]["wire"] == "veth"
        assert (
            found["did"]
            == f"entered a user and network namespace of its own (user {NOBODY.pw_uid} is its administrator)"
        )
        assert (found["answered"], found["answered_after_isolation"]) == (True, True)
        assert found["said"] == ["begin", "end", "over"]
        assert {line.split()[0] for line in found["routes"].splitlines()[1:]} == {"netmon0"}
        assert found["exit"] == 0
        assert (folder / "truth.jsonl").stat().st_uid == NOBODY.pw_uid
    finally:
        subprocess.run(as_nobody("rm", "-r", str(folder)), check=True)
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    assert "netmon" not in links


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("make_own_namespace()", "no network namespace for the lab: Operation not permitted; run as root or"),
        (
            "enter_private_network()",
            "the kernel gives this user no network namespace (Operation not permitted); run as",
        ),
    ],
)
def test_refusal_of_the_kernel_is_told_in_a_sentence(call: str, sentence: str) -> None:
    # A process in a chroot may make no user namespace (user_namespaces(7)): a refusal that needs no setting changed.
    program = f"""
import os, sys
from netmon.errors import NetmonError
from netmon.lab import namespace
os.chroot("/proc/self/cwd")
os.setresgid({NOBODY.pw_gid}, {NOBODY.pw_gid}, {NOBODY.pw_gid})
os.setresuid({NOBODY.pw_uid}, {NOBODY.pw_uid}, {NOBODY.pw_uid})
try:
    namespace.{call}
except NetmonError as refused:
    print(refused)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.startswith(sentence), done.stdout + done.stderr

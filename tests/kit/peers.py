"""What a test needs from the machine it runs on, and what happens where that is missing.

On somebody's own computer the test skips and says what would let it run. In continuous integration (`CI=true`)
nothing may be missing, so there it fails: a skipped test proves nothing.
"""

import glob
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_FOLDERS = (  # where daemons live; not on an ordinary user's PATH
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
    "/usr/lib/kannel/test",
    *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True),
)


def find_program(name: str) -> str | None:
    """Give the full path of a program, the system folders included."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS]))


def shared_or_skip() -> Path:
    """Give the folder of recordings and references beside the checkout; `NETMON_SHARED` names another place.

    A folder that was named must be there, in continuous integration one of the two.
    """
    named = os.environ.get("NETMON_SHARED")
    folder = Path(named or ROOT.parent / "shared")
    if folder.is_dir():
        return folder
    if named:
        pytest.fail(f"NETMON_SHARED names {named}, and there is no such folder.", pytrace=False)
    skip_or_fail("The recordings of real devices are not beside this checkout; NETMON_SHARED may name their folder.")


@cache
def can_make_namespaces() -> bool:
    """Try once whether this user may make a network namespace."""
    unshare = find_program("unshare")
    if unshare is None or os.geteuid() != 0:
        return False
    return subprocess.run([unshare, "--net", "true"], check=False, capture_output=True).returncode == 0


def missing_for(item: pytest.Item) -> Iterator[str]:
    """Say, one sentence each, what a test's markers ask for and this machine has not."""
    for marker in item.iter_markers("peer"):
        for program in marker.args:
            if find_program(program) is None:
                yield f"{program} is not installed; as root, tests/install-peers installs it."
    if item.get_closest_marker("network") and not can_make_namespaces():
        yield "Making a network namespace is not allowed here; run the tests as root."


def skip_or_fail(sentence: str) -> NoReturn:
    """Skip the running test with this sentence, or fail it in continuous integration."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)

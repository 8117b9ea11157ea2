"""What a bench starts ends with it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

_BENCH = "import sys; from netmon.cli.bench.processes import run_counted; run_counted(sys.argv[1:])"
_PATIENCE = 30.0


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_for(condition) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(condition())


@pytest.mark.peer("setpriv")
def test_contender_ends_when_its_bench_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    contender = ["/bin/sh", "-c", 'echo $$ >"$0.part"; mv "$0.part" "$0"; exec sleep 300', os.fspath(told)]
    with subprocess.Popen([sys.executable, "-c", _BENCH, *contender]) as bench:
        try:
            assert _wait_for(told.exists)
        finally:
            bench.kill()
    contender_pid = int(told.read_text())
    assert _wait_for(lambda: not _is_running(contender_pid))

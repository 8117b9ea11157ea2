"""Asking the running daemon for something by a signal, and waiting for the report it leaves in its state directory."""

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netmon.daemon.pid_file import running_daemon
from netmon.errors import NetmonError

LOOK_EVERY = 0.1


def daemon_on(state: Path) -> int:
    """Process id of the daemon on this state directory.

    Raises:
        NetmonError: none runs there, or it is still starting.
    """
    pid = running_daemon(state)
    if pid is None:
        raise NetmonError(f"No netmon runs on {state}. If it runs elsewhere, name its folder in STATE_DIRECTORY.")
    if pid == 0:
        raise NetmonError("netmon is still starting; nothing was done.")
    return pid


def ask_by_signal(pid: int, number: signal.Signals, report: Path, within: float) -> Mapping[str, Any]:
    """Send the signal and wait for a report that began after it.

    Raises:
        NetmonError: it may not be sent, or there is no report within so many seconds.
    """
    asked_at = time.time()
    try:
        os.kill(pid, number)
        return _answer(report, asked_at, within)
    except OSError as error:
        raise NetmonError(f"netmon (process {pid}) cannot be asked: {error.strerror}.") from error


def _answer(report: Path, asked_at: float, within: float) -> Mapping[str, Any]:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            said: Mapping[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        except FileNotFoundError:
            said = {"began": 0.0}
        if said["began"] >= asked_at:
            return said
        time.sleep(LOOK_EVERY)
    raise NetmonError(f"netmon has not answered within {within:.0f} seconds; its log says more.")

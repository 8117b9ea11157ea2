"""The demo's processes: the lab and the daemon, each its own, both gone when the demo ends however it ends."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from netmon.errors import NetmonError

END_WITHIN = 10.0
LAB_READY_WITHIN = 60.0


@contextlib.contextmanager
def running(command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """A child process in a process group of its own, so that a Ctrl-C reaches only the demo, which ends it in order."""
    with log.open("ab") as out:
        child = subprocess.Popen(  # noqa: S603 - our own programs
            command, stdin=subprocess.PIPE, stdout=more.pop("stdout", out), stderr=out,
            env={**os.environ, **(env or {})}, start_new_session=True, **more,
        )  # fmt: skip
    try:
        yield child
    finally:
        end(child)


def end(child: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then make it."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

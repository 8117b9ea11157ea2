"""Contenders run as processes of their own, so that the operating system counts their CPU time."""

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has ended: what it printed, and its own and its children's time, seconds."""

    stdout: str
    stderr: str
    wall: float
    cpu: float


def mortal(argv: Sequence[str]) -> list[str]:
    """The command, ended with us whatever ends us: a killed bench leaves no agents and contenders behind.

    setpriv (util-linux) sets the signal and becomes the program, so the process is the same; without it, as it was.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--", *argv] if setpriv else list(argv)


def run_counted(argv: Sequence[str], *, stdin: str = "") -> Finished:
    """Run a program to its end; CPU is user + system time of it and its children, as wait4 tells."""
    before, began = _children_cpu(), time.monotonic()
    command = mortal(argv)
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)  # noqa: S603 - our own list
    return Finished(done.stdout, done.stderr, time.monotonic() - began, _children_cpu() - before)


def run_contender(module: str, *arguments: str) -> dict[str, float]:
    """Run one of our Python contenders; it counts its own CPU from when its imports are done and prints JSON."""
    done = run_counted([sys.executable, "-m", module, *arguments])
    lines = done.stdout.splitlines()
    if not lines:
        raise RuntimeError(f"{module} {' '.join(arguments)}: {done.stderr.strip().splitlines()[-1:]}")
    answer: dict[str, float] = json.loads(lines[-1])
    return answer


def own_cpu() -> float:
    """User + system seconds of this process and its finished children."""
    mine, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime


def cpu_of(pid: int) -> float:
    """User + system seconds of a running process (/proc/PID/stat, fields 14 and 15)."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_port(address: str, patience: float = 10.0) -> None:
    """Wait until somebody listens on host:port.

    Raises:
        OSError: nobody does, for `patience` seconds.
    """
    host, _, port = address.partition(":")
    deadline = time.monotonic() + patience
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _children_cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime

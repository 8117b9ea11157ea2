"""The demo's processes: the lab and the daemon, each its own, both gone when the demo ends, however it ends."""

import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netmon.cli.demo.stage import ELSEWHERE, Stage
from netmon.errors import InputError, NetmonError
from netmon.lab.namespace import Home, may_make_namespace
from netmon.lab.process import LabArguments
from netmon.lab.scenario import Scenario

END_WITHIN = 10.0
READY_WITHIN = 120.0
ROOM = 64 * 1024
"""A disk with less room (bytes) counts as full: a database needs more for its next page and log."""


class Process:
    """A child in a session of its own, so that a Ctrl-C reaches the demo alone, which ends the others in order."""

    def __init__(
        self, command: list[str], *, log: Path, keep_stdout: bool = False, fds: Sequence[int] = (), **env: str
    ) -> None:
        self._log = log
        with log.open("ab") as out:
            self.child = subprocess.Popen(  # noqa: S603 - our own programs
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if keep_stdout else out,
                stderr=out,
                pass_fds=tuple(fds),
                env={**os.environ, **env},
                start_new_session=True,
            )

    def ended(self, who: str) -> NetmonError:
        """Why it ended when it should not have, with the last line of its log."""
        if shutil.disk_usage(self._log.parent).free < ROOM:
            return InputError(f"The disk of {self._log.parent} is full; make room there, or {ELSEWHERE}.")
        lines = [line.strip() for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines()]
        words = next(filter(None, reversed(lines)), "it said nothing.")
        return NetmonError(f"{who} ended early: {words} (the whole log: {self._log})")

    @property
    def is_alive(self) -> bool:
        """Still running."""
        return self.child.poll() is None

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, then make it."""
        if self.is_alive:
            self.child.send_signal(how)
            try:
                self.child.wait(END_WITHIN)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        if self.child.stdin:
            self.child.stdin.close()


@dataclass(frozen=True, slots=True)
class Wire:
    """How the daemon reaches the country: the namespace setting, or the process whose namespaces to be started in."""

    namespace: str
    inside: int | None
    made_as: str
    references: tuple[str, ...]


class LabProcess(Process):
    """The lab. What it says is read by a thread, so that a silent lab blocks nobody."""

    def __init__(self, stage: Stage, scenario: Scenario) -> None:
        self._home = Home.OWN if may_make_namespace() else Home.PRIVATE
        arguments = LabArguments(scenario=scenario, ledger=stage.ledger, home=self._home, parent=os.getpid())
        file = stage.folder / "lab.json"
        arguments.save(file)
        command = [sys.executable, "-m", "netmon.lab", str(file)]
        super().__init__(command, log=stage.folder / "lab.log", keep_stdout=True)
        self._said: queue.Queue[Mapping[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, name="lab listener", daemon=True).start()

    def ready(self, within: float = READY_WITHIN) -> Wire:
        """Wait until the country answers, at most so many seconds.

        Raises:
            NetmonError: the lab could not start; the text says why.
        """
        try:
            said = self._said.get(timeout=within)
        except queue.Empty:
            said = {}
        if said.get("lab") != "ready":
            raise NetmonError(str(said["why"])) if "why" in said else self.ended("The simulated country")
        own = self._home is Home.OWN
        return Wire(
            namespace=str(said["namespace"]) if own else "",
            inside=None if own else int(said["pid"]),
            made_as=str(said["wire"]),
            references=tuple(said["references"]),
        )

    def begin(self) -> None:
        """Let the scenario begin."""
        if self.child.stdin:
            self.child.stdin.write(b"start\n")
            self.child.stdin.flush()

    def said(self) -> list[Mapping[str, Any]]:
        """What the lab has said since the last call."""
        lines = []
        while not self._said.empty():
            lines.append(self._said.get())
        return lines

    def _listen(self) -> None:
        if self.child.stdout is not None:
            with self.child.stdout as said:
                for line in said:
                    self._said.put(json.loads(line))
        self._said.put({"lab": "gone"})


def start_daemon(stage: Stage, wire: Wire, http: socket.socket) -> Process:
    """Start the real daemon on the stage; it serves its pages on the socket given.

    Raises:
        NetmonError: a program it is started with is missing.
    """
    run = ["run", "--config", str(stage.settings), "--http-fd", str(http.fileno())]
    # The kernel ends the daemon when the demo is killed. A change of namespace takes that back, so it comes after.
    program = [_tool("setpriv"), "--pdeathsig", "TERM", sys.executable, "-m", "netmon.cli", *run]
    return Process(started_inside(wire, program), log=stage.log, fds=[http.fileno()], STATE_DIRECTORY=str(stage.state))


def started_inside(wire: Wire, program: list[str]) -> list[str]:
    """The program's command line, for the network that the daemon's connections are in.

    Raises:
        NetmonError: a program it is started with is missing.
    """
    if wire.inside is None:
        return program
    enter = ["--preserve-credentials", "--user", "--net", f"--target={wire.inside}", "--"]
    return [_tool("nsenter"), *enter, *program]


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NetmonError(f"The program {name} is missing; install the package util-linux.")
    return found

"""Starts a real lab process for a test, and looks into its network as a peer would."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netmon.lab.namespace import Home
from netmon.lab.process import LabArguments
from netmon.lab.scenario import Scenario, check_scenario
from tests.kit.peers import ROOT, find_program


def quiet(*events: dict[str, Any], villages: int = 60, duration: float = 60) -> Scenario:
    """A gentle country with these events."""
    country = {"villages": villages, "seed": 11, "gentle": True}
    return check_scenario({"name": "t", "duration": duration, "country": country, "events": list(events)}, "test")


@dataclass
class RunningLab:
    """A lab process that is ready."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]
    ledger: Path

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line

    def hear_until(self, what: str) -> list[dict[str, Any]]:
        lines = [self.hear()]
        while lines[-1]["lab"] != what:
            lines.append(self.hear())
        return lines

    def inside(self, *command: str, complaints: bool = False) -> str:
        """What a program says, run in the lab's network: on standard output, or its `complaints` on standard error."""
        enter = [str(find_program("nsenter")), f"--net={self.ready['namespace']}", str(find_program(command[0]))]
        done = subprocess.run([*enter, *command[1:]], capture_output=True, text=True, check=False, timeout=30)
        return done.stderr if complaints else done.stdout

    def pings(self, addresses: Sequence[str], count: int = 1, timeout: int = 300) -> dict[str, tuple[int, float]]:
        """Address -> (answers of `count`, mean milliseconds or 0), by fping."""
        asked = ("fping", "-q", "-c", str(count), "-p", "50", "-i", "1", "-t", str(timeout), *addresses)
        said = self.inside(*asked, complaints=True)  # where fping -q puts its summary
        found = {}
        for line in said.splitlines():
            address, _, rest = line.partition(" : ")
            answered = int(rest.split("=")[1].split("/")[1])
            found[address.strip()] = (answered, float(rest.rsplit("/", 2)[1]) if answered else 0.0)
        return found


@contextmanager
def running_lab(scenario: Scenario, folder: Path, *, instant: bool = False) -> Iterator[RunningLab]:
    """A lab in a network namespace of its own, ended at the end."""
    arguments = LabArguments(
        scenario=scenario, ledger=folder / "truth.jsonl", home=Home.OWN, parent=os.getpid(), instant=instant
    )
    arguments.save(folder / "arguments.json")
    process = subprocess.Popen(
        [sys.executable, "-m", "netmon.lab", str(folder / "arguments.json")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    lab = RunningLab(process, {}, arguments.ledger)
    try:
        lab.ready = lab.hear()
        assert lab.ready["lab"] == "ready", lab.ready
        yield lab
    finally:
        process.terminate()
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()

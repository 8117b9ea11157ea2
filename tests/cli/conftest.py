"""What the tests of the command line share: a place to stand, and commands run in this process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from netmon.cli.app import run_command


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


Netmon = Callable[..., Said]


@pytest.fixture
def netmon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Netmon:
    """Run netmon's command lines in an empty folder of their own, as the shell would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.delenv("NETMON_CONFIG", raising=False)

    def run(*arguments: str) -> Said:
        code = run_command(arguments)
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return run

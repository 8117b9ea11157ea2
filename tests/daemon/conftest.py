"""What the stories of the daemon share."""

from collections.abc import Callable

import pytest

from netmon.cli.app import run_command
from tests.kit.running import Site


@pytest.fixture
def netmon(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """The `netmon` command in this process: exit code, what it says, what it complains of."""

    def run(site: Site, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("STATE_DIRECTORY", str(site.state))
        capsys.readouterr()
        return run_command([*arguments, "--config", str(site.settings)]), *capsys.readouterr()

    return run

"""`netmon sweep`, as an operator uses it: the real daemon asks everybody now."""

import json
from pathlib import Path

import pytest

from netmon.cli.app import run_command
from tests.kit.running import ADDRESSES, Site, eventually, running


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site(folder=tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(site.state))
    return site


def test_netmon_sweep_has_everybody_asked_and_says_who_answered(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with running(site) as daemon:
        eventually(lambda: daemon.metric("netmon_icmp_replies_total") >= len(ADDRESSES))
        before = daemon.metric("netmon_icmp_requests_total")
        assert run_command(["sweep"]) == 0
        assert "3 of 3 devices answered within " in capsys.readouterr().out
        assert run_command(["sweep", "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["pinged"], said["answered"], said["polled"]) == (3, 3, 0)
        assert daemon.metric("netmon_icmp_requests_total") >= before + 2 * len(ADDRESSES)
        assert daemon.metric("netmon_full_round_seconds") == pytest.approx(said["seconds"], abs=0.01)


def test_where_no_daemon_runs_netmon_sweep_says_so(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["sweep"]) == 1
    assert f"No netmon runs on {site.state}" in capsys.readouterr().err

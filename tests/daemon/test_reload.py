"""Reload, as an operator does it: the real daemon, its files changed, `netmon reload`."""

import json
import signal
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from netmon.cli.app import run_command
from tests.kit.running import (
    ADDRESSES,
    VILLAGES,
    RunningDaemon,
    Site,
    eventually,
    network_with_firewall,
    running,
    silence,
)
from tests.kit.wire import Network

NEW = "34010104"


def edit(site: Site, name: str, old: str, new: str) -> None:
    """Change a line of an inventory file."""
    file = site.folder / "inventory" / f"{name}.csv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def add(site: Site, name: str, line: str) -> None:
    """Add a line to an inventory file."""
    with (site.folder / "inventory" / f"{name}.csv").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def retire(site: Site, number: int) -> None:
    """Take one access point out of the files."""
    file = site.folder / "inventory" / "devices.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    left = [line for line in lines if not line.startswith(f"AP-{VILLAGES[number]},")]
    assert len(left) == len(lines) - 1
    file.write_text("".join(left), encoding="utf-8")


def rows(site: Site, query: str) -> list[tuple[object, ...]]:
    """What the database holds."""
    with sqlite3.connect(f"file:{site.database}?mode=ro", uri=True) as database:
        found = database.execute(query).fetchall()
    database.close()
    return found


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A small site whose addresses all answer."""
    return Site(folder=tmp_path)


@dataclass
class Done:
    """What a command said."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Done]


@pytest.fixture
def netmon(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command line, without a process of its own: that takes a second for every call."""

    def run(site: Site, *arguments: str) -> Done:
        monkeypatch.setenv("STATE_DIRECTORY", str(site.state))
        capfd.readouterr()
        code = run_command([*arguments, "--config", str(site.settings)])
        return Done(code, *capfd.readouterr())

    return run


@pytest.fixture
def network() -> Iterator[Network]:
    """A network in which access points can be silenced."""
    with network_with_firewall() as made:
        yield made


def up(daemon: RunningDaemon, device: str) -> bool:
    """Whether Prometheus is told that this device is up."""
    lines = daemon.get("/metrics/province/34").text.splitlines()
    return any(
        line.startswith("netmon_device_up{") and f'"{device}"' in line and line.endswith(" 1.0") for line in lines
    )


def test_reload_takes_in_a_new_village_while_the_others_go_on(site: Site, netmon: Command) -> None:
    with running(site) as daemon:
        eventually(lambda: up(daemon, f"AP-{VILLAGES[0]}"))
        add(site, "villages", f"{NEW},บ้านใหม่,UBN,15.3,104.9")
        add(site, "devices", f"AP-{NEW},ap,127.1.0.4,{NEW}")
        done = netmon(site, "reload")
        assert (done.returncode, done.stdout.strip()) == (0, "1 devices added, 0 changed, 0 retired."), done.stderr
        assert up(daemon, f"AP-{VILLAGES[0]}"), "its history was kept, so it needs no fresh probe"
        eventually(lambda: up(daemon, f"AP-{NEW}"))
        assert daemon.metric("netmon_reload_success") == 1


def test_reload_that_retires_too_much_is_refused_until_accepted(site: Site, netmon: Command) -> None:
    with running(site) as daemon:
        retire(site, 0)
        refused = netmon(site, "reload")
        assert refused.returncode == 1
        assert "--accept" in refused.stderr
        assert daemon.metric("netmon_reload_success") == 0
        accepted = netmon(site, "reload", "--accept")
        assert (accepted.returncode, accepted.stdout.strip()) == (0, "0 devices added, 0 changed, 1 retired.")
        assert daemon.metric("netmon_reload_success") == 1
        assert not (site.state / "reload.accept").exists()


@pytest.mark.network
@pytest.mark.peer("ip", "nft")
def test_retired_device_closes_its_fault_and_an_open_one_lives_on(
    tmp_path: Path, network: Network, netmon: Command
) -> None:
    site = Site(folder=tmp_path, namespace=network.path)
    with running(site) as daemon:
        eventually(lambda: up(daemon, f"AP-{VILLAGES[1]}"))
        for address in ADDRESSES[:2]:
            silence(network, address)
        eventually(lambda: len(open_villages(site)) == 2, 40, daemon.said)
        retire(site, 0)
        assert netmon(site, "reload", "--accept").returncode == 0
        eventually(lambda: open_villages(site) == {VILLAGES[1]}, 20, daemon.said)
        reasons = {row[0] for row in rows(site, "select resolution from fault where resolved_at is not null")}
        assert reasons <= {"inventory", "merged"}
        still_open = rows(site, "select status from ticket where status in ('acknowledged', 'inProgress')")
        assert len(still_open) == 1
        assert "Traceback" not in daemon.said()


def open_villages(site: Site) -> set[object]:
    """Villages of devices that are dark members of open faults."""
    query = (
        "select m.villages from member m join fault f on f.id = m.fault "
        "where f.resolved_at is null and m.recovered_at is null"
    )
    return {village for row in rows(site, query) for village in json.loads(str(row[0]))}


def test_bad_files_are_all_named_by_the_command_and_change_nothing(site: Site, netmon: Command) -> None:
    with running(site) as daemon:
        eventually(lambda: up(daemon, f"AP-{VILLAGES[0]}"))
        edit(site, "devices", f"{ADDRESSES[0]},", "127.1.0.999,")
        edit(site, "villages", f"{VILLAGES[1]},", "3401010,")
        done = netmon(site, "reload")
        assert done.returncode == 2
        assert "devices.csv" in done.stderr
        assert "villages.csv" in done.stderr
        assert daemon.metric("netmon_reload_success") == 1, "the daemon was not even asked"
        assert up(daemon, f"AP-{VILLAGES[0]}")


def test_bad_file_met_by_the_daemon_shows_in_a_metric_until_it_is_mended(site: Site, netmon: Command) -> None:
    with running(site) as daemon:
        edit(site, "devices", f"{ADDRESSES[0]},", "127.1.0.999,")
        (site.state / "reload.accept").touch()
        daemon.signal(signal.SIGHUP)
        eventually(lambda: daemon.metric("netmon_reload_success") == 0)
        said = json.loads((site.state / "reload.json").read_text(encoding="utf-8"))
        assert not said["ok"]
        assert any("devices.csv" in line for line in said["lines"])
        assert not (site.state / "reload.accept").exists(), "an acceptance is for one reload"
        eventually(lambda: up(daemon, f"AP-{VILLAGES[0]}"))
        edit(site, "devices", "127.1.0.999,", f"{ADDRESSES[0]},")
        assert netmon(site, "reload").returncode == 0
        assert daemon.metric("netmon_reload_success") == 1


def test_what_only_a_restart_changes_is_named_at_every_reload(site: Site, netmon: Command) -> None:
    with running(site):
        settings = site.settings.read_text()
        site.settings.write_text(
            settings.replace("interval: 1s", "interval: 2s, timeout: 500ms") + "log: {level: debug}\n"
        )
        for _ in range(2):
            done = netmon(site, "reload")
            assert done.returncode == 0
            assert "'log' has changed" in done.stdout
            assert "'probing.timeout' has changed" in done.stdout


def test_without_a_daemon_reload_says_so(site: Site, netmon: Command) -> None:
    done = netmon(site, "reload")
    assert done.returncode == 1
    assert done.stderr.startswith(f"No netmon runs on {site.state}")
    assert "Traceback" not in done.stderr


def test_second_daemon_on_the_same_state_directory_does_not_start(site: Site) -> None:
    with running(site) as daemon:
        assert int((site.state / "netmon.pid").read_text()) == daemon.process.pid
        done = site.netmon("run")
        assert done.returncode == 2
        assert "Another netmon runs on" in done.stderr
        assert daemon.ready()[0] == 200
    assert not (site.state / "netmon.pid").exists()


def test_daemon_that_was_killed_leaves_no_lock_behind(site: Site, netmon: Command) -> None:
    with running(site) as daemon:
        daemon.process.kill()
        daemon.process.wait()
    assert (site.state / "netmon.pid").exists()
    assert netmon(site, "reload").returncode == 1
    with running(site) as again:
        assert int((site.state / "netmon.pid").read_text()) == again.process.pid

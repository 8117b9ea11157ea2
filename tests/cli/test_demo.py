"""The demo: its folder, its words, its summary, and that nothing of it outlives it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from netmon.cli.demo.cast import Process
from netmon.cli.demo.interrupts import Interrupts
from netmon.cli.demo.outcome import Outcome, look, write_summary
from netmon.cli.demo.screen import TRUTH, Screen
from netmon.cli.demo.show import ENOUGH
from netmon.cli.demo.stage import MARK, Stage, set_stage, write_settings
from netmon.cli.demo.telling import tell_summary
from netmon.errors import InputError
from netmon.lab.agents import COMMUNITY
from netmon.lab.country import generate
from netmon.lab.demo_scenario import demo_scenario
from netmon.lab.inventory_files import write_inventory
from netmon.model.inventory import Inventory
from netmon.settings import load_inventory, load_settings, resolve
from netmon.stores import open_store
from tests.kit.peers import ROOT
from tests.stores.sample import RememberedVitals, at, opening


def test_a_second_demo_finds_its_folder_cleared_of_the_first(tmp_path: Path) -> None:
    with set_stage(tmp_path / "demo") as stage:
        (stage.state / "mail").mkdir()
        stage.summary.write_text("{}")
    with set_stage(tmp_path / "demo") as stage:
        assert sorted(one.name for one in stage.folder.iterdir()) == [MARK, "state"]
        assert list(stage.state.iterdir()) == []


def test_a_folder_that_is_a_link_is_cleared_behind_the_link_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "photo").touch()
    (tmp_path / "demo").symlink_to("real")
    with set_stage(tmp_path / "demo") as stage:
        (stage.folder / "elsewhere").symlink_to(tmp_path / "kept")
    with set_stage(tmp_path / "demo"):
        assert sorted(one.name for one in (tmp_path / "real").iterdir()) == [MARK, "state"]
    assert (tmp_path / "kept" / "photo").exists()


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo").touch()
    with pytest.raises(InputError, match="holds something that is no demo's"), set_stage(tmp_path):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["photo"]


def test_two_demos_never_share_a_folder(tmp_path: Path) -> None:
    with set_stage(tmp_path / "demo") as first:
        first.summary.write_text("the first's")
        with pytest.raises(InputError, match=r"A demo is playing in .* right now"), set_stage(tmp_path / "demo"):
            pass
        assert first.summary.read_text() == "the first's"


def test_a_disk_that_fills_up_while_it_plays_is_a_sentence(tmp_path: Path) -> None:
    full = OSError(28, "No space left on device")
    with pytest.raises(InputError, match="cannot be written: No space left on device"), set_stage(tmp_path / "demo"):
        raise full


def test_the_daemon_can_read_its_settings(tmp_path: Path) -> None:
    with set_stage(tmp_path / "demo") as stage:
        write_settings(stage, namespace="/proc/1/ns/net", references=("10.64.0.1", "10.64.0.2"), port=8080)
        settings = load_settings(stage.settings)
    assert (settings.probing.namespace, settings.web.port) == ("/proc/1/ns/net", 8080)
    assert settings.inventory.directory == stage.inventory


def test_the_daemon_can_ask_the_lab_s_agents(tmp_path: Path) -> None:
    with set_stage(tmp_path / "demo") as stage:
        write_settings(stage, namespace="", references=(), port=0)
        write_inventory(generate(demo_scenario(duration=90, villages=20).country.plan()), stage.inventory)
        settings = load_settings(stage.settings)
        inventory = load_inventory(stage.inventory, settings.credentials).inventory
        named = {device.credential for device in inventory.devices}
        assert named == {"village-ro"}
        assert resolve("village-ro", settings.credentials["village-ro"], {}).reveal() == COMMUNITY
        assert (stage.folder / "village-ro").stat().st_mode & 0o077 == 0


def test_every_event_of_the_script_has_words_of_its_own() -> None:
    assert {event.kind for event in demo_scenario(duration=90, villages=20).events} == set(TRUTH)


@contextmanager
def played(folder: Path) -> Iterator[tuple[Stage, Outcome]]:
    """A stage with two tickets, a mail and a text message on it."""

    async def fill(stage: Stage) -> None:
        store = await open_store(f"sqlite:///{stage.state / 'netmon.db'}", vitals=RememberedVitals())
        await store.commit([*opening("f1"), *opening("f2")], at(1))
        await store.close()

    with set_stage(folder) as stage:
        asyncio.run(fill(stage))
        for kind in ("mail", "sms"):
            (stage.state / kind).mkdir()
        mail = EmailMessage()
        mail["Subject"] = "[T-2569-000001] เน็ตประชารัฐ"
        (stage.state / "mail" / "one.eml").write_bytes(bytes(mail))
        (stage.state / "sms" / "one.txt").write_text("To: +66650000000\n\nเน็ตประชารัฐ ขัดข้อง #1\n", encoding="utf-8")
        yield stage, asyncio.run(look(stage))


def test_the_summary_counts_what_is_on_the_stage(tmp_path: Path) -> None:
    with played(tmp_path / "demo") as (stage, outcome):
        told = write_summary(stage, outcome, inventory=Inventory(), expected=5, answered=4)
        assert json.loads(stage.summary.read_text(encoding="utf-8")) == told
    assert told == {
        "villages": 0,
        "devices": 0,
        "devices_expected": 5,
        "devices_answered": 4,
        "faults_by_cause": {"feeder": 2},
        "tickets": {"opened": 2, "resolved": 0, "by_status": {"acknowledged": 2}},
        "mails": {"count": 1, "files": ["state/mail/one.eml"]},
        "sms": {"count": 1, "files": ["state/sms/one.txt"]},
    }


def test_each_thing_is_printed_once(tmp_path: Path) -> None:
    out = StringIO()
    screen = Screen(Console(file=out, width=200, soft_wrap=True), Inventory())
    with played(tmp_path / "demo") as (_, outcome):
        for _ in range(2):
            screen.outcome(outcome)
            screen.overview({"blind": True})
    said = out.getvalue()
    assert said.count("opened: feeder (30% sure), 2 villages, service centre TOT-3401") == 2
    assert said.count("[T-2569-000001] เน็ตประชารัฐ  one.eml") == 1
    assert said.count("sms     เน็ตประชารัฐ ขัดข้อง #1") == 1
    assert said.count("netmon is blind") == 1


def test_a_storm_of_messages_is_three_lines_and_a_count(tmp_path: Path) -> None:
    out = StringIO()
    sms = [tmp_path / f"{number}.txt" for number in range(9)]
    for one in sms:
        one.write_text(f"To: nobody\n\nmessage {one.stem}\n")
    Screen(Console(file=out, width=200), Inventory()).outcome(Outcome(tickets=(), mails=(), sms=sms))
    assert out.getvalue().count("message ") == 3
    assert "... and 6 more like these" in out.getvalue()


def test_what_the_lab_does_is_told_with_its_extent() -> None:
    out = StringIO()
    screen = Screen(Console(file=out, width=200), Inventory())
    screen.truth({"lab": "begin", "kind": "ap_fault", "devices": 1, "villages": 1})
    screen.truth({"lab": "end", "kind": "poller_isolation", "devices": 0, "villages": 0})
    screen.truth({"lab": "over"})
    lines = [line.partition("lab     ")[2] for line in out.getvalue().splitlines()]
    assert lines == ["an access point dies (1 device, 1 village)", "the link is plugged in again"]


def test_the_end_is_told_in_plain_numbers(tmp_path: Path) -> None:
    out = StringIO()
    with played(tmp_path / "[demo]") as (stage, outcome):
        summary = write_summary(stage, outcome, inventory=Inventory(), expected=0, answered=0)
        tell_summary(Console(file=out, soft_wrap=True), stage, summary)
        assert f"1 mail in {stage.state / 'mail'} " in out.getvalue()
    assert "Faults found: 2 feeder. 2 tickets opened, 0 resolved." in out.getvalue()


def test_only_the_first_interrupt_is_heard() -> None:
    before = signal.getsignal(signal.SIGTERM)
    interrupts = Interrupts()
    with interrupts.heard():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_process_that_ended_is_quoted_with_its_last_line(tmp_path: Path) -> None:
    process = Process(["sh", "-c", "echo first; echo 'villages.csv:7: broken' >&2; exit 2"], log=tmp_path / "log")
    process.child.wait(5)
    process.end()
    assert str(process.ended("The daemon")) == (
        f"The daemon ended early: villages.csv:7: broken (the whole log: {tmp_path / 'log'})"
    )


def test_a_process_that_a_full_disk_ended_is_no_riddle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(["false"], log=tmp_path / "log")
    process.child.wait(5)
    process.end()
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(InputError, match=r"The disk of .* is full; make room there, or name another folder"):
        raise process.ended("The daemon")


def processes_of(folder: Path) -> list[str]:
    """Command lines of running processes that name the folder."""
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = one.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # ended meanwhile
            continue
        if str(folder) in line:
            found.append(line)
    return found


def gone(folder: Path, within: float = 10.0) -> list[str]:
    """What is still running after a while; [] as soon as nothing is."""
    deadline = time.monotonic() + within
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


@contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "netmon.cli", "demo", "--dir", str(folder), "--villages", "20", *options]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env, start_new_session=True
    ) as demo:
        try:
            yield demo
        finally:
            demo.kill()


def read_until(demo: subprocess.Popen[str], words: str) -> str:
    assert demo.stdout is not None
    said = ""
    while words not in said:
        line = demo.stdout.readline()
        assert line, said
        said += line
    return said


@pytest.mark.network
def test_a_demo_that_is_interrupted_still_sums_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running_demo(folder, "--for", "90") as demo:
        read_until(demo, "'lab' is what truly happens")
        assert len(processes_of(folder)) == 3
        os.killpg(demo.pid, signal.SIGINT)
        rest = demo.communicate(timeout=20)[0]
    assert demo.returncode == 0
    assert "Stopped early." in rest
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["villages"], summary["tickets"]["opened"]) == (20, 0)
    assert summary["devices_answered"] >= ENOUGH * summary["devices_expected"] > 20  # it starts with nearly all
    assert gone(folder, within=0) == []


@pytest.mark.network
def test_a_demo_that_is_interrupted_while_it_starts_says_so_in_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running_demo(folder, "--for", "90") as demo:
        read_until(demo, "Making a simulated country")
        os.killpg(demo.pid, signal.SIGINT)
        rest = demo.communicate(timeout=20)[0]
    assert demo.returncode == 130
    assert rest.endswith("\nStopped before anything broke. Nothing is left running.\n")
    assert gone(folder, within=0) == []
    assert not (folder / "summary.json").exists()


@pytest.mark.network
def test_a_demo_that_is_killed_leaves_nothing_behind_either(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running_demo(folder, "--for", "90") as demo:
        read_until(demo, "'lab' is what truly happens")
        demo.kill()
        demo.communicate(timeout=20)
    assert gone(folder) == []


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(300)
def test_a_whole_demo_finds_one_fault_of_each_kind_and_sees_each_mended(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running_demo(folder, "--for", "120", "--villages", "300") as demo:
        said = demo.communicate(timeout=280)[0]
    assert demo.returncode == 0
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["villages"] == 300
    assert summary["devices_answered"] == summary["devices_expected"]
    assert summary["faults_by_cause"] == {"power": 1, "feeder": 1, "uplink": 1, "access_point": 1}
    assert summary["tickets"] == {"opened": 4, "resolved": 4, "by_status": {"resolved": 4}}
    for kind in ("mails", "sms"):
        assert summary[kind]["count"] == len(summary[kind]["files"]) > 4
        assert all((folder / file).stat().st_size for file in summary[kind]["files"])
    for words in ("netmon is blind", "netmon sees again", *(begins for begins, _ in TRUTH.values())):
        assert words in said
    assert gone(folder, within=0) == []

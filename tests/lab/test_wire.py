"""The lab's process on its own wire, met with real programs: fping, traceroute, ip."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netmon.lab.addresses import CORE, POLLER, REFERENCES
from netmon.lab.country import generate
from netmon.lab.ledger import read_outages
from netmon.lab.namespace import Home
from netmon.lab.process import LabArguments
from netmon.lab.responder import Responder
from netmon.model.inventory import Role
from tests.kit.peers import ROOT
from tests.lab.running import RunningLab, quiet, running_lab
from tests.lab.test_responder import chain

pytestmark = [pytest.mark.network, pytest.mark.peer("fping", "traceroute", "ip", "nsenter")]

COUNTRY = generate(quiet().country.plan())
FEEDER, UPLINK, AP = chain(COUNTRY)
BUILT = [device.address for device in COUNTRY.inventory.devices if device.id not in COUNTRY.unbuilt]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    with running_lab(quiet(), tmp_path_factory.mktemp("lab")) as one:
        yield one


def test_everybody_built_and_every_reference_answers_after_a_while(lab: RunningLab) -> None:
    heard = lab.pings([*BUILT, *REFERENCES, CORE], count=3)
    assert all(answered >= 1 for answered, _ in heard.values())
    times = [milliseconds for address, (_, milliseconds) in heard.items() if address in BUILT]
    assert len(times) == len(BUILT) and all(1 < one < 60 for one in times)


def test_planned_and_unknown_addresses_are_silent(lab: RunningLab) -> None:
    unbuilt = [device.address for device in COUNTRY.inventory.devices if device.id in COUNTRY.unbuilt]
    heard = lab.pings([*unbuilt, "10.99.99.99", "8.8.8.8"])
    assert unbuilt and not any(answered for answered, _ in heard.values())


@pytest.mark.parametrize("how", [("-I",), ()], ids=["ICMP", "UDP"])
def test_traceroute_shows_core_feeder_and_uplink(lab: RunningLab, how: tuple[str, ...]) -> None:
    said = lab.inside("traceroute", "-n", "-q", "3", "-w", "1", *how, AP.address)
    hops = [line.split()[1] for line in said.splitlines()[1:]]
    assert hops == [CORE, FEEDER.address, UPLINK.address, AP.address]


def test_both_kinds_of_icmp_socket_open_inside_for_any_group(lab: RunningLab) -> None:
    assert lab.inside("cat", "/proc/sys/net/ipv4/ping_group_range").split() == ["0", "2147483647"]


def test_nothing_of_the_country_shows_in_the_host_s_network(lab: RunningLab) -> None:
    assert f"inet {POLLER}/32" in lab.inside("ip", "address")
    assert "default dev netmon0" in lab.inside("ip", "route")
    for question in (("ip", "-o", "link"), ("ip", "-o", "address"), ("ip", "route", "show", "table", "all")):
        host = subprocess.run(question, capture_output=True, text=True, check=True).stdout
        assert "netmon" not in host and "10.64." not in host and "10.127." not in host


def test_events_break_and_mend_the_wire_and_the_ledger_has_them(tmp_path: Path) -> None:
    events = [
        {"at": 0.1, "until": 4, "kind": "feeder_cut", "where": {"feeder": FEEDER.id}},
        {"at": 0.1, "kind": "loss", "percent": 100, "where": {"feeder": "olt-none"}},
    ]
    other = next(d for d in COUNTRY.inventory.devices if d.role is Role.FEEDER and d.id != FEEDER.id)
    events[1]["where"] = {"device": other.id}
    with running_lab(quiet(*events, duration=5), tmp_path) as lab:
        lab.tell("start")
        lab.hear_until("begin")
        lab.hear_until("begin")
        dark = lab.pings([FEEDER.address, AP.address, other.address, *REFERENCES], count=3)
        assert {address: answered for address, (answered, _) in dark.items()} == {
            FEEDER.address: 0,
            AP.address: 0,
            other.address: 0,
            **dict.fromkeys(REFERENCES, 3),
        }
        said = lab.inside("traceroute", "-I", "-n", "-q", "1", "-w", "0.3", "-m", "2", AP.address)
        assert [line.split()[1] for line in said.splitlines()[1:]] == [CORE, "*"]
        lab.hear_until("end")
        assert lab.pings([AP.address], count=3)[AP.address][0] >= 2
        assert lab.hear()["lab"] == "over"
    (outage,) = read_outages(lab.ledger)
    assert (outage.device, outage.cause) == (FEEDER.id, "feeder")
    assert outage.until is not None and 3.8 < outage.until - outage.since < 6
    below = Responder(COUNTRY).branches.below(COUNTRY.inventory.index_of[FEEDER.id])
    assert set(outage.villages) == {COUNTRY.inventory.devices[i].village for i in below} - {None}


@pytest.mark.parametrize("how", ["link", "blackhole"])
def test_isolation_silences_everything_and_passes(tmp_path: Path, how: str) -> None:
    event = {"at": 0.1, "until": 2.5, "kind": "poller_isolation", "how": how}
    with running_lab(quiet(event, duration=4), tmp_path, instant=True) as lab:
        routes = lab.inside("ip", "route")
        lab.tell("start")
        lab.hear_until("begin")
        heard = lab.pings([AP.address, *REFERENCES]) if how == "blackhole" else {}
        assert not any(answered for answered, _ in heard.values())
        time.sleep(0.2)  # the word goes out just before the deed
        assert (lab.inside("ip", "route") == "") == (how == "link")
        assert ("state DOWN" in lab.inside("ip", "link", "show", "netmon0")) == (how == "link")
        lab.hear_until("end")
        assert lab.inside("ip", "route") == routes
        assert all(answered == 1 for answered, _ in lab.pings([AP.address, *REFERENCES]).values())


def gone(pid: int) -> bool:
    for _ in range(100):
        if not Path(f"/proc/{pid}/ns").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("end", ["SIGTERM", "SIGINT", "end of input"])
def test_lab_ends_quietly_when_told_to(tmp_path: Path, end: str) -> None:
    with running_lab(quiet(), tmp_path) as lab:
        if end == "end of input":
            assert lab.process.stdin is not None
            lab.process.stdin.close()
        else:
            lab.process.send_signal(getattr(signal, end))
        assert lab.process.wait(5) == 0


def test_lab_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = f"""
import os, subprocess, sys, time
from pathlib import Path
from netmon.lab.namespace import Home
from netmon.lab.process import LabArguments
from tests.lab.running import quiet
folder = Path({str(tmp_path)!r})
LabArguments(scenario=quiet(), ledger=folder / "t", home=Home.OWN, parent=os.getpid()).save(folder / "a")
keep_open = os.open(folder / "fifo", os.O_RDWR)
lab = subprocess.Popen([sys.executable, "-m", "netmon.lab", str(folder / "a")], stdin=keep_open, start_new_session=True)
time.sleep(60)
"""
    os.mkfifo(tmp_path / "fifo")
    kept = os.open(tmp_path / "fifo", os.O_RDWR)  # so that only the parent's death can end it
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline().split('"pid": ')[1].split(",")[0])
    parent.kill()
    parent.wait(5)
    assert gone(pid)
    os.close(kept)
    parent.stdout.close()


def start_in_vain(*arguments: str) -> dict[str, str]:
    command = [sys.executable, "-m", "netmon.lab", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    said: dict[str, str] = json.loads(done.stdout)
    return said


def test_lab_that_cannot_start_says_why_and_fails(tmp_path: Path) -> None:
    scenario = quiet({"at": 1, "kind": "ap_fault", "where": {"village": "#999"}})
    arguments = LabArguments(scenario=scenario, ledger=tmp_path / "t", home=Home.OWN, parent=os.getpid())
    arguments.save(tmp_path / "a.json")
    said = start_in_vain(str(tmp_path / "a.json"))
    assert said["lab"] == "failed" and "village #999 is out of range" in said["why"]


def test_lab_without_usable_arguments_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    assert "does not hold a lab's arguments" in start_in_vain(str(tmp_path / "a.json"))["why"]
    assert "give one file of arguments" in start_in_vain()["why"]

"""The real daemon while clocks jump and the process stands still: nobody is told what is not so, or twice."""

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.running import (
    ADDRESSES,
    RunningDaemon,
    Site,
    eventually,
    hear_again,
    network_with_firewall,
    running,
    silence,
)
from tests.kit.wire import Network

HOLD = 6.0
LIBRARY = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

pytestmark = [pytest.mark.network, pytest.mark.peer("nft")]


@pytest.fixture
def network() -> Iterator[Network]:
    with network_with_firewall() as network:
        yield network


def site_with_hold(folder: Path, network: Network) -> Site:
    site = Site(folder=folder, namespace=network.path)
    settings = site.settings.read_text()
    assert "sms: 0s" in settings
    site.settings.write_text(settings.replace("sms: 0s", f"sms: {HOLD}s").replace("mail: 0s", f"mail: {HOLD}s"))
    return site


def texts(site: Site, stage: str) -> int:
    return len(list(site.state.glob(f"sms/*{stage}*")))


def tickets(daemon: RunningDaemon) -> int:
    return len(daemon.tickets()["tickets"])


def deaths(daemon: RunningDaemon) -> list[str]:
    return re.findall(r"device=(\S+) health=down", daemon.said())


class WallClock:
    """The wall clock of one process, by libfaketime; its monotonic clocks stay true."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.step(0)

    def step(self, hours: int) -> None:
        """So many hours off from now on."""
        self._file.write_text(f"{hours:+}h\n")

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY[0]),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
        }


@pytest.mark.slow  # the library makes every look at a clock dear
@pytest.mark.peer("faketime")
def test_when_the_clock_is_put_back_by_hours_what_is_held_leaves_after_its_hold_all_the_same(
    tmp_path: Path, network: Network
) -> None:
    site, clock = site_with_hold(tmp_path, network), WallClock(tmp_path)
    with running(site, **clock.environment()) as daemon:
        silence(network, ADDRESSES[0])
        eventually(lambda: tickets(daemon) == 1, 30, daemon.said)
        clock.step(-7)
        eventually(lambda: texts(site, "opened") == 1, 40, daemon.said)
        hear_again(network)
        eventually(lambda: texts(site, "resolved") == 1, 40, daemon.said)
        assert daemon.said().count("clock=stepped by_seconds=-25200") == 1
        assert deaths(daemon) == ["AP-34010101"]
        assert (tickets(daemon), texts(site, "opened")) == (0, 1)


@pytest.mark.slow  # the library makes every look at a clock dear
@pytest.mark.peer("faketime")
def test_when_the_clock_is_put_forward_by_hours_a_blip_within_its_hold_is_still_told_to_nobody(
    tmp_path: Path, network: Network
) -> None:
    site, clock = site_with_hold(tmp_path, network), WallClock(tmp_path)
    settings = site.settings.read_text()
    site.settings.write_text(settings.replace(f"{HOLD}s", "60s"))
    with running(site, **clock.environment()) as daemon:
        silence(network, ADDRESSES[0])
        eventually(lambda: tickets(daemon) == 1, 30, daemon.said)
        clock.step(7)
        eventually(lambda: "clock=stepped by_seconds=25200" in daemon.said(), 10, daemon.said)
        before = daemon.metric("netmon_icmp_replies_total")
        eventually(lambda: daemon.metric("netmon_icmp_replies_total") > before + 10, 20, daemon.said)
        hear_again(network)
        eventually(lambda: tickets(daemon) == 0, 40, daemon.said)
        time.sleep(2)  # the courier looks once a second
        assert not list(site.state.glob("sms/*"))
        assert not list(site.state.glob("mail/*"))
        assert len(deaths(daemon)) == 1


def stand_still(daemon: RunningDaemon, seconds: float) -> None:
    """As a suspended machine does, or one in a debugger: many rounds of the sweep pass."""
    daemon.signal(signal.SIGSTOP)
    time.sleep(seconds)
    daemon.signal(signal.SIGCONT)


def test_a_process_that_stood_still_for_many_rounds_calls_nobody_dead_and_itself_not_blind(
    tmp_path: Path, network: Network
) -> None:
    site = Site(folder=tmp_path, namespace=network.path)
    with running(site) as daemon:
        eventually(lambda: daemon.metric("netmon_icmp_replies_total") > 5, 20, daemon.said)
        for _ in range(3):
            stand_still(daemon, 3.7)
            before = daemon.metric("netmon_icmp_replies_total")
            eventually(lambda n=before: daemon.metric("netmon_icmp_replies_total") > n + 5, 20, daemon.said)  # type: ignore[misc]
        assert daemon.metric("netmon_sweep_skipped_slots_total") > 30
        assert (deaths(daemon), tickets(daemon), daemon.said().count("blind=1")) == ([], 0, 0)
        assert daemon.ready() == (200, '{"ready":true,"reasons":[]}')


@pytest.mark.slow
def test_after_a_standstill_nobody_is_told_that_something_is_down_which_is_back(
    tmp_path: Path, network: Network
) -> None:
    site = site_with_hold(tmp_path, network)
    with running(site) as daemon:
        eventually(lambda: daemon.metric("netmon_icmp_replies_total") > 5, 20, daemon.said)
        silence(network, ADDRESSES[0])  # its volunteer is told by SMS
        silence(network, ADDRESSES[1])
        eventually(lambda: tickets(daemon) == 2, 30, daemon.said)
        daemon.signal(signal.SIGSTOP)
        hear_again(network)
        silence(network, ADDRESSES[1])
        time.sleep(12)
        daemon.signal(signal.SIGCONT)
        eventually(lambda: tickets(daemon) == 1, 30, daemon.said)
        eventually(lambda: len(list(site.state.glob("mail/*opened*"))) == 1, 30, daemon.said)
        time.sleep(2)
        assert texts(site, "opened") == 0  # the only volunteer's village is back
        assert len(list(site.state.glob("mail/*opened*"))) == 1
        assert len(deaths(daemon)) == 2


MINUTES = 150.0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_machine_suspended_for_minutes_wakes_without_a_false_down_a_storm_or_anything_told_twice(
    tmp_path: Path, network: Network
) -> None:
    site = site_with_hold(tmp_path, network)
    with running(site) as daemon:
        eventually(lambda: daemon.metric("netmon_icmp_replies_total") > 5, 20, daemon.said)
        silence(network, ADDRESSES[1])
        eventually(lambda: len(list(site.state.glob("mail/*opened*"))) == 1, 40, daemon.said)
        stand_still(daemon, MINUTES)
        before = daemon.metric("netmon_icmp_replies_total")
        eventually(lambda: daemon.metric("netmon_icmp_replies_total") > before + 20, 40, daemon.said)
        assert (len(deaths(daemon)), tickets(daemon), daemon.said().count("blind=1")) == (1, 1, 0)
        assert daemon.ready() == (200, '{"ready":true,"reasons":[]}')
        assert not list(site.state.glob("sms/*"))
        assert len(list(site.state.glob("mail/*"))) == 1
        silence(network, ADDRESSES[0])  # and it still notices
        eventually(lambda: tickets(daemon) == 2 and texts(site, "opened") == 1, 60, daemon.said)
        hear_again(network)
        eventually(lambda: tickets(daemon) == 0 and texts(site, "resolved") == 1, 60, daemon.said)
        eventually(lambda: len(list(site.state.glob("mail/*resolved*"))) == 2, 20, daemon.said)
        assert len(list(site.state.glob("mail/*"))) == 4
        assert texts(site, "opened") == 1
        assert "Traceback" not in daemon.said()


@pytest.mark.slow
def test_what_was_held_when_netmon_stopped_is_told_after_its_next_start_only_where_it_is_still_so(
    tmp_path: Path, network: Network
) -> None:
    site = site_with_hold(tmp_path, network)
    settings = site.settings.read_text()
    assert "steady: 1s" in settings
    site.settings.write_text(settings.replace("steady: 1s", "steady: 4s"))
    with running(site) as daemon:
        silence(network, ADDRESSES[0])  # its volunteer would be told by SMS
        silence(network, ADDRESSES[1])
        eventually(lambda: tickets(daemon) == 2, 30, daemon.said)
    assert not list(site.state.glob("mail/*"))
    hear_again(network)
    silence(network, ADDRESSES[1])
    time.sleep(HOLD)  # nobody watches, and the hold passes
    with running(site) as daemon:
        eventually(lambda: len(list(site.state.glob("mail/*opened*"))) == 1, 40, daemon.said)
        eventually(lambda: tickets(daemon) == 1, 20, daemon.said)
        time.sleep(2)  # the courier looks once a second
        assert not list(site.state.glob("sms/*")), "neither down nor works again"
        assert len(list(site.state.glob("mail/*"))) == 1

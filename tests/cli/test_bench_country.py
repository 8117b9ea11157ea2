"""The country bench: what it reads, what it promises, and a whole short run with the real daemon."""

import json
import math
import os
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from netmon.cli.bench.country.bench import COUNTRY, promises_for
from netmon.cli.bench.country.readings import VitalSigns, quantile, read_vitals, usage_of
from netmon.cli.bench.figures import Figure, Figures
from netmon.cli.bench.rows import Row
from netmon.model.vitals import Vital
from netmon.web.vitals import PrometheusVitals
from tests.cli.conftest import Netmon

LAG = "netmon_loop_lag_seconds"


def _read(vitals: PrometheusVitals) -> VitalSigns:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=vitals.expose()))
    return read_vitals(httpx.Client(transport=transport, base_url="http://netmon"))


def test_quantiles_are_those_of_the_time_between_two_looks() -> None:
    vitals = PrometheusVitals()
    for _ in range(100):
        vitals.observe(Vital.LOOP_LAG, 0.9)  # before the window
    before = _read(vitals)
    for lag in [0.0015] * 98 + [0.04, 0.2]:
        vitals.observe(Vital.LOOP_LAG, lag)
    after = _read(vitals)
    assert 0.001 <= quantile(0.5, before, after, LAG) <= 0.002
    assert 0.03 <= quantile(0.99, before, after, LAG) <= 0.05
    assert 0.1 <= quantile(1.0, before, after, LAG) <= 0.25
    assert math.isnan(quantile(0.5, after, after, LAG))


def test_counters_are_added_up_over_their_labels() -> None:
    vitals = PrometheusVitals()
    vitals.count(Vital.DATAGRAMS_DROPPED, 3, "icmp4")
    vitals.count(Vital.DATAGRAMS_DROPPED, 4, "snmp")
    seen = _read(vitals)
    assert seen.total("netmon_socket_dropped_total") == 7
    assert seen.labelled("netmon_socket_dropped_total") == {'socket="icmp4"': 3, 'socket="snmp"': 4}
    assert seen.total("netmon_nothing_of_the_kind") == 0


def test_a_process_is_counted_with_those_beneath_it() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 30 & echo ready; wait"], stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            deadline = time.monotonic() + 30
            while "sleep" not in [one.name for one in usage_of(child.pid).values()] and time.monotonic() < deadline:
                time.sleep(0.01)  # until the child of the shell has become its program
            found = usage_of(child.pid)
            assert [usage.name for usage in found.values()] == ["sh", "sleep"]
            mine = usage_of(os.getpid())
            assert found.keys() < mine.keys()
            assert mine[os.getpid()].cpu == pytest.approx(time.process_time(), rel=0.5, abs=2)
            assert 1 < mine[os.getpid()].rss <= mine[os.getpid()].most
            assert 0 <= mine[os.getpid()].waited < time.monotonic()
        finally:
            for pid in reversed(usage_of(child.pid)):
                os.kill(pid, 9)


def _figures(*figures: Figure, answered: int = 1000) -> Figures:
    return Figures("country", [Row("netmon", "0.1", 1000, answered, 60.0, 6.0)], figures)


def test_what_is_missed_is_said_in_a_sentence() -> None:
    good = _figures(Figure("CPU at rest", 0.1, "of a core", most=0.12), Figure("loads", 50, "", least=47.5))
    assert good.missed() == ()
    slow = _figures(
        Figure("CPU at rest", 0.2, "of a core", most=0.12),
        Figure("loads", 40, "", least=47.5),
        Figure("told", 99, "s"),
        Figure("loop lag p99", math.nan, "ms", most=20),
        answered=998,
    )
    assert slow.missed() == (
        "netmon: only 998 of 1,000 answered.",
        "CPU at rest: 0.2 of a core, promised is at most 0.12 of a core.",
        "loads: 40, promised is at least 47.5.",
        "loop lag p99: not measured ms, promised is at most 20 ms.",
    )


def test_a_million_devices_have_promises_of_their_own() -> None:
    assert promises_for(COUNTRY).cpu_share == 0.12
    assert promises_for(300).megabytes == 400
    assert promises_for(500_000).cpu_share == 1.5


def test_a_file_that_cannot_be_written_is_found_out_at_once(netmon: Netmon) -> None:
    said = netmon("bench", "country", "--json", "/nowhere/figures.json")
    assert said.code == 2
    assert "/nowhere/figures.json cannot be written" in said.err


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.peer("prometheus")
@pytest.mark.timeout(420)
def test_a_short_run_with_the_real_daemon_measures_everything(netmon: Netmon, tmp_path: Path) -> None:
    said = netmon("bench", "country", "--villages", "60", "--minutes", "1", "--json", "figures.json", "--keep", "stage")
    content = json.loads((tmp_path / "figures.json").read_text())
    figures = {one["name"]: one["value"] for one in content["figures"]}
    assert content["missed"] == [] or said.code == 1, said.out
    assert content["rows"][0]["answered"] == content["rows"][0]["devices"] > 100
    assert figures["villages"] == 60
    assert 0 < figures["CPU at rest"] < 1
    assert 10 < figures["start to first complete picture"] < 300
    assert figures["devices read in it"] > 100
    assert figures["samples of one full scrape"] > 1000
    assert figures["targets down"] == 0
    assert figures["loop lag p50"] > 0
    assert 0 <= figures["loop without a processor"] < 1
    assert figures["page loads failed"] == 0
    assert "full round on demand" in said.out
    assert (tmp_path / "stage" / "netmon.log").exists()

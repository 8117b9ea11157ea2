"""Drills: a scenario played to the real daemon, and a score that can be computed again from what was kept."""

import json
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from netmon.cli.drill.gauges import lag_quantile
from netmon.cli.drill.stage_settings import patience
from netmon.cli.drill.telling import missed
from netmon.lab.country import Country, CountryPlan, generate
from netmon.lab.events import place_events
from netmon.lab.scenario import Expect, check_scenario, find_scenario, shipped
from netmon.lab.scoring.kept import Kept
from netmon.lab.scoring.score import score
from tests.cli.test_demo import gone
from tests.kit.peers import ROOT

KEPT = ("drill.json", "ledger.jsonl", "inventory", "tickets.jsonl", "mail", "sms.jsonl")
"""All that a score may need."""
SHORT = """\
name: one of each, in less than a minute
country: {villages: 60, seed: 7, villages_per_feeder: 20, gentle: true}
intervals: {ping: 2, snmp: 20}
holds: {mail: 1, sms: 2}
duration: 42
events:
  - {at: 1, kind: power_cut, where: {amphoe: "#1"}}
  - {at: 1, kind: fibre_cut, where: {village: "#58"}}
expect: {ticket_p99: 41, precision: 1, recall: 1, same_twice: 0}
"""


def run_drill(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "netmon.cli", "drill", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=115, check=False)


@lru_cache(maxsize=1)  # two scenarios share the whole country, which takes seconds to make
def country_of(plan: CountryPlan) -> Country:
    return generate(plan)


def only_kept(folder: Path, copy: Path) -> Kept:
    """A copy of the drill's folder with nothing in it but what a score may need."""
    copy.mkdir()
    for name in KEPT:
        source = folder / name
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy(source, copy / name)
    return Kept(copy)


@pytest.mark.network
def test_a_short_drill_finds_each_cause_and_its_score_is_computed_again_from_what_it_kept(tmp_path: Path) -> None:
    scenario, report, folder = tmp_path / "short.yaml", tmp_path / "report.json", tmp_path / "kept"
    scenario.write_text(SHORT)
    done = run_drill(str(scenario), "--report", str(report), "--keep", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(report.read_text())
    assert score(only_kept(folder, tmp_path / "copy")) == told
    power, fibre = told["events"]
    assert (power["cause_last"], fibre["cause_last"]) == ("power", "uplink")
    assert (len(power["tickets"]), len(fibre["tickets"])) == (1, 1)
    assert told["overall"]["answer_to_no_event"] == []
    assert told["overall"]["villages_missed"] == told["overall"]["villages_wrongly_listed"] == 0
    assert told["changed_by_scenario"]["probing.interval"] == 2.0
    assert told["defaults"]["conclude.settle"] == 10.0
    assert_messages_arrived(folder, told, power["villages"])
    assert gone(folder) == []


def assert_messages_arrived(folder: Path, told: dict[str, Any], villages: int) -> None:
    """What the gateways outside took is what the report counts, and the daemon wrote no file of its own."""
    mails = list((folder / "mail").glob("*.eml"))
    texts = (folder / "sms.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(mails) == told["notices"]["mails"] > 1
    assert len(texts) == told["notices"]["sms"] >= villages
    assert not (folder / "state" / "mail").exists() and not (folder / "state" / "sms").exists()


@pytest.mark.parametrize("name", shipped())
def test_every_scenario_that_ships_can_be_placed_in_its_country(name: str) -> None:
    script = find_scenario(name)
    assert place_events(script, country_of(script.country.plan()))


def test_a_folder_of_that_name_does_not_hide_a_scenario_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ours = find_scenario("demo")
    (tmp_path / "demo").mkdir()
    assert find_scenario("demo") == ours


def test_an_unknown_scenario_is_answered_with_those_there_are(tmp_path: Path) -> None:
    done = run_drill(str(tmp_path / "nowhere.yaml"))
    assert done.returncode == 2
    assert "there are demo, isolation, storm-300" in done.stderr


def test_a_place_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    scenario = tmp_path / "wrong.yaml"
    scenario.write_text(SHORT.replace('"#58"', '"#61"'))
    done = run_drill(str(scenario), "--keep", str(tmp_path / "kept"))
    assert done.returncode == 2
    assert "village #61 is out of range; this country has #1 to #60" in done.stderr
    assert not (tmp_path / "kept").exists()


def test_netmon_promises_a_minute_and_less_at_shorter_intervals() -> None:
    raw: dict[str, Any] = {"name": "t", "duration": 9, "country": {"villages": 20}}
    assert patience(check_scenario(raw, "t")) == 60
    assert patience(check_scenario({**raw, "intervals": {"ping": 5}}, "t")) == 40


def a_report(**figures: Any) -> dict[str, Any]:
    nothing = {"p99": None}
    overall = {"precision": None, "recall": None, "tickets": 0}
    return {
        "overall": {**overall, "seconds_to_ticket": nothing, "seconds_to_resolved": nothing, **figures},
        "notices": {"same_twice": 0},
        "isolations": {"alarms": 0},
        "daemon": {
            "storm_loop_lag_p99_at_most": 0.02,
            "storm_loop_lag_max_at_most": 0.25,
            "storm_devices_late_at_most": 0,
            "seconds_to_all_tested_again": [31.0, None],
        },
    }


def test_an_expectation_of_which_nothing_is_known_is_missed() -> None:
    expect = Expect(ticket_p99=60, recall=0.9, alarms=1, loop_lag_p99=0.02, devices_late=0)
    assert list(missed(a_report(), expect)) == [
        "The p99 from failure to ticket should be at most 60, and is not known.",
        "The recall should be at least 0.9, and is not known.",
        "There should be 1 alarms of isolation, and there were 0.",
    ]


def test_a_loop_held_up_once_is_told_though_its_lag_is_small_as_a_rule() -> None:
    (told,) = missed(a_report(), Expect(loop_lag_p99=0.05, loop_lag_max=0.1))
    assert told == "The longest of the loop's lag in the storm should be at most 0.1, and is 0.25."


def test_a_country_that_is_not_tested_again_in_time_is_told() -> None:
    (told,) = missed(a_report(), Expect(tested_again=30))
    assert "within 30 s" in told
    assert "31.0 s after the return, - after the return" in told


def test_expectations_that_are_met_are_not_mentioned() -> None:
    report = a_report(seconds_to_ticket={"p99": 59.0}, precision=1.0, recall=1.0)
    assert list(missed(report, Expect(ticket_p99=60, precision=1, recall=1, alarms=0, same_twice=0))) == []


def test_a_lag_beyond_every_bucket_has_no_bound() -> None:
    assert lag_quantile({0.01: 90.0, 0.1: 99.0, float("inf"): 100.0}, 0.99) == 0.1
    assert lag_quantile({0.01: 90.0, 0.1: 99.0, float("inf"): 100.0}, 1.0) is None
    assert lag_quantile({0.01: 0.0, float("inf"): 0.0}, 0.5) is None

"""Timelines are as unkind as the field, unless the country is gentle; the conductor's ledger tells what was true."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from netmon.errors import InputError
from netmon.lab.conductor import Conductor
from netmon.lab.country import Country, generate
from netmon.lab.events import place_events
from netmon.lab.ledger import Ledger, Outage, read_lines, read_outages
from netmon.lab.responder import Responder
from netmon.lab.scenario import Scenario, check_scenario
from netmon.lab.timeline import Change, Step, timeline
from netmon.lab.wire import Wire
from netmon.model.inventory import Role
from netmon.model.time import Now
from tests.lab.packets_of_a_peer import echo

POWER = {"at": 100, "until": 1000, "kind": "power_cut", "where": {"amphoe": "#1"}}


def scenario(*events: dict[str, Any], gentle: bool = False, **more: Any) -> Scenario:
    country = {"villages": more.pop("villages", 300), "seed": 7, "gentle": gentle}
    return check_scenario({"name": "t", "duration": 2000, "country": country, "events": list(events), **more}, "test")


def steps_of(one: Scenario) -> tuple[Country, list[Step]]:
    country = generate(one.country.plan())
    return country, timeline(one, country, place_events(one, country))


def test_outage_begins_over_ninety_seconds_and_ends_over_five_minutes() -> None:
    country, steps = steps_of(scenario(POWER))
    kills = [step.at for step in steps if step.change is Change.KILL and step.placed.id == "e1-power_cut"]
    revivals = [step.at for step in steps if step.change is Change.REVIVE and step.placed.id == "e1-power_cut"]
    assert min(kills) == 100 and 170 < max(kills) <= 190
    assert min(revivals) == 1000 and 1200 < max(revivals) <= 1300
    assert len(set(kills)) > 30
    assert steps == sorted(steps, key=lambda step: step.at)
    assert country.wrongly_recorded()


def test_devices_of_one_village_lose_their_mains_together() -> None:
    country, steps = steps_of(scenario(POWER))
    times = defaultdict(set)
    for step in steps:
        village = country.inventory.devices[step.device].village
        if step.change is Change.KILL and village:
            times[village].add(step.at)
    assert all(len(some) == 1 for some in times.values())


def test_short_outage_s_stragglers_fail_before_it_ends() -> None:
    _, steps = steps_of(scenario({**POWER, "until": 120}))
    kills = [step.at for step in steps if step.change is Change.KILL and step.placed.id == "e1-power_cut"]
    assert max(kills) <= 110


def test_some_feeders_live_through_a_power_cut_on_battery() -> None:
    one = scenario({**POWER, "where": {"country": True}}, villages=2000)
    country, steps = steps_of(one)
    dead = {step.device for step in steps if step.change is Change.KILL and step.placed.id == "e1-power_cut"}
    feeders = [i for i, d in enumerate(country.inventory.devices) if d.role is Role.FEEDER]
    assert 0.2 < sum(i in dead for i in feeders) / len(feeders) < 0.6


def test_gentle_country_fails_and_recovers_at_once_with_all_its_feeders_and_nothing_unrelated() -> None:
    country, steps = steps_of(scenario({**POWER, "where": {"country": True}}, gentle=True, villages=2000))
    assert {step.at for step in steps if step.change is Change.KILL} == {100}
    assert {step.at for step in steps if step.change is Change.REVIVE} == {1000}
    dead = {step.device for step in steps if step.change is Change.KILL}
    assert len(dead) == len(country.inventory.devices) - len(country.unbuilt)
    assert {step.placed.id for step in steps} == {"e1-power_cut"}


def test_unrelated_faults_come_at_a_low_rate() -> None:
    country, steps = steps_of(scenario(villages=20_000))
    expected = 20_000 * 0.02 * 2000 / 86_400
    begun = [step.placed for step in steps if step.change is Change.BEGIN]
    assert expected / 3 < len(begun) < expected * 3
    assert {one.event.kind for one in begun} == {"ap_fault", "uplink_fault"}
    assert all(country.inventory.devices[i].id not in country.unbuilt for one in begun for i in one.devices)


def test_flapping_uplink_goes_and_comes_and_stays_up_at_the_end() -> None:
    event = {"at": 10, "until": 100, "kind": "flap", "period": 20, "where": {"village": "#1"}}
    _, steps = steps_of(scenario(event, gentle=True))
    moves = [(step.at, step.change) for step in steps if step.change in (Change.KILL, Change.REVIVE)]
    assert [at for at, _ in moves] == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert [change for _, change in moves] == [Change.KILL, Change.REVIVE] * 5


def test_same_scenario_has_the_same_timeline() -> None:
    assert steps_of(scenario(POWER))[1] == steps_of(scenario(POWER))[1]


class LinkSwitch:
    """A wire's link as the conductor sees it."""

    def __init__(self) -> None:
        self.moves: list[str] = []

    def down(self) -> None:
        self.moves.append("down")

    def up(self) -> None:
        self.moves.append("up")


class Stage:
    """A conductor with a clock of its own."""

    def __init__(self, one: Scenario, path: Path) -> None:
        self.country, steps = steps_of(one)
        self.link = LinkSwitch()
        self.responder = Responder(self.country, instant=True)
        self.said: list[dict[str, Any]] = []
        wire: Wire = self.link  # type: ignore[assignment]
        self.ledger = Ledger.create(path)
        self.conductor = Conductor(self.country, steps, self.responder, wire, self.ledger)
        self.conductor.start(Now(0.0, 1_000_000.0))

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()

    def play(self, until: float) -> None:
        while (due := self.conductor.next_due()) is not None and due <= until:
            self.conductor.advance(Now(due, 1_000_000.0 + due), self.said.append)

    def answering(self) -> set[str]:
        return {d.id for d in self.country.inventory.devices if d.address and self.responder.answer(echo(d.address))}


def test_ledger_says_of_every_device_when_it_was_dead_and_why(tmp_path: Path) -> None:
    with Stage(scenario(POWER), tmp_path / "truth.jsonl") as stage:
        before = stage.answering()
        stage.play(999)
        outages = [one for one in read_outages(tmp_path / "truth.jsonl") if one.event == "e1-power_cut"]
        killed = {one.device for one in outages}
        assert killed and not killed & stage.answering()
        assert all(
            one.until is None and one.cause == "power" and 1_000_100 <= one.since <= 1_000_190 for one in outages
        )
        feeders = {d.id for d in stage.country.inventory.devices if d.role is Role.FEEDER}
        for one in outages:
            true = stage.responder.branches.below(stage.country.inventory.index_of[one.device])
            assert set(one.villages) == {stage.country.inventory.devices[i].village for i in true} - {None}
            assert len(one.villages) == 1 or one.device in feeders or one.device.startswith("ups-")
        stage.play(5000)
        ended = [one for one in read_outages(tmp_path / "truth.jsonl") if one.event == "e1-power_cut"]
        assert {one.device for one in ended} == killed and len(ended) == len(killed)
        assert all(one.until is not None and one.until >= 1_001_000 for one in ended)
        assert stage.answering() == before


def test_ledger_frames_every_event_and_begins_with_the_country(tmp_path: Path) -> None:
    isolation = {"at": 5, "until": 9, "kind": "poller_isolation"}
    with Stage(scenario(isolation, POWER, gentle=True), tmp_path / "t") as stage:
        stage.play(5000)
    lines = list(read_lines(tmp_path / "t"))
    assert lines[0] == {
        "truth": "country",
        "at": 1_000_000.0,
        "villages": 300,
        "devices": 628,
        "seed": 7,
        "gentle": True,
    }
    events = [(e["event"], e["cause"], e["from"], e["to"]) for e in lines if e["truth"] == "event"]
    assert events == [
        ("e1-poller_isolation", "", 1_000_005.0, None),
        ("e1-poller_isolation", "", 1_000_005.0, 1_000_009.0),
        ("e2-power_cut", "power", 1_000_100.0, None),
        ("e2-power_cut", "power", 1_000_100.0, 1_001_000.0),
    ]


def test_isolation_by_link_takes_the_link_down_once_and_up_with_the_last(tmp_path: Path) -> None:
    one = {"at": 5, "until": 9, "kind": "poller_isolation", "how": "link"}
    with Stage(scenario(one, {**one, "at": 7, "until": 12}, gentle=True), tmp_path / "t") as stage:
        stage.play(10)
        assert stage.link.moves == ["down"] and stage.answering()
        stage.play(100)
        assert stage.link.moves == ["down", "up"]


def test_isolation_by_black_hole_silences_everything(tmp_path: Path) -> None:
    with Stage(scenario({"at": 5, "until": 9, "kind": "poller_isolation"}, gentle=True), tmp_path / "t") as stage:
        stage.play(6)
        assert not stage.answering() and stage.link.moves == []
        stage.play(10)
        assert stage.answering()


def test_restart_is_asked_of_the_caller(tmp_path: Path) -> None:
    with Stage(scenario({"at": 5, "kind": "restart_netmon", "how": "kill"}, gentle=True), tmp_path / "t") as stage:
        stage.play(10)
        assert {"lab": "restart_netmon", "event": "e1-restart_netmon", "how": "kill"} in stage.said
        assert [line["lab"] for line in stage.said] == ["begin", "restart_netmon", "end"]


def test_line_cut_short_by_a_crash_is_left_out_and_any_other_nonsense_is_told(tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path / "t")
    outage = Outage(event="e1", device="ap-1", cause="power", since=1.0, until=None, villages=())  # type: ignore[arg-type]
    ledger.outage(outage)
    ledger.close()
    with (tmp_path / "t").open("a") as file:
        file.write('{"truth": "outa')
    assert read_outages(tmp_path / "t") == (outage,)
    with (tmp_path / "t").open("a") as file:
        file.write("\n")
    with pytest.raises(InputError, match="line 2 is not a ledger line"):
        read_outages(tmp_path / "t")

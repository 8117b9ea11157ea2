"""Drills in time that only the test moves: one event is one ticket at each service centre, two events are two."""

from pathlib import Path
from typing import Any

import pytest

from netmon.lab.country import CountryPlan, generate
from tests.kit.quick_drill import play

Event = dict[str, Any]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def script(villages: int, *events: Event, seed: int, duration: float = 360, **more: Any) -> dict[str, Any]:
    country = {"villages": villages, "seed": seed}
    return {"name": "quick", "country": country, "duration": duration, "events": list(events), **more}


def event(kind: str, at: float, until: float | None = None, **more: Any) -> Event:
    timed = {"at": at} if until is None else {"at": at, "until": until}
    where = {name: more.pop(name) for name in ("village", "feeder", "amphoe", "province") if name in more}
    return {"kind": kind, **timed, **more, **({"where": where} if where else {})}


def neighbours(villages: int, seed: int) -> tuple[str, str]:
    """Two amphoes of one service centre, each with at least fifteen villages."""
    inventory = generate(CountryPlan(villages=villages, seed=seed)).inventory
    amphoes: dict[str, dict[str, int]] = {}
    for one in inventory.villages.values():
        own = amphoes.setdefault(one.centre, {})
        own[one.amphoe_code] = own.get(one.amphoe_code, 0) + 1
    large = [sorted(own) for own in amphoes.values() if len(own) == 2 and min(own.values()) >= 15]
    first, second = large[0]
    return first, second


def assert_each_event_has_its_ticket(told: dict[str, Any], *, missed: int = 0) -> None:
    overall = told["overall"]
    assert (overall["precision"], overall["recall"]) == (1.0, 1.0), overall
    assert overall["villages_missed"] <= missed


@pytest.mark.parametrize("seed", [7, 9])
def test_province_without_power_is_one_ticket_for_each_service_centre_to_the_last_village(
    seed: int, tmp_path: Path
) -> None:
    told, _ = play(script(3_000, event("power_cut", 30, 150, province="#3"), seed=seed, duration=500), tmp_path)
    assert_each_event_has_its_ticket(told)
    assert told["overall"]["seconds_to_ticket"]["p99"] <= 60
    assert told["overall"]["cause_right_at_end"] == 1.0


@pytest.mark.parametrize("seed", [7, 8])
def test_feeder_that_is_cut_is_one_ticket_though_records_of_its_villages_are_wrong(seed: int, tmp_path: Path) -> None:
    told, drill = play(script(600, event("feeder_cut", 60, 200, feeder="#3"), seed=seed), tmp_path)
    assert drill.country.wiring.moved() > 0
    assert_each_event_has_its_ticket(told)


@pytest.mark.parametrize("kind", ["power_cut", "fibre_cut"])
def test_what_begins_a_minute_later_next_door_is_a_ticket_of_its_own(kind: str, tmp_path: Path) -> None:
    first, second = neighbours(1_500, 7)
    events = event("power_cut", 40, 300, amphoe=first), event(kind, 100, 300, amphoe=second)
    told, _ = play(script(1_500, *events, seed=7), tmp_path)
    assert_each_event_has_its_ticket(told)


def test_netmon_that_is_killed_in_a_storm_tells_of_it_once(tmp_path: Path) -> None:
    events = event("power_cut", 30, 300, province="#3"), event("restart_netmon", 75, how="kill")
    told, _ = play(script(3_000, *events, seed=9, duration=400), tmp_path)
    assert_each_event_has_its_ticket(told)


def test_isolation_in_a_storm_hides_it_and_opens_nothing_of_its_own(tmp_path: Path) -> None:
    events = event("power_cut", 30, 400, province="#3"), event("poller_isolation", 80, 140)
    told, _ = play(script(3_000, *events, seed=9, duration=480), tmp_path)
    assert_each_event_has_its_ticket(told)
    assert told["isolations"]["tickets_meanwhile"] == 0

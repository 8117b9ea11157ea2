"""Events over several places: one fault for each service centre, and what only happens at the same time stays apart."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from netmon.model.faults import Cause, EvidenceKind, Scope
from netmon.model.onus import OltWord
from tests.kit.land import Land

T = 1_600_000_000.0
PROVINCE = {(f"43{number:02d}", f"olt-{number}"): 18 for number in range(1, 13)}
"""Twelve amphoes with a feeder each; every two have a service centre."""
PAIR = {("3401", "olt-a"): 20, ("3402", "olt-b"): 20}
AMONG_OTHERS = {**PAIR, **{(f"34{number:02d}", f"olt-{number}"): 20 for number in range(3, 16)}}
GASPS = (OltWord.DYING_GASP, OltWord.DYING_GASP, OltWord.LOSS_OF_SIGNAL)
"""Three in ten are not heard."""


def unfold(
    here: Land,
    begins: Mapping[str, float],
    *,
    over: float = 90.0,
    seed: int = 0,
    words: Mapping[str, Iterable[OltWord]] | None = None,
) -> None:
    """Power fails in each of these amphoes from that second on, village after village."""
    chance = random.Random(seed)
    onsets = [(begins[amphoe] + chance.uniform(0, over), one) for amphoe in begins for one in here.on(amphoe)]
    said = {amphoe: list(found) for amphoe, found in (words or {}).items()}
    for second in range(5, int(max(begins.values()) + over) + 60, 5):
        for onset, device in onsets:
            if second - 5 <= onset < second and device not in here.dead:
                amphoe = here.homes[device][0]
                word = chance.choice(said[amphoe]) if amphoe in said else OltWord.NOTHING
                here.kill(device, T + onset, olt=word)
        here.conclude(T + second)


def by_centre(here: Land) -> Counter[str]:
    """How many open faults each centre has."""
    return Counter(here.centre_of(fault.villages[0][:4]) for fault in here.open())


@pytest.mark.parametrize("seed", range(4))
def test_province_that_loses_its_power_is_one_fault_for_each_service_centre(seed: int) -> None:
    here = Land.of(PROVINCE)
    unfold(here, {f"43{number:02d}": 0.0 for number in range(1, 13)}, seed=seed)
    assert set(by_centre(here).values()) == {1}
    assert {(fault.scope, fault.cause) for fault in here.open()} == {(Scope.AMPHOES, Cause.POWER)}
    assert all(len(fault.dark_villages) == 36 for fault in here.open())


@pytest.mark.parametrize("seed", range(4))
def test_neighbours_that_go_dark_in_the_same_minute_are_one_outage(seed: int) -> None:
    here = Land.of(PAIR)
    unfold(here, {"3401": 0.0, "3402": 0.0}, seed=seed, words={"3401": GASPS, "3402": GASPS})
    fault = here.only()
    assert (fault.scope, fault.cause, len(fault.villages)) == (Scope.AMPHOES, Cause.POWER, 40)
    (counted,) = (one for one in fault.evidence if one.kind is EvidenceKind.NEIGHBOURS_SILENT)
    assert (counted.count, counted.total) == (40, 40)


@pytest.mark.parametrize("later", [45.0, 90.0, 120.0])
@pytest.mark.parametrize("seed", range(4))
def test_power_cut_that_begins_later_next_door_is_another_one(seed: int, later: float) -> None:
    here = Land.of(AMONG_OTHERS)
    unfold(here, {"3401": 0.0, "3402": later}, seed=seed, words={"3401": GASPS, "3402": GASPS})
    assert sorted((fault.villages[0][:4], len(fault.villages)) for fault in here.open()) == [("3401", 20), ("3402", 20)]


@pytest.mark.parametrize("seed", range(4))
def test_line_cut_during_the_neighbours_power_cut_keeps_its_own_fault_and_cause(seed: int) -> None:
    here = Land.of(PAIR)
    unfold(here, {"3401": 0.0, "3402": 0.0}, seed=seed, words={"3401": GASPS, "3402": [OltWord.LOSS_OF_SIGNAL]})
    assert sorted(fault.cause for fault in here.open()) == [Cause.POWER, Cause.UPLINK]


def test_village_that_fails_for_its_own_reason_next_to_a_power_cut_keeps_its_own_fault() -> None:
    here = Land.of(PROVINCE)
    alone = here.on("4312")[0]
    here.kill(alone, T + 30)
    unfold(here, {f"43{number:02d}": 0.0 for number in range(1, 12)})
    assert [fault.key for fault in here.open() if fault.scope is Scope.DEVICE] == [alone]


def test_feeder_that_dies_at_the_time_of_one_neighbours_power_cut_is_another_event() -> None:
    here = Land.of(PAIR)
    here.kill_feeder("olt-b", T + 40)
    unfold(here, {"3401": 0.0}, words={"3401": GASPS})
    assert sorted(fault.cause for fault in here.open()) == [Cause.FEEDER, Cause.POWER]


def test_feeder_whose_villages_fell_silent_before_it_has_lost_its_power_with_them() -> None:
    here = Land.of(PAIR)
    here.kill_feeder("olt-b", T + 40, before=9)
    here.conclude(T + 60)
    assert (here.only().cause, here.only().confidence) == (Cause.POWER, 0.75)
    assert EvidenceKind.SILENT_BEFORE_IT in {one.kind for one in here.only().evidence}
    unfold(here, {"3401": 0.0}, words={"3401": GASPS})
    assert (here.only().scope, here.only().cause, len(here.only().villages)) == (Scope.AMPHOES, Cause.POWER, 40)


def test_feeders_without_battery_belong_to_the_power_cut_that_others_prove() -> None:
    here = Land.of(PROVINCE)
    here.kill_feeder("olt-2", T + 1)
    unfold(here, {f"43{number:02d}": 0.0 for number in range(1, 13) if number != 2})
    assert set(by_centre(here).values()) == {1}
    assert {fault.cause for fault in here.open()} == {Cause.POWER}


def test_ring_that_feeds_a_provinces_exchanges_is_one_fault_for_each_centre_and_no_power_cut() -> None:
    here = Land.of(PROVINCE)
    here.centres = {amphoe: f"tot-{int(amphoe[2:]) % 4}" for amphoe, _ in PROVINCE}
    for number in range(1, 13):
        here.kill_feeder(f"olt-{number}", T + number)
    here.conclude(T + 40)
    here.conclude(T + 80)
    assert {(fault.scope, fault.cause) for fault in here.open()} == {(Scope.AMPHOES, Cause.FEEDER)}
    assert set(by_centre(here).values()) == {1}


def test_outage_of_two_centres_is_a_fault_of_each_and_each_ends_with_its_own_villages() -> None:
    here = Land.of(PROVINCE)
    unfold(here, {f"43{number:02d}": 0.0 for number in range(1, 5)})
    first, second = here.open()
    here.conclude(T + 300, recovered=[member.device for member in first.members])
    assert [fault.id for fault in here.open()] == [second.id]


@pytest.mark.parametrize("at", [200.0, 1_000.0])
def test_what_fails_late_in_any_of_its_amphoes_joins_the_fault_that_spans_them(at: float) -> None:
    here = Land.of(PAIR)
    late = here.on("3402")[-1]
    waits = here.homes[late][2]
    for amphoe in ("3401", "3402"):
        for number, device in enumerate(one for one in here.on(amphoe) if one != late):
            here.kill(device, T + 4 * number)
    here.conclude(T + 100)
    assert here.only().scope is Scope.AMPHOES
    here.conclude(T + at)
    here.kill(late, T + 150)
    here.conclude(T + at + 20)
    assert waits in here.only().dark_villages


def test_feeder_whose_battery_runs_out_hours_later_joins_the_power_cut_over_several_amphoes() -> None:
    here = Land.of(PAIR)
    unfold(here, {"3401": 0.0, "3402": 0.0})
    assert here.only().scope is Scope.AMPHOES
    here.kill_feeder("olt-b", T + 9_000)
    here.conclude(T + 9_030)
    assert (here.only().scope, here.only().cause) == (Scope.AMPHOES, Cause.POWER)


def test_amphoe_of_two_villages_joins_the_outage_of_its_province() -> None:
    here = Land.of({**PROVINCE, ("4313", "olt-13"): 2})
    here.centres["4313"] = here.centre_of("4311")
    unfold(here, {f"43{number:02d}": 0.0 for number in range(1, 14)})
    assert set(by_centre(here).values()) == {1}


def test_second_outage_of_the_same_centre_an_hour_later_is_another_fault() -> None:
    here = Land.of({(f"43{number:02d}", f"olt-{number}"): 18 for number in range(1, 5)})
    here.centres.update(dict.fromkeys(("4301", "4302", "4303", "4304"), "tot-43"))
    for amphoes, begin in ((("4301", "4302"), T), (("4303", "4304"), T + 3_600)):
        for amphoe in amphoes:
            for number, device in enumerate(here.on(amphoe)):
                here.kill(device, begin + 5 * number)
        here.conclude(begin + 110)
    assert [sorted({one[:4] for one in fault.villages}) for fault in here.open()] == [
        ["4301", "4302"],
        ["4303", "4304"],
    ]


def test_fault_that_an_operator_explained_is_not_joined_to_its_neighbours() -> None:
    here = Land.of(PAIR)
    for device in here.on("3402"):
        here.kill(device, T)
    here.conclude(T + 20)
    here.record([replace(here.only(), cause=Cause.UPLINK, overruled_by="noc")])
    for device in here.on("3401"):
        here.kill(device, T + 5)
    here.conclude(T + 60)
    assert [(fault.key, fault.overruled_by) for fault in here.open()] == [("olt-b", "noc"), ("olt-a", "")]


def test_mergers_of_a_storm_are_told_one_after_the_other_not_entangled() -> None:
    here = Land.of(PROVINCE)
    for amphoe, _ in PROVINCE:
        for number, device in enumerate(here.on(amphoe)):
            here.kill(device, T + number)
    here.conclude(T + 30)
    assert len(here.open()) == 12
    changed = here.conclude(T + 60)
    families = [fault.merged_into or fault.id for fault in changed]
    assert len(set(families)) == 6
    assert families == sorted(families, key=families.index), "a family's faults are not side by side"

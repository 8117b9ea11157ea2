"""Stories of dead devices, and the faults that are told of them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.model.faults import Cause, EvidenceKind, Resolution, Scope
from netmon.model.ids import DeviceId, FaultId
from netmon.model.inventory import Role
from netmon.rules.conclude import Witness
from netmon.rules.diagnosis import Candidate, diagnose
from tests.kit.land import Land

UBON = {("3401", "olt-a"): 20, ("3401", "olt-b"): 20, ("3402", "olt-c"): 20}
T = 1_000_000.0


@pytest.mark.parametrize(
    ("role", "changes", "cause", "confidence"),
    [
        (Role.AP, {"uplink": Witness.ANSWERS}, Cause.ACCESS_POINT, 0.95),
        (Role.AP, {"uplink": Witness.NOT_WATCHED}, Cause.UNKNOWN, 0.3),
        (Role.AP, {"uplink": Witness.UNSURE}, Cause.UNKNOWN, 0.3),
        (Role.AP, {"uplink": Witness.SILENT}, Cause.UPLINK, 0.45),
        (Role.SWITCH, {"uplink": Witness.ANSWERS}, Cause.UNKNOWN, 0.5),
        (Role.UPLINK, {"feeder": Witness.ANSWERS, "feeder_id": "olt"}, Cause.UPLINK, 0.6),
        (Role.UPLINK, {"feeder": Witness.NOT_WATCHED}, Cause.UPLINK, 0.45),
        (Role.UPS, {}, Cause.AGENT, 0.6),
        (Role.FEEDER, {"below_watched": 40, "below_silent": 40}, Cause.FEEDER, 0.95),
        (Role.FEEDER, {"below_watched": 40, "below_silent": 38}, Cause.FEEDER, 0.7),
        (Role.FEEDER, {"below_watched": 40, "below_silent": 10}, Cause.FEEDER, 0.5),
        (Role.FEEDER, {}, Cause.FEEDER, 0.7),
    ],
)
def test_one_dead_device_is_explained_by_its_witnesses(
    role: Role, changes: dict[str, Any], cause: Cause, confidence: float
) -> None:
    dead = Candidate(device=DeviceId("d"), role=role, villages=(), failed_at=T, confirmed_at=T + 8, **changes)
    finding = diagnose(dead, T + 20)
    assert (finding.cause, finding.confidence) == (cause, confidence)
    assert finding.evidence[0].kind is EvidenceKind.DEVICE_SILENT


def test_nothing_is_said_before_a_confirmed_failure_has_settled() -> None:
    here = Land.of(UBON)
    here.kill(here.on("3401")[0], T)
    assert here.conclude(T + 17.9) == ()
    here.conclude(T + 18)
    assert here.only().cause is Cause.UPLINK


def test_two_failures_are_two_faults_but_three_on_one_feeder_are_one() -> None:
    here = Land.of(UBON)
    first, second, third = here.on("3401", "olt-a")[:3]
    here.kill(first, T)
    here.kill(second, T + 10)
    here.conclude(T + 30)
    assert [fault.scope for fault in here.open()] == [Scope.DEVICE, Scope.DEVICE]
    here.kill(third, T + 60)
    here.conclude(T + 80)
    fault = here.only()
    assert (fault.id, fault.scope, fault.key, fault.cause) == ("F0001", Scope.FEEDER, "olt-a", Cause.UPLINK)
    assert here.history[FaultId("F0002")].merged_into == "F0001"
    assert here.history[FaultId("F0002")].resolution is Resolution.MERGED


def test_villages_of_several_answering_feeders_have_lost_power() -> None:
    here = Land.of(UBON)
    for number, device in enumerate(here.on("3401")):
        here.kill(device, T + 2 * number)
    here.conclude(T + 120)
    fault = here.only()
    assert (fault.scope, fault.key, fault.cause) == (Scope.AMPHOE, "3401", Cause.POWER)
    assert fault.confidence == pytest.approx(0.95)
    kinds = {one.kind for one in fault.evidence}
    assert {EvidenceKind.NEIGHBOURS_SILENT, EvidenceKind.SEVERAL_FEEDERS, EvidenceKind.FEEDER_ANSWERS} <= kinds


def test_one_feeders_villages_are_the_line_with_a_confidence_that_neighbours_lend() -> None:
    alone = Land.of({("3401", "olt-a"): 20})
    among_others = Land.of(UBON)
    for here in (alone, among_others):
        for device in here.on("3401", "olt-a"):
            here.kill(device, T)
        here.conclude(T + 30)
        assert (here.only().scope, here.only().cause) == (Scope.FEEDER, Cause.UPLINK)
    assert (alone.only().confidence, among_others.only().confidence) == (0.4, 0.7)


def test_one_amphoe_of_a_feeder_that_serves_two_is_the_place_not_the_line() -> None:
    here = Land.of({("3401", "olt-a"): 20, ("3402", "olt-a"): 20})
    for device in here.on("3401"):
        here.kill(device, T)
    here.conclude(T + 30)
    fault = here.only()
    assert (fault.scope, fault.cause, fault.confidence) == (Scope.AMPHOE, Cause.POWER, 0.5)


def test_all_villages_of_an_unwatched_feeder_point_to_the_feeder() -> None:
    here = Land.of(UBON)
    for device in here.on("3401", "olt-a"):
        here.kill(device, T, Witness.NOT_WATCHED)
    here.conclude(T + 30)
    assert (here.only().scope, here.only().cause, here.only().confidence) == (Scope.FEEDER, Cause.FEEDER, 0.55)


def test_access_point_that_fails_for_itself_keeps_its_fault_in_a_storm() -> None:
    here = Land.of(UBON)
    own, *others = here.on("3401")
    name = here.kill_ap(own, T + 5)
    for device in others:
        here.kill(device, T)
    here.conclude(T + 40)
    causes = {fault.key: fault.cause for fault in here.open()}
    assert causes == {name: Cause.ACCESS_POINT, "3401": Cause.POWER}


def test_access_points_with_unwatched_uplinks_join_the_storm() -> None:
    here = Land.of(UBON)
    for number, device in enumerate(here.on("3401")):
        if number % 2:
            here.kill(device, T)
        else:
            here.kill_ap(device, T, Witness.NOT_WATCHED)
    here.conclude(T + 30)
    assert here.only().cause is Cause.POWER


def test_places_with_many_old_outages_need_more_to_be_one_fault() -> None:
    layout = {("3401", "olt-a"): 30, ("3401", "olt-b"): 30, ("3401", "olt-c"): 30}
    calm, rotten = Land.of(layout), Land.of(layout)
    rotten.dark_before = {"3401": 60}
    for here in (calm, rotten):
        for feeder in ("olt-a", "olt-b", "olt-c", "olt-a"):
            here.kill(next(one for one in here.on("3401", feeder) if one not in here.dead), T)
        here.conclude(T + 30)
    assert calm.only().scope is Scope.AMPHOE
    assert len(rotten.open()) == 4


def test_late_arrival_joins_within_the_window_and_stands_alone_after_it() -> None:
    here = Land.of(UBON)
    *first, late, later = here.on("3401")
    for device in first[:25]:
        here.kill(device, T)
    here.conclude(T + 30)
    here.kill(late, T + 170)
    here.conclude(T + 200)
    assert len(here.only().members) == 26
    here.kill(later, T + 170 + 181)
    here.conclude(T + 400)
    assert sorted(fault.scope for fault in here.open()) == [Scope.AMPHOE, Scope.DEVICE]


def test_failures_older_than_the_merge_time_are_left_alone() -> None:
    here = Land.of(UBON)
    old, *rest = here.on("3401", "olt-a")
    here.kill(old, T)
    here.conclude(T + 20)
    for device in rest:
        here.kill(device, T + 330)
    here.conclude(T + 360)
    assert [(fault.scope, len(fault.members)) for fault in here.open()] == [(Scope.DEVICE, 1), (Scope.FEEDER, 19)]


def test_dead_feeder_absorbs_its_childrens_faults_and_the_oldest_survives() -> None:
    here = Land.of(UBON)
    first, second = here.on("3401", "olt-a")[:2]
    here.kill(first, T)
    here.kill(second, T + 5)
    here.conclude(T + 25)
    assert len(here.open()) == 2
    here.kill_feeder("olt-a", T + 10)
    here.conclude(T + 40)
    fault = here.only()
    assert (fault.id, fault.scope, fault.key, fault.cause) == ("F0001", Scope.FEEDER, "olt-a", Cause.FEEDER)
    assert [member.device for member in fault.members] == ["olt-a"]
    assert len(fault.villages) == 20


def test_faults_merged_twice_in_one_conclusion_all_point_to_the_survivor() -> None:
    here = Land.of(UBON)
    for device in here.on("3401", "olt-b"):
        here.kill(device, T)
    here.conclude(T + 30)
    names = [here.kill_ap(device, T + 15) for device in here.on("3401", "olt-a")[:2]]
    here.conclude(T + 35)
    assert [fault.cause for fault in here.open()] == [Cause.UPLINK, Cause.ACCESS_POINT, Cause.ACCESS_POINT]
    for name in names:
        del here.dead[name]
        here.absorbed[name] = DeviceId("olt-a")
    here.kill_feeder("olt-a", T + 20)
    here.conclude(T + 60)
    assert (here.only().id, here.only().cause, len(here.only().villages)) == ("F0001", Cause.POWER, 40)
    assert {fault.merged_into for fault in here.history.values()} == {None, "F0001"}


def test_feeder_that_dies_leaves_a_days_old_fault_behind_it_alone() -> None:
    here = Land.of(UBON)
    here.kill(here.on("3401", "olt-a")[0], T)
    here.conclude(T + 25)
    here.kill_feeder("olt-a", T + 86_400)
    here.conclude(T + 86_430)
    assert [fault.key for fault in here.open()] == [here.on("3401", "olt-a")[0], "olt-a"]


def test_access_point_whose_uplink_turns_out_dead_is_relabelled_with_it() -> None:
    here = Land.of(UBON)
    device = here.on("3401")[0]
    name = here.kill_ap(device, T)
    here.conclude(T + 20)
    assert here.only().cause is Cause.ACCESS_POINT
    del here.dead[name]
    here.kill(device, T + 12)
    here.absorbed[name] = device
    here.conclude(T + 35)
    assert (here.only().id, here.only().key, here.only().cause) == ("F0001", device, Cause.UPLINK)


def test_feeders_dying_together_with_villages_of_answering_ones_are_one_power_cut() -> None:
    here = Land.of(UBON)
    for device in here.on("3401", "olt-b"):
        here.kill(device, T)
    here.kill_feeder("olt-a", T + 20)
    here.conclude(T + 60)
    fault = here.only()
    assert (fault.scope, fault.cause, len(fault.villages)) == (Scope.AMPHOE, Cause.POWER, 40)


def test_feeder_whose_battery_runs_out_hours_later_joins_its_districts_power_cut() -> None:
    here = Land.of(UBON)
    for device in here.on("3401"):
        here.kill(device, T)
    here.conclude(T + 60)
    assert here.only().cause is Cause.POWER
    here.kill_feeder("olt-a", T + 9_000)
    assert [fault.id for fault in here.conclude(T + 9_030)] == ["F0001"]
    here.kill_feeder("olt-c", T + 9_040)
    here.conclude(T + 9_090)
    assert [fault.cause for fault in here.open()] == [Cause.POWER, Cause.FEEDER]


def test_dead_feeder_and_one_unrelated_village_stay_two_faults() -> None:
    here = Land.of({("3401", "olt-a"): 20, ("3401", "olt-b"): 1})
    here.kill_feeder("olt-a", T)
    here.kill(here.on(feeder="olt-b")[0], T)
    here.conclude(T + 30)
    assert {fault.cause for fault in here.open()} == {Cause.FEEDER, Cause.UPLINK}


def test_village_back_alone_is_marked_and_the_fault_ends_with_the_last() -> None:
    here = Land.of(UBON)
    devices = here.on("3401", "olt-a")
    for device in devices:
        here.kill(device, T)
    here.conclude(T + 30)
    here.conclude(T + 300, recovered=devices[:1])
    assert len(here.only().dark_villages) == 19
    assert len(here.only().villages) == 20
    (ended,) = here.conclude(T + 400, recovered=devices[1:])
    assert (ended.resolution, ended.resolved_at, here.open()) == (Resolution.RECOVERED, T + 400, [])


def test_villages_still_dead_when_their_feeder_returns_stay_in_its_fault_dark_since_it_failed() -> None:
    here = Land.of(UBON)
    here.kill_feeder("olt-a", T)
    here.conclude(T + 30)
    stays, *_ = here.on("3401", "olt-a")
    here.kill(stays, T + 600)
    here.conclude(T + 615, recovered=[DeviceId("olt-a")])
    fault = here.only()
    assert (fault.id, fault.cause, fault.confidence) == ("F0001", Cause.UPLINK, 0.7)
    assert [(m.device, m.failed_at) for m in fault.members if m.recovered_at is None] == [(stays, T)]
    assert (len(fault.villages), len(fault.dark_villages)) == (20, 1)
    (ended,) = here.conclude(T + 900, recovered=[stays])
    assert ended.resolution is Resolution.RECOVERED


def test_village_that_fails_again_while_the_fault_is_young_rejoins_it() -> None:
    here = Land.of(UBON)
    devices = here.on("3401", "olt-a")
    for device in devices:
        here.kill(device, T)
    here.conclude(T + 30)
    here.conclude(T + 100, recovered=devices[:1])
    here.kill(devices[0], T + 150)
    here.conclude(T + 170)
    assert len(here.only().dark_villages) == 20


def test_retired_devices_end_their_faults_as_inventory() -> None:
    here = Land.of(UBON)
    device = here.on("3401")[0]
    here.kill(device, T)
    here.conclude(T + 30)
    (ended,) = here.conclude(T + 60, retired=[device])
    assert ended.resolution is Resolution.INVENTORY


def test_operators_word_is_never_undone_but_villages_still_join() -> None:
    here = Land.of(UBON)
    devices = here.on("3401", "olt-a")
    for device in devices[:10]:
        here.kill(device, T)
    here.conclude(T + 30)
    said = replace(here.only(), cause=Cause.POWER, confidence=1.0, overruled_by="noc")
    here.record([said])
    here.kill(devices[10], T + 60)
    here.conclude(T + 90)
    assert (here.only().cause, here.only().confidence, len(here.only().members)) == (Cause.POWER, 1.0, 11)
    here.kill_feeder("olt-a", T + 100)
    here.conclude(T + 130)
    assert here.history[said.id].cause is Cause.POWER


def test_feeder_fault_that_an_operator_explained_keeps_his_word_when_it_absorbs_a_child() -> None:
    here = Land.of(UBON)
    here.kill_feeder("olt-a", T)
    here.conclude(T + 30)
    here.record([replace(here.only(), cause=Cause.POWER, overruled_by="noc")])
    name = here.kill_ap(here.on("3401", "olt-a")[0], T + 5)
    here.conclude(T + 40)
    assert len(here.open()) == 2
    del here.dead[name]
    here.absorbed[name] = DeviceId("olt-a")
    here.conclude(T + 60)
    assert (here.only().id, here.only().cause, here.only().key) == ("F0001", Cause.POWER, "olt-a")


def test_line_fault_takes_its_villages_first_and_the_place_is_judged_by_the_rest() -> None:
    here = Land.of({("3401", "olt-a"): 30, ("3402", "olt-a"): 30, ("3402", "olt-b"): 60})
    for device in here.on(feeder="olt-a"):
        here.kill(device, T)
    for device in here.on("3402", "olt-b")[:4]:
        here.kill(device, T)
    here.conclude(T + 30)
    assert [(fault.scope, fault.key, len(fault.members)) for fault in here.open()] == [
        (Scope.FEEDER, "olt-a", 60),
        (Scope.FEEDER, "olt-b", 4),
    ]


def test_overruled_single_fault_is_not_merged_away() -> None:
    here = Land.of(UBON)
    first, *rest = here.on("3401")
    here.kill(first, T)
    here.conclude(T + 20)
    here.record([replace(here.only(), cause=Cause.UPLINK, overruled_by="noc")])
    for device in rest:
        here.kill(device, T + 10)
    here.conclude(T + 60)
    assert here.history[FaultId("F0001")].is_open
    assert len(here.open()) == 2


def test_group_that_an_operator_explained_survives_an_older_fault_that_joins_it() -> None:
    here = Land.of(UBON)
    first, between, *rest = here.on("3401", "olt-a")
    here.kill(first, T)
    here.conclude(T + 20)
    for device in rest:
        here.kill(device, T + 200)
    here.conclude(T + 225)
    assert len(here.open()) == 2
    here.record([replace(here.open()[1], cause=Cause.POWER, overruled_by="noc")])
    here.kill(between, T + 150)
    here.conclude(T + 240)
    assert (here.only().id, here.only().cause, len(here.only().members)) == ("F0002", Cause.POWER, 20)


def test_single_fault_that_an_operator_explained_is_not_absorbed_by_its_feeder() -> None:
    here = Land.of(UBON)
    here.kill(here.on("3401", "olt-a")[0], T)
    here.conclude(T + 20)
    said = replace(here.only(), cause=Cause.ACCESS_POINT, overruled_by="noc")
    here.record([said])
    here.kill_feeder("olt-a", T + 10)
    here.conclude(T + 40)
    assert here.faults[said.id] == said
    assert len(here.open()) == 2


def test_access_point_dead_for_itself_when_its_feeder_returns_gets_its_own_fault() -> None:
    here = Land.of(UBON)
    here.kill_feeder("olt-a", T)
    here.conclude(T + 30)
    here.kill_ap(here.on("3401", "olt-a")[0], T + 600)
    here.conclude(T + 620, recovered=[DeviceId("olt-a")])
    assert here.only().cause is Cause.ACCESS_POINT


def test_cause_changes_when_a_witness_speaks_and_never_back() -> None:
    here = Land.of(UBON)
    device = here.on("3401")[0]
    here.kill_ap(device, T, Witness.UNSURE)
    here.conclude(T + 20)
    assert here.only().cause is Cause.UNKNOWN
    here.kill_ap(device, T, Witness.ANSWERS)
    here.conclude(T + 40)
    assert here.only().cause is Cause.ACCESS_POINT
    here.kill_ap(device, T, Witness.UNSURE)
    assert here.conclude(T + 60) == ()


def outcome(here: Land, amphoe: str) -> set[tuple[Any, ...]]:
    return {
        (
            fault.scope,
            fault.key,
            fault.cause,
            fault.confidence,
            frozenset(m.device for m in fault.members),
            fault.is_open,
        )
        for fault in here.history.values()
        if all(village.startswith(amphoe) for village in fault.villages)
    }


failures = st.lists(st.tuples(st.integers(0, 39), st.integers(0, 300)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(failures, failures)
def test_unrelated_failure_elsewhere_never_alters_another_fault(
    here_fails: list[tuple[int, int]], there_fails: list[tuple[int, int]]
) -> None:
    layout = {("3401", "olt-a"): 20, ("3401", "olt-b"): 20, ("5001", "olt-x"): 20, ("5001", "olt-y"): 20}
    alone, both = Land.of(layout), Land.of(layout)
    for second in range(0, 400, 20):
        for here, events in ((alone, [("3401", here_fails)]), (both, [("3401", here_fails), ("5001", there_fails)])):
            for amphoe, fails in events:
                for number, at in fails:
                    if second - 20 < at <= second and here.on(amphoe)[number] not in here.dead:
                        here.kill(here.on(amphoe)[number], T + at)
            here.conclude(T + second + 20)
    assert outcome(alone, "3401") == outcome(both, "3401")

"""The score of a drill, from a folder in which every second is known."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.lab.scoring.figures import percentile, spread
from netmon.lab.scoring.score import fingerprint, score
from tests.lab.drill_folder import DrillFolder


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[DrillFolder]:
    folder = DrillFolder(tmp_path)
    yield folder
    folder.close()


def event_of(drill: DrillFolder, event: str) -> dict[str, Any]:
    found = [one for one in score(drill.kept)["events"] if one["event"] == event]
    assert len(found) == 1
    return dict(found[0])


def test_one_ticket_for_one_cause_is_a_perfect_score(drill: DrillFolder) -> None:
    drill.event("e1-power_cut", "power", "ABC", 10, 300)
    drill.ticket("T1", 50, "acknowledged", "uplink", "A", "A")
    drill.ticket("T1", 52, "acknowledged", "power", "ABC", "ABC")
    drill.ticket("T1", 340, "acknowledged", "power", "ABC", "C")
    drill.ticket("T1", 345, "resolved", "power", "ABC")
    report = score(drill.kept)
    overall, event = report["overall"], report["events"][0]
    assert (overall["precision"], overall["recall"], overall["one_too_many"]) == (1.0, 1.0, 0)
    assert overall["answer_to_no_event"] == []
    assert (event["tickets"], event["tickets_wanted"]) == (["T1"], 1)
    assert (event["cause_first"], event["cause_last"]) == ("uplink", "power")
    assert event["seconds_to_ticket"] == {"count": 3, "p50": 42.0, "p99": 42.0, "max": 42.0}
    assert event["seconds_to_resolved"] == {"count": 3, "p50": 40.0, "p99": 45.0, "max": 45.0}
    assert (event["villages_missed"], event["villages_wrongly_listed"]) == ([], [])


def test_each_service_centre_concerned_wants_a_ticket_of_its_own(drill: DrillFolder) -> None:
    drill.event("e1-power_cut", "power", "CD", 10, 300)
    drill.ticket("T1", 50, "acknowledged", "power", "C", "C")
    event = event_of(drill, "e1-power_cut")
    assert (event["tickets_wanted"], event["tickets"], event["villages_missed"]) == (2, ["T1"], ["D"])
    assert score(drill.kept)["overall"]["recall"] == 0.5


def test_a_second_ticket_for_one_cause_costs_precision_unless_netmon_withdrew_it(drill: DrillFolder) -> None:
    drill.event("e1-power_cut", "power", "ABC", 10, 300)
    drill.ticket("T1", 50, "acknowledged", "power", "AB", "AB")
    drill.ticket("T2", 55, "acknowledged", "uplink", "C", "C")
    overall = score(drill.kept)["overall"]
    assert (overall["precision"], overall["one_too_many"]) == (0.5, 1)
    drill.ticket("T1", 60, "acknowledged", "power", "ABC", "ABC")
    drill.ticket("T2", 60, "cancelled", "uplink", "C")
    overall = score(drill.kept)["overall"]
    assert (overall["precision"], overall["one_too_many"], overall["tickets_withdrawn_as_merged"]) == (1.0, 0, 1)


def test_a_ticket_about_a_village_that_is_well_answers_to_no_event(drill: DrillFolder) -> None:
    drill.event("e1-ap_fault", "access_point", "A", 10, 100)
    drill.ticket("T1", 50, "acknowledged", "access_point", "A", "A")
    drill.ticket("T2", 50, "acknowledged", "uplink", "B", "B")
    drill.ticket("T3", 161, "acknowledged", "access_point", "A", "A")
    overall = score(drill.kept)["overall"]
    assert overall["answer_to_no_event"] == ["T2", "T3"], "a minute after its end A is no longer to be listed"
    assert overall["precision"] == pytest.approx(1 / 3, abs=1e-4)


def test_a_village_of_another_fault_is_wrongly_listed_and_its_own_fault_missed(drill: DrillFolder) -> None:
    drill.event("e1-power_cut", "power", "AB", 10, 400)
    drill.event("e2-ap_fault", "access_point", "C", 15, 400)
    drill.ticket("T1", 50, "acknowledged", "power", "ABC", "ABC")
    report = score(drill.kept)
    power, ap = report["events"]
    assert power["villages_wrongly_listed"] == ["C"]
    assert (ap["villages_missed"], ap["tickets"], ap["tickets_wanted"]) == (["C"], [], 1)
    assert report["overall"]["recall"] == 0.5


def test_an_outage_shorter_than_the_promise_may_go_unseen(drill: DrillFolder) -> None:
    drill.event("e1-ap_fault", "access_point", "A", 10, 69)
    overall = score(drill.kept)["overall"]
    assert (overall["tickets_wanted"], overall["recall"], overall["villages_missed"]) == (0, None, 0)


def test_an_outage_that_begins_as_the_drill_ends_may_go_unseen(drill: DrillFolder) -> None:
    drill.event("e1-ap_fault", "access_point", "A", 945, None)
    assert score(drill.kept)["overall"]["tickets_wanted"] == 0


def test_what_breaks_in_a_village_that_is_dark_already_wants_no_ticket_until_the_light_is_back(
    drill: DrillFolder,
) -> None:
    drill.event("e1-power_cut", "power", "AB", 10, 300)
    drill.event("e2-ap_fault", "access_point", "A", 100, 320)
    drill.event("e3-ap_fault", "access_point", "B", 100, 500)
    drill.ticket("T1", 50, "acknowledged", "power", "AB", "AB")
    drill.ticket("T2", 330, "acknowledged", "access_point", "B", "B")
    assert event_of(drill, "e2-ap_fault")["tickets_wanted"] == 0
    late = event_of(drill, "e3-ap_fault")
    assert (late["tickets_wanted"], late["seconds_to_ticket"]["max"]) == (1, 30.0)


def test_an_isolated_netmon_is_given_its_minute_afterwards_and_must_open_nothing_meanwhile(
    drill: DrillFolder,
) -> None:
    drill.event("e1-poller_isolation", "", "", 10, 100)
    drill.event("e2-ap_fault", "access_point", "A", 30, 400)
    drill.ticket("T1", 140, "acknowledged", "access_point", "A", "A")
    drill.mail("noc@netmon.invalid", "", "blind", "k")
    report = score(drill.kept)
    assert report["isolations"] == {"count": 1, "alarms": 1, "tickets_meanwhile": 0}
    assert event_of(drill, "e2-ap_fault")["seconds_to_ticket"]["max"] == 40.0
    drill.ticket("T2", 90, "acknowledged", "uplink", "B", "B")
    assert score(drill.kept)["isolations"]["tickets_meanwhile"] == 1


def test_a_degraded_ticket_is_explained_by_loss_and_its_absence_is_no_miss(drill: DrillFolder) -> None:
    drill.event("e1-loss", "degraded", "AB", 10, 300)
    assert score(drill.kept)["overall"]["tickets_wanted"] == 0
    drill.ticket("T1", 100, "acknowledged", "degraded", "A", "")
    overall = score(drill.kept)["overall"]
    assert (overall["precision"], overall["answer_to_no_event"]) == (1.0, [])


def test_an_unused_village_is_due_a_ticket(drill: DrillFolder) -> None:
    drill.event("e1-no_clients", "unused", "A", 10, None)
    assert event_of(drill, "e1-no_clients")["villages_missed"] == ["A"]


def test_where_nothing_is_built_nothing_is_missed_or_wrong(drill: DrillFolder) -> None:
    drill.event("e1-feeder_cut", "feeder", "AP", 10, 300)
    drill.ticket("T1", 50, "acknowledged", "feeder", "A", "A")
    assert event_of(drill, "e1-feeder_cut")["villages_missed"] == []
    drill.ticket("T1", 55, "acknowledged", "feeder", "AP", "AP")
    event = event_of(drill, "e1-feeder_cut")
    assert (event["villages"], event["villages_wrongly_listed"]) == (1, [])


def test_a_flapping_village_is_one_spell_and_wants_one_ticket(drill: DrillFolder) -> None:
    drill.event("e1-flap", "uplink", "", 10, 310)
    for since in range(10, 310, 20):
        drill.outage("e1-flap", "uplink", "A", since, since + 10)
    drill.ticket("T1", 90, "acknowledged", "uplink", "A", "A")
    drill.ticket("T1", 130, "resolved", "uplink", "A")
    drill.ticket("T2", 200, "acknowledged", "uplink", "A", "A")
    overall = score(drill.kept)["overall"]
    assert (overall["tickets_wanted"], overall["recall"], overall["precision"]) == (1, 1.0, 0.5)


def test_messages_that_came_twice_and_those_to_one_person_are_counted(drill: DrillFolder) -> None:
    drill.mail("t1@x.invalid", "T1", "opened", "one")
    drill.mail("t1@x.invalid", "T1", "opened", "one")
    drill.mail("t1@x.invalid", "T1", "extended", "two")
    drill.mail("t1@x.invalid", "T1", "extended", "three")
    drill.sms("+66658000001", "k1")
    drill.sms("+66658000001", "k1")
    assert score(drill.kept)["notices"] == {
        "mails": 4,
        "sms": 2,
        "per_person": {"count": 2, "p50": 2, "p99": 4, "max": 4},
        "same_twice": 2,
        "same_stage_twice": 1,
    }


def test_equal_defaults_have_one_hash_whatever_their_order() -> None:
    assert fingerprint({"a": 1, "b": {"c": 2, "d": 3}}) == fingerprint({"b": {"d": 3, "c": 2}, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_the_smallest_value_that_covers_its_share(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(one <= found for one in values) >= share * len(values) - 1e-9 * len(values)
    assert sum(one < found for one in values) < share * len(values) + 1e-9 * len(values)


def test_of_nothing_nothing_is_known() -> None:
    assert spread([]) == {"count": 0, "p50": None, "p99": None, "max": None}

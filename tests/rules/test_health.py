"""The health machine's table."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.health import Health, HealthEvent, HealthReason, IllegalMoveError
from netmon.rules import health as machine
from netmon.rules.health import ILLEGAL, TRANSITIONS, diagram, step

PAIRS = [(health, event) for health in Health for event in HealthEvent]


def test_every_pair_either_moves_or_is_listed_as_impossible() -> None:
    assert len(PAIRS) == 77
    assert set(TRANSITIONS) | ILLEGAL == set(PAIRS)
    assert not set(TRANSITIONS) & ILLEGAL


@pytest.mark.parametrize(("health", "event"), sorted(ILLEGAL))
def test_impossible_pair_raises(health: Health, event: HealthEvent) -> None:
    with pytest.raises(IllegalMoveError, match=health.label):
        step(health, event)


@pytest.mark.parametrize("health", list(Health))
def test_isolation_blinds_everything_and_a_reload_makes_everything_unknown(health: Health) -> None:
    assert step(health, HealthEvent.ISOLATED).health is Health.BLIND
    assert step(health, HealthEvent.INVENTORY).health is Health.UNKNOWN


def walk(*events: HealthEvent, start: Health = Health.UNKNOWN) -> list[tuple[str, str]]:
    seen = []
    for event in events:
        move = step(start, event)
        start = move.health
        seen.append((move.health.label, move.reason.value))
    return seen


E = HealthEvent


def test_outage_is_suspected_confirmed_and_over_only_when_steady() -> None:
    assert walk(E.ANSWERED, E.MISSED, E.MISSED, E.CONFIRMED, E.MISSED, E.ANSWERED, E.ANSWERED, E.STEADY) == [
        ("up", "first_answer"),
        ("suspect", "first_miss"),
        ("suspect", "still_silent"),
        ("down", "odds_confirmed"),
        ("down", "still_silent"),
        ("recovering", "answers_again"),
        ("recovering", "still_answering"),
        ("up", "steady_again"),
    ]


def test_relapse_while_recovering_must_be_confirmed_again() -> None:
    assert walk(E.MISSED, E.CONFIRMED, start=Health.RECOVERING) == [("suspect", "relapsed"), ("down", "odds_confirmed")]


def test_released_child_is_unknown_until_a_fresh_probe_speaks() -> None:
    assert walk(E.PARENT_DOWN, E.MISSED, E.RELEASED, E.ANSWERED, start=Health.SUSPECT) == [
        ("unreachable", "behind_dead_parent"),
        ("unreachable", "unchanged"),
        ("unknown", "awaits_fresh_probe"),
        ("up", "first_answer"),
    ]


@pytest.mark.parametrize("health", [Health.SUSPECT, Health.DOWN, Health.UNREACHABLE])
def test_answering_child_refutes_the_death_of_what_is_above_it(health: Health) -> None:
    assert step(health, E.CHILD_ANSWERED).reason is HealthReason.REFUTED_BY_CHILD


def test_parent_death_leaves_a_child_that_answered_last_as_it_is() -> None:
    assert walk(E.PARENT_DOWN, E.MISSED, E.PARENT_DOWN, start=Health.UP) == [
        ("up", "unchanged"),
        ("suspect", "first_miss"),
        ("unreachable", "behind_dead_parent"),
    ]


@given(st.lists(st.sampled_from(list(HealthEvent))))
def test_blind_device_stays_blind_until_sighted_or_reloaded(events: list[HealthEvent]) -> None:
    health = Health.BLIND
    for event in events:
        if (health, event) in ILLEGAL:
            continue
        health = step(health, event).health
        if event in {E.SIGHTED, E.INVENTORY}:
            return
        assert health is Health.BLIND


@given(st.lists(st.sampled_from(list(HealthEvent))))
def test_down_is_only_ever_reached_through_confirmation_of_a_suspect(events: list[HealthEvent]) -> None:
    health = Health.UNKNOWN
    for event in events:
        if (health, event) in ILLEGAL:
            continue
        before, health = health, step(health, event).health
        if health is Health.DOWN and before is not Health.DOWN:
            assert (before, event) == (Health.SUSPECT, E.CONFIRMED)


def test_table_in_the_module_text_is_the_table_in_force() -> None:
    lines = [line.split() for line in (machine.__doc__ or "").splitlines() if line.startswith("    ")]
    events = [HealthEvent(word) for word in lines[0][1:]]
    assert set(events) | {E.INVENTORY} == set(HealthEvent)
    rows = {line[0]: line[1:] for line in lines[1:]}
    assert set(rows) == {health.label for health in Health}
    for health in Health:
        for event, word in zip(events, rows[health.label], strict=True):
            move = TRANSITIONS.get((health, event))
            expected = "-" if move is None else "." if move.health is health else move.health.label
            assert word == expected, f"{health.label} + {event}"


def test_diagram_draws_exactly_the_moves_that_change_a_health() -> None:
    drawn = set()
    for start, end, events in re.findall(r"^    (\w+) --> (\w+): (.*)$", diagram(), re.MULTILINE):
        drawn |= {(start, event, end) for event in events.split(", ")}
    moves = {(h.label, e.value, m.health.label) for (h, e), m in TRANSITIONS.items() if m.health is not h}
    assert drawn == moves

"""However much fails at once, a turn of the sweep takes up so much and no more, and nothing is forgotten over it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.engine import sweep
from netmon.engine.wishes import Docket, Wishes
from netmon.model.decisions import RecheckSoon
from netmon.model.faults import Cause, Scope
from netmon.model.health import Health
from tests.kit.house import House, country_of

_TURN = 0.1
_TICK = 0.01

wanted = st.lists(st.tuples(st.integers(0, 9), st.floats(100.0, 103.0)), max_size=60)


@given(wanted, st.integers(1, 20))
def test_every_wish_is_served_once_not_before_its_time_and_never_more_than_a_turn_takes(
    wishes: list[tuple[int, float]], most: int
) -> None:
    line, served, now = Wishes(), [], 99.9
    line.add([device for device, _ in wishes], [at for _, at in wishes])
    while now < 120.0:
        now += _TURN
        taken = line.take(now, most).tolist()
        due = sorted(device for device, at in wishes if at - _TICK <= now)
        served += taken
        assert len(taken) <= most
        assert not {device for device in served if served.count(device) > due.count(device)}
    assert sorted(served) == sorted(device for device, _ in wishes)


@given(wanted, st.integers(1, 20))
def test_who_is_put_back_comes_first_at_the_next_turn(wishes: list[tuple[int, float]], most: int) -> None:
    line = Wishes()
    line.add([device for device, _ in wishes], [at for _, at in wishes])
    first = line.take(110.0, most).tolist()
    line.put_back(first[:1], 110.0)
    line.put_back(first[1:], 110.0)
    again = line.take(110.1, most).tolist()
    assert sorted(again) == sorted(first)


batches = st.lists(st.lists(st.booleans(), max_size=12), max_size=8)


@given(batches, st.integers(1, 9))
def test_outcomes_are_heard_in_the_order_in_which_they_came(outcomes: list[list[bool]], most: int) -> None:
    docket, told = Docket(), []
    for number, batch in enumerate(outcomes):
        rows = np.array(batch, np.bool_) if batch else np.zeros(0, np.bool_)
        docket.add(np.flatnonzero(rows) + 100 * number, np.flatnonzero(~rows) + 100 * number)
    while (taken := docket.take(most)) is not None:
        answered, missed = taken
        assert 0 < answered.size + missed.size <= most
        told.append([*answered.tolist(), *missed.tolist()])
    flat = [device for one in told for device in one]
    assert sorted(flat) == [
        100 * number + place for number, batch in enumerate(outcomes) for place in range(len(batch))
    ]
    assert [device // 100 for device in flat] == sorted(device // 100 for device in flat)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> House:
    """Two feeders of ten villages, watched by a sweep that may do next to nothing in a turn."""
    monkeypatch.setattr(sweep, "RECHECKS_PER_TURN", 2)
    monkeypatch.setattr(sweep, "WISHES_PER_TURN", 5)
    monkeypatch.setattr(sweep, "HEARD_PER_TURN", 1)
    house = House(country_of(20))
    house.live(300)
    return house


def test_a_dead_feeder_is_still_one_fault_where_a_turn_has_time_for_one_outcome_and_two_probes(hurried: House) -> None:
    hurried.silence(*hurried.below("olt-1"))
    begun = len(hurried.pinger.sends)
    hurried.live(150)
    rounds = max(map(len, hurried.sweep._plan.slots))
    assert max(len(targets) for _, targets in hurried.pinger.sends[begun:]) <= rounds + 2 * 2 + 2
    assert [(one.cause, one.scope, one.key) for one in hurried.faults] == [(Cause.FEEDER, Scope.FEEDER, "olt-1")]
    hurried.heal()
    hurried.live(120)
    assert not hurried.open_faults
    assert hurried.healths(hurried.below("olt-1")) == {Health.UP}


def test_a_flood_of_wishes_holds_no_turn_up_and_starves_nobody(hurried: House) -> None:
    devices = hurried.country.inventory.index_of
    hurried.silence("ap-3")
    hurried.live(20)
    assert hurried.health("ap-3") in (Health.SUSPECT, Health.DOWN)
    flood = [RecheckSoon(device, 0.0) for device in devices.values()] * 50
    hurried.sweep.recheck(flood, hurried.clock.now())
    hurried.silence("onu-7", "ap-7")
    hurried.live(90)
    assert {one.key for one in hurried.faults} == {"ap-3", "onu-7"}


def test_who_was_wanted_first_is_asked_first_wherever_it_stands_in_the_inventory(hurried: House) -> None:
    asked_at, now = hurried.sweep._sent_at[: len(hurried.country.inventory.devices)], hurried.clock.now()
    rested = np.flatnonzero((asked_at > 0) & (asked_at < now.monotonic - 2)).tolist()
    hurried.country.fleet.health[:] = Health.UNKNOWN
    hurried.sweep.recheck([RecheckSoon(device, 0.0) for device in reversed(rested)], now)
    hurried.live(0.1)
    _, targets = hurried.pinger.sends[-1]
    out_of_turn = [device for device in targets if device in rested[-2:]]
    assert sorted(out_of_turn) == rested[-2:]
    hurried.live(1.0)
    _, targets = hurried.pinger.sends[-1]
    assert not set(rested[-2:]) & set(targets)

"""The Fleet against a plain model of the same thing: a list of outcomes per device."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.fleet import RECENT, RTT_KEPT, Fleet
from netmon.model.health import Health
from netmon.model.time import Now

SIZE = 4
Outcomes = list[dict[int, float | None]]
"""Batches: device -> RTT, or None where it missed."""

batches = st.lists(
    st.dictionaries(st.integers(0, SIZE - 1), st.none() | st.floats(0.0009765625, 5, width=32)), max_size=RECENT * 2
)


def at(second: float) -> Now:
    """A moment at which both clocks show the same."""
    return Now(monotonic=float(second), wall=float(second))


def _played(outcomes: Outcomes) -> Fleet:
    fleet = Fleet(SIZE, generation=1)
    for wall, batch in enumerate(outcomes, start=1000):
        answered = {device: rtt for device, rtt in batch.items() if rtt is not None}
        missed = [device for device, rtt in batch.items() if rtt is None]
        fleet.record(list(answered), list(answered.values()), missed, at(wall))
    return fleet


def _history(outcomes: Outcomes, device: int) -> list[float | None]:
    return [batch[device] for batch in outcomes if device in batch]


@given(batches)
def test_loss_is_the_share_of_recent_probes_and_absent_where_nothing_was_sent(outcomes: Outcomes) -> None:
    fleet = _played(outcomes)
    for device, ratio in enumerate(fleet.loss_ratio()):
        recent = _history(outcomes, device)[-RECENT:]
        assert fleet.recent(device) == (len(recent), recent.count(None))
        if recent:
            assert ratio == recent.count(None) / len(recent)
        else:
            assert math.isnan(ratio)


@given(batches)
def test_rtt_statistics_cover_the_newest_answers_only(outcomes: Outcomes) -> None:
    fleet = _played(outcomes)
    low, mean, high = fleet.rtt_statistics()
    for device in range(SIZE):
        kept = [rtt for rtt in _history(outcomes, device) if rtt is not None][-RTT_KEPT:]
        if kept:
            assert low[device] == min(kept)
            assert high[device] == max(kept)
            assert mean[device] == pytest.approx(sum(kept) / len(kept))
            assert fleet.last_rtt()[device] == kept[-1]
        else:
            assert np.isnan([low[device], mean[device], high[device], fleet.last_rtt()[device]]).all()


@given(batches)
def test_times_are_those_of_the_last_probe_and_the_last_answer(outcomes: Outcomes) -> None:
    fleet = _played(outcomes)
    for device in range(SIZE):
        probed = [wall for wall, batch in enumerate(outcomes, start=1000) if device in batch]
        answered = [wall for wall in probed if outcomes[wall - 1000][device] is not None]
        assert np.array_equal(fleet.probed_at[device], probed[-1] if probed else np.nan, equal_nan=True)
        assert np.array_equal(fleet.answered_at[device], answered[-1] if answered else np.nan, equal_nan=True)


@given(batches, st.lists(st.integers(0, SIZE - 1)))
def test_some_rows_read_the_same_as_all(outcomes: Outcomes, wanted: list[int]) -> None:
    fleet = _played(outcomes)
    rows = np.array(wanted, np.intp)
    assert np.array_equal(fleet.loss_ratio(rows), fleet.loss_ratio()[rows], equal_nan=True)
    for some, every in zip(fleet.rtt_statistics(rows), fleet.rtt_statistics(), strict=True):
        assert np.array_equal(some, every[rows], equal_nan=True)


def test_sixty_four_losses_in_a_row_are_a_ratio_of_one() -> None:
    fleet = _played([{0: None}] * RECENT)
    assert fleet.loss_ratio()[0] == 1.0
    fleet.record([0], [0.01], [], at(2000))
    assert fleet.recent(0) == (RECENT, RECENT - 1)


def test_new_fleet_knows_nothing() -> None:
    fleet = Fleet(2, generation=7)
    assert fleet.health_of(0) is Health.UNKNOWN
    assert np.isnan([fleet.since, fleet.answered_at, fleet.probed_at, fleet.loss_ratio(), fleet.last_rtt()]).all()
    assert not fleet.flapping.any()
    assert not fleet.maintenance.any()


def test_empty_fleet_has_empty_columns() -> None:
    fleet = Fleet(0, generation=1)
    fleet.record([], [], [], at(1))
    assert len(fleet.loss_ratio()) == len(fleet.last_rtt()) == len(fleet.rtt_statistics()[0]) == 0


def test_setting_health_notes_since_when() -> None:
    fleet = Fleet(2, generation=1)
    fleet.set_health(1, Health.DOWN, at(1500))
    assert fleet.health_of(1) is Health.DOWN
    assert fleet.since[1] == 1500.0
    assert fleet.health_of(0) is Health.UNKNOWN


@given(st.lists(st.sampled_from(Health), max_size=50), st.sets(st.sampled_from(Health), min_size=1))
def test_who_is_in_one_of_some_states_is_who_has_that_health(healths: list[Health], wanted: set[Health]) -> None:
    fleet = Fleet(len(healths), generation=1)
    fleet.health[:] = healths
    assert fleet.are(*wanted).tolist() == [health in wanted for health in healths]


def test_adopted_rows_keep_everything_and_others_start_blank() -> None:
    old = _played([{0: 0.010, 1: None, 2: 0.030}, {0: 0.012, 1: None}])
    old.set_health(1, Health.DOWN, at(1001))
    old.flapping[2] = True
    new = Fleet(3, generation=2)
    new.adopt(old, rows=[2, 0], old_rows=[1, 2])
    assert new.generation == 2
    assert new.health_of(2) is Health.DOWN
    assert new.since[2] == 1001.0
    assert new.recent(2) == (2, 2)
    assert new.flapping.tolist() == [True, False, False]
    assert new.last_rtt()[0] == pytest.approx(0.030)
    assert new.recent(1) == (0, 0)
    assert new.health_of(1) is Health.UNKNOWN


def test_adopting_nothing_changes_nothing() -> None:
    new = Fleet(2, generation=2)
    new.adopt(_played([{0: 0.01}]), rows=[], old_rows=[])
    assert np.isnan(new.answered_at).all()

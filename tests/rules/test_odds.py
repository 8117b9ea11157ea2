"""False "down" by chance: computed exactly over all histories, not simulated, where that is possible."""

import random
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.rules.odds import OddsPolicy, misses_needed, recheck_spacing

POLICY = OddsPolicy()


def false_down(loss: float, sent: int, policy: OddsPolicy = POLICY) -> float:
    """Chance that a round on a living device ends in "down", over all histories of that many probes."""
    return sum(
        comb(sent, lost) * loss ** (lost + misses_needed(sent, lost, policy)) * (1 - loss) ** (sent - lost)
        for lost in range(sent + 1)
    )


@pytest.mark.parametrize("loss", [0.001, 0.01, 0.02, 0.05, 0.08, 0.10, 0.12, 0.15, 0.17])
def test_false_down_stays_below_the_bound_for_any_length_of_history(loss: float) -> None:
    assert max(false_down(loss, sent) for sent in range(65)) < POLICY.false_down


@pytest.mark.parametrize(("loss", "odds"), [(0.25, 6e-8), (0.40, 2e-5)])
def test_very_lossy_path_cannot_be_judged_in_twelve_seconds_as_the_module_admits(loss: float, odds: float) -> None:
    assert POLICY.false_down < max(false_down(loss, sent) for sent in range(65)) < odds


@given(st.floats(0, 1), st.integers(0, 64))
def test_without_a_maximum_the_bound_holds_for_every_loss_and_history(loss: float, sent: int) -> None:
    patient = OddsPolicy(false_down=1e-4, maximum=400)
    if all(misses_needed(sent, lost, patient) < patient.maximum for lost in range(sent + 1)):
        assert false_down(loss, sent, patient) <= patient.false_down


@given(st.integers(0, 64), st.data())
def test_more_losses_never_ask_for_fewer_misses(sent: int, data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, sent))
    needed = misses_needed(sent, lost, POLICY)
    assert POLICY.minimum <= needed <= POLICY.maximum
    if lost < sent:
        assert needed <= misses_needed(sent, lost + 1, POLICY)


def test_clean_history_is_judged_faster_than_none() -> None:
    assert misses_needed(64, 0, POLICY) == 8
    assert misses_needed(64, 2, POLICY) == 10
    assert misses_needed(64, 4, POLICY) == misses_needed(31, 0, POLICY) == misses_needed(0, 0, POLICY) == 12


@pytest.mark.parametrize("loss", [0.02, 0.05, 0.08])
def test_simulated_weeks_of_rounds_have_no_false_down(loss: float) -> None:
    chance = random.Random(20190901)
    history, lost = [0] * 64, 0
    run, needed = 0, POLICY.maximum
    for _ in range(100_000):
        missed = int(chance.random() < loss)
        needed = needed if run else misses_needed(64, lost, POLICY)
        run = run + 1 if missed else 0
        assert run < needed
        lost += missed - history.pop(0)
        history.append(missed)


@given(st.integers(1, 40), st.floats(0.05, 11.9))
def test_all_probes_end_in_time(needed: int, timeout: float) -> None:
    spacing = recheck_spacing(needed, timeout, POLICY)
    assert 0 < spacing <= POLICY.spacing
    assert (needed - 1) * spacing + timeout <= POLICY.within + 1e-9


def test_timeout_that_leaves_no_room_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="leaves no room"):
        recheck_spacing(8, 12.0, POLICY)

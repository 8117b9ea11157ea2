"""What a silent device may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.health import Health
from netmon.rules.kinship import Blame, Kin, blame


@pytest.mark.parametrize("health", [Health.DOWN, Health.UNREACHABLE])
def test_child_of_a_dead_parent_is_merely_behind(health: Health) -> None:
    assert blame(Kin(first_missed_at=100, parent=health, parent_probed_at=110)) is Blame.BEHIND


def test_child_waits_while_its_parent_is_suspect_even_if_that_answered_a_moment_ago() -> None:
    assert blame(Kin(first_missed_at=100, parent=Health.SUSPECT, parent_answered_at=101)) is Blame.WAIT


def test_child_waits_until_its_parent_was_probed_after_the_child_fell_silent() -> None:
    assert blame(Kin(first_missed_at=100, parent=Health.UP, parent_answered_at=99, parent_probed_at=99)) is Blame.WAIT
    assert blame(Kin(first_missed_at=100, parent=Health.UP, parent_answered_at=100)) is Blame.WAIT
    assert blame(Kin(first_missed_at=100, parent=Health.UP, parent_answered_at=101)) is Blame.OWN


def test_root_and_child_of_a_never_probed_parent_died_for_themselves() -> None:
    assert blame(Kin(first_missed_at=100)) is Blame.OWN
    assert blame(Kin(first_missed_at=100, parent=Health.UNKNOWN)) is Blame.OWN


def test_mute_parent_that_passes_a_siblings_answer_is_no_excuse() -> None:
    mute = Kin(first_missed_at=100, parent=Health.UNKNOWN, parent_probed_at=105, sibling_answered_at=104)
    assert blame(mute) is Blame.OWN
    assert blame(Kin(first_missed_at=100, parent=Health.UNKNOWN, parent_probed_at=105)) is Blame.WAIT


times = st.none() | st.floats(0, 200)


@given(st.none() | st.sampled_from(list(Health)), times, times, times)
def test_answering_child_always_refutes(
    parent: Health | None, probed: float | None, answered: float | None, sibling: float | None
) -> None:
    kin = Kin(
        first_missed_at=100,
        parent=parent,
        parent_probed_at=probed,
        parent_answered_at=answered,
        sibling_answered_at=sibling,
        child_answered_at=100.5,
    )
    assert blame(kin) is Blame.REFUTED

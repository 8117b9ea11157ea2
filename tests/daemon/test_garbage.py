"""What is learnt of the devices is not looked through for garbage again."""

import gc
from collections.abc import Iterator

import pytest

from netmon.daemon.garbage import SETTLED, Keeper, made_to_stay


@pytest.fixture(autouse=True)
def _thaw() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_what_a_start_learns_leaves_the_collectors_sight_and_nothing_more_in_calm() -> None:
    keeper = Keeper()
    keeper.note(0, 0.0)
    assert gc.get_freeze_count() == 0
    plans = [[number] for number in range(1000)]
    keeper.note(1000, 10.0)
    frozen = gc.get_freeze_count()
    assert frozen > len(plans) // 2
    passing = [[number] for number in range(1000)]
    keeper.note(1000, 20.0)
    assert gc.get_freeze_count() < frozen + len(passing)  # what is out of sight may go, too


def test_what_comes_with_the_next_polls_leaves_it_when_that_has_settled() -> None:
    keeper = Keeper()
    keeper.note(1000, 10.0)
    frozen = gc.get_freeze_count()
    counters = [[number] for number in range(1000)]
    keeper.note(1000, 10.0 + SETTLED - 1)
    assert gc.get_freeze_count() < frozen + len(counters)
    keeper.note(1000, 10.0 + SETTLED)
    settled = gc.get_freeze_count()
    assert settled > frozen + len(counters) // 2
    passing = [[number] for number in range(1000)]
    keeper.note(1000, 10.0 + 2 * SETTLED)
    assert gc.get_freeze_count() < settled + len(passing)


def test_what_is_made_to_stay_is_not_looked_through_meanwhile_nor_afterwards() -> None:
    with made_to_stay():
        assert not gc.isenabled()
        country = [[number] for number in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= len(country)


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        with made_to_stay():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()

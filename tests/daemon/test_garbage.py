"""What is learnt of the devices is not looked through for garbage again."""

import gc
from collections.abc import Iterator

import pytest

from netmon.daemon.garbage import Keeper


@pytest.fixture(autouse=True)
def _thaw() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_what_a_start_learns_leaves_the_collectors_sight_and_nothing_more_in_calm() -> None:
    keeper = Keeper()
    keeper.note(0)
    assert gc.get_freeze_count() == 0
    plans = [[number] for number in range(1000)]
    keeper.note(1000)
    frozen = gc.get_freeze_count()
    assert frozen >= len(plans)
    keeper.note(1000)
    assert gc.get_freeze_count() == frozen

"""Jobs of the calendar."""

import logging

import pytest

from netmon.engine.calendar import FORGET_AT_ONCE, forget_old_cases
from netmon.model.decisions import ResolveFault
from netmon.model.faults import Resolution
from netmon.model.ids import FaultId
from tests.kit.country import StillClock
from tests.kit.fake_store import FakeStore
from tests.stores.sample import T0, at, opening

DAY = 86400.0
OLD = 2 * FORGET_AT_ONCE + 5


class SlicedStore(FakeStore):
    """Remembers how many went in each slice."""

    def __init__(self) -> None:
        super().__init__()
        self.slices: list[int] = []

    async def forget(self, before: float, limit: int) -> int:
        self.slices.append(await super().forget(before, limit))
        return self.slices[-1]


async def test_old_history_is_forgotten_slice_by_slice_with_room_for_other_writers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, clock = SlicedStore(), StillClock(at(800 * DAY))
    for number in range(OLD):
        await store.commit(opening(f"old{number}"), at(0))
        await store.commit([ResolveFault(FaultId(f"old{number}"), Resolution.INVENTORY, T0)], at(0))
    await store.commit(opening("open"), at(0))
    began = clock.now().monotonic
    with caplog.at_level(logging.INFO):
        await forget_old_cases(store, clock, keep=730 * DAY, is_trusted=lambda: True)()
    assert store.slices == [FORGET_AT_ONCE, FORGET_AT_ONCE, 5, 0]
    assert clock.now().monotonic - began > 0.5
    assert list(store.faults) == ["open"]
    assert [record.getMessage() for record in caplog.records] == [f"history forgotten={OLD} older_than_days=730"]


async def test_nothing_to_forget_is_not_worth_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await forget_old_cases(FakeStore(), StillClock(), keep=DAY, is_trusted=lambda: True)()
    assert not caplog.records

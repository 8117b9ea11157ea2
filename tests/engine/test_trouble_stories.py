"""When netmon's own house is in trouble: a full disk, a held-up loop, a lossy country, a storm."""

import asyncio
import itertools
import time

import pytest

from netmon.engine.plan import SLOT
from netmon.errors import StoreError
from netmon.model.cases import Case
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.time import Now
from netmon.model.vitals import Vital
from tests.kit.house import House, HouseClock, changed, country_of, with_device


def test_store_trouble_loses_nothing_and_writes_it_once_when_it_works_again() -> None:
    house = House(country_of(20))
    house.live(300)
    house.store.trouble = "the disk is full"
    house.silence("ap-3", *house.below("olt-2"))
    house.live(120)
    assert not house.faults
    assert house.casework.trouble == "the disk is full"
    house.store.trouble = ""
    house.live(5)
    assert len(house.faults) == len(house.tickets) == 2
    assert house.casework.trouble == ""
    house.live(60)
    assert len(house.faults) == len(house.tickets) == 2


def test_recovery_that_could_not_be_written_is_written_later() -> None:
    house = House(country_of(20))
    house.live(300)
    house.silence("ap-3")
    house.live_until_ticket(60)
    house.store.trouble = "the disk is full"
    house.heal()
    house.live(120)
    assert house.open_faults
    house.store.trouble = ""
    house.live(5)
    assert not house.open_faults
    assert house.casework.trouble == ""


def test_cases_that_cannot_be_read_back_are_read_before_anything_else_is_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House(country_of(20))
    house.live(300)

    async def unreadable(*_: object) -> tuple[Case, ...]:
        raise StoreError("the disk does not read")

    with monkeypatch.context() as trouble:
        trouble.setattr(house.store, "open_cases", unreadable)
        trouble.setattr(house.store, "cases", unreadable)
        house.silence("ap-3")
        house.live(90)
        assert len(house.faults) == 1
        assert house.casework.trouble == "the disk does not read"
    house.live(60)
    assert len(house.faults) == len(house.tickets) == 1
    assert house.casework.trouble == ""


def test_decision_that_failed_for_a_mistake_of_netmon_is_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(country_of(20))
    house.live(300)
    commit, failures = house.store.commit, iter([LookupError("a mistake")])

    async def fails_once(decisions: object, now: Now) -> None:
        for failure in failures:
            raise failure
        await commit(decisions, now)  # type: ignore[arg-type]

    monkeypatch.setattr(house.store, "commit", fails_once)
    house.silence("ap-3")
    with pytest.raises(LookupError):
        house.live(90)
    house.live(5)
    assert len(house.tickets) == 1


class Stalling(HouseClock):
    """A clock whose next sleep takes far longer than asked, and which ends the sweep after that many sleeps."""

    def __init__(self, clock: HouseClock, stalls: dict[int, float], sleeps: int) -> None:
        super().__init__()
        self.seconds, self._clock, self._stalls, self._sleeps = clock.seconds, clock, stalls, sleeps

    async def sleep(self, seconds: float) -> None:
        self._sleeps -= 1
        if not self._sleeps:
            self._clock.seconds = self.seconds
            raise asyncio.CancelledError
        self.seconds += max(seconds, 0.001) + self._stalls.pop(self._sleeps, 0.0)


def run_sweep(house: House, *, stalls: dict[int, float], sleeps: int) -> None:
    """Let the real sweep loop run on a clock that stalls."""

    async def session() -> None:
        clock = Stalling(house.clock, stalls, sleeps)
        await house.sweep.run(clock)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(session())


def test_loop_held_up_for_five_minutes_with_replies_waiting_makes_nobody_down() -> None:
    house = House(country_of(100))
    house.live(300)
    sent_before = len(house.pinger.sends)
    run_sweep(house, stalls={400: 300.0, 200: 300.0}, sleeps=600)
    assert house.downs == 0
    assert house.healths([one.id for one in house.country.inventory.devices]) == {Health.UP}
    assert len(house.pinger.sends) - sent_before <= 600
    house.live(120)
    assert not house.faults


def test_late_slots_are_skipped_and_counted_never_stacked() -> None:
    house = House(country_of(100))
    house.live(60)
    run_sweep(house, stalls={50: 30.0}, sleeps=100)
    skipped = house.vitals.counted[Vital.SWEEP_LATE_SLOTS, ""]
    assert abs(skipped - 30 / SLOT) <= 15
    most = max(len(targets) for _, targets in house.pinger.sends)
    assert most < 0.3 * len(house.country.inventory.devices)


def test_re_probes_that_piled_up_in_a_held_up_loop_are_not_sent_in_one_burst() -> None:
    house = House(country_of(20))
    house.live(300)
    house.silence("ap-3")
    while house.health("ap-3") is not Health.SUSPECT:
        house.live(0.1)
    run_sweep(house, stalls={195: 60.0}, sleeps=200)
    row = house.country.inventory.index_of["ap-3"]  # type: ignore[index]
    times = [at for at, targets in house.pinger.sends if row in targets]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) >= 0.5
    assert house.health("ap-3") is Health.DOWN


def test_late_reply_after_a_reload_lands_in_no_other_row() -> None:
    house = House(country_of(20))
    house.live(300)
    house.silence("ap-1")
    row = house.country.inventory.index_of["ap-1"]  # type: ignore[index]
    house.sweep.turn([], house.clock.now())
    house.pinger.send(range(len(house.country.inventory.devices)), house.clock.now().monotonic)
    devices = [one for one in house.country.inventory.devices if one.id not in ("olt-1", "onu-1")]
    before = house.country.fleet.recent(row)
    house.reload(changed(house.country.inventory, devices=devices))
    house.clock.seconds += 5
    house.sweep.turn([], house.clock.now())
    new_row = house.country.inventory.index_of["ap-1"]  # type: ignore[index]
    assert new_row != row
    assert house.country.fleet.recent(new_row) == before, "history kept, nothing added"


def test_device_with_a_new_address_starts_without_history_and_the_others_keep_theirs() -> None:
    house = House(country_of(20))
    house.live(300)
    house.reload(with_device(house.country.inventory, "ap-3", address="10.99.0.1"))
    fleet, index_of = house.country.fleet, house.country.inventory.index_of
    assert isinstance(fleet, Fleet)
    assert fleet.recent(index_of["ap-3"]) == (0, 0)  # type: ignore[index]
    assert fleet.recent(index_of["ap-4"])[0] >= 14  # type: ignore[index]
    assert house.health("ap-3") is Health.UNKNOWN
    house.live(30)
    assert house.health("ap-3") is Health.UP


@pytest.mark.parametrize("loss", [0.02, 0.05, 0.08])
def test_random_loss_makes_nobody_down(loss: float) -> None:
    house = House(country_of(100), loss=loss)
    house.live(1_800)
    assert house.downs == 0
    assert not house.faults
    assert house.country.isolation is None


def test_failure_under_random_loss_is_told_all_the_same() -> None:
    house = House(country_of(40), loss=0.08)
    house.live(900)
    house.silence("ap-3", *house.below("olt-2"))
    house.live(90)
    assert {one.key for one in house.open_faults} == {"ap-3", "olt-2"}


def test_five_thousand_villages_failing_at_once_are_decided_in_bounded_time() -> None:
    house = House(country_of(5_000, per_feeder=40))
    house.live(25)
    house.silence(*(one.id for one in house.country.inventory.devices if not one.id.startswith("olt")))
    began = time.process_time()
    house.live(80)
    spent = time.process_time() - began
    assert sum(len(one.villages) for one in house.tickets if one.is_open) == 5_000
    assert len(house.open_faults) == 4, "one for each service centre"
    assert spent < 60, f"{spent:.1f} s of CPU for 80 s of a storm"

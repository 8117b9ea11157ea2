"""What happens in the country, and what netmon says to it: the engine's rooms together, by a fake clock."""

import pytest

from netmon.model.decisions import RecheckSoon
from netmon.model.faults import Cause, Resolution, Scope
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Lifecycle
from netmon.model.notices import Channel, Stage
from netmon.model.tickets import TicketStatus
from tests.kit.house import House, changed, country_of, with_device

TEN = [f"onu-{n}" for n in range(1, 11)] + [f"ap-{n}" for n in range(1, 11)]


@pytest.fixture
def house() -> House:
    """Twenty villages behind two feeders, all well for five minutes."""
    house = House(country_of(20))
    house.live(300)
    assert house.healths(house.below("olt-1")) == {Health.UP}
    assert not house.faults
    return house


def test_access_point_that_dies_alone_gets_one_access_point_ticket(house: House) -> None:
    house.silence("ap-3")
    house.live(120)
    (ticket,), (fault,) = house.tickets, house.faults
    assert (fault.cause, fault.key, ticket.villages) == (Cause.ACCESS_POINT, "ap-3", ("34010300",))
    assert house.health("onu-3") is Health.UP


def test_country_whose_answers_netmon_itself_dropped_is_not_called_dark_and_is_heard_again(house: House) -> None:
    everybody = [*house.below("olt-1"), *house.below("olt-2"), "olt-1", "olt-2"]
    house.silence(*everybody)
    house.pinger.is_deaf = True
    house.live(60)
    assert house.healths(everybody) == {Health.UP}
    assert house.country.isolation is None
    house.pinger.is_deaf = False
    house.live_until_ticket(60)


def test_wishes_for_one_device_that_pile_up_are_answered_by_a_few_probes_one_after_the_other(house: House) -> None:
    device = house.country.inventory.index_of[DeviceId("ap-3")]
    house.silence("ap-3")
    house.live(60)
    house.heal()
    house.live(22)
    assert house.health("ap-3") is Health.RECOVERING
    begun = len(house.pinger.sends)
    house.sweep.recheck([RecheckSoon(device, 0.0)] * 400, house.clock.now())
    house.live(25)
    asked = [at for at, targets in house.pinger.sends[begun:] if device in targets]
    assert 12 <= len(asked) <= 20
    assert all(third - first > 0.7 for first, third in zip(asked, asked[2:], strict=False)), "beside its own rounds"


def test_dead_uplink_makes_its_access_point_unreachable_without_a_ticket_of_its_own(house: House) -> None:
    house.silence("onu-3", "ap-3")
    house.live(120)
    assert (house.health("onu-3"), house.health("ap-3")) == (Health.DOWN, Health.UNREACHABLE)
    assert [(one.cause, one.key) for one in house.faults] == [(Cause.UPLINK, "onu-3")]
    assert len(house.tickets) == 1


@pytest.mark.parametrize("offset", [0.0, 3.3, 7.1, 11.9, 16.4])
def test_access_point_and_uplink_silent_at_once_never_yield_an_access_point_ticket(house: House, offset: float) -> None:
    house.live(offset)
    for n in range(1, 9, 3):
        house.silence(f"onu-{n}", f"ap-{n}")
    house.live(120)
    assert len(house.open_faults) >= 1
    assert not [one for one in house.faults if one.cause is Cause.ACCESS_POINT]


def test_dead_feeder_is_one_fault_of_all_its_villages_and_its_children_say_nothing(house: House) -> None:
    house.silence(*house.below("olt-1"))
    house.live(150)
    (fault,), (ticket,) = house.faults, house.tickets
    assert (fault.cause, fault.scope, fault.key) == (Cause.FEEDER, Scope.FEEDER, "olt-1")
    assert len(ticket.villages) == 10
    assert house.healths(TEN) == {Health.UNREACHABLE}


def test_uplinks_that_are_not_watched_do_not_hide_the_dead_feeder_from_the_access_points() -> None:
    inventory = country_of(20)
    for n in range(1, 11):
        inventory = with_device(inventory, f"onu-{n}", address="")
    house = House(inventory)
    house.live(300)
    house.silence(*house.below("olt-1"))
    house.live(150)
    assert [(one.cause, one.key) for one in house.faults] == [(Cause.FEEDER, "olt-1")]
    assert house.healths([f"ap-{n}" for n in range(1, 11)]) == {Health.UNREACHABLE}
    house.heal()
    house.live(150)
    assert not house.open_faults
    assert house.healths([f"ap-{n}" for n in range(1, 11)]) == {Health.UP}


def test_recovered_feeder_releases_its_children_only_after_a_fresh_probe(house: House) -> None:
    house.silence(*house.below("olt-1"))
    house.live(150)
    house.heal("olt-1")
    while house.health("olt-1") is Health.DOWN:
        house.live(0.1)
    assert house.healths(TEN) == {Health.UNKNOWN}
    house.heal()
    house.live(120)
    assert house.healths(TEN) == {Health.UP}
    assert [one.resolution for one in house.faults] == [Resolution.RECOVERED]
    assert [one.status for one in house.tickets] == [TicketStatus.RESOLVED]


def test_children_slow_to_return_with_their_feeder_are_not_reported_as_faults_of_their_own(house: House) -> None:
    house.silence(*house.below("olt-1"))
    house.live(150)
    house.heal("olt-1")
    house.live(200)
    assert len(house.faults) == 1
    assert house.faults[0].is_open, "its villages are not back yet"
    house.heal()
    house.live(150)
    assert [one.resolution for one in house.faults] == [Resolution.RECOVERED]
    assert len(house.tickets) == 1


def test_village_that_never_returns_with_its_feeder_stays_in_a_fault(house: House) -> None:
    house.silence(*house.below("olt-1"))
    house.live(150)
    house.heal(*(one for one in house.below("olt-1") if one not in ("onu-4", "ap-4")))
    house.live(700)
    assert [one.dark_villages for one in house.open_faults] == [("34010400",)]
    house.heal()
    house.live(150)
    assert not house.open_faults


def test_answering_child_refutes_its_parents_death(house: House) -> None:
    house.silence("onu-3", "olt-2")
    house.live(600)
    assert not house.tickets
    assert house.healths(["ap-3", "onu-12"]) == {Health.UP}
    assert Health.DOWN not in house.healths(["onu-3", "olt-2"])


def test_uplink_that_never_answers_still_tells_when_its_village_is_dark() -> None:
    house = House(country_of(20))
    house.silence("onu-3")
    house.live(300)
    assert not house.tickets
    house.silence("ap-3")
    house.live_until_ticket(90)
    assert house.tickets[0].villages == ("34010300",)


def test_blip_inside_the_hold_sends_nothing_and_resolves_silently(house: House) -> None:
    house.silence("ap-3")
    house.live_until_ticket(60)
    house.live(30)
    house.heal()
    house.live(400)
    assert [one.status for one in house.tickets] == [TicketStatus.RESOLVED]
    assert not house.messages


def test_failure_longer_than_the_hold_is_told_and_so_is_its_end(house: House) -> None:
    house.silence("ap-3")
    house.live(450)
    house.heal()
    house.live(120)
    told = {(row.notice.channel, row.notice.stage) for row in house.messages}
    assert told == {(channel, stage) for channel in Channel for stage in (Stage.OPENED, Stage.RESOLVED)}


def test_planned_device_opens_nothing_until_first_seen() -> None:
    house = House(with_device(country_of(20), "ap-3", lifecycle=Lifecycle.PLANNED))
    house.silence("ap-3")
    house.live(300)
    assert house.health("ap-3") is Health.UNKNOWN
    assert not house.faults
    house.heal()
    house.live(60)
    house.silence("ap-3")
    house.live(90)
    assert [one.key for one in house.open_faults] == ["ap-3"]


def test_access_point_behind_a_planned_uplink_is_told_all_the_same() -> None:
    house = House(with_device(country_of(20), "onu-3", lifecycle=Lifecycle.PLANNED))
    house.silence("onu-3")
    house.live(300)
    house.silence("ap-3")
    house.live_until_ticket(60)
    assert house.tickets[0].villages == ("34010300",)


def test_suspended_device_opens_nothing() -> None:
    house = House(with_device(country_of(20), "ap-3", lifecycle=Lifecycle.SUSPENDED))
    house.live(120)
    house.silence("ap-3")
    house.live(200)
    assert not house.faults


def test_device_that_is_suspended_while_dark_ends_its_fault(house: House) -> None:
    house.silence("ap-3")
    house.live_until_ticket(60)
    house.reload(with_device(house.country.inventory, "ap-3", lifecycle=Lifecycle.SUSPENDED))
    house.live(30)
    assert [one.resolution for one in house.faults] == [Resolution.INVENTORY]
    assert [one.status for one in house.tickets] == [TicketStatus.CLOSED]


def test_restart_with_an_open_fault_opens_no_second_ticket_and_resolves_it_when_the_device_answers(
    house: House,
) -> None:
    house.silence("ap-3", *house.below("olt-2"))
    house.live(120)
    assert len(house.tickets) == 2
    again = House(house.country.inventory, before=house)
    again.live(300)
    assert len(again.tickets) == len(again.open_faults) == 2
    again.heal()
    again.live(200)
    assert not again.open_faults
    assert len(again.tickets) == 2


def test_fault_that_healed_while_netmon_was_down_is_resolved_after_the_start(house: House) -> None:
    house.silence("ap-3")
    house.live_until_ticket(60)
    house.heal()
    again = House(house.country.inventory, before=house)
    again.live(120)
    assert [one.resolution for one in again.faults] == [Resolution.RECOVERED]


def test_villages_moved_away_from_a_dead_feeder_are_judged_anew(house: House) -> None:
    house.silence(*house.below("olt-1"))
    house.live(150)
    moved = with_device(house.country.inventory, "onu-4", parent="olt-2")
    house.reload(moved)
    house.live(600)
    assert house.health("onu-4") is Health.DOWN
    assert "onu-4" in {member.device for one in house.open_faults for member in one.members}


def test_retired_feeder_leaves_no_child_unreachable_for_ever(house: House) -> None:
    house.silence(*house.below("olt-1"))
    house.live(150)
    rest = [one for one in house.country.inventory.devices if one.id != "olt-1"]
    house.reload(changed(house.country.inventory, devices=rest))
    house.live(700)
    assert house.healths([f"onu-{n}" for n in range(1, 11)]) == {Health.DOWN}
    dark = {village for one in house.open_faults for village in one.dark_villages}
    assert len(dark) == 10


def test_reload_while_cut_off_concludes_nothing_about_changed_devices(house: House) -> None:
    house.cut_off()
    house.live(30)
    assert house.country.isolation is not None
    house.reload(with_device(house.country.inventory, "ap-3", address="10.99.0.1"))
    assert house.health("ap-3") is Health.BLIND
    house.cut_off()
    house.live(60)
    house.heal()
    house.live(120)
    assert not house.faults
    assert house.health("ap-3") is Health.UP


@pytest.mark.parametrize("interval", [5.0, 20.0])
@pytest.mark.parametrize("dead", [("ap-3",), ("onu-3", "ap-3"), ("olt-1", *TEN)])
def test_ticket_stands_within_an_interval_and_35_seconds_of_the_failure(interval: float, dead: tuple[str, ...]) -> None:
    house = House(country_of(20), interval=interval)
    house.live(300)
    taken = []
    for offset in (0.0, 1.7, 3.1):
        house.live(offset * interval / 5)
        house.silence(*dead)
        taken.append(house.live_until_ticket(interval + 60))
        house.heal()
        house.live(300)
        assert not house.open_faults
    assert max(taken) <= interval + 35


def test_reload_in_the_middle_of_a_series_of_probes_does_not_delay_the_ticket(house: House) -> None:
    house.silence("ap-3")
    while house.health("ap-3") is not Health.SUSPECT:
        house.live(0.1)
    house.live(2)
    assert house.health("ap-3") is Health.SUSPECT
    house.reload(with_device(house.country.inventory, "ap-15", name="new name"))
    assert house.live_until_ticket(90) <= 35

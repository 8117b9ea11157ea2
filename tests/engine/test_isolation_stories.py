"""When netmon itself is cut off: blind, quiet, one alarm, and nothing lost or doubled afterwards."""

import pytest

from netmon.model.health import Health
from netmon.model.notices import Stage
from tests.kit.house import House, changed, country_of

EVERYBODY = [f"{role}-{n}" for role in ("onu", "ap") for n in range(1, 41)] + [f"olt-{n}" for n in range(1, 5)]


@pytest.fixture
def house() -> House:
    """Forty villages in four regions' provinces, all well for five minutes."""
    house = House(country_of(40))
    house.live(300)
    return house


def alarms(house: House) -> list[Stage]:
    """What the NOC was told about netmon itself, in order."""
    return [row.notice.stage for row in house.messages if row.notice.fault is None]


def test_isolation_blinds_everything_opens_no_ticket_and_raises_one_alarm(house: House) -> None:
    house.cut_off()
    house.live(600)
    assert house.healths(EVERYBODY) == {Health.BLIND}
    assert house.country.isolation is not None
    assert not house.faults
    assert alarms(house) == [Stage.BLIND]


def test_devices_confirmed_down_just_before_isolation_get_no_ticket_while_it_lasts(house: House) -> None:
    house.silence("ap-3")
    while house.health("ap-3") is not Health.DOWN:
        house.live(0.1)
    house.sensor.cut_off = "the link is down"
    house.cut_off()
    house.live(300)
    assert not house.faults


def test_after_isolation_every_device_is_probed_freshly_and_then_up(house: House) -> None:
    house.cut_off()
    house.live(120)
    house.heal()
    while house.country.isolation is not None:
        house.live(0.1)
    assert Health.BLIND not in house.healths(EVERYBODY)
    assert house.healths(EVERYBODY) <= {Health.UNKNOWN, Health.UP}
    house.live(60)
    assert house.healths(EVERYBODY) == {Health.UP}
    assert not house.faults
    assert alarms(house) == [Stage.BLIND, Stage.SIGHTED]


def test_faults_open_before_isolation_are_neither_doubled_nor_lost(house: House) -> None:
    house.silence("ap-3", *house.below("olt-2"))
    house.live(120)
    before = {one.id for one in house.open_faults}
    assert len(before) == 2
    house.cut_off()
    house.live(120)
    house.heal()
    house.silence("ap-3", *house.below("olt-2"))
    house.live(200)
    assert {one.id for one in house.open_faults} == before
    assert len(house.tickets) == 2
    house.heal()
    house.live(120)
    assert not house.open_faults
    assert len(house.tickets) == 2


def test_fault_that_healed_during_isolation_is_resolved_after_it(house: House) -> None:
    house.silence("ap-3")
    house.live_until_ticket(60)
    house.cut_off()
    house.live(120)
    house.heal()
    house.live(120)
    assert not house.open_faults
    assert len(house.tickets) == 1


def test_lost_link_blinds_at_once(house: House) -> None:
    house.sensor.cut_off = "the default route is gone"
    house.live(0.5)
    assert house.country.isolation is not None
    assert house.country.isolation.reason == "the default route is gone"
    assert house.healths(EVERYBODY) == {Health.BLIND}
    house.sensor.cut_off = ""
    house.live(30)
    assert house.country.isolation is None
    assert alarms(house) == [Stage.BLIND, Stage.SIGHTED]


def test_fleets_share_alone_never_blinds_while_a_reference_answers(house: House) -> None:
    house.silence(*EVERYBODY)
    house.live(120)
    assert house.country.isolation is None
    assert len(house.open_faults) == 4
    assert sum(len(one.villages) for one in house.tickets) == 40


def test_references_alone_never_blind_while_the_country_answers(house: House) -> None:
    house.pinger.silent.update(house.pinger.addresses[-2:])
    house.live(120)
    assert house.country.isolation is None
    assert house.healths(EVERYBODY) == {Health.UP}


def test_misses_of_the_isolation_stay_out_of_the_devices_histories(house: House) -> None:
    house.cut_off()
    house.live(600)
    devices = [one for one in house.country.inventory.devices if one.id != "ap-40"]
    house.reload(changed(house.country.inventory, devices=devices))
    house.heal()
    house.live(60)
    assert house.country.fleet.loss_ratio().max() < 0.5


def test_alarm_that_the_store_refused_is_raised_when_it_works_again(house: House) -> None:
    house.store.trouble = "the disk is full"
    house.sensor.cut_off = "the link is down"
    house.live(60)
    assert house.country.isolation is not None
    assert not alarms(house)
    house.store.trouble = ""
    house.live(5)
    assert alarms(house) == [Stage.BLIND]

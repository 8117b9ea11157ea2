"""A device's own history: met, replaced, upgraded."""

import logging

import pytest

from netmon.engine.chronicle import Chronicle
from netmon.model.chronicle import DeviceChange, DeviceRecord
from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.ids import DeviceId
from netmon.model.readings import Identity
from netmon.model.vitals import Vital
from tests.kit.country import NOON
from tests.kit.fake_store import FakeStore
from tests.kit.house import CountingVitals, country_of

AP = DeviceId("ap-1")


def seen(serial: str, *, firmware: str = "1.0", address: str = "10.64.0.2") -> DeviceRecord:
    return DeviceRecord(AP, address, Identity("R500", serial, firmware))


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


async def test_another_serial_number_at_the_same_address_is_an_event_and_a_line_in_the_log(
    store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    vitals = CountingVitals()
    chronicle = Chronicle(store, vitals)
    await chronicle.tick([seen("A")], NOON)
    await chronicle.tick([seen("A")], NOON)
    await chronicle.tick([seen("B")], NOON)
    assert [(event.what, event.now, event.was) for event in store.device_history] == [
        (DeviceChange.MET, "R500, A, 1.0", ""),
        (DeviceChange.REPLACED, "B", "A"),
    ]
    assert "device=ap-1 address=10.64.0.2 what=replaced now='B' was='A'" in caplog.text
    assert vitals.counted[Vital.DEVICE_CHANGES, "replaced"] == 1


async def test_a_replacement_is_seen_across_a_restart(store: FakeStore) -> None:
    inventory = country_of(1)
    address = inventory.devices[inventory.index_of[AP]].address
    await Chronicle(store, CountingVitals()).tick([seen("A", address=address)], NOON)
    country = Country(inventory, Fleet(len(inventory.devices), 1))
    restarted = Chronicle(store, CountingVitals())
    await restarted.load(country)
    assert country.fleet.agents.known[inventory.index_of[AP]]
    assert country.fleet.agents.known.sum() == 1
    await restarted.tick([seen("B", address=address)], NOON)
    assert [event.what for event in store.device_history] == [DeviceChange.MET, DeviceChange.REPLACED]


async def test_a_device_that_keeps_its_serial_number_to_itself_this_time_was_not_replaced(store: FakeStore) -> None:
    chronicle = Chronicle(store, CountingVitals())
    for serial in ("A", "", "A"):
        await chronicle.tick([seen(serial, firmware="2.0" if serial else "")], NOON)
    assert [event.what for event in store.device_history] == [DeviceChange.MET]
    await chronicle.tick([seen("A", firmware="3.0")], NOON)
    assert store.device_history[-1].what is DeviceChange.FIRMWARE


async def test_what_a_full_disk_refuses_is_written_later_and_nothing_of_it_is_lost(store: FakeStore) -> None:
    chronicle = Chronicle(store, CountingVitals())
    store.trouble = "the disk is full"
    await chronicle.tick([seen("A")], NOON)
    await chronicle.tick([seen("B")], NOON)
    assert store.device_history == []
    store.trouble = ""
    await chronicle.tick([], NOON)
    assert [event.what for event in store.device_history] == [DeviceChange.MET, DeviceChange.REPLACED]
    assert store.records[AP].identity.serial == "B"

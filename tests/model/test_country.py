"""A village's health is that of the device that speaks for it."""

import numpy as np

from netmon.model.country import NO_DEVICE, village_health, village_rows, village_since
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.ids import CentreId, DeviceId, VillageId
from netmon.model.inventory import Device, Inventory, Lifecycle, Role, Village
from netmon.model.time import Now

HOME = VillageId("65010101")
EMPTY = VillageId("65010102")


def _inventory(*devices: Device) -> Inventory:
    villages = [
        Village(id=one, name="บ้าน", tambon="ในเมือง", amphoe="เมือง", province="พิษณุโลก", centre=CentreId("C65"))
        for one in (HOME, EMPTY)
    ]
    return Inventory(villages={village.id: village for village in villages}, devices=devices)


def _device(name: str, role: Role, lifecycle: Lifecycle = Lifecycle.ACTIVE) -> Device:
    return Device(id=DeviceId(name), role=role, village=HOME, lifecycle=lifecycle)


def test_access_point_speaks_for_its_village() -> None:
    rows = village_rows(_inventory(_device("onu", Role.UPLINK), _device("ap", Role.AP), _device("ap2", Role.AP)))
    assert rows.tolist() == [1, NO_DEVICE]


def test_retired_access_point_leaves_the_word_to_the_next() -> None:
    old = _device("old", Role.AP, Lifecycle.RETIRED)
    assert village_rows(_inventory(old, _device("new", Role.AP))).tolist()[0] == 1
    assert village_rows(_inventory(old, _device("onu", Role.UPLINK), _device("ups", Role.UPS))).tolist()[0] == 1


def test_village_with_nothing_watched_is_unknown_not_up() -> None:
    fleet = Fleet(1, generation=1)
    fleet.set_health(0, Health.UP, Now(1000.0, 1000.0))
    rows = village_rows(_inventory(_device("ap", Role.AP)))
    assert village_health(fleet, rows).tolist() == [Health.UP, Health.UNKNOWN]
    assert np.array_equal(village_since(fleet, rows), [1000.0, np.nan], equal_nan=True)


def test_country_without_devices_has_unknown_villages() -> None:
    rows = village_rows(_inventory())
    assert village_health(Fleet(0, 1), rows).tolist() == [Health.UNKNOWN] * 2
    assert np.isnan(village_since(Fleet(0, 1), rows)).all()

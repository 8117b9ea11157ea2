"""A small made-up country for tests: real province codes, rough coordinates, a feeder for every few villages."""

import random
from collections.abc import Iterator, Mapping

from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.ids import CentreId, DeviceId, VillageId
from netmon.model.inventory import Device, Inventory, Role, ServiceCentre, Village, Volunteer
from netmon.model.time import Now

PROVINCES: Mapping[str, tuple[str, float, float]] = {
    "34": ("อุบลราชธานี", 15.2, 105.0),
    "44": ("มหาสารคาม", 16.0, 103.1),
    "50": ("เชียงใหม่", 18.8, 98.9),
    "65": ("พิษณุโลก", 16.8, 100.3),
    "90": ("สงขลา", 7.1, 100.5),
}
"""Code -> name and the rough middle (lat, lon)."""
VILLAGES_PER_FEEDER = 20
NOON = Now(monotonic=5_000.0, wall=1_700_000_000.0)


class StillClock:
    """A clock that a test moves by hand."""

    def __init__(self, now: Now = NOON) -> None:
        self._now = now

    def now(self) -> Now:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.move(seconds)

    def move(self, seconds: float) -> None:
        self._now = Now(self._now.monotonic + seconds, self._now.wall + seconds)


def before_noon(seconds: float) -> Now:
    """A moment that many seconds before NOON, on both clocks."""
    return Now(NOON.monotonic - seconds, NOON.wall - seconds)


def make_inventory(villages: int, seed: int = 1) -> Inventory:
    """Villages laid round the provinces in turn, each with an access point behind an uplink behind a feeder."""
    chance = random.Random(seed)
    places = list(_villages(villages, chance))
    return Inventory(
        villages={place.id: place for place in places},
        devices=list(_devices(places)),
        centres={CentreId(f"C{code}"): ServiceCentre(id=CentreId(f"C{code}"), name=name) for code, name in _names()},
        volunteers={p.id: Volunteer(village=p.id, name="ผู้ใหญ่บ้าน", mobile="+66812345678") for p in places},
    )


def make_country(villages: int, *, generation: int = 1, health: Health = Health.UP) -> Country:
    """A country in which every device has answered three times and has this health."""
    inventory = make_inventory(villages)
    size = len(inventory.devices)
    fleet = Fleet(size, generation)
    everybody = range(size)
    for turn in range(3):
        rtts = [0.010 + 0.001 * turn + 0.0001 * (row % 50) for row in everybody]
        fleet.record(everybody, rtts, [], before_noon(60 - 20 * turn))
    fleet.health[:] = health
    fleet.since[:] = NOON.wall - 3_600
    return Country(inventory, fleet)


def _names() -> Iterator[tuple[str, str]]:
    return ((code, f"ศูนย์บริการ{name}") for code, (name, _lat, _lon) in PROVINCES.items())


def _villages(count: int, chance: random.Random) -> Iterator[Village]:
    codes = list(PROVINCES)
    for number in range(count):
        code = codes[number % len(codes)]
        name, lat, lon = PROVINCES[code]
        place, moo = divmod(number // len(codes), 90)
        yield Village(
            id=VillageId(f"{code}{place // 90 + 1:02}{place % 90 + 1:02}{moo + 1:02}"),
            name=f"บ้านหนองน้ำใส {number + 1}",
            tambon="ในเมือง",
            amphoe="เมือง",
            province=name,
            centre=CentreId(f"C{code}"),
            lat=round(lat + chance.uniform(-0.8, 0.8), 4),
            lon=round(lon + chance.uniform(-0.5, 0.5), 4),
        )


def _devices(places: list[Village]) -> Iterator[Device]:
    by_province: dict[str, list[Village]] = {}
    for place in places:
        by_province.setdefault(place.province_code, []).append(place)
    for code, members in by_province.items():
        for start in range(0, len(members), VILLAGES_PER_FEEDER):
            feeder = DeviceId(f"olt-{code}-{start // VILLAGES_PER_FEEDER + 1}")
            yield Device(id=feeder, role=Role.FEEDER, address="10.64.0.1", centre=CentreId(f"C{code}"))
            for place in members[start : start + VILLAGES_PER_FEEDER]:
                uplink = DeviceId(f"onu-{place.id}")
                yield Device(id=uplink, role=Role.UPLINK, address="10.65.0.1", village=place.id, parent=feeder)
                yield Device(
                    id=DeviceId(f"ap-{place.id}"), role=Role.AP, address="10.66.0.1", village=place.id, parent=uplink
                )

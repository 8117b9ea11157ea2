"""How long an answer takes: distance from Bangkok along the fibre, the access network, the device itself."""

import random
from math import cos, hypot, radians

from netmon.lab.coordinates import KM_PER_DEGREE
from netmon.lab.country import Country
from netmon.model.inventory import Device, Role, Village

_BANGKOK = (13.75, 100.50)
_DETOUR = 1.6
"""Fibre follows roads."""
_KM_PER_SECOND = 200_000.0
"""Light in glass."""
_CORE_SECONDS = 0.0008
_DEVICE_SECONDS = {
    Role.FEEDER: (0.0004, 0.0010),
    Role.UPS: (0.0006, 0.0020),
    Role.UPLINK: (0.0012, 0.0030),
    Role.AP: (0.0018, 0.0070),
}
"""Added by the device and the access network before it: least and most."""
REFERENCE_SECONDS = 0.0012
_USUAL_LOSS = (0.001, 0.005)


def round_trips(country: Country) -> list[float]:
    """Round-trip time in seconds of each device of the inventory, by dense index, when nothing is wrong: 2 to 25 ms."""
    rng = random.Random(f"{country.plan.seed}/latency")
    villages = country.inventory.villages
    feeder_place = _feeder_places(country)
    times = []
    for device in country.inventory.devices:
        village = villages[device.village] if device.village else _place(device, feeder_place)
        km = _kilometres(village) if village else 0.0
        least, most = _DEVICE_SECONDS[device.role]
        times.append(_CORE_SECONDS + 2 * km * _DETOUR / _KM_PER_SECOND + rng.uniform(least, most))
    return times


def usual_losses(country: Country) -> list[float]:
    """Share of echoes each device loses when nothing is wrong, by dense index."""
    rng = random.Random(f"{country.plan.seed}/loss")
    return [rng.uniform(*_USUAL_LOSS) for _ in country.inventory.devices]


def _place(device: Device, feeder_place: dict[str, Village]) -> Village | None:
    """Where a feeder stands, or the UPS beside it."""
    return feeder_place.get(device.id) or feeder_place.get(device.parent or "")


def _feeder_places(country: Country) -> dict[str, Village]:
    places: dict[str, Village] = {}
    for device in country.inventory.devices:
        above = country.parent_of[device.id]
        if device.role is Role.UPLINK and above is not None and device.village is not None:
            places.setdefault(above, country.inventory.villages[device.village])
    return places


def _kilometres(village: Village) -> float:
    if village.lat is None or village.lon is None:
        return 0.0
    north = (village.lat - _BANGKOK[0]) * KM_PER_DEGREE
    east = (village.lon - _BANGKOK[1]) * KM_PER_DEGREE * cos(radians(village.lat))
    return hypot(north, east)

"""What netmon reads from each family, by its shipped profiles, is what is true in the lab."""

import pytest

from netmon.lab.box import SSIDS, Box
from netmon.lab.models.catalogue import ARUBA, ONU, RUCKUS, SMARTAX, UNIFI, UPS
from netmon.model.readings import Quantity
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.explain import missing
from netmon.probes.snmp.plan import Scope, build_plan
from netmon.settings.profiles import load_profiles
from tests.lab.country_of_agents import Fleet, Reader

PROFILES = load_profiles(None)
Readings = dict[tuple[Quantity, str], float | None]


async def read(reader: Reader) -> tuple[Discovery, Readings]:
    found = await discover(reader, PROFILES)
    assert isinstance(found, Discovery), found
    plan = build_plan(found, Scope.EVERYTHING)
    values = await reader.get(plan.oids)
    assert isinstance(values, list), values
    decoded = plan.decode(values)
    return found, {(one.quantity, one.label): value for one, value in zip(plan.series, decoded, strict=True)}


def common(box: Box, now: float, uplink: str) -> Readings:
    return {
        (Quantity.INTERFACE_UP, uplink): 1,
        (Quantity.RECEIVE_BYTES, uplink): box.downwards(now),
        (Quantity.TRANSMIT_BYTES, uplink): box.upwards(now),
    }


def of_access_point(box: Box, now: float) -> Readings:
    return {
        (Quantity.CPU, ""): box.cpu(now) / 100,
        (Quantity.MEMORY, ""): box.memory(now) / 100,
        (Quantity.WIFI_CLIENTS, ""): box.all_clients(now),
    }


def of_radios(box: Box, now: float, names: tuple[str, str]) -> Readings:
    """By name of the 2.4 GHz and of the 5 GHz radio."""
    clients = {(Quantity.WIFI_CLIENTS, name): box.clients(radio, now) for radio, name in enumerate(names)}
    busy = {(Quantity.CHANNEL_UTILISATION, name): box.utilisation(radio, now) / 100 for radio, name in enumerate(names)}
    people = {
        (Quantity.SSID_CLIENTS, ssid): sum(box.clients_of(radio, n, now) for radio in (0, 1))
        for n, ssid in enumerate(SSIDS)
    }
    return {**clients, **busy, **people}


def hold_uptime(read_values: Readings, box: Box, now: float) -> None:
    """Some have been up for longer than sysUpTime counts; whether netmon unwraps that is the profile's choice."""
    uptime = read_values[Quantity.UPTIME, ""]
    assert uptime is not None
    wraps = (box.uptime(now) - uptime) / (2**32 / 100)
    assert round(wraps) in (0, 1) and abs(wraps - round(wraps)) < 1e-9


def hold(read_values: Readings, true: Readings, *, exact: float = 0.0) -> None:
    assert {key: read_values.get(key, "not read") for key in true} == pytest.approx(true, abs=exact or 1e-6)


@pytest.mark.parametrize("hours", [0.0, 7.0, 900.0])
async def test_unifi_is_read_as_it_is(hours: float) -> None:
    fleet = Fleet()
    device = fleet.of_family(UNIFI)
    fleet.clock.now += hours * 3600
    found, values = await read(fleet.reader(device))
    box, now = fleet.box(device), fleet.clock.now
    assert (found.profile.name, found.identity.model, found.uplink and found.uplink.name) == (
        "unifi",
        "UAP-AC-M",
        "eth0",
    )
    hold_uptime(values, box, now)
    hold(values, common(box, now, "eth0") | of_radios(box, now, ("ng", "na")))
    hold(values, of_access_point(box, now), exact=1e-5)


@pytest.mark.parametrize("hours", [0.0, 7.0, 900.0])
async def test_ruckus_unleashed_is_read_as_it_is(hours: float) -> None:
    fleet = Fleet()
    device = fleet.of_family(RUCKUS)
    fleet.clock.now += hours * 3600
    found, values = await read(fleet.reader(device))
    box, now = fleet.box(device), fleet.clock.now
    assert (found.profile.name, found.identity.serial) == ("ruckus-unleashed", box.serial())
    hold_uptime(values, box, now)
    hold(values, common(box, now, "eth0") | of_access_point(box, now))


@pytest.mark.parametrize("hours", [0.0, 7.0, 900.0])
async def test_aruba_instant_is_read_as_it_is(hours: float) -> None:
    fleet = Fleet()
    device = fleet.of_family(ARUBA)
    fleet.clock.now += hours * 3600
    found, values = await read(fleet.reader(device))
    box, now = fleet.box(device), fleet.clock.now
    assert (found.profile.name, found.identity.serial, found.identity.model) == ("aruba-instant", box.serial(), "365")
    radios = ("radio 1", "radio 0")
    hold_uptime(values, box, now)
    hold(values, common(box, now, "eth0") | of_radios(box, now, radios))
    hold(values, of_access_point(box, now), exact=1e-5)
    assert values[Quantity.NOISE_FLOOR, radios[0]] == -92


async def test_uplink_is_read_as_a_plain_device_with_its_fibre_as_the_uplink() -> None:
    fleet = Fleet()
    device = fleet.of_family(ONU)
    found, values = await read(fleet.reader(device))
    assert (found.profile.name, found.uplink and found.uplink.name) == ("generic", "pon0")
    hold_uptime(values, fleet.box(device), fleet.clock.now)
    hold(values, common(fleet.box(device), fleet.clock.now, "pon0"))
    assert values[Quantity.RECEIVE_BYTES, "eth0"] == values[Quantity.TRANSMIT_BYTES, "pon0"]


async def test_olt_is_read_as_it_is() -> None:
    fleet = Fleet()
    device = fleet.of_family(SMARTAX)
    found, values = await read(fleet.reader(device))
    box, now = fleet.box(device), fleet.clock.now
    assert (found.profile.name, found.identity.model) == ("huawei-smartax", "MA5800-X7")
    hold_uptime(values, box, now)
    assert values[Quantity.MEMORY, ""] == box.memory(now) / 100
    assert values[Quantity.TEMPERATURE, ""] == box.temperature(now)


@pytest.mark.parametrize(("name", "enterprise"), [(UNIFI, 41112), (RUCKUS, 25053), (ARUBA, 14823)])
async def test_profile_of_an_access_point_looks_for_none_of_its_vendor_s_objects_in_vain(
    name: str, enterprise: int
) -> None:
    fleet = Fleet()
    found, _ = await read(fleet.reader(fleet.of_family(name)))
    vendor = (1, 3, 6, 1, 4, 1, enterprise)
    assert any(one.source.oid[:7] == vendor for one in found.profile.rules)
    assert not [one for one in missing(found) if one.object.oid[:7] == vendor]


def test_clients_follow_the_day_and_counters_only_grow() -> None:
    fleet = Fleet()
    boxes = [fleet.box(fleet.of_family(name)) for name in (UNIFI, RUCKUS, ARUBA)]
    evening: list[int] = []
    night: list[int] = []
    octets = [box.downwards(fleet.clock.now) for box in boxes]
    start = fleet.clock.now
    for hour in range(48):
        now = start + hour * 3600
        clients = sum(box.all_clients(now) for box in boxes)
        (night if 7 <= hour % 24 <= 9 else evening if hour % 24 in (0, 1, 23) else []).append(clients)
        grown = [box.downwards(now) for box in boxes]
        assert hour == 0 or all(after > before for after, before in zip(grown, octets, strict=True))
        octets = grown
    assert sum(evening) / len(evening) > 4 * sum(night) / len(night)


def test_a_village_s_uplink_carries_what_its_access_point_does() -> None:
    fleet = Fleet()
    olt = fleet.box(fleet.of_family(SMARTAX))
    onu = fleet.country.inventory.devices[olt.below[0]]
    ap = fleet.country.inventory.devices[fleet.index(onu) + 1]
    before = [fleet.box(one).downwards(fleet.clock.now) for one in (onu, ap)]
    fleet.clock.now += 3600
    grown = [fleet.box(one).downwards(fleet.clock.now) - was for one, was in zip((onu, ap), before, strict=True)]
    assert ap.parent == onu.id and grown[0] > 0 and abs(grown[0] - grown[1]) <= 1


async def test_ups_is_read_as_it_is() -> None:
    fleet = Fleet()
    device = fleet.of_family(UPS)
    found, values = await read(fleet.reader(device))
    box, now = fleet.box(device), fleet.clock.now
    assert (found.profile.name, found.identity.model, found.identity.firmware) == ("ups-mib", "LP-3000", "1.4")
    hold_uptime(values, box, now)
    hold(
        values,
        {
            (Quantity.UPS_ON_BATTERY, ""): 0,
            (Quantity.UPS_CHARGE, ""): 1,
            (Quantity.UPS_RUNTIME, ""): 4 * 3600,
            (Quantity.UPS_BATTERY_SECONDS, ""): 0,
            (Quantity.VOLTAGE, "battery"): 54.5,
        },
    )
    load = next(value for (quantity, _), value in values.items() if quantity is Quantity.UPS_LOAD)
    assert load is not None and 0.2 < load < 0.6

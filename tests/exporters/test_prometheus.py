"""The Prometheus pages against the Fleet they render."""

import json
import subprocess
import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from netmon.errors import RouteNotFoundError
from netmon.model.country import Country
from netmon.model.faults import Cause
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Lifecycle, Role
from netmon.model.tickets import TicketStatus
from netmon.ports import Exporter, ExporterSources
from netmon_exporters.prometheus import create
from tests.kit.cases import make_case
from tests.kit.country import NOON, make_country

ADDRESS = "netmon.example:9640"
VITALS = b"# HELP netmon_blind 1 while cut off.\n# TYPE netmon_blind gauge\nnetmon_blind 0.0\n"
Series = dict[str, dict[frozenset[tuple[str, str]], float]]


def _exporter(country: Country) -> Exporter:
    return create(ExporterSources(country, lambda: VITALS, lambda: ADDRESS))


def _chunks(exporter: Exporter, path: str, **parameters: str) -> Iterable[bytes]:
    (route,) = (route for route in exporter.routes() if route.path == path)
    return route.render(parameters)


def _scrape(exporter: Exporter, code: str) -> bytes:
    return b"".join(_chunks(exporter, "/metrics/province/{code}", code=code))


def _series(text: bytes) -> Series:
    return {
        family.name: {frozenset(sample.labels.items()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(text.decode())
    }


def _by_device(text: bytes, name: str) -> dict[str, float]:
    return {dict(labels)["device"]: value for labels, value in _series(text)[name].items()}


def _retired(inventory: Inventory, name: DeviceId) -> Inventory:
    devices = [replace(d, lifecycle=Lifecycle.RETIRED) if d.id == name else d for d in inventory.devices]
    return Inventory(villages=inventory.villages, devices=devices)


def test_province_has_every_series_of_its_devices_and_of_no_other() -> None:
    country = make_country(50)
    text = _scrape(_exporter(country), "65")
    mine = {d.id for d in country.inventory.devices if d.id.split("-")[1].startswith("65")}
    for name in ("up", "ping_rtt_seconds", "ping_rtt_min_seconds", "ping_rtt_max_seconds", "ping_loss_ratio", "info"):
        assert set(_by_device(text, f"netmon_device_{name}")) == mine
    low, mean, high = country.fleet.rtt_statistics()
    for name, column in (("_min", low), ("", mean), ("_max", high)):
        for device, value in _by_device(text, f"netmon_device_ping_rtt{name}_seconds").items():
            assert value == pytest.approx(column[country.inventory.index_of[DeviceId(device)]], abs=1e-7)


def test_all_provinces_together_have_every_device_and_village_once() -> None:
    country = make_country(200)
    exporter = _exporter(country)
    pages = [_series(_scrape(exporter, code)) for code in ("34", "44", "50", "65", "90")]
    devices = [dict(labels)["device"] for page in pages for labels in page["netmon_device_info"]]
    villages = [dict(labels)["village"] for page in pages for labels in page["netmon_village_info"]]
    assert sorted(devices) == sorted(device.id for device in country.inventory.devices)
    assert sorted(villages) == sorted(country.inventory.villages)


@pytest.mark.parametrize(
    ("health", "up"),
    [
        (Health.UP, 1), (Health.SUSPECT, 1), (Health.RECOVERING, 1), (Health.DOWN, 0),
        (Health.UNKNOWN, None), (Health.UNREACHABLE, None), (Health.BLIND, None),
    ],
)  # fmt: skip
def test_up_says_what_is_known_and_nothing_else(health: Health, up: int | None) -> None:
    country = make_country(5)
    index = country.inventory.index_of[DeviceId("ap-65010101")]
    country.fleet.health[index] = health
    text = _scrape(_exporter(country), "65")
    assert _by_device(text, "netmon_device_up").get("ap-65010101") == up
    assert ("ap-65010101" in _by_device(text, "netmon_device_ping_rtt_seconds")) is (up == 1)
    known_loss = health not in {Health.UNREACHABLE, Health.BLIND}
    assert ("ap-65010101" in _by_device(text, "netmon_device_ping_loss_ratio")) is known_loss


def test_what_was_never_probed_is_absent_and_never_zero() -> None:
    country = make_country(5)
    country.fleet = Fleet(len(country.inventory.devices), generation=1)
    page = _series(_scrape(_exporter(country), "65"))
    assert len(page["netmon_device_info"]) == 3
    assert all(not series for name, series in page.items() if not name.endswith("_info"))


def test_loss_is_the_fleets_own() -> None:
    country = make_country(5)
    index = country.inventory.index_of[DeviceId("ap-65010101")]
    country.fleet.record([], [], [index], NOON)
    assert _by_device(_scrape(_exporter(country), "65"), "netmon_device_ping_loss_ratio")["ap-65010101"] == 0.25


def test_info_carries_place_and_names() -> None:
    country = make_country(5)
    page = _series(_scrape(_exporter(country), "65"))
    (village,) = (dict(labels) for labels in page["netmon_village_info"])
    place = country.inventory.villages[next(v for v in country.inventory.villages if v.startswith("65"))]
    assert (village["province_name"], village["region"], village["service_centre"]) == ("พิษณุโลก", "north", "C65")
    assert float(village["latitude"]) == place.lat
    access_point = next(dict(labels) for labels in page["netmon_device_info"] if ("role", "ap") in labels)
    assert access_point["service_centre"] == "C65"
    assert access_point["parent"] == "onu-65010101"


def test_no_page_carries_a_volunteers_number() -> None:
    exporter = _exporter(make_country(5))
    assert b"812345678" not in _scrape(exporter, "65") + b"".join(_chunks(exporter, "/metrics"))


def test_reload_renders_the_names_of_the_new_generation() -> None:
    country = make_country(5)
    exporter = _exporter(country)
    assert "ap-65010101" in _by_device(_scrape(exporter, "65"), "netmon_device_up")
    b"".join(_chunks(exporter, "/metrics"))
    larger = make_country(10, generation=2)
    country.inventory = _retired(larger.inventory, DeviceId("ap-65010101"))
    country.fleet = larger.fleet
    devices = _by_device(_scrape(exporter, "65"), "netmon_device_up")
    assert "ap-65010101" not in devices
    assert "ap-65010102" in devices
    villages = _series(b"".join(_chunks(exporter, "/metrics")))["netmon_villages"]
    assert sum(villages.values()) == 10


def test_scrape_that_a_reload_overtakes_stays_with_its_own_generation() -> None:
    country = make_country(600)
    chunks = iter(_chunks(_exporter(country), "/metrics/province/{code}", code="65"))
    first = next(chunks)
    before = country.inventory
    country.inventory, country.fleet = Inventory(), Fleet(0, generation=2)
    devices = _by_device(first + b"".join(chunks), "netmon_device_up")
    assert set(devices) == {d.id for d in before.devices if d.id.split("-")[1].startswith("65")}


def test_device_that_no_village_places_is_elsewhere() -> None:
    country = make_country(1)
    core = Device(id=DeviceId("core-1"), role=Role.SWITCH, address="10.64.9.9")
    country.inventory = Inventory(villages=country.inventory.villages, devices=[*country.inventory.devices, core])
    country.fleet = Fleet(len(country.inventory.devices), generation=2)
    page = _series(_scrape(_exporter(country), "00"))
    assert [dict(labels)["device"] for labels in page["netmon_device_info"]] == ["core-1"]


def test_province_without_devices_is_empty_and_a_wrong_code_is_no_page() -> None:
    exporter = _exporter(make_country(5))
    assert not any(_series(_scrape(exporter, "10")).values())
    for code in ("99", "6", "650", "xx"):
        with pytest.raises(RouteNotFoundError, match="two digits"):
            next(iter(_chunks(exporter, "/metrics/province/{code}", code=code)))


def test_villages_are_counted_by_the_health_of_their_access_point() -> None:
    country = make_country(10)
    country.fleet.health[country.inventory.index_of[DeviceId("ap-65010101")]] = Health.DOWN
    country.fleet.health[country.inventory.index_of[DeviceId("onu-65010102")]] = Health.DOWN
    text = b"".join(_chunks(_exporter(country), "/metrics"))
    villages = {
        tuple(dict(k)[n] for n in ("province", "health")): v for k, v in _series(text)["netmon_villages"].items()
    }
    assert (villages["65", "down"], villages["65", "up"], villages["44", "up"]) == (1, 1, 2)
    assert villages["44", "down"] == 0, "here nothing is a known number"


def test_open_faults_and_tickets_are_counted_and_done_ones_are_not() -> None:
    country = make_country(10)
    villages = list(country.inventory.villages)
    case = make_case(1, villages[:2], country.inventory, failed_at=NOON.wall, cause=Cause.POWER)
    done = make_case(2, villages[2:3], country.inventory, failed_at=NOON.wall, status=TicketStatus.RESOLVED)
    ended = replace(done, fault=replace(done.fault, resolved_at=NOON.wall))
    country.cases = (case, ended)
    series = _series(b"".join(_chunks(_exporter(country), "/metrics")))
    faults = {dict(labels)["cause"]: value for labels, value in series["netmon_faults_open"].items()}
    assert faults == {str(cause): float(cause is Cause.POWER) for cause in Cause}
    wanted = {("C34", "acknowledged", "power"): 1.0, ("C44", "acknowledged", "power"): 1.0}
    names = ("service_centre", "status", "cause")
    assert {tuple(dict(k)[n] for n in names): v for k, v in series["netmon_tickets_open"].items()} == wanted
    assert series["netmon_blind"] == {frozenset(): 0.0}, "netmon's own vital signs follow"


def test_discovery_names_each_province_that_has_something_once() -> None:
    groups = json.loads(b"".join(_chunks(_exporter(make_country(10)), "/discovery/prometheus")))
    assert [group["targets"] for group in groups] == [[ADDRESS]] * 6
    assert groups[0]["labels"] == {"__metrics_path__": "/metrics"}
    assert {
        "__metrics_path__": "/metrics/province/65", "province": "65", "region": "north",
    } in [group["labels"] for group in groups]  # fmt: skip
    assert len({json.dumps(group["labels"]) for group in groups}) == 6


@pytest.mark.peer("promtool")
@pytest.mark.parametrize("page", ["/metrics", "/metrics/province/{code}"])
def test_promtool_has_nothing_to_complain_about(page: str) -> None:
    country = make_country(30)
    country.cases = [make_case(1, list(country.inventory.villages)[:1], country.inventory, failed_at=NOON.wall)]
    text = b"".join(_chunks(_exporter(country), page, code="65"))
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr + checked.stdout) == (0, b"")


def test_a_province_of_many_villages_comes_in_short_slices() -> None:
    exporter = _exporter(make_country(6_000))
    longest = [_longest_slice(_chunks(exporter, "/metrics/province/{code}", code="65")) for _ in range(4)]
    # The first scrape renders the names; and a busy machine is no failure, so CPU time, and the best, count.
    assert min(longest[1:]) <= 0.010


def test_the_faults_and_tickets_of_a_storm_are_counted_in_short_slices() -> None:
    country = make_country(5_000)
    inventory = country.inventory
    country.cases = [
        make_case(number, [village], inventory, failed_at=NOON.wall)
        for number, village in enumerate(inventory.villages)
    ]
    exporter = _exporter(country)
    text = b"".join(_chunks(exporter, "/metrics"))
    assert sum(_series(text)["netmon_tickets_open"].values()) == 5_000
    assert min(_longest_slice(_chunks(exporter, "/metrics")) for _ in range(3)) <= 0.010


def _longest_slice(chunks: Iterable[bytes]) -> float:
    moments = [time.thread_time()]
    moments.extend(time.thread_time() for _ in chunks)
    return float(np.diff(moments).max())

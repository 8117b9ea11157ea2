"""What SNMP reads, as it stands on the Prometheus pages."""

import math
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from netmon.model.country import Country
from netmon.model.health import Health
from netmon.model.readings import Measure, Outline, Quantity
from netmon.ports import Exporter, ExporterSources
from netmon_exporters.prometheus import create
from netmon_exporters.prometheus.readings import FAMILIES
from tests.kit.country import NOON, make_country
from tests.kit.peers import find_program

PROVINCE = "65"
Labels = frozenset[tuple[str, str]]
AP: Outline = (
    Measure(Quantity.UPTIME, ""),
    Measure(Quantity.CPU, ""),
    Measure(Quantity.CPU, "core 1"),
    Measure(Quantity.WIFI_CLIENTS, ""),
    Measure(Quantity.WIFI_CLIENTS, "2.4GHz"),
    Measure(Quantity.WIFI_CLIENTS, '5"GHz'),
    Measure(Quantity.RECEIVE_BYTES, "eth0"),
    Measure(Quantity.RECEIVE_ERRORS, "eth0"),
    Measure(Quantity.TRANSMIT_ERRORS, "eth0"),
    Measure(Quantity.INTERFACE_UP, "eth0"),
)
SAID = [1234.5, 1 / 3, 0.9, 7.0, 3.0, 4.0, float(2**53), 1.0, 2.0, 1.0]


def _scrape(exporter: Exporter, code: str = PROVINCE) -> bytes:
    (route,) = (route for route in exporter.routes() if route.path == "/metrics/province/{code}")
    return b"".join(route.render({"code": code}))


def _samples(text: bytes, name: str) -> dict[Labels, float]:
    """Labels without the device's own -> value."""
    return {
        frozenset((label, value) for label, value in sample.labels.items() if label not in ("device", "village")): (
            sample.value
        )
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.name == name
    }


def _one(*pairs: tuple[str, str]) -> Labels:
    return frozenset(pairs)


@pytest.fixture
def country() -> Country:
    return make_country(10)


@pytest.fixture
def device(country: Country) -> int:
    return next(at for at, one in enumerate(country.inventory.devices) if one.id.startswith(f"ap-{PROVINCE}"))


def _exporter(country: Country) -> Exporter:
    return create(ExporterSources(country, lambda: b"", lambda: "netmon.example:9640"))


def _say(country: Country, device: int, outline: Outline, said: list[float]) -> None:
    country.fleet.readings.assign(device, outline)
    country.fleet.readings.write([device], [said], 1.0)


def test_readings_stand_under_the_promised_names_with_their_radio_and_interface(country: Country, device: int) -> None:
    _say(country, device, AP, SAID)
    text = _scrape(_exporter(country))
    assert _samples(text, "netmon_device_uptime_seconds") == {_one(): 1234.5}
    assert _samples(text, "netmon_interface_receive_bytes_total") == {_one(("interface", "eth0")): 2**53}
    assert _samples(text, "netmon_interface_up") == {_one(("interface", "eth0")): 1}
    assert _samples(text, "netmon_interface_errors_total") == {
        _one(("interface", "eth0"), ("direction", "receive")): 1,
        _one(("interface", "eth0"), ("direction", "transmit")): 2,
    }
    assert country.inventory.devices[device].id.encode() in text


def test_parts_and_whole_never_stand_side_by_side(country: Country, device: int) -> None:
    _say(country, device, AP, SAID)
    text = _scrape(_exporter(country))
    assert _samples(text, "netmon_wifi_clients") == {_one(("radio", "2.4GHz")): 3, _one(("radio", '5"GHz')): 4}
    assert _samples(text, "netmon_device_cpu_ratio") == {_one(): pytest.approx(1 / 3, abs=1e-6)}


def test_the_whole_stands_where_the_parts_are_not_known(country: Country, device: int) -> None:
    _say(country, device, (Measure(Quantity.WIFI_CLIENTS, ""),), [9.0])
    assert _samples(_scrape(_exporter(country)), "netmon_wifi_clients") == {_one(): 9}


def test_an_absent_reading_has_no_sample_and_a_metric_without_samples_is_not_named(
    country: Country, device: int
) -> None:
    _say(country, device, AP, [*SAID[:3], math.nan, math.nan, math.nan, *SAID[6:]])
    assert b"netmon_wifi_clients" not in _scrape(_exporter(country))


@pytest.mark.parametrize(
    ("health", "shown"), [(one, one in (Health.UP, Health.SUSPECT, Health.RECOVERING)) for one in Health]
)
def test_what_a_device_said_before_it_fell_silent_is_not_shown(
    country: Country, device: int, health: Health, shown: bool
) -> None:
    _say(country, device, AP, SAID)
    country.fleet.set_health(device, health, NOON)
    assert bool(_samples(_scrape(_exporter(country)), "netmon_device_uptime_seconds")) is shown


def test_a_new_discovery_shows_at_the_next_scrape(country: Country, device: int) -> None:
    exporter = _exporter(country)
    _say(country, device, AP, SAID)
    _scrape(exporter)
    _say(country, device, (Measure(Quantity.UPS_CHARGE, ""),), [0.5])
    text = _scrape(exporter)
    assert _samples(text, "netmon_ups_charge_ratio") == {_one(): 0.5}
    assert b"netmon_wifi_clients" not in text


def test_a_discovery_in_the_middle_of_a_scrape_puts_no_value_under_another_name(country: Country, device: int) -> None:
    exporter = _exporter(country)
    _say(country, device, AP, SAID)
    _scrape(exporter)
    (route,) = (route for route in exporter.routes() if route.path == "/metrics/province/{code}")
    chunks = route.render({"code": PROVINCE})
    text = next(chunks)
    while b"netmon_device_up" not in text:
        text += next(chunks)
    _say(country, device, (Measure(Quantity.CPU, ""), Measure(Quantity.MEMORY, "")), [0.1, 0.2])
    text += b"".join(chunks)
    assert _samples(text, "netmon_device_uptime_seconds") == {}
    assert _samples(text, "netmon_wifi_clients") == {}


TABLES = ("readings", "slow_readings", "told_readings")
measures = st.builds(Measure, st.sampled_from(list(FAMILIES)), st.sampled_from(["", "eth0", 'radio "1"']))
discoveries = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(TABLES), st.lists(measures, unique=True, max_size=5).map(tuple)),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(discoveries, min_size=1, max_size=4))
def test_a_page_after_any_discoveries_is_as_if_made_at_once(rounds: list[list[tuple[int, str, Outline]]]) -> None:
    country = make_country(10)
    devices = [at for at, one in enumerate(country.inventory.devices) if PROVINCE in one.id]
    lasting = _exporter(country)
    for number, found in enumerate(rounds):
        for at, table, outline in found:
            _tell(country, devices[at % len(devices)], outline, [number + len(outline) / 8] * len(outline), table)
        assert _lines(_scrape(lasting)) == _lines(_scrape(_exporter(country)))


def _lines(text: bytes) -> list[bytes]:
    """In order; that of the series within a metric means nothing."""
    return sorted(text.splitlines())


@pytest.mark.peer("promtool")
def test_promtool_finds_nothing_wrong_with_any_of_the_metrics(country: Country, device: int) -> None:
    outline = tuple(Measure(quantity, "") for quantity in FAMILIES)
    _say(country, device, outline, [1.0] * len(outline))
    text = _scrape(_exporter(country))
    promtool = find_program("promtool")
    assert promtool is not None
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stderr + done.stdout) == (0, b"")
    for family in FAMILIES.values():
        assert _samples(text, family.name), family.name


LIT: Outline = (Measure(Quantity.OPTICAL_RECEIVE_POWER, ""), Measure(Quantity.OPTICAL_DISTANCE, ""))
POWER, DISTANCE = "netmon_optical_receive_power_dbm", "netmon_optical_distance_metres"


def _tell(country: Country, device: int, outline: Outline, said: list[float], table: str) -> None:
    readings = getattr(country.fleet, table)
    readings.assign(device, outline)
    readings.write([device], [said], 1.0)


def test_what_the_olt_and_the_background_tell_stands_beside_what_the_sweep_reads(country: Country, device: int) -> None:
    _say(country, device, AP, SAID)
    _tell(country, device, (Measure(Quantity.TEMPERATURE, "radio"),), [41.0], "slow_readings")
    _tell(country, device, LIT, [-18.12, 4200.0], "told_readings")
    text = _scrape(_exporter(country))
    assert _samples(text, POWER) == {_one(): -18.12}
    assert _samples(text, DISTANCE) == {_one(): 4200}
    assert _samples(text, "netmon_device_temperature_celsius") == {_one(("sensor", "radio")): 41}
    assert _samples(text, "netmon_device_cpu_ratio")


def test_a_device_s_own_word_goes_before_its_olt_s(country: Country, device: int) -> None:
    _say(country, device, (Measure(Quantity.OPTICAL_RECEIVE_POWER, "pon0"),), [-17.5])
    _tell(country, device, LIT, [-18.12, 4200.0], "told_readings")
    text = _scrape(_exporter(country))
    assert _samples(text, POWER) == {_one(("interface", "pon0")): -17.5}
    assert _samples(text, DISTANCE) == {_one(): 4200}


@pytest.mark.parametrize(
    ("health", "shown"),
    [(Health.UP, True), (Health.UNKNOWN, True), (Health.DOWN, False), (Health.UNREACHABLE, False)],
)
def test_light_of_an_onu_whose_state_nobody_knows_is_shown_of_a_dead_one_not(
    country: Country, device: int, health: Health, shown: bool
) -> None:
    _tell(country, device, LIT, [-18.12, 4200.0], "told_readings")
    country.fleet.health[device] = health
    assert bool(_samples(_scrape(_exporter(country)), POWER)) is shown

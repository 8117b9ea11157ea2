"""What vendors' own tables mean: the sentinels, scales and double counts that recordings taught, in a few rows."""

import pytest

from netmon.model.readings import Quantity
from netmon.probes.snmp.plan import Scope, build_plan
from tests.probes.snmp.test_discovery import found_on, readings, recording

MIB2 = "1.3.6.1.2.1"
UPS = f"{MIB2}.33.1"
NETAGENT = "1.3.6.1.4.1.935.1.1.1"
FORTIAP = "1.3.6.1.4.1.12356.120"
HIVE = "1.3.6.1.4.1.26928.1"
HUAWEI = "1.3.6.1.4.1.2011"
CISCO = "1.3.6.1.4.1.9"


def device(object_id: str, *lines: str, descr: str = "a device") -> tuple[str, dict[tuple[Quantity, str], float]]:
    """The profile's name, and what is read that is not absent (uptime left out)."""
    it = recording(f"{MIB2}.1.1.0|4|{descr}", f"{MIB2}.1.2.0|6|{object_id}", *lines)
    found = found_on(it)
    read = readings(it, build_plan(found, Scope.EVERYTHING))
    return found.profile.name, {
        key: value for key, value in read.items() if value is not None and key[0] is not Quantity.UPTIME
    }


def ups(source: int, minutes: int, *lines: str) -> dict[tuple[Quantity, str], float]:
    name, read = device("1.3.6.1.4.1.99999.2", f"{UPS}.4.1.0|2|{source}", f"{UPS}.2.3.0|2|{minutes}", *lines)
    assert name == "ups-mib"
    return read


@pytest.mark.parametrize(
    ("source", "minutes", "seconds"),
    [
        (3, 42, 2_520),
        (3, 0, None),  # batteries full, and no minute left: the card does not know
        (5, 0, 0),  # on battery, and out of time: the one moment at which 0 is news
        (3, 1_092, None),  # 65,535 seconds, counted in minutes
        (3, 65_535, None),
        (5, 12, 720),
    ],
)
def test_a_ups_that_does_not_know_how_long_it_lasts_is_not_about_to_go_out(
    source: int, minutes: int, seconds: float | None
) -> None:
    assert ups(source, minutes).get((Quantity.UPS_RUNTIME, "")) == seconds


def test_a_battery_at_nought_degrees_has_no_thermometer_and_an_index_with_two_arcs_names_its_line() -> None:
    read = ups(3, 42, f"{UPS}.2.7.0|2|0", f"{UPS}.4.4.1.5.1.0|2|20", f"{UPS}.4.4.1.5.2.0|2|26")
    assert not [key for key in read if key[0] is Quantity.TEMPERATURE]
    assert {label: value for (quantity, label), value in read.items() if quantity is Quantity.UPS_LOAD} == {
        "phase 1": 0.2,
        "phase 2": 0.26,
        "": 0.26,  # the fullest line is what trips
    }


def test_the_three_phases_of_a_single_phase_ups_are_not_three_dead_ones() -> None:
    name, read = device(
        f"{NETAGENT}",
        f"{NETAGENT}.4.1.1.0|2|2",
        f"{NETAGENT}.4.2.3.0|2|2",
        f"{NETAGENT}.4.2.1.0|2|2201",
        f"{NETAGENT}.2.2.2.0|2|22",  # a cell of it
        f"{NETAGENT}.2.2.4.0|2|9999",
        *(f"{NETAGENT}.8.3.{arc}.0|2|0" for arc in range(2, 8)),
    )
    assert name == "netagent-ups"
    assert read == {
        (Quantity.UPS_ON_BATTERY, ""): 0,
        (Quantity.UPS_OUTPUT_SOURCE, ""): 3,
        (Quantity.UPS_LOAD, ""): 0.02,
        (Quantity.VOLTAGE, "output"): pytest.approx(220.1),
    }


def test_a_fortiap_s_clients_are_counted_once_though_two_radios_carry_one_network() -> None:
    rows = {(1, 0): ("net", 3), (2, 0): ("net", 4), (2, 1): ("", 9)}
    name, read = device(
        f"{FORTIAP}.10",
        *(f"{FORTIAP}.7.1.1.4.{radio}.{vap}|4|{ssid}" for (radio, vap), (ssid, _) in rows.items()),
        *(f"{FORTIAP}.7.1.1.45.{radio}.{vap}|2|{count}" for (radio, vap), (_, count) in rows.items()),
    )
    assert name == "fortiap"
    assert read == {
        (Quantity.WIFI_CLIENTS, "radio 1"): 3,
        (Quantity.WIFI_CLIENTS, "radio 2"): 4,
        (Quantity.WIFI_CLIENTS, ""): 7,
        (Quantity.SSID_CLIENTS, "net"): 7,
    }


@pytest.mark.parametrize(("raw", "dbm"), [(161, -95), (-92, -92), (0, None)])
def test_a_noise_floor_in_a_byte_is_negative_in_either_manner(raw: int, dbm: float | None) -> None:
    radio = f"{HIVE}.1.1.2.1"
    _, read = device(HIVE, f"{radio}.1.1.1.9|4|wifi0", f"{radio}.5.1.3.9|2|{raw}")
    assert read.get((Quantity.NOISE_FLOOR, "wifi0")) == dbm


def test_a_huawei_controller_counts_both_bands_of_every_network() -> None:
    bands = f"{HUAWEI}.6.139.17.1.2.1"
    village, school = "1.118", "2.115.99"  # the networks' names are the index: "v", "sc"
    _, read = device(
        f"{HUAWEI}.2.240.1",
        f"{bands}.2.{village}|2|3",
        f"{bands}.2.{school}|2|0",
        f"{bands}.3.{village}|2|5",
        f"{bands}.3.{school}|2|7",
        descr="Huawei Versatile Routing Platform Software VRP (R) software, Version 5.170 (AC6605)",
    )
    assert {key: value for key, value in read.items() if key[0] is Quantity.SSID_CLIENTS} == {
        (Quantity.SSID_CLIENTS, "v"): 8,
        (Quantity.SSID_CLIENTS, "sc"): 7,
    }
    assert read[Quantity.WIFI_CLIENTS, ""] == 15


def test_a_cisco_s_absent_module_is_not_a_cold_one_and_its_light_is_in_its_own_decimals() -> None:
    envmon, sensor, entity = f"{CISCO}.9.13.1.3.1", f"{CISCO}.9.91.1.1.1.1", f"{MIB2}.47.1.1.1.1.2"
    rows = {  # type, scale, precision, value, status
        "Te1/1 Module Receive Power": (14, 9, 1, -57, 1),
        "Te1/2 Module Receive Power": (14, 9, 1, -400, 2),
        "Te1/1 Module Temperature": (8, 9, 1, 343, 1),
    }
    name, read = device(
        f"{CISCO}.1.1208",
        *(f"{envmon}.2.{row}|4|{text}" for row, text in ((1, "Inlet"), (2, "Module 2"))),
        *(f"{envmon}.3.{row}|66|{degrees}" for row, degrees in ((1, 31), (2, 5))),
        *(f"{envmon}.6.{row}|2|{state}" for row, state in ((1, 1), (2, 5))),
        *(f"{entity}.{row}|4|{text}" for row, text in enumerate(rows, 10)),
        *(
            f"{sensor}.{arc}.{row}|2|{number}"
            for row, columns in enumerate(rows.values(), 10)
            for arc, number in enumerate(columns, 1)
        ),
        descr="Cisco IOS Software, C2960X Software, Version 15.2(2)E5, RELEASE SOFTWARE",
    )
    assert name == "cisco-ios"
    assert read == {
        (Quantity.TEMPERATURE, "Inlet"): 31,
        (Quantity.TEMPERATURE, "Te1/1 Module Temperature"): pytest.approx(34.3),
        (Quantity.OPTICAL_RECEIVE_POWER, "Te1/1 Module Receive Power"): pytest.approx(-5.7),
    }


def test_a_cisco_controller_s_clients_are_the_sum_of_its_networks() -> None:
    ess = "1.3.6.1.4.1.14179.2.1.1.1"
    name, read = device(
        f"{CISCO}.1.1615",
        "1.3.6.1.4.1.14179.1.1.5.1.0|2|4",
        "1.3.6.1.4.1.14179.1.1.5.2.0|2|1000",
        "1.3.6.1.4.1.14179.1.1.5.3.0|2|250",
        *(f"{ess}.2.{row}|4|{ssid}" for row, ssid in ((1, "net"), (2, "net"), (3, "staff"))),
        *(f"{ess}.38.{row}|65|{count}" for row, count in ((1, 4), (2, 6), (3, 1))),
    )
    assert name == "cisco-wlc"
    assert read[Quantity.WIFI_CLIENTS, ""] == 11
    assert read[Quantity.SSID_CLIENTS, "net"] == 10
    assert read[Quantity.MEMORY, ""] == pytest.approx(0.75)


def test_a_ups_of_a_maker_with_a_profile_whose_card_knows_only_the_standard_is_read_by_the_standard() -> None:
    name, read = device("1.3.6.1.4.1.3808.1.1.1", f"{UPS}.4.1.0|2|3", f"{UPS}.2.3.0|2|20", f"{UPS}.2.4.0|2|100")
    assert name == "ups-mib"
    assert (read[Quantity.UPS_RUNTIME, ""], read[Quantity.UPS_CHARGE, ""]) == (1_200, 1)


def test_a_switch_sold_under_another_name_tells_its_module_s_degrees_in_256ths() -> None:
    port, board, optics = f"{MIB2}.31.1.1.1.1.165", "1.3.6.1.4.1.52642.3.6.10.1", "1.3.6.1.4.1.52642.9.63.1.7.1"
    name, read = device(
        "1.3.6.1.4.1.52642.1.504.0",
        f"{port}|4|GigaEthernet0/1",
        f"{port[:-3]}166|4|GigaEthernet0/2",
        f"{board}.11.0|2|18",
        *(f"{optics}.{arc}.165|2|{raw}" for arc, raw in ((2, -690), (3, -860), (4, 10_752), (5, 33_011))),
        *(f"{optics}.{arc}.166|2|-65535" for arc in range(2, 6)),
    )
    assert name == "fs-bdcom"
    assert {key[0]: value for key, value in read.items() if key[1].startswith("Giga")} == {
        Quantity.OPTICAL_TRANSMIT_POWER: pytest.approx(-6.9),
        Quantity.OPTICAL_RECEIVE_POWER: pytest.approx(-8.6),
        Quantity.OPTICAL_TEMPERATURE: 42,
        Quantity.OPTICAL_VOLTAGE: pytest.approx(3.3011),
    }

"""What the generic profile makes of devices nobody has written a profile for: standard MIBs only, nothing guessed."""

import pytest

from netmon.model.readings import Quantity
from netmon.probes.snmp.plan import Scope, build_plan
from tests.probes.snmp.test_discovery import found_on, readings, recording

SENSOR, DESCR = "1.3.6.1.2.1.99.1.1.1", "1.3.6.1.2.1.47.1.1.1.1.2"
ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
UNKNOWN = ("1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1",)


def sensor(name: str, *columns: int) -> tuple[str, ...]:
    """One sensor's row: type, scale, precision, value and status."""
    return (f"{DESCR}.7|4|{name}", *(f"{SENSOR}.{arc}.7|2|{number}" for arc, number in enumerate(columns, 1)))


@pytest.mark.parametrize(
    ("name", "columns", "quantity", "value"),
    [
        ("CPU", (8, 9, 1, 533, 1), Quantity.TEMPERATURE, 53.3),
        ("CPU", (8, 8, 0, 21_625, 1), Quantity.TEMPERATURE, 21.625),
        ("DOM Temperature", (8, 9, 6, 28_945_300, 1), Quantity.TEMPERATURE, 28.9453),
        ("Vin", (3, 9, 2, 23_012, 1), Quantity.VOLTAGE, 230.12),
        ("Supply Voltage", (4, 8, 1, 33_265, 1), Quantity.VOLTAGE, 3.3265),
        ("PSU 1", (6, 9, 3, 72_000, 1), Quantity.POWER, 72),
        ("DOM RX Power Sensor for Ethernet1", (6, 8, 4, 6_322, 1), Quantity.OPTICAL_RECEIVE_POWER, -1.991),
        ("DOM TX Power Sensor for Ethernet1", (6, 8, 4, 5_012, 1), Quantity.OPTICAL_TRANSMIT_POWER, -3.0),
        ("transceiver 10 Rx Power", (14, 9, 1, -57, 1), Quantity.OPTICAL_RECEIVE_POWER, -5.7),
    ],
)
def test_a_sensor_of_the_entity_mib_is_scaled_by_its_own_columns(
    name: str, columns: tuple[int, ...], quantity: Quantity, value: float
) -> None:
    device = recording(*UNKNOWN, *sensor(name, *columns))
    read = readings(device, build_plan(found_on(device), Scope.EVERYTHING))
    assert {key: one for key, one in read.items() if key[0] is not Quantity.UPTIME} == {
        (quantity, name if quantity is not Quantity.POWER else f"{name} 7"): pytest.approx(value, abs=0.001)
    }


@pytest.mark.parametrize(
    "columns",
    [
        (8, 9, 0, 45, 2),  # unavailable
        (8, 9, 0, 45, 3),  # nonoperational
        (8, 9, 0, 0, 1),
        (8, 9, 0, -1_000_000_000, 1),
        (8, 10, 0, 45, 1),  # 45,000 degrees
        (8, 9, 1, 40, 1),  # 4 degrees, where the agent means 40
        (10, 9, 0, 4500, 1),  # a fan's turns
        (14, 9, 0, -12, 1),  # light that neither comes nor goes
        (6, 7, 0, 10_646, 1),  # microwatts, which an agent made ten times too many
    ],
)
def test_a_sensor_that_is_not_well_or_says_the_impossible_says_nothing(
    columns: tuple[int, ...],
) -> None:
    device = recording(*UNKNOWN, *sensor("SFP TX" if columns[0] == 6 else "a sensor", *columns))
    read = readings(device, build_plan(found_on(device), Scope.EVERYTHING))
    assert {one for key, one in read.items() if key[0] is not Quantity.UPTIME} <= {None}


def test_supplies_of_one_name_are_not_added_up() -> None:
    one = sensor("Power sensor", 6, 9, 0, 63, 1)
    other = tuple(line.replace(".7|", ".8|", 1).replace("|63", "|52") for line in one)
    device = recording(*UNKNOWN, *one, *other)
    read = readings(device, build_plan(found_on(device), Scope.EVERYTHING))
    assert [value for (quantity, _), value in read.items() if quantity is Quantity.POWER] == [63, 52]


def test_what_a_sensor_gives_is_no_wireless_radio_s_nor_the_power_of_the_box() -> None:
    device = recording(*UNKNOWN, *sensor("DOM RX Power Sensor", 6, 8, 4, 6_322, 1))
    read = readings(device, build_plan(found_on(device), Scope.EVERYTHING))
    assert Quantity.POWER not in {quantity for quantity, _ in read}


def test_the_first_entity_names_the_device_if_it_is_the_chassis_and_not_if_it_is_a_module() -> None:
    def entity(kind: int) -> tuple[str, ...]:
        return (*UNKNOWN, f"{ENTITY}.5.1|2|{kind}", f"{ENTITY}.11.1|4|SN0001", f"{ENTITY}.13.1|4|40-1000832-08")

    chassis, module = (found_on(recording(*entity(kind))).identity for kind in (3, 9))
    assert (chassis.serial, module.serial) == ("SN0001", "")
    assert chassis.model == ""  # a part number is no model's name


def test_lm_sensors_are_thousandths_of_a_degree_and_a_wild_one_is_absent() -> None:
    lm = "1.3.6.1.4.1.2021.13.16.2.1"
    device = recording(
        *UNKNOWN, f"{lm}.2.1|4|Core 0", f"{lm}.3.1|66|41000", f"{lm}.2.2|4|temp3", f"{lm}.3.2|66|4294839296"
    )
    read = readings(device, build_plan(found_on(device), Scope.EVERYTHING))
    assert read[Quantity.TEMPERATURE, "Core 0"] == 41
    assert read[Quantity.TEMPERATURE, "temp3"] is None


@pytest.mark.parametrize(("system", "idle", "busy"), [(9, 81, 0.19), (62, 0, 1), (0, 97, 0.03), (0, 0, None)])
def test_a_device_that_is_never_idle_and_never_at_work_does_not_count(
    system: int, idle: int, busy: float | None
) -> None:
    cpu = "1.3.6.1.4.1.2021.11"
    device = recording(*UNKNOWN, f"{cpu}.10.0|2|{system}", f"{cpu}.11.0|2|{idle}")
    read = readings(device, build_plan(found_on(device), Scope.EVERYTHING))
    assert [value for (quantity, _), value in read.items() if quantity is Quantity.CPU] == [
        busy if busy is None else pytest.approx(busy)
    ]

"""What can be read from a device: quantities with unit and label, and readings of them.

A quantity's value is the stem of its metric: `netmon_` + `device_cpu_ratio` (DESIGN section 8). Ratios are 0 to 1.
A quantity with a label has one reading per label (a radio, an interface, a sensor); the label "" is the device as a
whole, for example the clients of all radios. A reading without a value is absent: it was asked for, and the device
does not say, or says something impossible. That is never 0.
"""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TypeAlias


@unique
class Quantity(StrEnum):
    """What is read."""

    UPTIME = "device_uptime_seconds"
    CPU = "device_cpu_ratio"
    MEMORY = "device_memory_ratio"
    MEMORY_PART = "device_memory_part_ratio"
    TEMPERATURE = "device_temperature_celsius"
    VOLTAGE = "device_voltage_volts"
    POWER = "device_power_watts"
    SUPPLY_FAULT = "device_power_supply_fault"
    WIFI_CLIENTS = "wifi_clients"
    SSID_CLIENTS = "wifi_ssid_clients"
    CHANNEL_UTILISATION = "wifi_channel_utilisation_ratio"
    CHANNEL_SHARE = "wifi_channel_share_ratio"
    NOISE_FLOOR = "wifi_noise_floor_dbm"
    RADIO_TRANSMIT_POWER = "wifi_transmit_power_dbm"
    INTERFACE_UP = "interface_up"
    RECEIVE_BYTES = "interface_receive_bytes_total"
    TRANSMIT_BYTES = "interface_transmit_bytes_total"
    RECEIVE_ERRORS = "interface_receive_errors_total"
    TRANSMIT_ERRORS = "interface_transmit_errors_total"
    OPTICAL_RECEIVE_POWER = "optical_receive_power_dbm"
    OPTICAL_TRANSMIT_POWER = "optical_transmit_power_dbm"
    OLT_RECEIVE_POWER = "optical_olt_receive_power_dbm"
    OPTICAL_DISTANCE = "optical_distance_metres"
    OPTICAL_TEMPERATURE = "optical_temperature_celsius"
    OPTICAL_VOLTAGE = "optical_voltage_volts"
    POE_POWER = "poe_power_watts"
    POE_BUDGET = "poe_budget_watts"
    UPS_ON_BATTERY = "ups_on_battery"
    UPS_OUTPUT_SOURCE = "ups_output_source"
    UPS_CHARGE = "ups_charge_ratio"
    UPS_LOAD = "ups_load_ratio"
    UPS_RUNTIME = "ups_runtime_seconds"
    UPS_BATTERY_SECONDS = "ups_battery_seconds"


@dataclass(frozen=True, slots=True)
class Nature:
    """How a quantity is written.

    `unit` is "" for what is 0 or 1; `label` says what the label names, "" if there never is one; readings of what
    `adds_up` may be added (clients, watts).

    `least` and `most` are what the world allows; a value outside is absent, whatever the device says.
    """

    unit: str
    label: str = ""
    is_counter: bool = False
    adds_up: bool = False
    least: float | None = None
    most: float | None = None


_MOST_CLIENTS = 4096
_YEAR = 366 * 86400.0


def _ratio(label: str = "", most: float = 1.0) -> Nature:
    return Nature("ratio", label, least=0.0, most=most)


def _flag(label: str = "") -> Nature:
    return Nature("", label, least=0, most=1)


NATURE: dict[Quantity, Nature] = {
    Quantity.UPTIME: Nature("s", least=0),
    Quantity.CPU: _ratio("processor"),
    Quantity.MEMORY: _ratio("memory"),
    Quantity.MEMORY_PART: _ratio("part"),
    Quantity.TEMPERATURE: Nature("°C", "sensor", least=-60, most=200),
    Quantity.VOLTAGE: Nature("V", "sensor", least=0, most=1000),
    Quantity.POWER: Nature("W", "sensor", adds_up=True, least=0, most=100_000),
    Quantity.SUPPLY_FAULT: _flag("supply"),
    Quantity.WIFI_CLIENTS: Nature("clients", "radio", adds_up=True, least=0, most=_MOST_CLIENTS),
    Quantity.SSID_CLIENTS: Nature("clients", "ssid", adds_up=True, least=0, most=_MOST_CLIENTS),
    Quantity.CHANNEL_UTILISATION: _ratio("radio"),
    Quantity.CHANNEL_SHARE: _ratio("share"),
    Quantity.NOISE_FLOOR: Nature("dBm", "radio", least=-130, most=-20),
    Quantity.RADIO_TRANSMIT_POWER: Nature("dBm", "radio", least=-50, most=60),
    Quantity.INTERFACE_UP: _flag("interface"),
    Quantity.RECEIVE_BYTES: Nature("bytes", "interface", is_counter=True),
    Quantity.TRANSMIT_BYTES: Nature("bytes", "interface", is_counter=True),
    Quantity.RECEIVE_ERRORS: Nature("packets", "interface", is_counter=True),
    Quantity.TRANSMIT_ERRORS: Nature("packets", "interface", is_counter=True),
    Quantity.OPTICAL_RECEIVE_POWER: Nature("dBm", "interface", least=-60, most=20),
    Quantity.OPTICAL_TRANSMIT_POWER: Nature("dBm", "interface", least=-60, most=20),
    Quantity.OLT_RECEIVE_POWER: Nature("dBm", least=-60, most=20),
    Quantity.OPTICAL_DISTANCE: Nature("m", least=0, most=100_000),
    Quantity.OPTICAL_TEMPERATURE: Nature("°C", "interface", least=-60, most=200),
    Quantity.OPTICAL_VOLTAGE: Nature("V", "interface", least=0, most=20),
    Quantity.POE_POWER: Nature("W", "port", adds_up=True, least=0, most=10_000),
    Quantity.POE_BUDGET: Nature("W", "budget", least=0, most=10_000),
    Quantity.UPS_ON_BATTERY: _flag(),
    Quantity.UPS_OUTPUT_SOURCE: Nature("", least=1, most=7),
    Quantity.UPS_CHARGE: _ratio(),
    Quantity.UPS_LOAD: _ratio("phase", most=2.0),
    Quantity.UPS_RUNTIME: Nature("s", least=0, most=_YEAR),
    Quantity.UPS_BATTERY_SECONDS: Nature("s", least=0, most=_YEAR),
}
"""What there is to know about each quantity; every quantity is in it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is read of a device: a quantity under a label, "" for the device as a whole."""

    quantity: Quantity
    label: str


Outline: TypeAlias = tuple[Measure, ...]
"""What is read of a device at each poll, in the order of the readings. Devices of a family share one."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device says it is; "" where it does not say."""

    model: str = ""
    serial: str = ""
    firmware: str = ""

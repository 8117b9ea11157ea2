"""Families told apart, and what is read of them; each on a few lines made up after the vendor's MIB."""

import asyncio
import time
from collections.abc import Iterator
from re import Pattern

import pytest

from netmon.model.profiles import Profile
from netmon.model.readings import Identity, Quantity
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.plan import Scope, build_plan
from netmon.probes.snmp.recording import read_recording
from netmon.probes.snmp.text import MOST_OCTETS
from netmon.settings.profiles import load_profiles

PROFILES = load_profiles()
OBJECT_ID = "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1."
DESCRIPTION = "1.3.6.1.2.1.1.1.0|4|"
UNIFI = "1.3.6.1.4.1.41112.1.6.1."
HUAWEI = "1.3.6.1.4.1.2011.5.25.31.1.1."


def read(*lines: str) -> tuple[str, Identity, dict[tuple[Quantity, str], float | None]]:
    """Profile, identity and readings of a recording."""
    device = read_recording("\n".join(lines).encode())

    async def poll() -> tuple[Discovery, dict[tuple[Quantity, str], float | None]]:
        found = await discover(device, PROFILES)
        assert isinstance(found, Discovery)
        plan = build_plan(found, Scope.EVERYTHING)
        values = plan.decode(await device.get(plan.oids))
        return found, {(one.quantity, one.label): value for one, value in zip(plan.series, values, strict=True)}

    found, readings = asyncio.run(poll())
    return found.profile.name, found.identity, readings


@pytest.mark.parametrize("object_id", ["41112", "8072.3.2.10", "10002.1"])
def test_a_unifi_access_point_that_leaves_its_system_group_out_is_known_by_its_radios(object_id: str) -> None:
    profile, identity, readings = read(
        f"{DESCRIPTION}UK-Example 6.5.4.100",
        f"{OBJECT_ID}{object_id}",
        f"{UNIFI}1.1.3.1|4|ng",
        f"{UNIFI}1.1.6.1|2|13",
        f"{UNIFI}2.1.6.1|4|a-network",
        f"{UNIFI}2.1.8.1|2|4",
        f"{UNIFI}2.1.9.1|4|ng",
    )
    assert (profile, identity.model, identity.firmware) == ("unifi", "UK-Example", "6.5.4.100")
    assert readings[Quantity.WIFI_CLIENTS, ""] == readings[Quantity.WIFI_CLIENTS, "ng"] == 4
    assert readings[Quantity.CHANNEL_UTILISATION, "ng"] == pytest.approx(0.13)


def test_a_zonedirector_is_no_unleashed_although_they_share_a_sys_object_id() -> None:
    root = "1.3.6.1.4.1.25053.1.2."
    zone_director = (
        f"{OBJECT_ID}25053.3.1.5.15",
        f"{root}1.1.1.1.9.0|4|ZD1",
        f"{root}1.1.1.1.15.0|4|S1",
        f"{root}1.1.1.1.18.0|4|9.1 build 2",
        f"{root}1.1.1.1.20.0|4|TH",
        f"{root}1.1.1.5.58.0|66|7",
        f"{root}1.1.1.5.59.0|66|26",
        f"{root}1.1.1.15.2.0|66|5",
        *(f"{root}2.1.1.1.1.1.1.{wlan}|4|guests" for wlan in (1, 2)),
        *(f"{root}2.1.1.1.1.1.12.{wlan}|66|{clients}" for wlan, clients in ((1, 2), (2, 3))),
    )
    profile, identity, readings = read(*zone_director)
    assert (profile, identity) == ("ruckus-zonedirector", Identity("ZD1", "S1", "9.1 build 2 (TH)"))
    assert readings[Quantity.CPU, ""] == pytest.approx(0.07)
    assert readings[Quantity.WIFI_CLIENTS, ""] == 5
    assert [value for (quantity, _), value in readings.items() if quantity is Quantity.SSID_CLIENTS] == [2, 3]
    assert read(zone_director[0], "1.3.6.1.4.1.25053.1.15.1.1.1.15.2.0|66|9")[0] == "ruckus-unleashed"


def test_the_radios_of_a_ruckus_access_point_are_counted_each() -> None:
    radio = "1.3.6.1.4.1.25053.1.1.12.1.1.1."
    _, _, readings = read(
        f"{OBJECT_ID}25053.3.1.4.71",
        f"{radio}2.1.8.1|2|-104",
        f"{radio}3.1.2.1|65|6",
        f"{radio}3.1.2.2|65|1",
        f"{radio}3.1.50.1|4|3.7",
    )
    assert readings[Quantity.WIFI_CLIENTS, ""] == 7
    assert readings[Quantity.NOISE_FLOOR, "radio 1"] == -104
    assert readings[Quantity.CHANNEL_UTILISATION, "radio 1"] == pytest.approx(0.037)


def test_the_port_of_an_airfiber_that_is_its_processors_own_is_not_read() -> None:
    profile, _, readings = read(
        f"{OBJECT_ID}10002.1",
        "1.3.6.1.4.1.41112.1.3.2.1.8.1|2|41",
        "1.3.6.1.4.1.41112.1.3.2.1.40.1|4|v4.0",
        *(f"1.3.6.1.2.1.2.2.1.2.{index}|4|{name}" for index, name in ((3, "eth0"), (4, "air0"))),
        *(f"1.3.6.1.2.1.2.2.1.8.{index}|2|{state}" for index, state in ((3, 2), (4, 1))),
    )
    assert profile == "airfiber"
    assert [label for quantity, label in readings if quantity is Quantity.INTERFACE_UP] == ["air0"]
    assert readings[Quantity.TEMPERATURE, "radio 0"] == 41


@pytest.mark.parametrize(
    ("receive", "transmit", "lanes", "expected"),
    [
        (-849, -575, None, (-8.49, -5.75)),  # as the MIB says
        (78, 252, None, (-11.08, -5.99)),  # microwatts
        (78, 252, (-1104, -597), (-11.08, -5.99)),  # microwatts, and lanes that say so
        (-290, 256, (-290, 256), (-2.90, 2.56)),  # a long-haul transmitter above 1 mW
        (-290, 256, None, (-2.90, 2.56)),  # no microwatts beside a negative receiver
        (32, 24, (32, 24), (0.32, 0.24)),  # both above 1 mW
        (0, 252, None, (None, -5.99)),  # no light
        (-1, -1, None, (None, None)),
    ],
)
def test_huaweis_optical_power_is_read_in_the_unit_the_port_counts_in(
    receive: int, transmit: int, lanes: tuple[int, int] | None, expected: tuple[float | None, float | None]
) -> None:
    module = f"{HUAWEI}3.1."
    lines = [f"{module}6.9|2|3300", f"{module}8.9|2|{receive}", f"{module}9.9|2|{transmit}"]
    if lanes:
        lines += [f"{module}32.9|4|{lanes[0]}", f"{module}33.9|4|{lanes[1]}"]
    name = "1.3.6.1.2.1.47.1.1.1.1.7.9|4|GigabitEthernet0/0/1"
    profile, _, readings = read(f"{OBJECT_ID}2011.2.23.1", name, *lines)
    assert profile == "huawei-vrp"
    got = [
        readings[quantity, "GigabitEthernet0/0/1"]
        for quantity in (Quantity.OPTICAL_RECEIVE_POWER, Quantity.OPTICAL_TRANSMIT_POWER)
    ]
    assert [value and round(value, 2) for value in got] == list(expected)


def test_on_yunshan_optical_power_is_hundredths_whatever_its_sign() -> None:
    module = f"{HUAWEI}3.1."
    profile, identity, readings = read(
        f"{DESCRIPTION}Huawei YunShan OS Version 1.2 (S5700 V600R001C00SPC100) ...",
        f"{OBJECT_ID}2011.2.23.9",
        "1.3.6.1.2.1.47.1.1.1.1.7.9|4|100GE1/0/1",
        *(f"{module}{column}.9|2|{raw}" for column, raw in ((6, 3300), (8, 32), (9, -133))),
    )
    assert (profile, identity.firmware) == ("huawei-yunshan", "V600R001C00SPC100")
    assert readings[Quantity.OPTICAL_RECEIVE_POWER, "100GE1/0/1"] == pytest.approx(0.32)
    assert readings[Quantity.OPTICAL_TRANSMIT_POWER, "100GE1/0/1"] == pytest.approx(-1.33)


def test_what_is_cached_is_taken_off_only_where_it_is_counted_in_the_same_units() -> None:
    def storage(units: int) -> dict[tuple[Quantity, str], float | None]:
        table = "1.3.6.1.2.1.25.2.3.1."
        rows = ((1, "Physical memory", 1000, 900), (6, "Memory buffers", 1000, 100), (7, "Cached memory", 300, 300))
        return read(
            f"{OBJECT_ID}99998",
            *(f"{table}3.{row}|4|{name}" for row, name, _, _ in rows),
            *(f"{table}4.{row}|2|{units if row == 1 else 1024}" for row, _, _, _ in rows),
            *(f"{table}5.{row}|2|{size}" for row, _, size, _ in rows),
            *(f"{table}6.{row}|2|{used}" for row, _, _, used in rows),
        )[2]

    assert storage(1024)[Quantity.MEMORY, ""] == pytest.approx(0.5)
    assert storage(4096)[Quantity.MEMORY, ""] is None


def test_ram_that_counts_caches_as_used_is_not_called_full() -> None:
    table = "1.3.6.1.2.1.25.2.3.1."
    rows = ((1, "RAM", 990), (2, "RAM (Buffers)", 100), (3, "RAM (Cache)", 600))
    _, _, readings = read(
        f"{OBJECT_ID}99998",
        *(f"{table}3.{row}|4|{name}" for row, name, _ in rows),
        *(f"{table}5.{row}|2|1000" for row, _, _ in rows),
        *(f"{table}6.{row}|2|{used}" for row, _, used in rows),
    )
    assert (Quantity.MEMORY, "") not in readings


def test_a_probe_that_counts_in_fahrenheit_is_not_read_as_celsius() -> None:
    probe = "1.3.6.1.4.1.318.1.1.10.2.3.2.1."
    _, _, readings = read(
        f"{OBJECT_ID}318.1.3.27",
        *(f"{probe}2.{row}|4|probe {row}" for row in (1, 2)),
        *(f"{probe}4.{row}|2|{degrees}" for row, degrees in ((1, 23), (2, 73))),
        *(f"{probe}5.{row}|2|{row}" for row in (1, 2)),
    )
    assert readings[Quantity.TEMPERATURE, "probe 1"] == 23
    assert readings[Quantity.TEMPERATURE, "probe 2"] is None


@pytest.mark.parametrize(
    ("lines", "profile", "quantity", "label", "value"),
    [
        (
            (f"{OBJECT_ID}14988.2", "1.3.6.1.4.1.14988.1.1.3.100.1.3.7201.0|66|2813"),
            "swos", Quantity.VOLTAGE, "PSU 1", 28.13,
        ),
        (
            (f"{DESCRIPTION}GWN7899", f"{OBJECT_ID}42397", "1.3.6.1.4.1.42397.1.4.12.1.1.0|4|47.38"),
            "grandstream-switch", Quantity.TEMPERATURE, "", 47.38,
        ),
        (
            (
                f"{OBJECT_ID}8886.18.4.10",
                "1.3.6.1.4.1.8886.1.1.3.2.1.0|2|800",
                "1.3.6.1.4.1.8886.1.18.2.2.1.1.2.7.4|2|-2335",
                "1.3.6.1.2.1.2.2.1.2.7|4|pon1",
            ),
            "raisecom-iscom", Quantity.OPTICAL_RECEIVE_POWER, "pon1", -2.335,
        ),
        (
            (
                f"{OBJECT_ID}3807.1.5",
                "1.3.6.1.4.1.3807.1.8012.1.4.1.1.2.1|65|820",
                "1.3.6.1.4.1.3807.1.8012.1.4.1.1.12.1|4|Cpu-1",
            ),
            "fiberhome-switch", Quantity.CPU, "Cpu-1", 0.082,
        ),
        (
            (f"{OBJECT_ID}25053.3.1.11.1", "1.3.6.1.4.1.25053.1.4.1.1.1.15.2.0|66|146"),
            "ruckus-smartzone", Quantity.WIFI_CLIENTS, "", 146,
        ),
        (
            (
                f"{OBJECT_ID}41112",
                "1.3.6.1.4.1.41112.1.11.1.2.2.1|4|Wave",
                "1.3.6.1.4.1.41112.1.11.1.2.6.1|2|3",
            ),
            "airfiber-60", Quantity.CPU, "", 0.03,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_of_these_families_is_known_and_read(
    lines: tuple[str, ...], profile: str, quantity: Quantity, label: str, value: float
) -> None:
    found, _, readings = read(*lines)
    assert found == profile
    assert readings[quantity, label] == pytest.approx(value)


def patterns_of(profile: Profile) -> Iterator[Pattern[str] | None]:
    for one in profile.recognised_by:
        yield from (one.description, *(witness.match for witness in one.witnesses))
    identity = profile.identity
    yield from (piece.match for text in (*identity.model, *identity.serial, *identity.firmware) for piece in text)
    yield from (*profile.interfaces.uplink, profile.interfaces.ignore)
    for rule in profile.rules:
        yield from (one.match for one in rule.rows)
        yield from (one.match for one in rule.label)
        yield from (one.firmware for one in rule.variants)


def test_no_text_a_device_may_send_keeps_a_shipped_pattern_busy() -> None:
    patterns = {one for profile in PROFILES.values() for one in patterns_of(profile) if one is not None}
    pieces = (".", " ", "0", "a", "(", "( ", "(V1R", "((S1 V1R", "(V1R1) ", "Version ", "v1.", "S1", "MODEL: ")
    texts = [(piece * MOST_OCTETS)[: MOST_OCTETS - 1] + end for piece in pieces for end in "x)"]

    def is_slow(pattern: Pattern[str], text: str) -> bool:
        started = time.thread_time()
        pattern.search(text)
        return time.thread_time() - started > 0.010

    pairs = [(one, text) for one in patterns for text in texts]
    for _ in range(4):  # a busy machine, or a collection of garbage, makes one search slow, not the same one each time
        pairs = [(one, text) for one, text in pairs if is_slow(one, text)]
    assert not [(one.pattern, text[:9]) for one, text in pairs]

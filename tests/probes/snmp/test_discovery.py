"""From first contact to a plan, on a small recording of Debian's snmpd and on recordings written here."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from netmon.errors import InputError
from netmon.model.profiles import Profile
from netmon.model.readings import Quantity
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.explain import explain, missing
from netmon.probes.snmp.plan import PollPlan, Scope, build_plan
from netmon.probes.snmp.reader import SnmpReader
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.recording import Recording, read_recording
from netmon.probes.snmp.walk import WalkEnd, WalkLimits, WalkResult
from netmon.settings.profiles import load_profiles

SNMPD = Path(__file__).parent / "recordings" / "debian-snmpd.snmprec"
PROFILES = load_profiles()
NET_SNMP = "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.8072.3.2.10"
VENDOR = "1.3.6.1.4.1.41112.1.6"


def found_on(device: SnmpReader, profiles: dict[str, Profile] | None = None, named: str = "") -> Discovery:
    found = asyncio.run(discover(device, profiles or dict(PROFILES), named=named))
    assert isinstance(found, Discovery)
    return found


def recording(*lines: str) -> Recording:
    return read_recording("\n".join(lines).encode())


def readings(device: Recording, plan: PollPlan) -> dict[tuple[Quantity, str], float | None]:
    async def poll() -> list[float | None]:
        tables = {column: [bind.value for bind in (await device.walk(column)).rows] for column in plan.walks}
        return plan.decode(await device.get(plan.oids), tables)

    return {(one.quantity, one.label): value for one, value in zip(plan.series, asyncio.run(poll()), strict=True)}


def test_debians_snmpd_is_read_by_the_generic_profile() -> None:
    device = read_recording(SNMPD.read_bytes())
    found = found_on(device)
    read = readings(device, build_plan(found))
    assert found.profile.name == "generic"
    assert found.uplink is not None
    assert found.uplink.name == "eth0"  # by the default route
    assert read[Quantity.MEMORY, ""] == pytest.approx(1 - (21_040_720 + 30_656 + 2_540_792) / 24_684_096)
    assert read[Quantity.RECEIVE_BYTES, "eth0"] == 2_219_975_915
    assert read[Quantity.INTERFACE_UP, "eth0"] == 1
    assert (Quantity.CPU, "") not in read


def test_a_sweep_reads_the_uplink_and_everything_reads_all_interfaces() -> None:
    found = found_on(read_recording(SNMPD.read_bytes()))
    labels = {
        scope: {one.label for one in build_plan(found, scope).series if one.quantity is Quantity.INTERFACE_UP}
        for scope in Scope
    }
    assert labels == {Scope.SWEEP: {"eth0"}, Scope.BACKGROUND: set(), Scope.EVERYTHING: {"lo", "ifb0", "ifb1", "eth0"}}


def test_what_the_device_does_not_have_is_not_asked_for() -> None:
    device = read_recording(SNMPD.read_bytes())
    for scope in Scope:
        plan = build_plan(found_on(device), scope)
        assert Absent.NO_SUCH_INSTANCE not in asyncio.run(device.get(plan.oids))


def test_requests_hold_no_more_than_the_device_bears_and_keep_the_order() -> None:
    plan = build_plan(found_on(read_recording(SNMPD.read_bytes())), Scope.EVERYTHING)
    assert plan.oids == tuple(oid for request in plan.requests for oid in request)
    assert max(map(len, plan.requests)) == 10
    assert [template.oids for template in plan.templates(Version.V2C, b"public")] == list(plan.requests)


def test_a_request_that_failed_makes_its_readings_absent_and_no_others() -> None:
    device = read_recording(SNMPD.read_bytes())
    plan = build_plan(found_on(device))
    values: list[Value] = asyncio.run(device.get(plan.oids))
    lost = len(plan.requests[-1])
    partial = plan.decode([*values[:-lost], *[Absent.NO_SUCH_INSTANCE] * lost])
    whole = plan.decode(values)
    assert None in partial
    assert partial != [None] * len(partial)
    assert all(value in (None, good) for value, good in zip(partial, whole, strict=True))


def test_each_reading_is_explained_by_object_and_raw_value() -> None:
    device = read_recording(SNMPD.read_bytes())
    plan = build_plan(found_on(device))
    explained = {one.quantity: one for one in explain(plan, asyncio.run(device.get(plan.oids)), {})}
    memory = explained[Quantity.MEMORY]
    assert [(part.name, part.raw) for part in memory.parts] == [
        ("memAvailReal", "21040720"),
        ("memBuffer", "30656"),
        ("memCached", "2540792"),
        ("memTotalReal", "24684096"),
    ]
    assert memory.how == "1 - (x + memBuffer + memCached) / memTotalReal"


def test_what_was_looked_for_in_vain_is_named() -> None:
    found = found_on(read_recording(SNMPD.read_bytes()))
    assert (Quantity.CPU, "hrProcessorLoad") in {(one.quantity, one.object.name) for one in missing(found)}


def test_a_witness_tells_apart_who_shares_a_sys_object_id() -> None:
    assert found_on(recording(NET_SNMP, f"{VENDOR}.3.3.0|4|UAP-AC-M")).profile.name == "unifi"
    assert found_on(recording(NET_SNMP, "1.3.6.1.4.1.42397.1.1.2.1.0|4|GWN7610")).profile.name == "grandstream-gwn"
    assert found_on(recording(NET_SNMP, "1.3.6.1.2.1.1.1.0|4|Linux OpenWrt 5.10")).profile.name == "openwrt"
    assert found_on(recording(NET_SNMP)).profile.name == "generic"


def test_the_inventory_may_name_the_profile() -> None:
    assert found_on(recording(NET_SNMP), named="unifi").profile.name == "unifi"


def test_a_device_that_gives_its_sys_object_id_as_text_is_recognised() -> None:
    assert found_on(recording("1.3.6.1.2.1.1.2.0|4|.1.3.6.1.4.1.46242")).profile.name == "netonix"


def test_without_a_fallback_an_unknown_device_has_no_profile() -> None:
    known = {"unifi": PROFILES["unifi"]}
    assert asyncio.run(discover(recording(NET_SNMP), known)) is None


def test_a_wireless_uplink_network_is_no_client() -> None:
    device = recording(
        NET_SNMP,
        f"{VENDOR}.3.3.0|4|UAP-AC-M",
        *(f"{VENDOR}.1.2.1.6.{row}|4|{ssid}" for row, ssid in enumerate(("free", "vwire-1", "free", "staff"), 1)),
        *(f"{VENDOR}.1.2.1.8.{row}|2|{clients}" for row, clients in enumerate((4, 1, 14, 2), 1)),
        *(f"{VENDOR}.1.2.1.9.{row}|4|{radio}" for row, radio in enumerate(("ng", "ng", "na", "na"), 1)),
    )
    read = readings(device, build_plan(found_on(device), Scope.EVERYTHING))
    clients = {key: value for key, value in read.items() if key[0] in (Quantity.WIFI_CLIENTS, Quantity.SSID_CLIENTS)}
    assert clients == {
        (Quantity.WIFI_CLIENTS, "ng"): 4,
        (Quantity.WIFI_CLIENTS, "na"): 16,
        (Quantity.WIFI_CLIENTS, ""): 20,
        (Quantity.SSID_CLIENTS, "free"): 18,
        (Quantity.SSID_CLIENTS, "staff"): 2,
    }


def test_clients_without_a_counter_are_counted_by_their_rows() -> None:
    gwn = "1.3.6.1.4.1.42397.1.1"
    device = recording(
        NET_SNMP,
        f"{gwn}.2.1.0|4|GWN7610",
        f"{gwn}.3.2.1.2.1|4|free",
        f"{gwn}.3.2.1.2.2|4|staff",
        *(f"{gwn}.3.3.1.4.{row}|4|free" for row in (1, 2, 3)),
    )
    plan = build_plan(found_on(device), Scope.EVERYTHING)
    read = readings(device, plan)
    assert (read[Quantity.SSID_CLIENTS, "free"], read[Quantity.SSID_CLIENTS, "staff"]) == (3, 0)
    assert read[Quantity.WIFI_CLIENTS, ""] == 3
    assert all(len(request) == 1 for request in plan.requests)  # that agent bears one object


@pytest.mark.parametrize(("firmware", "degrees"), [("8.7.4.45112", 16.0), ("8.7.11.46972", None), ("8.8.0", None)])
def test_a_firmware_that_counts_otherwise_has_its_own_scale(firmware: str, degrees: float | None) -> None:
    device = recording(
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.10002.1",
        "1.3.6.1.4.1.41112.1.4.8.3.0|2|606",
        "1.3.6.1.4.1.41112.1.4.8.4.0|2|160000000",
        f"1.2.840.10036.3.1.2.1.4.7|4|WA.ar934x.v{firmware}",
    )
    assert readings(device, build_plan(found_on(device)))[Quantity.TEMPERATURE, ""] == degrees


def test_a_column_that_a_walk_skips_is_found_by_its_neighbours() -> None:
    card = "1.3.6.1.4.1.3902.1082.10.1.2.4.1"
    whole = recording(
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.3902.1082.1001.320.2.1",
        f"{card}.4.1.1.1|4|GTGOG",
        f"{card}.9.1.1.1|2|11",
    )

    class OutOfOrder(Recording):
        async def walk(self, root: tuple[int, ...], limits: WalkLimits | None = None) -> WalkResult:
            return WalkResult([], WalkEnd.LEFT_SUBTREE, None) if root[-1] == 9 else await whole.walk(root, limits)

        async def get(self, oids: Sequence[tuple[int, ...]]) -> list[Value]:
            return await whole.get(oids)

    device = OutOfOrder([])
    assert readings(device, build_plan(found_on(device)))[Quantity.CPU, "GTGOG 1.1.1"] == pytest.approx(0.11)


def test_a_silent_device_ends_discovery_with_its_failure() -> None:
    class Silent(Recording):
        async def get(self, oids: Sequence[tuple[int, ...]]) -> list[Value] | Failure:  # type: ignore[override]
            return Failure(0, FailureKind.TIMED_OUT)

    assert asyncio.run(discover(Silent([]), PROFILES)) == Failure(0, FailureKind.TIMED_OUT)


def test_lines_of_a_recording_that_are_none_are_left_out_and_the_first_of_a_name_counts() -> None:
    device = recording(
        "1.3.6.1.2|70|aabbcc",
        "no line",
        "# a remark",
        "1.3.6.3|4x|00ff",
        ".1.3.6.2|2|7",
        "1.3.6.2|2|8",
        "1.3.6.4|4e|\\x07a\\r",
        "1.3.6.5|5|",
        "1.3.6.6|64|192.0.2.1",
    )
    oids = [(1, 3, 6, last) for last in range(2, 8)]
    assert asyncio.run(device.get(oids)) == [
        7, b"\x00\xff", b"\x07a\r", Absent.NULL, bytes((192, 0, 2, 1)), Absent.NO_SUCH_INSTANCE,
    ]  # fmt: skip
    assert device.unreadable == (1, 2)


def test_a_file_without_a_single_object_is_no_recording() -> None:
    with pytest.raises(InputError, match="no recording"):
        read_recording(b"villages\n")


def test_a_table_the_agent_hangs_on_is_left_out_and_the_rest_read() -> None:
    whole = read_recording(SNMPD.read_bytes())

    class Hanging(Recording):
        async def get(self, oids: Sequence[tuple[int, ...]]) -> list[Value]:
            return await whole.get(oids)

        async def walk(self, root: tuple[int, ...], limits: WalkLimits | None = None) -> WalkResult:
            if root[:9] == (1, 3, 6, 1, 2, 1, 25, 2, 3):
                return WalkResult([], WalkEnd.FAILED, Failure(0, FailureKind.TIMED_OUT))
            return await whole.walk(root, limits)

    read = readings(Hanging([]), build_plan(found_on(Hanging([]))))
    assert read[Quantity.INTERFACE_UP, "eth0"] == 1


def test_rows_that_share_a_name_are_told_apart_by_their_index() -> None:
    temperatures = "1.3.6.1.4.1.46242.3.1"
    device = recording(
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.46242",
        *(f"{temperatures}.2.{row}|4|Board" for row in (1, 2)),
        *(f"{temperatures}.3.{row}|2|{degrees}" for row, degrees in ((1, 40), (2, 50))),
    )
    read = readings(device, build_plan(found_on(device)))
    labels = {label: value for (quantity, label), value in read.items() if quantity is Quantity.TEMPERATURE}
    assert labels == {"Board #1": 40, "Board #2": 50, "": 50}


@pytest.mark.parametrize(
    ("description", "model"),
    [
        ("Huawei AR169F Huawei Versatile Routing Platform Software  VRP (R) software,Version 5.170", "AR169F"),
        ("S5720-28X Huawei Versatile Routing Platform Software VRP (R) Software, Version 5.170", "S5720-28X"),
        ("Huawei Versatile Routing Platform Software VRP (R) Software, Version 5.170", ""),
    ],
)  # fmt: skip
def test_a_vendor_s_praise_is_not_taken_for_the_model(description: str, model: str) -> None:
    device = recording("1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.2011.2.224.62", f"1.3.6.1.2.1.1.1.0|4|{description}")
    assert found_on(device).identity.model == model


def test_the_plan_shows_when_interfaces_come_or_go() -> None:
    device = read_recording(SNMPD.read_bytes() + b"1.3.6.1.2.1.2.1.0|2|4\n")
    plan = build_plan(found_on(device))
    values: list[Value] = asyncio.run(device.get(plan.oids))
    assert plan.table_stamp(values) == 4
    assert plan.table_stamp([Absent.NULL] * len(values)) is None


def extend(name: str, output: str) -> str:
    """A line of NET-SNMP-EXTEND-MIB: the script's name is the index, its length first."""
    index = ".".join(map(str, (len(name), *name.encode())))
    return f"1.3.6.1.4.1.8072.1.3.2.3.1.1.{index}|4|{output}"


@pytest.mark.parametrize(("own_total", "clients"), [(["clients-wlan"], 3), ([], 3)])
def test_scripts_named_in_the_index_are_readings_and_the_sum_is_theirs_or_ours(
    own_total: list[str], clients: int
) -> None:
    device = recording(
        NET_SNMP,
        "1.3.6.1.2.1.1.1.0|4|Linux OpenWrt 5.10",
        *(extend(name, "3") for name in own_total),
        extend("clients-wlan0", "2"),
        extend("clients-wlan1", "1"),
        extend("noise-floor-wlan0", "-90"),
        extend("snr-wlan0-min", "15"),
    )
    read = readings(device, build_plan(found_on(device), Scope.EVERYTHING))
    wifi = {key: value for key, value in read.items() if key[0] in (Quantity.WIFI_CLIENTS, Quantity.NOISE_FLOOR)}
    assert wifi == {
        (Quantity.WIFI_CLIENTS, ""): clients,
        (Quantity.WIFI_CLIENTS, "wlan0"): 2,
        (Quantity.WIFI_CLIENTS, "wlan1"): 1,
        (Quantity.NOISE_FLOOR, "wlan0"): -90,
    }


def test_an_index_of_interface_and_parameter_is_split_into_label_and_meaning() -> None:
    value = "1.3.6.1.4.1.8886.60.18.1.2.2.1.1.2.7"
    device = recording(
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.8886.23.191",
        "1.3.6.1.2.1.31.1.1.1.1.7|4|tengigabitethernet1/1/1",
        *(f"{value}.{parameter}|2|{raw}" for parameter, raw in ((1, 36125), (3, -3316), (4, -1_000_000))),
    )
    read = readings(device, build_plan(found_on(device), Scope.EVERYTHING))
    port = "tengigabitethernet1/1/1"
    assert read[Quantity.OPTICAL_TEMPERATURE, port] == pytest.approx(36.125)
    assert read[Quantity.OPTICAL_TRANSMIT_POWER, port] == pytest.approx(-3.316)
    assert read[Quantity.OPTICAL_RECEIVE_POWER, port] is None  # -1000 dBm is Raisecom's "none"

"""ONUs in the tables of their OLT: whose row is whose, what it says, and how few requests it takes."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Role
from netmon.model.onus import DownCause, OnuRow, RowState, same_key
from netmon.model.profiles import OnuRules
from netmon.model.readings import Measure, Quantity
from netmon.model.vitals import Vital
from netmon.probes.snmp.ber import Absent, Oid, Value
from netmon.probes.snmp.client import Patience, Result
from netmon.probes.snmp.codec import PduType, VarBind, Version
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.onus import OltTables, key_text, rows_by_key
from netmon.probes.snmp.poller import PollerConfig, SnmpPoller, open_poller
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.recording import read_recording
from netmon.probes.snmp.session import Asking
from netmon.probes.snmp.template import compile_get
from netmon.settings.profiles import load_profiles
from tests.probes.snmp.test_poller import CountedVitals

PROFILES = load_profiles()
HUAWEI = (1, 3, 6, 1, 4, 1, 2011, 6, 128, 1, 1, 2)
SERIAL, STATE, DISTANCE, CAUSE = (*HUAWEI, 43, 1, 3), (*HUAWEI, 46, 1, 15), (*HUAWEI, 46, 1, 20), (*HUAWEI, 46, 1, 24)
SENT, LIGHT, OLT_LIGHT = (*HUAWEI, 51, 1, 3), (*HUAWEI, 51, 1, 4), (*HUAWEI, 51, 1, 6)
IF_NAME = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1)
ONLINE, GASPED = OnuRow(RowState.ONLINE), OnuRow(RowState.OFFLINE, DownCause.DYING_GASP)
LOST, MUTE = OnuRow(RowState.OFFLINE, DownCause.LOSS_OF_SIGNAL), OnuRow(RowState.OFFLINE)
NONE = 2**31 - 1


def rules(profile: str) -> OnuRules:
    found = PROFILES[profile].onus
    assert found is not None
    return found


@dataclass
class Village:
    """An ONU as a SmartAX has it: serial, state, cause, light in hundredths of dBm, metres."""

    serial: bytes
    state: int = 1
    cause: int = -1
    light: int = -1812
    metres: int = 4200


def smartax(onus: dict[tuple[int, int], Village]) -> dict[Oid, Value]:
    objects: dict[Oid, Value] = {}
    for row, one in onus.items():
        lit = one.light if one.state == 1 else NONE
        objects |= {
            (*SERIAL, *row): one.serial,
            (*STATE, *row): one.state,
            (*CAUSE, *row): one.cause,
            (*DISTANCE, *row): one.metres if one.state == 1 else -1,
            (*SENT, *row): 231,
            (*LIGHT, *row): lit,
            (*OLT_LIGHT, *row): one.light - 150 + 10_000 if one.state == 1 else NONE,
            (*IF_NAME, row[0]): f"GPON 0/0/{(row[0] - 4_194_304_000) // 256}".encode(),
        }
    return objects


class PlayedOlt(Asking):
    """An OLT in memory that says tooBig, or nothing, beyond some number of objects; `sizes` are the GETs it got."""

    def __init__(self, objects: dict[Oid, Value], *, too_big: int = 10_000, mute_beyond: int = 10_000) -> None:
        super().__init__(Manner(has_answered=True))
        self.objects, self.too_big, self.mute_beyond = objects, too_big, mute_beyond
        self.sizes: list[int] = []
        self.walked = 0

    async def send(self, kind: PduType, oids: tuple[Oid, ...], repetitions: int = 0) -> Result:
        if kind is not PduType.GET:
            self.walked += 1
            after = sorted(oid for oid in self.objects if oid > oids[0])[: max(1, repetitions)]
            binds = [(oid, 2, self.objects[oid]) for oid in after]
            return tuple(_bind(*bind) for bind in binds or [(oids[0], 0x82, Absent.END_OF_MIB_VIEW)])
        if len(oids) > self.mute_beyond:
            return Failure(0, FailureKind.TIMED_OUT)
        if len(oids) > self.too_big:
            return Failure(0, FailureKind.AGENT_ERROR, 1, 0)
        self.sizes.append(len(oids))
        return [self.objects.get(oid, Absent.NO_SUCH_INSTANCE) for oid in oids]


def _bind(oid: Oid, tag: int, value: Value) -> VarBind:
    return VarBind(oid, tag, value)


def many(count: int) -> dict[tuple[int, int], Village]:
    rows = [(4_194_304_000 + 256 * (n // 32), n % 32) for n in range(count)]
    return {row: Village(b"HWTC" + n.to_bytes(4, "big")) for n, row in enumerate(rows)}


def test_every_spelling_of_a_serial_number_and_the_port_index_name_the_same_row() -> None:
    olt = PlayedOlt(smartax({(4_194_304_256, 5): Village(b"HWTC\x1a\x2b\x3c\x4d")}))
    found = asyncio.run(OltTables(olt, rules("huawei-smartax")).find())
    assert found is not None
    for key in ("HWTC1A2B3C4D", "hwtc1a2b3c4d", "HWTC-1A2B3C4D", "HWTC:1a2b3c4d", "485754431A2B3C4D",
                "4194304256.5", "GPON 0/0/1:5", "gpon0/0/1:5"):  # fmt: skip
        assert found.get(same_key(key)) == (4_194_304_256, 5), key
    assert set(found.values()) == {(4_194_304_256, 5)}


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=4, max_size=4), st.binary(min_size=4, max_size=4))
def test_a_serial_number_in_octets_is_the_one_printed_on_the_box(letters: str, number: bytes) -> None:
    printed = letters + number.hex().upper()
    assert same_key(key_text(letters.encode() + number)) == same_key(printed) == printed
    assert same_key((letters.encode() + number).hex()) == printed


def test_a_key_that_two_rows_have_names_neither() -> None:
    columns: dict[Oid, dict[Oid, Value]] = {
        SERIAL: {(1, 1): b"HWTC\0\0\0\1", (1, 2): b"HWTC\0\0\0\1", (1, 3): b"HWTC\0\0\0\2"},
        IF_NAME: {},
    }
    found = rows_by_key(rules("huawei-smartax"), columns)
    assert found == {"HWTC00000002": (1, 3), "1.1": (1, 1), "1.2": (1, 2), "1.3": (1, 3)}


def test_states_and_causes_of_five_hundred_onus_take_a_dozen_requests_and_only_the_offline_are_asked_why() -> None:
    onus = many(512)
    rows = list(onus)
    for n, cause in ((3, 13), (70, 1), (200, 2), (201, -1), (300, 9), (511, 6)):
        onus[rows[n]].state, onus[rows[n]].cause = 2, cause
    olt = PlayedOlt(smartax(onus))
    said = asyncio.run(OltTables(olt, rules("huawei-smartax")).states(rows))
    assert said is not None
    assert [said[n] for n in (0, 3, 70, 200, 201, 300, 511)] == [
        ONLINE, GASPED, LOST, LOST, MUTE, OnuRow(RowState.OFFLINE, DownCause.RESET), MUTE,
    ]  # fmt: skip
    assert len(olt.sizes) <= 15 and olt.sizes[-1] == 6


def test_the_forty_villages_of_a_usual_olt_take_one_request() -> None:
    onus = many(40)
    olt = PlayedOlt(smartax(onus))
    assert asyncio.run(OltTables(olt, rules("huawei-smartax")).states(list(onus))) == [ONLINE] * 40
    assert olt.sizes == [40]


@pytest.mark.parametrize("limit", ["too_big", "mute_beyond"])
def test_an_olt_that_cannot_bear_much_is_asked_less_and_that_is_remembered(limit: str) -> None:
    onus = many(100)
    olt = PlayedOlt(smartax(onus), **{limit: 20})
    tables = OltTables(olt, rules("huawei-smartax"))
    assert asyncio.run(tables.states(list(onus))) == [ONLINE] * 100
    assert max(olt.sizes) <= 20
    first = len(olt.sizes)
    assert asyncio.run(tables.states(list(onus))) == [ONLINE] * 100
    assert len(olt.sizes) == 2 * first


def test_a_silent_olt_says_nothing_and_a_vanished_row_is_missing() -> None:
    onus = many(3)
    olt = PlayedOlt(smartax(onus), mute_beyond=0)
    tables = OltTables(olt, rules("huawei-smartax"))
    assert asyncio.run(tables.states(list(onus))) is None
    assert asyncio.run(tables.optics(list(onus))) is None
    olt.mute_beyond = 1000
    said = asyncio.run(tables.states([*onus, (9, 9)]))
    assert said == [ONLINE] * 3 + [OnuRow(RowState.MISSING)]


def test_a_number_that_no_profile_knows_is_unread_not_offline() -> None:
    onus = many(1)
    next(iter(onus.values())).state = 7
    olt = PlayedOlt(smartax(onus))
    assert asyncio.run(OltTables(olt, rules("huawei-smartax")).states(list(onus))) == [OnuRow(RowState.UNREAD)]


def test_light_and_distance_are_scaled_and_sentinels_are_absent() -> None:
    onus = many(2)
    away = list(onus.values())[1]
    away.state = 2
    tables = OltTables(PlayedOlt(smartax(onus)), rules("huawei-smartax"))
    said = asyncio.run(tables.optics(list(onus)))
    assert said is not None
    named = [{one.quantity: value for one, value in zip(tables.outline, row, strict=True)} for row in said]
    assert named[0] == {
        Quantity.OPTICAL_RECEIVE_POWER: pytest.approx(-18.12),
        Quantity.OPTICAL_TRANSMIT_POWER: pytest.approx(2.31),
        Quantity.OLT_RECEIVE_POWER: pytest.approx(-19.62),
        Quantity.OPTICAL_DISTANCE: 4200,
    }
    gone = dict(named[1])
    assert gone.pop(Quantity.OPTICAL_TRANSMIT_POWER) == pytest.approx(2.31)
    assert set(gone.values()) == {None}


ZTE = (1, 3, 6, 1, 4, 1, 3902, 1012, 3)


def light_of(tables: OltTables, row: Oid) -> float | None:
    said = asyncio.run(tables.optics([row]))
    assert said is not None
    return said[0][0]


def zte(row: Oid, state: int, raw: int, metres: int = 1235) -> dict[Oid, Value]:
    return {
        (*ZTE, 28, 1, 1, 5, *row): b"ITBS\x5f\x7b\xc1\xcd",
        (*ZTE, 28, 2, 1, 4, *row): state,
        (*ZTE, 50, 12, 1, 1, 10, *row, 1): raw,
        (*ZTE, 11, 4, 1, 2, *row): metres,
    }


@pytest.mark.parametrize(
    ("raw", "light"), [(3_406, -23.188), (5_105, -19.79), (64_032, -33.008), (0, None), (65_535, None), (33_000, None)]
)
def test_zte_writes_light_in_two_s_complement_as_its_command_line_shows_it(raw: int, light: float | None) -> None:
    row = (268_501_248, 9)
    read = light_of(OltTables(PlayedOlt(zte(row, 3, raw)), rules("zte-c300")), row)
    assert read == (None if light is None else pytest.approx(light))


def test_a_port_of_a_zte_is_told_from_its_index_and_not_from_the_interface_of_that_number() -> None:
    """A C300's row 0x10010200 is port 2 of slot 1, but IF-MIB has the name of slot 2's third port there."""
    row = (0x10010200, 4)
    olt = PlayedOlt(zte(row, 3, 4_000) | {(*IF_NAME, row[0]): b"gpon_1/2/3"})
    found = asyncio.run(OltTables(olt, rules("zte-c300")).find())
    assert found is not None
    assert {key for key, its in found.items() if its == row} == {
        "ITBS5F7BC1CD", "GPON-ONU_1/1/2:4", "1/1/2:4", "268501504.4",
    }  # fmt: skip
    assert same_key("gpon_1/2/3:4") not in found


def test_one_request_tells_a_zte_s_states_and_causes_for_they_are_one_number() -> None:
    rows = [(268_501_248, n) for n in range(7)]
    olt = PlayedOlt({oid: value for n, row in enumerate(rows) for oid, value in zte(row, n, 4_000).items()})
    said = asyncio.run(OltTables(olt, rules("zte-c300")).states(rows))
    unread = OnuRow(RowState.UNREAD)
    assert said == [unread, LOST, unread, ONLINE, GASPED, unread, MUTE]
    assert olt.sizes == [7]


def test_a_recorded_zte_names_its_ports_as_its_rows_do(shared: Path) -> None:
    """The recording has no serial numbers, but the distances of 125 ONUs, and one GPON card, in slot 1."""
    recording = read_recording((shared / "devices" / "zxa10_c320.snmprec").read_bytes())
    distance = (*ZTE, 11, 4, 1, 2)
    rows = [bind.oid[len(distance) :] for bind in asyncio.run(recording.walk(distance)).rows]
    names = asyncio.run(recording.walk(IF_NAME)).rows
    ports = {str(bind.value, "latin-1") for bind in names if isinstance(bind.value, bytes)}
    serials: dict[Oid, dict[Oid, Value]] = {(*ZTE, 28, 1, 1, 5): dict.fromkeys(rows, b"")}
    keys = {key for key in rows_by_key(rules("zte-c300"), serials) if key.startswith("GPON-ONU_")}
    assert len(keys) == len(rows) == 125
    assert {key.removeprefix("GPON-ONU_").split(":")[0] for key in keys} <= {one.removeprefix("gpon_") for one in ports}
    tables = OltTables(recording, rules("zte-c300"))
    said = asyncio.run(tables.optics(rows))
    assert said is not None
    metres = [row[tables.outline.index(Measure(Quantity.OPTICAL_DISTANCE, ""))] for row in said]
    assert max(one for one in metres if one is not None) == 3793 and None in metres and 0 not in metres


TITAN = (1, 3, 6, 1, 4, 1, 3902, 1082, 500)


@pytest.mark.parametrize(("state", "expected"), [(4, ONLINE), (5, GASPED), (2, LOST), (7, MUTE)])
def test_a_c600_has_tables_and_numbers_of_its_own(state: int, expected: OnuRow) -> None:
    row = (285_278_977, 12)
    objects: dict[Oid, Value] = {
        (*TITAN, 10, 2, 3, 3, 1, 6, *row): b"ZTEG\x00\x8e\xeb\x08",
        (*TITAN, 10, 2, 3, 8, 1, 4, *row): state,
        (*TITAN, 20, 2, 2, 2, 1, 10, *row, 1): 5_300,
    }
    tables = OltTables(PlayedOlt(objects), rules("zte-c600"))
    found = asyncio.run(tables.find())
    assert found is not None
    assert [found[same_key(key)] for key in ("ZTEG008EEB08", "gpon_onu-1/3/1:12", "1/3/1:12")] == [row] * 3
    assert asyncio.run(tables.states([row])) == [expected]
    assert light_of(tables, row) == pytest.approx(-19.4)


@pytest.mark.parametrize(
    ("row", "sent", "light", "olt_light", "expected"),
    [
        # centreon/centreon-plugins, tests/network/huawei/standard/snmp/gpon-ont-health.robot
        ((4_194_312_192, 1), 213, -1_414, 8_064, (2.13, -14.14, -19.36)),
        ((4_194_312_192, 2), 216, -1_565, 8_029, (2.16, -15.65, -19.71)),
        ((4_194_345_216, 14), NONE, NONE, 8_565, (None, None, -14.35)),  # apache/hertzbeat #4358
        ((4_194_345_472, 1), NONE, NONE, NONE, (None, None, None)),
    ],
)
def test_the_light_of_huawei_s_onts_is_what_walks_in_the_field_had(
    row: Oid, sent: int, light: int, olt_light: int, expected: tuple[float | None, ...]
) -> None:
    olt = PlayedOlt({(*SENT, *row): sent, (*LIGHT, *row): light, (*OLT_LIGHT, *row): olt_light})
    tables = OltTables(olt, rules("huawei-smartax"))
    said = asyncio.run(tables.optics([row]))
    assert said is not None
    named = dict(zip((one.quantity for one in tables.outline), said[0], strict=True))
    wanted = (Quantity.OPTICAL_TRANSMIT_POWER, Quantity.OPTICAL_RECEIVE_POWER, Quantity.OLT_RECEIVE_POWER)
    assert [named[one] for one in wanted] == [None if one is None else pytest.approx(one) for one in expected]


FIBERHOME = (1, 3, 6, 1, 4, 1, 5875, 800, 3)
NATIVE = (1, 3, 6, 1, 4, 1, 34592, 1, 5, 1, 1, 2, 18)
NSCRTV = (1, 3, 6, 1, 4, 1, 17409, 2, 8, 4)
BDCOM = (1, 3, 6, 1, 4, 1, 3320, 10, 3)
UFIBER = (1, 3, 6, 1, 4, 1, 41112, 1, 5, 6, 2, 1)


@pytest.mark.parametrize(
    ("profile", "row", "objects", "key", "expected", "light"),
    [
        ("fiberhome-an5516", (33_554_432,), {(*FIBERHOME, 10, 1, 1, 10): b"FHTT01234567",
         (*FIBERHOME, 10, 1, 1, 11): 2, (*FIBERHOME, 9, 3, 3, 1, 6): -2150}, "FHTT01234567", GASPED, -21.5),
        ("fiberhome-an5516", (33_554_432,), {(*FIBERHOME, 10, 1, 1, 10): b"FHTT01234567",
         (*FIBERHOME, 10, 1, 1, 11): 0}, "FHTT01234567", MUTE, None),
        ("fiberhome-an5516", (606_089_728,), {(*FIBERHOME, 10, 1, 1, 10): b"FHTT01234567",
         (*FIBERHOME, 10, 1, 1, 11): 1, (*FIBERHOME, 9, 3, 3, 1, 6): 0}, "18/4/50", ONLINE, None),
        ("fiberhome-an5116", (2_433_105_920,), {(*FIBERHOME, 10, 1, 1, 10): b"FHTT01234567",
         (*FIBERHOME, 10, 1, 1, 11): 1, (*FIBERHOME, 9, 3, 3, 1, 6): -1890}, "18/4/50", ONLINE, -18.9),
        ("cdata-olt-native", (1, 0, 3, 7), {(*NATIVE, 1, 1, 4): b"XPON12345678", (*NATIVE, 2, 1, 1): 2,
         (*NATIVE, 6, 1, 4): b"--"}, "XPON12345678", MUTE, None),
        ("cdata-olt-native", (1, 0, 3, 7), {(*NATIVE, 1, 1, 4): b"XPON12345678", (*NATIVE, 2, 1, 1): 1,
         (*NATIVE, 6, 1, 4): b"-19.62"}, "1.0.3.7", ONLINE, -19.62),
        ("cdata-olt", (4_718_593,), {(*NSCRTV, 1, 1, 3): b"ZTEG\x1a\x2b\x3c\x4d", (*NSCRTV, 1, 1, 7): 1,
         (*NSCRTV, 1, 1, 103): b"dying-gasp"}, "ZTEG1A2B3C4D", ONLINE, None),
        ("cdata-olt", (4_718_593,), {(*NSCRTV, 1, 1, 3): b"ZTEG\x1a\x2b\x3c\x4d", (*NSCRTV, 1, 1, 7): 2,
         (*NSCRTV, 1, 1, 103): b"dying-gasp"}, "4718593", GASPED, None),
        ("cdata-olt", (4_718_593,), {(*NSCRTV, 1, 1, 3): b"ZTEG\x1a\x2b\x3c\x4d", (*NSCRTV, 1, 1, 7): 2,
         (*NSCRTV, 1, 1, 103): b"LOS"}, "4718593", LOST, None),
        ("cdata-olt", (4_718_593,), {(*NSCRTV, 1, 1, 3): b"ZTEG\x1a\x2b\x3c\x4d", (*NSCRTV, 1, 1, 7): 2,
         (*NSCRTV, 1, 1, 103): b"--"}, "4718593", MUTE, None),
        ("bdcom-olt", (1179,), {(*BDCOM, 1, 1, 4): b"BDCM:B12A632B", (1, 3, 6, 1, 2, 1, 2, 2, 1, 2): b"GPON0/2:1",
         (1, 3, 6, 1, 2, 1, 2, 2, 1, 8): 2, (*BDCOM, 1, 1, 35): 1, (*BDCOM, 4, 1, 2): -65_535},
         "GPON0/2:1", GASPED, None),
        ("bdcom-olt", (1179,), {(*BDCOM, 1, 1, 4): b"BDCM:B12A632B", (1, 3, 6, 1, 2, 1, 2, 2, 1, 8): 2,
         (*BDCOM, 1, 1, 35): 8, (*BDCOM, 4, 1, 2): -203}, "BDCMB12A632B", LOST, -20.3),
        ("bdcom-olt", (1179,), {(*BDCOM, 1, 1, 4): b"BDCM:B12A632B", (1, 3, 6, 1, 2, 1, 2, 2, 1, 8): 2,
         (*BDCOM, 1, 1, 35): 12, (*BDCOM, 4, 1, 2): -203}, "BDCMB12A632B", MUTE, -20.3),
        ("ufiber-olt", (12, *b"UBNT2073b7de"), {(*UFIBER, 1): b"UBNT2073b7de", (*UFIBER, 3): 1,
         (*UFIBER, 9): -2_356}, "UBNT2073B7DE", ONLINE, -23.56),
        ("ufiber-olt", (12, *b"UBNT2073be78"), {(*UFIBER, 1): b"UBNT2073be78", (*UFIBER, 3): 2,
         (*UFIBER, 9): 0}, "UBNT2073BE78", MUTE, None),
    ],
)  # fmt: skip
def test_what_is_sure_of_each_vendor_is_read_and_the_rest_untold(
    profile: str, row: Oid, objects: dict[Oid, Value], key: str, expected: OnuRow, light: float | None
) -> None:
    olt = PlayedOlt({(*oid, *row): value for oid, value in objects.items()})
    tables = OltTables(olt, rules(profile))
    found = asyncio.run(tables.find())
    assert found is not None and found[same_key(key)] == row
    assert asyncio.run(tables.states([row])) == [expected]
    assert light_of(tables, row) == (None if light is None else pytest.approx(light))


@pytest.mark.parametrize(("more", "light"), [((0, 0), -24.95), ((65_535, 65_535), -24.95), ((0, 1_310_721), None)])
def test_the_light_of_a_c_data_is_found_behind_either_index(more: Oid, light: float | None) -> None:
    tables = OltTables(PlayedOlt({(*NSCRTV, 4, 1, 4, 4_718_593, *more): -2_495}), rules("cdata-olt"))
    assert light_of(tables, (4_718_593,)) == (None if light is None else pytest.approx(light))


def test_the_interfaces_of_a_recorded_bdcom_are_its_onus(shared: Path) -> None:
    recording = read_recording((shared / "devices" / "bdcom.snmprec").read_bytes())
    walked = asyncio.run(recording.walk((1, 3, 6, 1, 2, 1, 2, 2, 1, 2)))
    columns: dict[Oid, dict[Oid, Value]] = {
        (1, 3, 6, 1, 2, 1, 2, 2, 1, 2): {bind.oid[10:]: bind.value for bind in walked.rows}
    }
    found = rows_by_key(rules("bdcom-olt"), columns)
    assert found[same_key("GPON0/2:1")] == (1179,)
    assert len([key for key in found if key.startswith("GPON0/2:")]) > 20
    assert set(PROFILES) >= {"zte-c300", "cdata-olt"}


Use = Callable[[SnmpPoller], Awaitable[None]]


@dataclass
class Simulator:
    """snmpsim with one recording, changed on disk as a test goes along."""

    folder: Path
    port: int
    recording: list[str]
    onus: dict[tuple[int, int], Village] = field(default_factory=dict)

    def write(self) -> None:
        lines = [
            *self.recording,
            *(_line(oid, value) for oid, value in smartax(self.onus).items() if oid[:11] != IF_NAME),
        ]
        lines.sort(key=lambda line: tuple(map(int, line.split("|", 1)[0].split("."))))
        (self.folder / "data" / "public.snmprec").write_text("\n".join(lines) + "\n", encoding="latin-1")


def _line(oid: Oid, value: Value) -> str:
    name = ".".join(map(str, oid))
    return f"{name}|4x|{value.hex()}" if isinstance(value, bytes) else f"{name}|2|{value}"


@contextmanager
def simulated(folder: Path, recording: Sequence[str], onus: dict[tuple[int, int], Village]) -> Iterator[Simulator]:
    (folder / "data").mkdir()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    olt = Simulator(folder, port, list(recording), onus)
    olt.write()
    command = [
        str(Path(sys.executable).parent / "snmpsim-command-responder"),
        f"--data-dir={folder / 'data'}",
        f"--cache-dir={folder / 'cache'}",
        f"--agent-udpv4-endpoint=127.0.0.1:{port}",
        f"--logging-method=file:{folder / 'log'}",
    ]
    if os.geteuid() == 0:
        command += ["--process-user=root", "--process-group=root"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield olt
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    probe = compile_get(Version.V2C, b"public", ((1, 3, 6, 1, 2, 1, 1, 2, 0),))
    give_up = time.monotonic() + 60
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        while time.monotonic() < give_up:
            assert process.poll() is None, "snmpsim has ended"
            sock.sendto(probe.packet(1 << 24), ("127.0.0.1", port))
            with suppress(OSError):
                sock.recv(2048)
                return
    pytest.fail("snmpsim does not answer")


@pytest.mark.timeout(240)
def test_a_recorded_smartax_with_three_hundred_onus_is_read_through_the_wire(shared: Path, tmp_path: Path) -> None:
    onus = many(300)
    rows = list(onus)
    for n in range(250, 300):
        onus[rows[n]].state, onus[rows[n]].cause = 2, 13 if n % 2 else 1
    recording = (shared / "devices" / "smartax.snmprec").read_text(encoding="latin-1").splitlines()
    vitals = CountedVitals()

    def requests(poller: SnmpPoller) -> float:
        poller.harvest(asyncio.get_running_loop().time())
        return vitals.counted.get((Vital.SNMP_REQUESTS, ""), 0)

    async def use(poller: SnmpPoller) -> None:
        olt = Device(id=DeviceId("olt-1"), role=Role.FEEDER, address="127.0.0.1", credential="read")
        plan = await poller.discover(olt, None)
        assert plan is not None
        tables = poller.olt(plan)
        assert tables is not None
        assert any(one.quantity is Quantity.OPTICAL_TEMPERATURE for one in poller.slow_outline(plan))
        found = await tables.find()
        assert found is not None
        assert [found[f"HWTC{n:08X}"] for n in range(300)] == rows
        assert found[same_key("GPON 0/0/3:4")] == rows[100]
        before = requests(poller)
        said = await tables.states(rows)
        assert said is not None
        assert said[:250] == [ONLINE] * 250
        assert said[250:] == [GASPED if n % 2 else LOST for n in range(250, 300)]
        assert requests(poller) - before <= 10
        before = requests(poller)
        light = await tables.optics(rows[:8])
        assert light is not None
        at = tables.outline.index(Measure(Quantity.OPTICAL_RECEIVE_POWER, ""))
        assert [row[at] for row in light] == [pytest.approx(-18.12)] * 8
        assert requests(poller) - before == 1
        slow = await poller.read_slowly(plan)
        assert slow is not None and len(slow) == len(poller.slow_outline(plan))

    async def run(port: int) -> None:
        patience = Patience(timeout=5.0, retries=1)
        config = PollerConfig(communities={"read": b"public"}, profiles=PROFILES, patience=patience, port=port)
        poller = open_poller(vitals, config)
        try:
            await use(poller)
        finally:
            await poller.close()

    with simulated(tmp_path, recording, onus) as olt:
        asyncio.run(run(olt.port))

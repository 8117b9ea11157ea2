"""Agents answer GET, GETNEXT and GETBULK as RFC 3416 and 1157 say, for every family and device."""

import pytest

from netmon.lab.agents import COMMUNITY
from netmon.lab.country import NO_SNMP, CountryPlan, generate
from netmon.lab.models.catalogue import ARUBA, ONU, RUCKUS, SMARTAX, UNIFI, family
from netmon.model.inventory import Role
from netmon.probes.snmp.ber import Absent, Tag
from netmon.probes.snmp.codec import ErrorStatus, PduType, Version, encode_message
from tests.lab.country_of_agents import Fleet, datagram
from tests.lab.packets_of_a_peer import read

FAMILIES = [UNIFI, RUCKUS, ARUBA, ONU, SMARTAX]
SYS_UPTIME, SYS_NAME = (1, 3, 6, 1, 2, 1, 1, 3, 0), (1, 3, 6, 1, 2, 1, 1, 5, 0)
HC_IN = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6)
MIB = (1, 3)
FLEET = Fleet()


@pytest.mark.parametrize("name", FAMILIES)
async def test_walk_is_strictly_ordered_and_says_what_get_says(name: str) -> None:
    device = FLEET.of_family(name)
    walked = await FLEET.reader(device).walk(MIB)
    oids = [bind.oid for bind in walked.rows]
    assert len(oids) > 40 and oids == sorted(set(oids))
    assert await FLEET.reader(device).get(oids) == [bind.value for bind in walked.rows]


@pytest.mark.parametrize("name", FAMILIES)
async def test_getnext_finds_the_same_instances_as_getbulk(name: str) -> None:
    device = FLEET.of_family(name)
    walked = [bind.oid for bind in (await FLEET.reader(device).walk(MIB)).rows]
    found: list[tuple[int, ...]] = []
    at: tuple[int, ...] = MIB
    while True:
        message = FLEET.ask(device, PduType.GETNEXT, [at])
        assert message is not None
        (bind,) = message.varbinds
        if bind.value is Absent.END_OF_MIB_VIEW:
            assert bind.oid == at
            break
        found.append(bind.oid)
        at = bind.oid
    assert found == walked


def test_unknown_object_and_unknown_row_are_told_apart() -> None:
    device = FLEET.of_family(UNIFI)
    message = FLEET.ask(device, PduType.GET, [(*HC_IN, 99), (1, 3, 6, 1, 4, 1, 9, 9, 0), SYS_NAME])
    assert message is not None
    assert [bind.value for bind in message.varbinds] == [
        Absent.NO_SUCH_INSTANCE,
        Absent.NO_SUCH_OBJECT,
        device.id.encode(),
    ]


def test_version_1_names_what_is_missing_and_never_says_64_bits() -> None:
    device = FLEET.of_family(UNIFI)
    for oids, blamed in ([SYS_NAME, (*HC_IN, 2)], 2), ([(*HC_IN, 99), SYS_NAME], 1):
        message = FLEET.ask(device, PduType.GET, oids, version=Version.V1)
        assert message is not None
        assert (message.error_status, message.error_index) == (ErrorStatus.NO_SUCH_NAME, blamed)
        assert [bind.oid for bind in message.varbinds] == oids
    message = FLEET.ask(device, PduType.GETNEXT, [HC_IN], version=Version.V1)
    assert message is not None and message.varbinds[0].tag != Tag.COUNTER64
    message = FLEET.ask(device, PduType.GETNEXT, [(2, 5)], version=Version.V1)
    assert message is not None and message.error_status == ErrorStatus.NO_SUCH_NAME


def test_getbulk_repeats_what_it_should_and_fills_no_more_than_a_frame() -> None:
    device = FLEET.of_family(SMARTAX)
    message = FLEET.ask(device, PduType.GETBULK, [SYS_UPTIME[:-1], SYS_NAME[:-1]], non_repeaters=1, repetitions=3)
    assert message is not None
    assert [bind.oid[:8] for bind in message.varbinds] == [(1, 3, 6, 1, 2, 1, 1, n) for n in (3, 5, 6, 7)]
    raw = encode_message(message)
    everything = FLEET.ask(device, PduType.GETBULK, [MIB], repetitions=2**30)
    assert everything is not None and len(everything.varbinds) > 30
    assert len(raw) < len(encode_message(everything)) <= 1472
    nothing = FLEET.ask(device, PduType.GETBULK, [MIB], repetitions=0)
    assert nothing is not None and not nothing.varbinds


def test_answer_too_big_for_a_frame_is_refused() -> None:
    device = FLEET.of_family(UNIFI)
    description = (1, 3, 6, 1, 2, 1, 1, 6, 0)
    message = FLEET.ask(device, PduType.GET, [description] * 60)
    assert message is not None
    assert (message.error_status, message.varbinds) == (ErrorStatus.TOO_BIG, ())


def test_stranger_with_another_community_hears_nothing() -> None:
    device = FLEET.of_family(UNIFI)
    assert FLEET.ask(device, PduType.GET, [SYS_NAME]) is not None
    assert FLEET.ask(device, PduType.GET, [SYS_NAME], community="public") is None
    assert FLEET.ask(device, PduType.GET, [SYS_NAME], community=COMMUNITY.upper()) is None


def test_device_without_an_agent_has_nobody_listening() -> None:
    fleet = Fleet(generate(CountryPlan(villages=60, seed=11)))
    devices = fleet.country.inventory.devices
    mute = next(d for d in devices if d.address and not d.credential and d.id not in fleet.country.unbuilt)
    for device, port in ((mute, 161), (fleet.of_family(UNIFI), 162)):
        answer = fleet.responder.answer(datagram(device.address, b"x" * 30, port))
        assert answer is not None
        assert (read(answer[1]).kind, read(answer[1]).code) == (3, 3)


def test_datagram_cut_short_is_met_with_silence() -> None:
    packet = datagram(FLEET.of_family(UNIFI).address, b"x" * 30)
    for damaged in (packet[:-1], packet[:24] + b"\0\7" + packet[26:]):
        assert FLEET.responder.answer(damaged) is None


def test_devices_of_one_family_are_one_table_and_many_devices() -> None:
    devices = [d for d in FLEET.country.inventory.devices if d.role is Role.AP and d.id not in FLEET.country.unbuilt]
    assert {family(FLEET.box(device)) for device in devices} == {UNIFI, RUCKUS, ARUBA}
    assert [FLEET.get(device, "1.3.6.1.2.1.1.5.0") for device in devices] == [[d.id.encode()] for d in devices]
    uptimes = {FLEET.get(device, "1.3.6.1.2.1.1.3.0")[0] for device in devices}
    assert len(uptimes) == len(devices)


def test_four_uplinks_in_ten_speak_no_snmp_and_the_inventory_knows() -> None:
    unkind, gentle = (generate(CountryPlan(villages=1000, seed=3, gentle=gentle)) for gentle in (False, True))
    for country, mute in ((unkind, NO_SNMP), (gentle, 0.0)):
        named = [bool(d.credential) for d in country.inventory.devices if d.role is Role.UPLINK and d.address]
        assert abs(named.count(False) / len(named) - mute) < 0.04
        silent = [d for d in country.inventory.devices if not d.address]
        assert not any(d.credential for d in silent)
        others = [d for d in country.inventory.devices if d.role is not Role.UPLINK]
        assert {d.credential for d in others} == {"village-ro"} and not any(d.profile for d in others)


def test_same_seed_and_moment_say_the_same() -> None:
    once, again = Fleet(), Fleet()
    for name in FAMILIES:
        device = once.of_family(name)
        oids = ["1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.31.1.1.1.6.1", "1.3.6.1.2.1.31.1.1.1.6.2"]
        assert once.get(device, *oids) == again.get(device, *oids)

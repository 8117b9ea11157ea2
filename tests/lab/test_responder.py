"""What the country answers: right packets, true paths, darkness, loss and delay; the same for the same packets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.lab.addresses import CORE, REFERENCES
from netmon.lab.country import Country, CountryPlan, generate
from netmon.lab.responder import Responder, Worse
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Role
from tests.lab.packets_of_a_peer import Heard, echo, ip, read, udp

COUNTRY = generate(CountryPlan(villages=60, seed=11))
GENTLE = generate(CountryPlan(villages=60, seed=11, gentle=True))


def chain(country: Country) -> tuple[Device, Device, Device]:
    """A feeder, an uplink with an address, and its access point, as they truly hang together."""
    by_id = {device.id: device for device in country.inventory.devices}
    for ap in country.inventory.devices:
        uplink_id = country.parent_of[ap.id]
        if ap.role is Role.AP and ap.id not in country.unbuilt and uplink_id and by_id[uplink_id].address:
            feeder_id = country.parent_of[uplink_id]
            assert feeder_id is not None
            return by_id[feeder_id], by_id[uplink_id], ap
    raise AssertionError("the country has no such village")


def hear(responder: Responder, packet: bytes) -> Heard | None:
    answer = responder.answer(packet)
    return read(answer[1]) if answer else None


def index(country: Country, device: Device) -> int:
    return country.inventory.index_of[device.id]


@given(
    ttl=st.integers(5, 255),
    identifier=st.integers(0, 0xFFFF),
    sequence=st.integers(0, 0xFFFF),
    data=st.binary(max_size=80),
)
def test_reply_is_whole_and_carries_the_request_back(ttl: int, identifier: int, sequence: int, data: bytes) -> None:
    responder = Responder(GENTLE, instant=True)
    feeder, uplink, ap = chain(GENTLE)
    for device, hops in ((feeder, 2), (uplink, 3), (ap, 4)):
        request = echo(device.address, ttl=ttl, identifier=identifier, sequence=sequence, data=data)
        heard = hear(responder, request)
        assert heard == Heard(device.address, 0, 0, 64 - hops, request[24:])


@pytest.mark.parametrize("make", [echo, udp])
def test_packet_that_dies_on_the_way_comes_back_from_the_hop_it_reached(make: type) -> None:
    responder = Responder(GENTLE, instant=True)
    feeder, uplink, ap = chain(GENTLE)
    for ttl, hop in enumerate((CORE, feeder.address, uplink.address), start=1):
        request = make(ap.address, ttl=ttl)
        heard = hear(responder, request)
        assert heard is not None
        assert (heard.sender, heard.kind, heard.code) == (hop, 11, 0)
        assert heard.body[4:] == request[:28], "RFC 792: the header and 8 bytes of what died"


def test_udp_at_its_goal_finds_nobody_listening() -> None:
    _, _, ap = chain(GENTLE)
    heard = hear(Responder(GENTLE, instant=True), udp(ap.address))
    assert heard is not None and (heard.sender, heard.kind, heard.code) == (ap.address, 3, 3)


def test_path_is_the_true_one_where_the_inventory_is_wrong() -> None:
    country = generate(CountryPlan(villages=300, seed=11))
    by_id = {device.id: device for device in country.inventory.devices}
    responder = Responder(country, instant=True)
    wrong = [d for d in country.wrongly_recorded() if d not in country.unbuilt]
    assert wrong
    for uplink in wrong:
        true, recorded = country.parent_of[uplink], by_id[uplink].parent
        assert true is not None and recorded is not None
        heard = hear(responder, echo(by_id[DeviceId(uplink.replace("onu-", "ap-"))].address, ttl=2))
        assert heard is not None and heard.sender == by_id[true].address != by_id[recorded].address


def test_silent_uplink_shows_nowhere_on_the_path_but_lets_through() -> None:
    by_id = {device.id: device for device in COUNTRY.inventory.devices}
    silent = next(d for d in by_id.values() if d.role is Role.UPLINK and not d.address and d.id not in COUNTRY.unbuilt)
    ap = by_id[DeviceId(silent.id.replace("onu-", "ap-"))]
    responder = Responder(COUNTRY, instant=True)
    assert hear(responder, echo(ap.address, ttl=3)) is None
    assert hear(responder, echo(ap.address)) is not None


def test_planned_village_answers_nothing() -> None:
    responder = Responder(COUNTRY, instant=True)
    unbuilt = [d for d in COUNTRY.inventory.devices if d.id in COUNTRY.unbuilt and d.address]
    assert unbuilt and all(hear(responder, echo(device.address)) is None for device in unbuilt)


def test_cut_feeder_darkens_its_branch_and_nothing_else() -> None:
    responder = Responder(GENTLE, instant=True)
    feeder, uplink, ap = chain(GENTLE)
    below = set(responder.branches.below(index(GENTLE, feeder)))
    responder.branches.hold(index(GENTLE, feeder), "cut")
    for i, device in enumerate(GENTLE.inventory.devices):
        expected = i not in below and device.id not in GENTLE.unbuilt
        assert (hear(responder, echo(device.address)) is not None) == expected
    heard = hear(responder, echo(ap.address, ttl=1))
    assert heard is not None and heard.sender == CORE, "the path up to the cut still answers"
    assert hear(responder, echo(ap.address, ttl=2)) is None
    responder.branches.release(index(GENTLE, feeder), "cut")
    assert hear(responder, echo(uplink.address)) is not None


def test_device_two_events_hold_lives_again_with_the_last() -> None:
    responder = Responder(GENTLE, instant=True)
    feeder, _, ap = chain(GENTLE)
    responder.branches.hold(index(GENTLE, ap), "storm")
    responder.branches.hold(index(GENTLE, feeder), "digger")
    responder.branches.hold(index(GENTLE, ap), "thief")
    responder.branches.release(index(GENTLE, ap), "storm")
    responder.branches.release(index(GENTLE, feeder), "digger")
    assert hear(responder, echo(ap.address)) is None
    responder.branches.release(index(GENTLE, ap), "thief")
    assert hear(responder, echo(ap.address)) is not None


def test_muted_country_answers_nothing_not_even_its_references() -> None:
    responder = Responder(GENTLE, instant=True)
    everybody = [CORE, *REFERENCES, *(d.address for d in GENTLE.inventory.devices if d.id not in GENTLE.unbuilt)]
    assert all(hear(responder, echo(address)) for address in everybody)
    responder.mute("isolation")
    assert not any(hear(responder, echo(address)) for address in everybody)
    assert hear(responder, echo(everybody[-1], ttl=1)) is None
    responder.unmute("isolation")
    assert all(hear(responder, echo(address)) for address in everybody)


def test_loss_and_delay_are_added_and_taken_away() -> None:
    responder = Responder(GENTLE)
    _, _, ap = chain(GENTLE)
    usual = [responder.answer(echo(ap.address)) for _ in range(2000)]
    assert 0.97 < sum(a is not None for a in usual) / 2000 < 1
    responder.worsen(index(GENTLE, ap), "e1", Worse(loss=0.3))
    responder.worsen(index(GENTLE, ap), "e2", Worse(delay=0.2))
    worse = [responder.answer(echo(ap.address)) for _ in range(2000)]
    assert 0.64 < sum(a is not None for a in worse) / 2000 < 0.76
    assert all(a is None or a[0] >= 0.2 for a in worse)
    responder.mend(index(GENTLE, ap), "e1")
    responder.mend(index(GENTLE, ap), "e2")
    mended = [a for a in (responder.answer(echo(ap.address)) for _ in range(500)) if a]
    assert len(mended) > 480 and all(0.001 < a[0] < 0.05 for a in mended)


def test_far_villages_take_longer_than_near_ones_and_none_longer_than_the_country_is_wide() -> None:
    country = generate(CountryPlan(villages=2000, seed=1, gentle=True))
    responder = Responder(country)
    seconds: dict[str, list[float]] = {}
    for device in country.inventory.devices:
        if device.role is Role.UPLINK and device.village:
            answer = responder.answer(echo(device.address))
            if answer:
                seconds.setdefault(country.inventory.villages[device.village].region, []).append(answer[0])
    mean = {region: sum(some) / len(some) for region, some in seconds.items()}
    assert mean["central"] < mean["northeast"] < mean["south"]
    assert all(0.001 < one < 0.030 for some in seconds.values() for one in some)


def test_same_packets_get_the_same_answers() -> None:
    packets = [
        echo(device.address, sequence=n) for n in range(30) for device in COUNTRY.inventory.devices if device.address
    ]
    once, again = (([r.answer(packet) for packet in packets]) for r in (Responder(COUNTRY), Responder(COUNTRY)))
    assert once == again and None in once


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x60" + bytes(60),
        echo("10.64.0.1")[:27],
        ip(b"\x08\x00\xf7\xff\0\0\0\0", "10.64.0.1", 64, 1, flags=0x2000),
        ip(b"\x00\x00\xff\xff\0\0\0\0", "10.64.0.1", 64, 1),
        ip(bytes(20), "10.64.0.1", 64, 6),
        echo("10.64.77.77"),
        echo("8.8.8.8"),
    ],
    ids=["empty", "IPv6", "truncated", "fragment", "echo reply", "TCP", "nobody's address", "not the country's"],
)
def test_anything_else_is_met_with_silence(packet: bytes) -> None:
    assert Responder(GENTLE, instant=True).answer(packet) is None

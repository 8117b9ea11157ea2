"""Rows that a device has under an index of its own: what is asked of one is asked of another, its index in place."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.readings import Measure, Quantity
from netmon.probes.snmp.ber import Oid, Tag
from netmon.probes.snmp.codec import Message, PduType, VarBind, Version, encode_message
from netmon.probes.snmp.own_rows import OwnOids, OwnRows, own_rows
from netmon.probes.snmp.own_template import OwnTemplate, own_template
from netmon.probes.snmp.poller import SnmpPoller
from netmon.probes.snmp.template import compile_get, read_head
from tests.probes.snmp.test_first_contact import Requests
from tests.probes.snmp.test_poller import (
    PROFILES,
    CountedVitals,
    Script,
    device,
    discovered,
    played,
    poll,
    said,
    with_poller,
)

RADIO: Oid = (1, 3, 6, 1, 4, 1, 14823, 2, 3, 3, 1, 2, 2, 1)
ACCESS_POINT: Oid = (1, 3, 6, 1, 4, 1, 14823, 2, 3, 3, 1, 2, 1, 1)
UPTIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
COLUMNS = frozenset((*((*RADIO, at) for at in (8, 21)), (*ACCESS_POINT, 7)))
HARDWARE_ADDRESS = st.tuples(*[st.integers(0, 255)] * 6)
FIRST, SECOND = (0, 11, 134, 200, 1, 2), (32, 76, 3, 130, 129, 128)
SHORT = 6
"""Requests: the system group, the list of access points row by row, the plan with its witnesses in two or three."""


def instances(index: Oid) -> tuple[Oid, ...]:
    return (UPTIME, (*ACCESS_POINT, 7, *index), *((*RADIO, at, *index, row) for at in (8, 21) for row in (0, 1)))


def moved(index: Oid, other: Oid) -> Sequence[Oid]:
    own = OwnRows((*ACCESS_POINT, 2), index, COLUMNS)
    return OwnOids(instances(index), own.places_in(instances(index)), other)


@given(HARDWARE_ADDRESS, HARDWARE_ADDRESS)
def test_the_request_to_one_is_the_request_to_another_with_its_index(index: Oid, other: Oid) -> None:
    assert tuple(moved(index, other)) == instances(other)
    own = OwnRows((*ACCESS_POINT, 2), index, COLUMNS)
    like = compile_get(Version.V2C, b"public", instances(index))
    template = own_template(like, own.places_in(like.oids), other)
    whole = compile_get(Version.V2C, b"public", instances(other))
    assert bytes(template.packet(0x1234_5678)) == bytes(whole.packet(0x1234_5678))
    assert (template.oids, template.auth) == (whole.oids, whole.auth)
    assert "public" not in repr(template)


@given(HARDWARE_ADDRESS, HARDWARE_ADDRESS, st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6))
def test_an_answer_is_read_only_if_it_is_of_these_rows(index: Oid, other: Oid, values: list[int]) -> None:
    like = compile_get(Version.V2C, b"public", instances(index))
    own = OwnRows((*ACCESS_POINT, 2), index, COLUMNS)
    template = own_template(like, own.places_in(like.oids), other)
    for asked in (index, other):
        binds = tuple(VarBind(oid, Tag.GAUGE32, value) for oid, value in zip(instances(asked), values, strict=True))
        data = encode_message(Message(Version.V2C, b"public", PduType.RESPONSE, 1 << 30, 0, 0, binds))
        head = read_head(data)
        assert head is not None
        assert template.read_values(data, *head[3:]) == (values if asked == other else None)


def test_requests_without_such_rows_are_shared_whole() -> None:
    like = compile_get(Version.V2C, b"public", (UPTIME,))
    assert own_template(like, (0,), SECOND) is like


def access_point(*members: Oid) -> Script:
    """An Aruba Instant that lists these access points; the first of them has 3 and 4 clients on its radios."""
    objects: dict[Oid, tuple[Tag, int | bytes]] = {
        (1, 3, 6, 1, 2, 1, 1, 1, 0): (Tag.OCTET_STRING, b"ArubaOS (MODEL: 365), Version 8.10.0.9-8.10.0.9"),
        (1, 3, 6, 1, 2, 1, 1, 2, 0): (Tag.OCTET_STRING, b"1.3.6.1.4.1.14823.1.2.125"),
        UPTIME: (Tag.TIME_TICKS, 100_000),
        (1, 3, 6, 1, 2, 1, 2, 1, 0): (Tag.INTEGER, 1),
        (1, 3, 6, 1, 2, 1, 2, 2, 1, 2, 1): (Tag.OCTET_STRING, b"eth0"),
        (1, 3, 6, 1, 2, 1, 2, 2, 1, 8, 1): (Tag.INTEGER, 1),
    }
    for index in members:
        name = b"ap " + bytes(index).hex().encode()
        objects[*ACCESS_POINT, 2, *index] = (Tag.OCTET_STRING, name)
        objects[*ACCESS_POINT, 4, *index] = (Tag.OCTET_STRING, b"serial of " + name)
        objects[*ACCESS_POINT, 7, *index] = (Tag.INTEGER, 50)
        for row in (0, 1):
            objects[*RADIO, 21, *index, row] = (Tag.INTEGER, 3 + row)
            objects[*RADIO, 6, *index, row] = (Tag.INTEGER, 90)
    return Script(dict(sorted(objects.items())))


def clients(label: str) -> Measure:
    return Measure(Quantity.WIFI_CLIENTS, label)


def test_an_access_point_with_another_hardware_address_is_asked_as_the_first_of_its_family(
    new_agent: Callable,
) -> None:
    vitals, script = CountedVitals(), access_point(FIRST)

    async def use(poller: SnmpPoller) -> None:
        requests = Requests(poller, vitals)
        first = await discovered(poller, device(address))
        assert requests.since() > SHORT
        script.objects = access_point(SECOND).objects
        second = await discovered(poller, device(address))
        assert requests.since() <= SHORT
        assert second.outline is first.outline
        assert second.identity.serial == f"serial of ap {bytes(SECOND).hex()}"
        assert not first.identity.serial.endswith(bytes(SECOND).hex())
        batch = await poll(poller, second)
        assert (batch.answered, batch.changed) == ([7], [])
        readings = said(batch)
        assert [readings[clients(label)] for label in ("radio 0", "radio 1", "")] == [3, 4, 7]
        assert readings[Measure(Quantity.CPU, "")] == 0.5
        assert await poller.read_slowly(second) == [-90, -90]
        assert poller.slow_outline(second) is poller.slow_outline(first)
        again = await discovered(poller, device(address), second)
        assert again.outline is first.outline
        assert (await poll(poller, again)).changed == []

    with played(new_agent, script) as address:
        with_poller(use, address[1], vitals)


def test_one_that_speaks_for_others_names_them_and_shares_nothing(new_agent: Callable) -> None:
    vitals, script = CountedVitals(), access_point(FIRST)

    async def use(poller: SnmpPoller) -> None:
        requests = Requests(poller, vitals)
        await discovered(poller, device(address))
        requests.since()
        script.objects = access_point(SECOND, FIRST).objects
        cluster = await discovered(poller, device(address))
        assert requests.since() > SHORT
        names = [f"ap {bytes(index).hex()}" for index in sorted((FIRST, SECOND))]
        readings = said(await poll(poller, cluster))
        assert readings[clients(f"{names[0]} radio 0")] == readings[clients(f"{names[1]} radio 0")] == 3
        assert readings[clients("")] == 14

    with played(new_agent, script) as address:
        with_poller(use, address[1], vitals)


@pytest.mark.parametrize("index", [(), (1,), (1, 2, 3)])
def test_an_index_of_few_arcs_might_be_anybodys(index: Oid) -> None:
    aruba = PROFILES["aruba-instant"]
    lister = (*ACCESS_POINT, 2)
    assert own_rows(aruba, {lister: {index: b"ap"} if index else {}}) is None
    found = own_rows(aruba, {lister: {FIRST: b"ap"}})
    assert found is not None
    assert (found.lister, found.index) == (lister, FIRST)
    assert own_rows(aruba, {lister: {FIRST: b"ap", SECOND: b"another"}}) is None


def test_what_a_device_owns_takes_little_beside_what_it_shares() -> None:
    like = compile_get(Version.V2C, b"public", instances(FIRST))
    own = OwnRows((*ACCESS_POINT, 2), FIRST, COLUMNS)
    one, two = (own_template(like, own.places_in(like.oids), index) for index in (SECOND, (*SECOND[:5], 129)))
    assert isinstance(one, OwnTemplate) and isinstance(two, OwnTemplate)
    assert one._shape is two._shape

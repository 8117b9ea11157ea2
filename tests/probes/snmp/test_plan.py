"""Requests that fit the device and the packet."""

from hypothesis import given
from hypothesis import strategies as st

from netmon.model.profiles import Gather, Object, Profile, Rule
from netmon.model.readings import Identity, Quantity
from netmon.probes.snmp.ber import Oid, Tag, Value
from netmon.probes.snmp.cells import Row
from netmon.probes.snmp.codec import Message, PduType, VarBind, Version, encode_message
from netmon.probes.snmp.discover import Discovery
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.identify import SystemGroup
from netmon.probes.snmp.plan import MOST_OCTETS, build_plan

ARCS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=40)
VALUES: st.SearchStrategy[Value] = st.one_of(st.integers(0, 2**64 - 1), st.binary(max_size=200))
COLUMN = Object("x", (1, 3, 6, 1, 4, 1, 99999), is_column=True)


@given(
    table=st.dictionaries(ARCS.map(tuple), VALUES, min_size=1, max_size=60),
    most=st.integers(1, 64),
    community=st.binary(max_size=32),
)
def test_every_answer_fits_a_packet_and_every_instance_is_asked_once(
    table: dict[Oid, Value], most: int, community: bytes
) -> None:
    rule = Rule(quantity=Quantity.VOLTAGE, source=COLUMN, gather=Gather.FIRST)
    rows = tuple(Row(str(index), ((*COLUMN.oid, *index),)) for index in table)
    values = {row.oids[0]: value for row, value in zip(rows, table.values(), strict=True)}
    found = Discovery(
        Profile(name="x", title="x", rules=(rule,)),
        SystemGroup(),
        Identity(),
        rows={rule: rows},
        values=values,
        manner=Manner(objects_per_request=most),
    )
    plan = build_plan(found)
    assert sorted(plan.oids) == sorted(values)
    for request in plan.requests:
        assert len(request) <= most
        binds = tuple(VarBind(oid, tag_of(values[oid]), values[oid]) for oid in request)
        answer = Message(Version.V2C, community, PduType.RESPONSE, 2**31 - 1, 0, 0, binds)
        assert len(request) == 1 or len(encode_message(answer)) <= MOST_OCTETS


def tag_of(value: Value) -> Tag:
    return Tag.OCTET_STRING if isinstance(value, bytes) else Tag.COUNTER64

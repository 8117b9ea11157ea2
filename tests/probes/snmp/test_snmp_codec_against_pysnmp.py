"""Our codec and pysnmp's must read the same bytes alike and write bytes the other reads alike."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import rfc1905
from pysnmp.proto.api import v1, v2c

from netmon.probes.snmp import ber
from netmon.probes.snmp.ber import Absent, Tag
from netmon.probes.snmp.codec import Message, PduType, VarBind, Version, decode_message, encode_message
from netmon.probes.snmp.template import compile_get, compile_getbulk, compile_getnext, read_head

ARCS = st.integers(0, 2**32 - 1)
OIDS = st.builds(
    lambda first, rest: (*first, *rest),
    st.one_of(st.tuples(st.integers(0, 1), st.integers(0, 39)), st.tuples(st.just(2), st.integers(0, 2**31))),
    st.lists(st.one_of(st.integers(0, 300), ARCS), max_size=126).map(tuple),
)
SHORT_OIDS = st.lists(st.integers(0, 70_000), max_size=12).map(lambda rest: (1, 3, 6, 1, *rest))
UNSIGNED32 = st.integers(0, 2**32 - 1)
COMMON_VALUES = st.one_of(
    st.tuples(st.just(Tag.INTEGER), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just(Tag.OCTET_STRING), st.binary(max_size=300)),
    st.tuples(st.just(Tag.OBJECT_IDENTIFIER), OIDS.map(ber.format_oid)),
    st.tuples(st.just(Tag.IP_ADDRESS), st.binary(min_size=4, max_size=4)),
    st.tuples(st.sampled_from((Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS)), UNSIGNED32),
    st.tuples(st.just(Tag.OPAQUE), st.binary(max_size=40)),
    st.just((Tag.NULL, Absent.NULL)),
)
V2C_VALUES = st.one_of(
    COMMON_VALUES,
    st.tuples(st.just(Tag.COUNTER64), st.integers(0, 2**64 - 1)),
    st.sampled_from(
        [
            (Tag.NO_SUCH_OBJECT, Absent.NO_SUCH_OBJECT),
            (Tag.NO_SUCH_INSTANCE, Absent.NO_SUCH_INSTANCE),
            (Tag.END_OF_MIB_VIEW, Absent.END_OF_MIB_VIEW),
        ]
    ),
)
WIDER_IN_PYASN1 = {-(2**7), -(2**15), -(2**23), -(2**31)}  # it spends an octet more than X.690 8.3.2 allows
MODULES = {Version.V1: v1, Version.V2C: v2c}
PDUS = {
    (Version.V1, PduType.GET): v1.GetRequestPDU,
    (Version.V1, PduType.GETNEXT): v1.GetNextRequestPDU,
    (Version.V1, PduType.RESPONSE): v1.GetResponsePDU,
    (Version.V2C, PduType.GET): v2c.GetRequestPDU,
    (Version.V2C, PduType.GETNEXT): v2c.GetNextRequestPDU,
    (Version.V2C, PduType.RESPONSE): v2c.GetResponsePDU,
    (Version.V2C, PduType.INFORM): v2c.InformRequestPDU,
    (Version.V2C, PduType.TRAP): v2c.SNMPv2TrapPDU,
}
TYPES = {
    Tag.INTEGER: v2c.Integer32,
    Tag.OCTET_STRING: v2c.OctetString,
    Tag.OBJECT_IDENTIFIER: v2c.ObjectIdentifier,
    Tag.IP_ADDRESS: v2c.IpAddress,
    Tag.COUNTER32: v2c.Counter32,
    Tag.GAUGE32: v2c.Unsigned32,
    Tag.TIME_TICKS: v2c.TimeTicks,
    Tag.OPAQUE: v2c.Opaque,
    Tag.COUNTER64: v2c.Counter64,
}
V1_TYPES = {
    Tag.INTEGER: v1.Integer,
    Tag.OCTET_STRING: v1.OctetString,
    Tag.OBJECT_IDENTIFIER: v1.ObjectIdentifier,
    Tag.IP_ADDRESS: v1.IpAddress,
    Tag.COUNTER32: v1.Counter,
    Tag.GAUGE32: v1.Gauge,
    Tag.TIME_TICKS: v1.TimeTicks,
    Tag.OPAQUE: v1.Opaque,
}
ABSENT = {
    Absent.NULL: v2c.Null(""),
    Absent.NO_SUCH_OBJECT: rfc1905.noSuchObject,
    Absent.NO_SUCH_INSTANCE: rfc1905.noSuchInstance,
    Absent.END_OF_MIB_VIEW: rfc1905.endOfMibView,
}


@st.composite
def messages(draw, oids=OIDS):
    version, pdu_type = draw(st.sampled_from(sorted(PDUS)))
    values = COMMON_VALUES if version is Version.V1 else V2C_VALUES
    if version is Version.V1:
        values = values.filter(lambda value: value[0] != Tag.NULL)  # pysnmp's v1 value has a Null of another class
    varbinds = draw(st.lists(st.tuples(oids, values), max_size=5))
    return Message(
        version=version,
        community=draw(st.binary(max_size=200)),
        pdu_type=pdu_type,
        request_id=draw(st.integers(-(2**31), 2**31 - 1)),
        error_status=draw(st.integers(0, 5)),
        error_index=draw(st.integers(0, 2**31 - 1)),
        varbinds=tuple(VarBind(oid, tag, value) for oid, (tag, value) in varbinds),
    )


def as_pysnmp(message):
    module = MODULES[message.version]
    pdu = PDUS[message.version, message.pdu_type]()
    module.apiPDU.set_defaults(pdu)
    module.apiPDU.set_request_id(pdu, message.request_id)
    module.apiPDU.set_error_status(pdu, message.error_status)
    module.apiPDU.set_error_index(pdu, message.error_index)
    module.apiPDU.set_varbinds(pdu, [(bind.oid, pysnmp_value(message.version, bind)) for bind in message.varbinds])
    whole = module.Message()
    module.apiMessage.set_defaults(whole)
    module.apiMessage.set_community(whole, message.community)
    module.apiMessage.set_pdu(whole, pdu)
    return whole


def pysnmp_value(version, bind):
    if isinstance(bind.value, Absent):
        return ABSENT[bind.value]
    value = ber.parse_oid(bind.value) if bind.tag == Tag.OBJECT_IDENTIFIER else bind.value
    return (V1_TYPES if version is Version.V1 else TYPES)[bind.tag](value)


def from_pysnmp(version, data):
    module = MODULES[version]
    whole, rest = decoder.decode(data, asn1Spec=module.Message())
    assert not rest
    assert int(whole[0]) == version
    pdu = module.apiMessage.get_pdu(whole)
    pdu_type = next(kind for (where, kind), made in PDUS.items() if where is version and type(made()) is type(pdu))
    return Message(
        version=version,
        community=bytes(module.apiMessage.get_community(whole)),
        pdu_type=pdu_type,
        request_id=int(module.apiPDU.get_request_id(pdu)),
        error_status=int(module.apiPDU.get_error_status(pdu)),
        error_index=int(pdu[2]),
        varbinds=tuple(VarBind(tuple(name), *plain(value)) for name, value in module.apiPDU.get_varbinds(pdu)),
    )


def plain(value):
    tag = value.tagSet.superTags[-1]
    octet = tag.tagClass | tag.tagFormat | tag.tagId
    for absent, theirs in ABSENT.items():
        if theirs.tagSet == value.tagSet:
            return octet, absent
    if octet == Tag.OBJECT_IDENTIFIER:
        return octet, ber.format_oid(tuple(value))
    return octet, bytes(value) if octet in (Tag.OCTET_STRING, Tag.IP_ADDRESS, Tag.OPAQUE) else int(value)


@given(messages())
def test_what_pysnmp_writes_we_read_alike(message):
    assert decode_message(encoder.encode(as_pysnmp(message))) == message


@given(messages())
def test_what_we_write_pysnmp_reads_alike(message):
    assert from_pysnmp(message.version, encode_message(message)) == message


@given(messages())
def test_what_we_write_is_octet_for_octet_what_pysnmp_writes(message):
    numbers = (message.request_id, *(bind.value for bind in message.varbinds if bind.tag == Tag.INTEGER))
    assume(WIDER_IN_PYASN1.isdisjoint(numbers))
    assert encode_message(message) == encoder.encode(as_pysnmp(message))


@given(messages())
def test_what_we_write_we_read_back(message):
    assert decode_message(encode_message(message)) == message


@given(messages(SHORT_OIDS))
def test_the_fast_path_finds_the_values_that_the_full_one_finds(message):
    if message.pdu_type is not PduType.RESPONSE or not message.varbinds:
        return
    data = encode_message(message)
    template = compile_get(message.version, message.community, tuple(bind.oid for bind in message.varbinds))
    head = read_head(data)
    if head is not None:
        assert head[0] == message.request_id
        assert data[head[1] : head[2]] == template.auth
        values = template.read_values(data, head[3], head[4])
        if values is not None:
            assert message.error_status == message.error_index == 0
            assert values == [bind.value for bind in message.varbinds]


@pytest.mark.parametrize("version", [Version.V1, Version.V2C])
@given(
    community=st.binary(max_size=200),
    oids=st.lists(OIDS, min_size=1, max_size=4).map(tuple),
    request_id=st.integers(2**23, 2**31 - 1),
)
def test_a_patched_request_is_octet_for_octet_what_pysnmp_would_send(version, community, oids, request_id):
    for compiled, pdu_type in ((compile_get, PduType.GET), (compile_getnext, PduType.GETNEXT)):
        template = compiled(version, community, oids)
        template.packet(2**31 - 1)
        nulls = tuple(VarBind(oid, Tag.NULL, Absent.NULL) for oid in oids)
        expected = encode_message(Message(version, community, pdu_type, request_id, 0, 0, nulls))
        packet = bytes(template.packet(request_id))
        assert packet == expected
        assert from_pysnmp(version, packet).request_id == request_id


@given(repetitions=st.integers(1, 1000), request_id=st.integers(2**23, 2**31 - 1))
def test_a_getbulk_says_how_many_rows_it_wants(repetitions, request_id):
    message = decode_message(bytes(compile_getbulk(b"public", ((1, 3, 6),), repetitions).packet(request_id)))
    assert (message.pdu_type, message.error_status, message.error_index) == (PduType.GETBULK, 0, repetitions)


def test_a_getbulk_of_no_rows_is_never_built():
    with pytest.raises(ValueError, match="max_repetitions"):
        compile_getbulk(b"public", ((1, 3, 6),), 0)


def test_a_template_does_not_show_its_community():
    assert "tot-secret" not in repr(compile_get(Version.V2C, b"tot-secret", ((1, 3, 6),)))

"""The agents' codec takes what netmon's own codec writes, writes what it reads, and is silent about all else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.lab import snmp_codec
from netmon.lab.snmp_codec import Request, decode_name, decode_request, encode_name, encode_response, varbind
from netmon.probes.snmp import ber
from netmon.probes.snmp.ber import Absent, Tag
from netmon.probes.snmp.codec import Message, PduType, VarBind, Version, decode_message, encode_message

OIDS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20).map(lambda arcs: (1, 3, *arcs))
KINDS = st.sampled_from([PduType.GET, PduType.GETNEXT, PduType.GETBULK])


def request(oids: list[tuple[int, ...]], *, pdu: PduType = PduType.GET, counts: tuple[int, int] = (0, 0)) -> bytes:
    binds = tuple(VarBind(oid, Tag.NULL, Absent.NULL) for oid in oids)
    return encode_message(Message(Version.V2C, b"public", pdu, 2**31 - 1, *counts, binds))


WHOLE = request([(1, 3, 6, 1, 2, 1, 1, 3, 0), (1, 3, 6, 1, 4, 1, 41112, 1)])


@given(st.lists(OIDS, max_size=10), KINDS, st.tuples(st.integers(0, 9), st.integers(0, 50)))
def test_what_netmon_asks_is_read_as_it_meant_it(oids: list, pdu: PduType, counts: tuple) -> None:
    read = decode_request(request(oids, pdu=pdu, counts=counts))
    assert read is not None
    assert (read.version, read.community, read.kind) == (1, b"public", pdu)
    assert [decode_name(name) for name in read.names] == oids
    assert (read.non_repeaters, read.max_repetitions) == (counts if pdu is PduType.GETBULK else (0, 0))


@given(OIDS)
def test_names_are_written_as_everybody_writes_them(oid: tuple[int, ...]) -> None:
    assert bytes((6, len(encode_name(oid)))) + encode_name(oid) == ber.encode_oid(oid)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**70), st.binary(max_size=400))
def test_netmon_reads_what_an_agent_says(number: int, count: int, text: bytes) -> None:
    values = [
        (snmp_codec.integer(number), Tag.INTEGER, number),
        (snmp_codec.counter32(count), Tag.COUNTER32, count % 2**32),
        (snmp_codec.gauge32(count), Tag.GAUGE32, min(count, 2**32 - 1)),
        (snmp_codec.counter64(count), Tag.COUNTER64, count % 2**64),
        (snmp_codec.timeticks(count / 1000), Tag.TIME_TICKS, int(count / 1000 * 100) % 2**32),
        (snmp_codec.octets(text), Tag.OCTET_STRING, text),
        (snmp_codec.object_id((1, 3, 6, 1, 4, 1, 2011)), Tag.OBJECT_IDENTIFIER, "1.3.6.1.4.1.2011"),
    ]
    asked = decode_request(WHOLE)
    assert asked is not None
    said = encode_response(asked, [varbind(encode_name((1, 3, 6, at)), raw) for at, (raw, _, _) in enumerate(values)])
    heard = decode_message(said)
    assert (heard.request_id, heard.pdu_type, heard.error_status) == (2**31 - 1, PduType.RESPONSE, 0)
    assert [(bind.oid, bind.tag, bind.value) for bind in heard.varbinds] == [
        ((1, 3, 6, at), tag, value) for at, (_, tag, value) in enumerate(values)
    ]


@given(st.binary(max_size=200))
def test_noise_is_met_with_silence(noise: bytes) -> None:
    assert decode_request(noise) is None or isinstance(decode_request(noise), Request)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_damaged_request_is_read_whole_or_not_at_all(at: int, octet: int) -> None:
    read = decode_request(WHOLE[:at] + bytes((octet,)) + WHOLE[at + 1 :])
    assert read is None or all(decode_name(name) for name in read.names)
    assert decode_request(WHOLE[:at]) is None


@pytest.mark.parametrize(
    "message",
    [
        request([(1, 3, 6)] * 129),
        request([(1, 3, *[2**32 - 1] * 60)]),
        request([], pdu=PduType.SET),
        request([], pdu=PduType.RESPONSE),
        WHOLE + b"\0",
        encode_message(Message(Version.V1, b"public", PduType.GETBULK, 1, 0, 5, ())),
        encode_message(Message(3, b"public", PduType.GET, 1, 0, 0, ())),
        b"\x30\x80" + WHOLE[2:] + b"\0\0",
    ],
    ids=["too many names", "too long a name", "SET", "response", "trailing", "v1 GETBULK", "v3", "indefinite length"],
)
def test_anything_but_a_bounded_request_is_met_with_silence(message: bytes) -> None:
    assert decode_request(message) is None

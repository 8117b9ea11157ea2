"""SNMPv1/v2c messages (RFC 1157, RFC 3416) to bytes and back, pure and bounded.

`decode_message` reads any request, response, inform or v2 trap in full; it serves walks, tests and whatever answer is
not laid out as the fast path in `template.py` expects. Both accept the same messages and find the same values in them.
Octets after the message are ignored, as net-snmp does; inside it every element must fill its container exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from netmon.errors import SnmpDecodeError
from netmon.probes.snmp import ber
from netmon.probes.snmp.ber import Oid, Tag, Value, enter, integer_at

MAX_MESSAGE = 65_536  # octets; no UDP datagram is longer
MAX_VARBINDS = 1_024
MAX_OID_OCTETS = 32_768  # in all names and values of one message: keeps the worst datagram under 10 ms


class Version(IntEnum):
    """The version field's number."""

    V1 = 0
    V2C = 1


class PduType(IntEnum):
    """Identifier octets of the PDUs that share one layout; the v1 trap (0xA4) has its own and is not read here."""

    GET = 0xA0
    GETNEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    GETBULK = 0xA5
    INFORM = 0xA6
    TRAP = 0xA7
    REPORT = 0xA8


class ErrorStatus(IntEnum):
    """The error-status values netmon acts on (RFC 3416 section 3); any other number may also arrive."""

    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    GEN_ERR = 5


class VarBind(NamedTuple):
    """One variable binding: the object's arcs, its SMI type and its value."""

    oid: Oid
    tag: int
    value: Value


@dataclass(frozen=True, slots=True)
class Message:
    """One SNMP message; in a GETBULK error_status is non-repeaters and error_index is max-repetitions."""

    version: int
    community: bytes
    pdu_type: int
    request_id: int
    error_status: int
    error_index: int
    varbinds: tuple[VarBind, ...]


class Pdu(NamedTuple):
    """What a message says, apart from who says it."""

    pdu_type: int
    request_id: int
    error_status: int
    error_index: int
    varbinds: tuple[VarBind, ...]


class Envelope(NamedTuple):
    """A message as far as its request-id; `body` to `end` is what follows in the PDU."""

    version: int
    community: bytes
    pdu_type: int
    request_id: int
    body: int
    end: int


def encode_message(message: Message) -> bytes:
    """Encode a message in the shortest definite form.

    Raises:
        ValueError: a value does not fit its type.
    """
    numbers = (message.request_id, message.error_status, message.error_index)
    pdu = encode_pdu(message.pdu_type, numbers, message.varbinds)
    return ber.encode(Tag.SEQUENCE, authentication(message.version, message.community) + pdu)


def encode_pdu(pdu_type: int, numbers: tuple[int, int, int], varbinds: Iterable[VarBind]) -> bytes:
    """Encode a PDU; the numbers are its request-id, error-status and error-index, or what stands in their place.

    Raises:
        ValueError: a value does not fit its type.
    """
    pairs = b"".join(
        ber.encode(Tag.SEQUENCE, ber.encode_oid(oid) + ber.encode_value(tag, value)) for oid, tag, value in varbinds
    )
    return ber.encode(pdu_type, b"".join(map(ber.encode_integer, numbers)) + ber.encode(Tag.SEQUENCE, pairs))


def authentication(version: int, community: bytes) -> bytes:
    """Encode the version and community fields, which stand between the message's header and its PDU."""
    return ber.encode_integer(version) + ber.encode(Tag.OCTET_STRING, community)


def read_envelope(data: bytes) -> Envelope:
    """Read a message as far as its request-id, in constant time whatever follows.

    Raises:
        SnmpDecodeError: as `decode_message`, as far as it was read.
    """
    if len(data) > MAX_MESSAGE:
        raise SnmpDecodeError("message over 64 KiB")
    start, end = enter(data, 0, len(data), Tag.SEQUENCE)
    version, pos = integer_at(data, start, end)
    community_start, pos = enter(data, pos, end, Tag.OCTET_STRING)
    community = data[community_start:pos]
    pdu_type, pos, stop = ber.read_header(data, pos, end)
    if pdu_type not in _PDU_TYPES or stop != end:
        raise SnmpDecodeError("PDU of unknown type, or not the last element")
    request_id, pos = integer_at(data, pos, end)
    return Envelope(version, community, pdu_type, request_id, pos, end)


def decode_message(data: bytes) -> Message:
    """Read a whole message.

    Raises:
        SnmpDecodeError: not a message of the kinds in `PduType`, or beyond the bounds above; nothing else is raised,
            and the error never quotes the bytes, which hold the community.
    """
    version, community, pdu_type, request_id, pos, end = read_envelope(data)
    return Message(version, community, pdu_type, request_id, *_read_body(data, pos, end))


def read_pdu(data: bytes, pos: int) -> Pdu:
    """Read the PDU that fills the rest of the octets from `pos` on.

    Raises:
        SnmpDecodeError: as `decode_message`.
    """
    end = len(data)
    pdu_type, pos, stop = ber.read_header(data, pos, end)
    if pdu_type not in _PDU_TYPES or stop != end:
        raise SnmpDecodeError("PDU of unknown type, or not the last element")
    request_id, pos = integer_at(data, pos, end)
    return Pdu(pdu_type, request_id, *_read_body(data, pos, end))


def _read_body(data: bytes, pos: int, end: int) -> tuple[int, int, tuple[VarBind, ...]]:
    error_status, pos = integer_at(data, pos, end)
    error_index, pos = integer_at(data, pos, end)
    pos, stop = enter(data, pos, end, Tag.SEQUENCE)
    if stop != end:
        raise SnmpDecodeError("octets after the variable bindings")
    return error_status, error_index, _varbinds(data, pos, end)


def _varbinds(data: bytes, pos: int, end: int) -> tuple[VarBind, ...]:
    varbinds: list[VarBind] = []
    oid_octets = 0
    while pos < end:
        inner, stop = enter(data, pos, end, Tag.SEQUENCE)
        name, pos = enter(data, inner, stop, Tag.OBJECT_IDENTIFIER)
        tag, start, value_stop = ber.read_header(data, pos, stop)
        if value_stop != stop:
            raise SnmpDecodeError("octets after a value")
        oid_octets += pos - name + (stop - start if tag == Tag.OBJECT_IDENTIFIER else 0)
        if oid_octets > MAX_OID_OCTETS or len(varbinds) >= MAX_VARBINDS:
            raise SnmpDecodeError("more variable bindings than netmon reads")
        varbinds.append(VarBind(ber.read_oid(data[name:pos]), tag, ber.read_value(tag, data[start:stop])))
        pos = stop
    return tuple(varbinds)


_PDU_TYPES = frozenset(PduType)

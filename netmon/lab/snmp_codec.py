"""SNMPv1 and v2c as an agent sees them (RFC 1157, 3416, X.690): requests in, responses out, nothing else.

Names stay as the octets they came in, because a GET finds its object by these; only GETNEXT and GETBULK need the arcs.
Whatever is malformed, longer than a datagram or no request at all is `None`: an agent keeps silent about it.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

Oid: TypeAlias = tuple[int, ...]

V1: Final = 0
V2C: Final = 1
GET: Final = 0xA0
GETNEXT: Final = 0xA1
GETBULK: Final = 0xA5
_RESPONSE: Final = 0xA2
_INTEGER, _OCTETS, _OID, _SEQUENCE = 0x02, 0x04, 0x06, 0x30
_COUNTER32, _GAUGE32, _TIMETICKS, _COUNTER64 = 0x41, 0x42, 0x43, 0x46

TOO_BIG: Final = 1
NO_SUCH_NAME: Final = 2
NO_SUCH_OBJECT: Final = b"\x80\x00"
NO_SUCH_INSTANCE: Final = b"\x81\x00"
END_OF_MIB_VIEW: Final = b"\x82\x00"
NULL: Final = b"\x05\x00"

MOST_OCTETS: Final = 1472
"""Longest message taken or sent: what an Ethernet frame holds after IP and UDP."""
_MOST_NAMES: Final = 128
_REMEMBERED: Final = 1 << 15
"""Lists of names; half of a country's access points ask for rows that are their own."""
_MOST_NAME_OCTETS: Final = 255
_MOST_ARC: Final = 0xFFFF_FFFF
_LONG_ARC: Final = re.compile(rb"[\x80-\xff]{4}")
"""Only an arc of more than four octets can have more than 32 bits."""
_MOST_INTEGER_OCTETS: Final = 5
_SHORT: Final = 0x80
_BYTE: Final = 0xFF


class Request(NamedTuple):
    """One request. `names` are OIDs as their BER contents; the two counts are GETBULK's, 0 elsewhere."""

    version: int
    community: bytes
    kind: int
    request_id: bytes
    non_repeaters: int
    max_repetitions: int
    names: Sequence[bytes]


def decode_request(data: bytes) -> Request | None:
    """Read one message; None unless it is a whole GET, GETNEXT or GETBULK."""
    try:
        return _decode(data) if len(data) <= MOST_OCTETS else None
    except (IndexError, ValueError):
        return None


def _decode(data: bytes) -> Request:
    at, end = _enter(data, 0, _SEQUENCE)
    if end != len(data):
        raise ValueError("more than one message")
    version, at = _content(data, at, _INTEGER)
    community, at = _content(data, at, _OCTETS)
    kind = data[at]
    at, end = _enter(data, at, kind)
    request_id, at = _content(data, at, _INTEGER)
    first, at = _content(data, at, _INTEGER)
    second, at = _content(data, at, _INTEGER)
    at, last = _enter(data, at, _SEQUENCE)
    number = _integer(version)
    if not (end == last == len(data)) or not _is_a_request(number, kind) or len(request_id) > _MOST_INTEGER_OCTETS:
        raise ValueError("not a request")
    counts = (_integer(first), _integer(second)) if kind == GETBULK else (0, 0)
    return Request(number, community, kind, request_id, max(counts[0], 0), max(counts[1], 0), _names(data[at:]))


def _is_a_request(version: int, kind: int) -> bool:
    return kind in (GET, GETNEXT) if version == V1 else version == V2C and kind in (GET, GETNEXT, GETBULK)


@lru_cache(_REMEMBERED)
def _names(data: bytes) -> tuple[bytes, ...]:
    """The names of a list of varbinds. Who polls asks for the same again and again."""
    names: list[bytes] = []
    at, end, may_be_too_long = 0, len(data), _LONG_ARC.search(data)
    while at < end:
        whole, size = data[at + 1], data[at + 3]
        after = at + 2 + whole
        # Nearly all varbinds are short and hold NULL; the long way round takes four times as long.
        is_usual = size + 4 == whole < _SHORT and data.endswith(NULL, at, after)
        if is_usual and data[at] == _SEQUENCE and data[at + 2] == _OID:
            name = data[at + 4 : after - 2]
        else:
            name, after = _name(data, at)
        if not 0 < len(name) <= _MOST_NAME_OCTETS or name[-1] >= _SHORT or len(names) == _MOST_NAMES:
            raise ValueError("no name, or too many")
        names.append(name)
        at = after
    if at != end:
        raise ValueError("cut short")
    if may_be_too_long:
        for name in names:
            decode_name(name)
    return tuple(names)


def _name(data: bytes, at: int) -> tuple[bytes, int]:
    at, after = _enter(data, at, _SEQUENCE)
    name, at = _content(data, at, _OID)
    _, value_end = _enter(data, at, data[at])
    if value_end != after:
        raise ValueError("a varbind is a name and a value")
    return name, after


def _enter(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the contents of the element at `at` begin and end; definite lengths of up to two octets."""
    if data[at] != tag:
        raise ValueError("another element was due")
    length = data[at + 1]
    at += 2
    if length >= _SHORT:
        octets = length - _SHORT
        if octets not in (1, 2):
            raise ValueError("length")
        length = int.from_bytes(data[at : at + octets], "big")
        at += octets
    if at + length > len(data):
        raise ValueError("cut short")
    return at, at + length


def _content(data: bytes, at: int, tag: int) -> tuple[bytes, int]:
    begin, end = _enter(data, at, tag)
    return data[begin:end], end


def _integer(content: bytes) -> int:
    if not 0 < len(content) <= _MOST_INTEGER_OCTETS:
        raise ValueError("integer")
    return int.from_bytes(content, "big", signed=True)


def encode_response(request: Request, varbinds: list[bytes], *, status: int = 0, index: int = 0) -> bytes:
    """The response to a request; `status` and `index` (from 1) are those of RFC 3416."""
    body = b"".join(
        (
            _element(_INTEGER, request.request_id),
            integer(status),
            integer(index),
            _element(_SEQUENCE, b"".join(varbinds)),
        )
    )
    community = _element(_OCTETS, request.community)
    return _element(_SEQUENCE, integer(request.version) + community + _element(_RESPONSE, body))


def varbind(name: bytes, value: bytes) -> bytes:
    """A name (BER contents) and an encoded value."""
    size, whole = len(name), len(name) + len(value) + 2
    if whole < _SHORT:
        return bytes((_SEQUENCE, whole, _OID, size)) + name + value
    return _element(_SEQUENCE, _element(_OID, name) + value)


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < _SHORT:
        return bytes((tag, size)) + content
    if size <= _BYTE:
        return bytes((tag, _SHORT | 1, size)) + content
    return bytes((tag, _SHORT | 2, *divmod(size, _BYTE + 1))) + content


def integer(value: int) -> bytes:
    """INTEGER, 32 bits and a sign."""
    return _number(_INTEGER, value)


def counter32(value: int) -> bytes:
    """Counter32; wraps by itself."""
    return _number(_COUNTER32, value & 0xFFFF_FFFF)


def gauge32(value: int) -> bytes:
    """Gauge32; stays at its most."""
    return _number(_GAUGE32, min(value, 0xFFFF_FFFF))


def timeticks(seconds: float) -> bytes:
    """Seconds as hundredths; wraps after 497 days."""
    return _number(_TIMETICKS, int(seconds * 100) & 0xFFFF_FFFF)


def counter64(value: int) -> bytes:
    """Counter64; wraps by itself. SNMPv1 does not know it (see `is_counter64`)."""
    return _number(_COUNTER64, value & 0xFFFF_FFFF_FFFF_FFFF)


def octets(value: str | bytes) -> bytes:
    """OCTET STRING; text as UTF-8."""
    return _element(_OCTETS, value.encode() if isinstance(value, str) else value)


def object_id(value: Oid) -> bytes:
    """OBJECT IDENTIFIER."""
    return _element(_OID, encode_name(value))


def is_counter64(value: bytes) -> bool:
    """Whether an encoded value is one that SNMPv1 cannot carry (RFC 3584, 4.1.2.1)."""
    return value[0] == _COUNTER64


def _number(tag: int, value: int) -> bytes:
    size = value.bit_length() // 8 + 1
    return bytes((tag, size)) + value.to_bytes(size, "big", signed=True)


def encode_name(oid: Oid) -> bytes:
    """An OID's BER contents."""
    content = bytearray()
    for arc in (oid[0] * 40 + oid[1], *oid[2:]):
        shifts = range((max(arc.bit_length(), 1) - 1) // 7 * 7, 0, -7)
        content.extend((arc >> shift) & 0x7F | _SHORT for shift in shifts)
        content.append(arc & 0x7F)
    return bytes(content)


def decode_name(content: bytes) -> Oid:
    """BER contents (checked to end whole) as an OID.

    Raises:
        ValueError: an arc has more than 32 bits (RFC 3416, 4.1).
    """
    arcs, arc = [], 0
    for octet in content:
        arc = arc << 7 | octet & 0x7F
        if arc > _MOST_ARC:
            raise ValueError("arc of more than 32 bits")
        if octet < _SHORT:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return (first, arcs[0] - 40 * first, *arcs[1:])

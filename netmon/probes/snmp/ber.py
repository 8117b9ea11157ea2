"""The few BER rules SNMPv1/v2c needs (X.690; SMI types of RFC 2578 section 7), bounded and without I/O.

Readers take untrusted bytes and raise only `SnmpDecodeError`. Writers take netmon's own values. Nothing here recurses:
the nesting of an SNMP message is fixed, so its depth is bounded by the shape of the code that calls these functions.
"""

from collections.abc import Callable
from enum import Enum, IntEnum, unique
from typing import TypeAlias

from netmon.errors import SnmpDecodeError

MAX_OID_ARCS = 128  # RFC 2578 section 3.5
MAX_ARC = 2**32 - 1  # RFC 2578 section 3.5

_SHORT_FORM = 0x80
_CONTINUED = 0x80


class Tag(IntEnum):
    """Identifier octets of the types an SNMP message may hold (RFC 1157, RFC 3416)."""

    INTEGER = 0x02
    OCTET_STRING = 0x04
    NULL = 0x05
    OBJECT_IDENTIFIER = 0x06
    SEQUENCE = 0x30
    IP_ADDRESS = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42
    TIME_TICKS = 0x43
    OPAQUE = 0x44
    NSAP_ADDRESS = 0x45
    COUNTER64 = 0x46
    UNSIGNED32 = 0x47
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


@unique
class Absent(Enum):
    """Why an answer holds no value for an object, although the answer itself is good."""

    NULL = "null"
    NO_SUCH_OBJECT = "no_such_object"
    NO_SUCH_INSTANCE = "no_such_instance"
    END_OF_MIB_VIEW = "end_of_mib_view"


Oid: TypeAlias = tuple[int, ...]
Value: TypeAlias = int | bytes | str | Absent
"""int for numbers, bytes for strings and addresses, dotted str for object identifiers, `Absent` for none."""


def parse_oid(text: str) -> Oid:
    """Turn "1.3.6.1" (a leading dot is allowed) into arcs.

    Raises:
        ValueError: not an object identifier of 2 to 128 arcs of 32 bits.
    """
    arcs = tuple(int(arc) for arc in text.removeprefix(".").split("."))
    _check_arcs(arcs)
    return arcs


def format_oid(oid: Oid) -> str:
    """Turn arcs into dotted text without a leading dot."""
    return ".".join(map(str, oid))


def encode(tag: int, content: bytes) -> bytes:
    """Wrap content in tag and definite length."""
    size = len(content)
    if size < _SHORT_FORM:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT_FORM | len(length))) + length + content


def encode_integer(value: int, tag: int = Tag.INTEGER) -> bytes:
    """Encode an integer in the fewest octets; an unsigned type whose top bit is set gets a leading zero."""
    return encode(tag, value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "big", signed=True))


def encode_oid(oid: Oid) -> bytes:
    """Encode an object identifier.

    Raises:
        ValueError: not an object identifier of 2 to 128 arcs of 32 bits.
    """
    _check_arcs(oid)
    content = bytearray()
    for arc in (oid[0] * 40 + oid[1], *oid[2:]):
        if arc < _CONTINUED:  # nearly all of them
            content.append(arc)
            continue
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | _CONTINUED)
        content += bytes(reversed(septets))
    return encode(Tag.OBJECT_IDENTIFIER, bytes(content))


def encode_value(tag: int, value: Value) -> bytes:
    """Encode a value under its tag; an `Absent` under the tag that says so, whatever `tag` is.

    Raises:
        ValueError: the value is not of a Python type that this tag can carry.
    """
    match value:
        case Absent():
            return encode(_ABSENT_TAGS[value], b"")
        case int() if tag in _NUMBERS:
            return encode_integer(value, tag)
        case bytes() if tag in _STRINGS:
            return encode(tag, value)
        case str() if tag == Tag.OBJECT_IDENTIFIER:
            return encode_oid(parse_oid(value))
    raise ValueError(f"a {type(value).__name__} does not fit SNMP type {tag:#04x}")


def read_header(data: bytes, pos: int, end: int) -> tuple[int, int, int]:
    """Read tag and length at `pos`.

    Returns:
        The tag, and where the content starts and stops; the content lies within `end`.

    Raises:
        SnmpDecodeError: truncated, indefinite, or longer than what is left.
    """
    start = pos + 2
    if start > end:
        raise SnmpDecodeError("truncated header")
    size = data[pos + 1]
    if size >= _SHORT_FORM:
        octets = size - _SHORT_FORM
        if not 1 <= octets <= 4 or start + octets > end:  # noqa: PLR2004  (64 KiB need 3; net-snmp pads up to 4)
            raise SnmpDecodeError("indefinite, oversized or truncated length")
        size = int.from_bytes(data[start : start + octets], "big")
        start += octets
    if start + size > end:
        raise SnmpDecodeError("length beyond the enclosing element")
    return data[pos], start, start + size


def enter(data: bytes, pos: int, end: int, tag: Tag) -> tuple[int, int]:
    """Find where the content of the element at `pos` starts and stops.

    Raises:
        SnmpDecodeError: as `read_header`, or it has another tag.
    """
    found, start, stop = read_header(data, pos, end)
    if found != tag:
        raise SnmpDecodeError(f"{tag.name} expected")
    return start, stop


def integer_at(data: bytes, pos: int, end: int) -> tuple[int, int]:
    """Read the INTEGER at `pos`; returns it and where it ends; raises as `enter` and `read_integer`."""
    start, stop = enter(data, pos, end, Tag.INTEGER)
    return read_integer(data[start:stop]), stop


def octets_at(data: bytes, pos: int, end: int) -> tuple[bytes, int]:
    """Read the OCTET STRING at `pos`; returns it and where it ends; raises as `enter`."""
    start, stop = enter(data, pos, end, Tag.OCTET_STRING)
    return data[start:stop], stop


def read_integer(raw: bytes) -> int:
    """Read signed content of 1 to 8 octets; agents with 64-bit longs send more than the 4 of RFC 2578."""
    if not 1 <= len(raw) <= 8:  # noqa: PLR2004
        raise SnmpDecodeError("integer of a width that no agent may send")
    return int.from_bytes(raw, "big", signed=True)


def read_oid(raw: bytes) -> Oid:
    """Read the content of an object identifier; empty content is 0.0, as net-snmp reads it."""
    if not raw:
        return (0, 0)
    if raw[-1] & _CONTINUED:
        raise SnmpDecodeError("object identifier ends inside an arc")
    arcs = list(raw) if max(raw) < _CONTINUED else _read_long_arcs(raw)
    if len(arcs) >= MAX_OID_ARCS:
        raise SnmpDecodeError("object identifier of more than 128 arcs")
    first = min(arcs[0] // 40, 2)
    arcs[0] -= first * 40
    return (first, *arcs)


def read_value(tag: int, raw: bytes) -> Value:
    """Read the content of a variable binding's value.

    Raises:
        SnmpDecodeError: a type SNMP does not know, or content that this type cannot have.
    """
    reader = _READERS.get(tag)
    if reader is None:
        raise SnmpDecodeError("value of unknown type")
    return reader(raw)


def _check_arcs(arcs: Oid) -> None:
    in_range = 2 <= len(arcs) <= MAX_OID_ARCS and min(arcs) >= 0 and max(arcs) <= MAX_ARC  # noqa: PLR2004
    if not in_range or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] >= 40) or arcs[1] > MAX_ARC - 80:  # noqa: PLR2004
        raise ValueError("not an object identifier")


def _read_long_arcs(raw: bytes) -> list[int]:
    arcs: list[int] = []
    arc = 0
    for octet in raw:
        if octet == _CONTINUED and not arc:
            raise SnmpDecodeError("arc padded with zeros")  # X.690 8.19.2
        arc = arc << 7 | octet & 0x7F
        if octet < _CONTINUED:
            arcs.append(arc)
            arc = 0
        elif arc > MAX_ARC:
            break
    if arc or max(arcs) > MAX_ARC:
        raise SnmpDecodeError("arc of more than 32 bits")
    return arcs


def _read_unsigned32(raw: bytes) -> int:
    # Agents forget the leading zero that keeps a Counter32 positive (net-snmp reads those as unsigned too).
    if not 1 <= len(raw) <= 5 or (len(raw) == 5 and raw[0]):  # noqa: PLR2004
        raise SnmpDecodeError("not an unsigned number of 32 bits")
    return int.from_bytes(raw, "big")


def _read_unsigned64(raw: bytes) -> int:
    if not 1 <= len(raw) <= 9 or (len(raw) == 9 and raw[0]):  # noqa: PLR2004
        raise SnmpDecodeError("not an unsigned number of 64 bits")
    return int.from_bytes(raw, "big")


def _read_ip_address(raw: bytes) -> bytes:
    if len(raw) != 4:  # noqa: PLR2004
        raise SnmpDecodeError("IpAddress of other than 4 octets")
    return raw


def _read_absent(kind: Absent) -> Callable[[bytes], Absent]:
    def read(raw: bytes) -> Absent:
        if raw:
            raise SnmpDecodeError("content where there must be none")
        return kind

    return read


_NUMBERS = frozenset((Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS, Tag.COUNTER64, Tag.UNSIGNED32))
_STRINGS = frozenset((Tag.OCTET_STRING, Tag.IP_ADDRESS, Tag.OPAQUE, Tag.NSAP_ADDRESS))
_ABSENT_TAGS = {
    Absent.NULL: Tag.NULL,
    Absent.NO_SUCH_OBJECT: Tag.NO_SUCH_OBJECT,
    Absent.NO_SUCH_INSTANCE: Tag.NO_SUCH_INSTANCE,
    Absent.END_OF_MIB_VIEW: Tag.END_OF_MIB_VIEW,
}
_READERS: dict[int, Callable[[bytes], Value]] = {
    Tag.INTEGER: read_integer,
    Tag.OCTET_STRING: bytes,
    Tag.OBJECT_IDENTIFIER: lambda raw: format_oid(read_oid(raw)),
    Tag.IP_ADDRESS: _read_ip_address,
    Tag.COUNTER32: _read_unsigned32,
    Tag.GAUGE32: _read_unsigned32,
    Tag.TIME_TICKS: _read_unsigned32,
    Tag.OPAQUE: bytes,
    Tag.NSAP_ADDRESS: bytes,
    Tag.COUNTER64: _read_unsigned64,
    Tag.UNSIGNED32: _read_unsigned32,
    **{tag: _read_absent(kind) for kind, tag in _ABSENT_TAGS.items()},
}

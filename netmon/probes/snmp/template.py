"""Requests compiled once, asked a million times, and the fast reading of their answers.

A poll needs three things from bytes: its request with a fresh id in it, the id of whatever comes back, and the values.
So a template keeps the encoded request and patches four octets; `read_head` finds an answer's id; and `read_values`
walks the answer comparing each name's octets with those asked for, decoding only values. `read_answer` does both at
once for an answer that begins as others did before it. None of them ever judges: an answer that is not laid out as
expected yields None, and `decode_message` says what is the matter with it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from struct import Struct
from typing import TypeAlias

from netmon.errors import SnmpDecodeError
from netmon.probes.snmp import ber
from netmon.probes.snmp.ber import Absent, Oid, Tag, Value
from netmon.probes.snmp.codec import PduType, Version, authentication
from netmon.probes.snmp.layouts import Layouts, Span

MAX_OBJECTS = 128  # per request; real agents give up long before

_KEPT = 512
"""Templates of each kind that are remembered: discovery asks every device for the same columns."""
_MOST_HEADS = 2_000
"""Lengths of answers of which the beginning is remembered, per community."""

_SEQUENCE = 0x30
_RESPONSE = 0xA2
_SHORT_FORM = 0x80
_ONE_OCTET_LENGTH = 0x81
_TWO_OCTET_LENGTH = 0x82
_NOWHERE = (0, -1)
_V1_OR_V2C_HEAD = (b"\x02\x01\x00\x04", b"\x02\x01\x01\x04")
_ID_HEAD = b"\x02\x04"
_NO_ERROR = b"\x02\x01\x00\x02\x01\x00"
_INTEGER = 0x02
_UNSIGNED32 = frozenset((0x41, 0x42, 0x43))
_COUNTER64 = 0x46
_PLACEHOLDER = 1 << 30
_put_id = Struct(">I").pack_into


Head: TypeAlias = tuple[int, int, int, int, int]
"""Where things are in an answer: request-id, start and stop of version and community, start and stop of the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class RequestTemplate:
    """One request for any number of devices that share version, community and objects."""

    version: Version
    community: bytes
    pdu_type: PduType
    oids: tuple[Oid, ...]
    auth: bytes
    _names: tuple[tuple[bytes, int], ...]
    _packet: bytearray
    _id_at: int
    _pdu_at: int
    _heads: dict[int, tuple[bytes, bytes]] = field(repr=False)
    _layouts: Layouts = field(init=False, default_factory=Layouts, repr=False)
    read_known: Callable[[bytes, int], list[Value] | None] = field(init=False, repr=False)
    """As `read_answer`, but only of an answer that is laid out as one that was learnt."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "read_known", self._layouts.read)

    def __repr__(self) -> str:
        """Name the request without its community."""
        return f"<{self.pdu_type.name} of {len(self.oids)} objects, {self.version.name}>"

    def packet(self, request_id: int) -> bytearray:
        """Return the request with this id in it (2**23 to 2**31 - 1); the buffer is reused by the next call."""
        packet = self._packet
        _put_id(packet, self._id_at, request_id)
        return packet

    def pdu(self, request_id: int) -> bytes:
        """The PDU alone, as SNMPv3 carries it."""
        return bytes(self.packet(request_id)[self._pdu_at :])

    def read_pdu(self, data: bytes, pos: int, request_id: int) -> list[Value] | None:
        """As `read_values`, of the response PDU that begins at `pos` and goes to the end; None for any other."""
        try:
            start, stop = _element(data, pos, _RESPONSE)
            is_ours = data[start : start + 6] == _ID_HEAD + request_id.to_bytes(4, "big")
            return self.read_values(data, start + 6, stop) if stop == len(data) and is_ours else None
        except (IndexError, SnmpDecodeError):
            return None

    def read_values(self, data: bytes, pos: int, end: int) -> list[Value] | None:
        """Read an answer's values in the order of `oids`.

        Args:
            data: the datagram.
            pos: where the error-status field begins, from `read_head`.
            end: where the PDU ends, from `read_head`.

        Returns:
            One value per object, or None unless this is an answer without error to exactly these objects.

        Raises:
            SnmpDecodeError: a value cannot be read.
        """
        if data[pos : pos + 6] != _NO_ERROR or self.pdu_type is not PduType.GET:
            return None
        try:
            start, stop = _element(data, pos + 6, _SEQUENCE)
            return _read_bindings(data, start, end, self._names) if stop == end else None
        except IndexError:
            return None

    def read_answer(self, data: bytes, request_id: int) -> list[Value] | None:
        """Read the answer to a request at one go, if it is laid out or begins as one before it; see `learn`.

        Returns:
            As `read_values`; None also for whatever else it is, or whatever is wrong with it: the long way tells.
        """
        return self.read_known(data, request_id) or self.walk_answer(data, request_id)

    def walk_answer(self, data: bytes, request_id: int) -> list[Value] | None:
        """As `read_answer`, of an answer that is laid out as none before it."""
        known = self._heads.get(len(data))
        if known is None or self.pdu_type is not PduType.GET:
            return None
        before_id, after_id = known
        head = before_id + request_id.to_bytes(4, "big") + after_id
        if not data.startswith(head):
            return None
        try:
            walked = _read_bindings(data, len(head), len(data), self._names)
        except (IndexError, SnmpDecodeError):
            return None
        if walked is not None:
            self._layouts.walked(data, len(before_id), self._spans(data, len(head)))
        return walked

    def _spans(self, data: bytes, pos: int) -> Iterator[Span]:
        for _, name_size in self._names:
            tag_at, stop = pos + 2 + name_size, pos + 2 + data[pos + 1]
            yield data[tag_at], tag_at + 2, stop
            pos = stop

    def learn(self, data: bytes, pos: int, end: int) -> None:
        """Take in an answer that the long way has read: the next of its length with these lengths is read at one go.

        All answers of one length to one community, in one form of the lengths, are the same up to their objects but for
        the request-id. So that is learnt for all templates of a community at once.
        """
        if end == len(data):
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            self._heads[end] = (data[: pos - 4], data[pos : _element(data, pos + 6, _SEQUENCE)[0]])


@lru_cache(_KEPT)
def compile_get(version: Version, community: bytes, oids: tuple[Oid, ...]) -> RequestTemplate:
    """Compile a GET of exact instances.

    Raises:
        ValueError: no objects, too many, or an impossible identifier.
    """
    return _compile(version, community, PduType.GET, oids)


@lru_cache(_KEPT)
def compile_getnext(version: Version, community: bytes, oids: tuple[Oid, ...]) -> RequestTemplate:
    """Compile a GETNEXT; raises as `compile_get`."""
    return _compile(version, community, PduType.GETNEXT, oids)


@lru_cache(_KEPT)
def compile_getbulk(community: bytes, oids: tuple[Oid, ...], max_repetitions: int) -> RequestTemplate:
    """Compile a v2c GETBULK without non-repeaters.

    Raises:
        ValueError: as `compile_get`, or max_repetitions outside 1 to 1,000 (0 hangs real agents).
    """
    if not 1 <= max_repetitions <= 1_000:  # noqa: PLR2004
        raise ValueError("max_repetitions must be 1 to 1000")
    return _compile(Version.V2C, community, PduType.GETBULK, oids, max_repetitions)


def read_head(data: bytes) -> Head | None:
    """Find the request-id of a response laid out as agents do; None for anything else, readable or not."""
    try:
        start, end = _element(data, 0, _SEQUENCE)
        if not start or end > len(data) or data[start : start + 4] not in _V1_OR_V2C_HEAD:
            return None
        community_size = data[start + 4]
        auth_stop = start + 5 + community_size
        pos, stop = _element(data, auth_stop, _RESPONSE)
        if stop != end or community_size >= _SHORT_FORM or data[pos : pos + 2] != _ID_HEAD:
            return None
    except IndexError:
        return None
    body = pos + 6
    return int.from_bytes(data[pos + 2 : body], signed=True), start, auth_stop, body, end


def _compile(
    version: Version, community: bytes, pdu_type: PduType, oids: tuple[Oid, ...], max_repetitions: int = 0
) -> RequestTemplate:
    if not 1 <= len(oids) <= MAX_OBJECTS:
        raise ValueError(f"a request asks for 1 to {MAX_OBJECTS} objects")
    names = [ber.encode_oid(oid) for oid in oids]
    varbinds = b"".join(ber.encode(Tag.SEQUENCE, name + ber.encode_value(Tag.NULL, Absent.NULL)) for name in names)
    auth = authentication(version, community)
    after_id = ber.encode_integer(0) + ber.encode_integer(max_repetitions) + ber.encode(Tag.SEQUENCE, varbinds)
    pdu = ber.encode(pdu_type, ber.encode_integer(_PLACEHOLDER) + after_id)
    packet = bytearray(ber.encode(Tag.SEQUENCE, auth + pdu))
    return RequestTemplate(
        version=version,
        community=community,
        pdu_type=pdu_type,
        oids=oids,
        auth=auth,
        _names=tuple((name, len(name)) for name in names),
        _packet=packet,
        _id_at=len(packet) - len(after_id) - 4,
        _pdu_at=len(packet) - len(pdu),
        _heads=_heads_of(auth),
    )


@lru_cache(_KEPT)
def _heads_of(auth: bytes) -> dict[int, tuple[bytes, bytes]]:
    """How good answers begin that are so long, before and after the request-id; grows by `RequestTemplate.learn`."""
    return {}


def _element(data: bytes, pos: int, tag: int) -> tuple[int, int]:
    """Find where the content of the element at `pos` starts and stops; `_NOWHERE` if it is another or oddly long."""
    size = data[pos + 1]
    if data[pos] != tag:
        return _NOWHERE
    if size < _SHORT_FORM:
        return pos + 2, pos + 2 + size
    if size == _ONE_OCTET_LENGTH:
        return pos + 3, pos + 3 + data[pos + 2]
    if size == _TWO_OCTET_LENGTH:
        return pos + 4, pos + 4 + (data[pos + 2] << 8 | data[pos + 3])
    return _NOWHERE


def _read_bindings(data: bytes, pos: int, end: int, names: tuple[tuple[bytes, int], ...]) -> list[Value] | None:
    from_bytes = int.from_bytes
    values: list[Value] = []
    append = values.append
    for name, name_size in names:
        start = pos + 2
        value_at = start + name_size
        size = data[pos + 1]
        stop = start + size
        tag = data[value_at]
        raw = data[value_at + 2 : stop]
        if (
            data[start:value_at] != name
            or len(raw) != data[value_at + 1]
            or data[pos] != _SEQUENCE
            or size >= _SHORT_FORM
            or stop > end
        ):
            return None
        # The three common kinds are read in place; `read_value` would say the same of them.
        if (tag in _UNSIGNED32 and 0 < len(raw) <= 4) or (tag == _COUNTER64 and 0 < len(raw) <= 8):  # noqa: PLR2004
            append(from_bytes(raw))
        elif tag == _INTEGER and 0 < len(raw) <= 8:  # noqa: PLR2004
            append(from_bytes(raw, signed=True))
        else:
            append(ber.read_value(tag, raw))
        pos = stop
    return values if pos == end else None

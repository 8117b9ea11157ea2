"""GETs of a device's own rows, kept as little more than the index of these rows; see `own_rows`.

The request of a family is compiled once for each length that an index has on the wire, and cut where the index stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from netmon.model.profiles import Oid
from netmon.probes.snmp.ber import Absent, Tag, encode, encode_integer, encode_oid, encode_value
from netmon.probes.snmp.codec import PduType, Version
from netmon.probes.snmp.layouts import Layouts
from netmon.probes.snmp.own_rows import OwnOids
from netmon.probes.snmp.template import RequestTemplate, compile_get

_WIRE_HEAD = len(encode_oid((1, 3)))
_HEADER = 2
"""Tag and length of a name or a varbind, both of which are short."""
_KEPT = 512
_NO_LAYOUTS = Layouts(learns=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """A GET of instances in which indexes of one length on the wire stand: all but those, once.

    `pieces` are the packet and `names` each name, cut where the index stands; `id_at` is where the request-id does.
    """

    like: RequestTemplate
    places: tuple[int, ...]
    pieces: tuple[bytes, ...]
    names: tuple[tuple[tuple[bytes, ...], int], ...]
    id_at: int


class OwnTemplate(RequestTemplate):
    """A GET of one device's own instances; a few octets, beside what it shares with its family."""

    __slots__ = ("_index", "_key", "_shape")
    _shape: _Shape
    _index: Oid
    _key: bytes

    def __init__(self, shape: _Shape, index: Oid, key: bytes) -> None:
        for name, value in (("_shape", shape), ("_index", index), ("_key", key)):
            object.__setattr__(self, name, value)

    def packet(self, request_id: int) -> bytearray:
        """See `RequestTemplate`; here it is made anew at every call."""
        shape = self._shape
        packet = bytearray(self._key.join(shape.pieces))
        packet[shape.id_at : shape.id_at + 4] = request_id.to_bytes(4, "big")
        return packet

    @property
    def version(self) -> Version:
        return self._shape.like.version

    @property
    def community(self) -> bytes:
        return self._shape.like.community

    @property
    def pdu_type(self) -> PduType:
        return PduType.GET

    @property
    def auth(self) -> bytes:
        return self._shape.like.auth

    @property
    def oids(self) -> tuple[Oid, ...]:
        return OwnOids(self._shape.like.oids, self._shape.places, self._index)[:]

    @property
    def _heads(self) -> dict[int, tuple[bytes, bytes]]:
        return self._shape.like._heads

    @property
    def _layouts(self) -> Layouts:
        return _NO_LAYOUTS  # a layout of one device's own is not worth its memory

    def read_known(self, data: bytes, request_id: int) -> None:
        """See `RequestTemplate`; none is."""

    @property
    def _names(self) -> tuple[tuple[bytes, int], ...]:
        key = self._key
        return tuple([(key.join(parts), size) for parts, size in self._shape.names])


def own_template(like: RequestTemplate, places: tuple[int, ...], index: Oid) -> RequestTemplate:
    """The same GET to a device with another index of as many arcs, which stands at these places of its names."""
    if not any(places):
        return like
    key = encode_oid((1, 3, *index))[_WIRE_HEAD:]
    return OwnTemplate(_shape(like, places, len(index), len(key)), index, key)


@lru_cache(_KEPT)
def _shape(like: RequestTemplate, places: tuple[int, ...], arcs: int, octets: int) -> _Shape:
    """Cut a GET for indexes of so many arcs that take so many octets (BER: seven bits of an arc each)."""
    example = _example(arcs, octets)
    template = compile_get(like.version, like.community, tuple(OwnOids(like.oids, places, example)))
    names = [encode_oid(oid) for oid in template.oids]
    varbinds = [encode(Tag.SEQUENCE, name + encode_value(Tag.NULL, Absent.NULL)) for name in names]
    after_id = encode_integer(0) + encode_integer(0) + encode(Tag.SEQUENCE, b"".join(varbinds))
    packet = bytes(template.packet(1 << 30))
    begins = [len(encode_oid(oid[:place])) if place else 0 for oid, place in zip(like.oids, places, strict=True)]
    at = len(packet) - sum(map(len, varbinds))
    cuts = []
    for varbind, begin in zip(varbinds, begins, strict=True):
        if begin:
            cuts.append(at + _HEADER + begin)
        at += len(varbind)
    return _Shape(
        like=template,
        places=places,
        pieces=_cut(packet, cuts, octets),
        names=tuple(
            (_cut(name, [begin] if begin else [], octets), len(name)) for name, begin in zip(names, begins, strict=True)
        ),
        id_at=len(packet) - len(after_id) - 4,
    )


def _cut(whole: bytes, cuts: Sequence[int], size: int) -> tuple[bytes, ...]:
    """What is left when `size` octets are taken out at each cut."""
    begins = (0, *(cut + size for cut in cuts))
    return tuple(whole[begin:end] for begin, end in zip(begins, (*cuts, len(whole)), strict=True))


def _example(arcs: int, octets: int) -> Oid:
    """Some index of so many arcs that takes so many octets."""
    example, left = [], octets - arcs
    for _ in range(arcs):
        more = min(left, 4)
        example.append((1 << 7 * more) & 0xFFFF_FFFF if more else 0)
        left -= more
    return tuple(example)

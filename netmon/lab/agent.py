"""An SNMP agent over a table of objects. One table serves every device of a model: values are functions of the device.

A value is encoded once when it is the same for all devices of the model, else computed when it is asked for. A function
that returns nothing says that this device has no such instance (an OLT with fewer ONUs than the table has rows).
An index may hold `KEY`, which stands for arcs that are the device's own (a table indexed by hardware address).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from netmon.lab.box import Box
from netmon.lab.snmp_codec import (
    END_OF_MIB_VIEW,
    GET,
    GETNEXT,
    MOST_OCTETS,
    NO_SUCH_INSTANCE,
    NO_SUCH_NAME,
    NO_SUCH_OBJECT,
    NULL,
    TOO_BIG,
    V1,
    Oid,
    Request,
    decode_name,
    encode_name,
    encode_response,
    is_counter64,
    varbind,
)

Value: TypeAlias = bytes | Callable[[Box, float], bytes]

KEY: Final = 0xFFFF_FFFF
_KEY_OCTETS: Final = encode_name((1, 3, KEY))[1:]
_HEAD_OCTETS: Final = 60
"""Room for everything in a response but the community and the varbinds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One instance: its object, its index, its value."""

    object: Oid
    index: Oid
    value: Value


class MibTable:
    """The instances of one model, in order."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = sorted(entries, key=lambda entry: entry.object + entry.index)
        self._oids = [entry.object + entry.index for entry in self._entries]
        self._names = [encode_name(oid) for oid in self._oids]
        self._values = {name: entry.value for name, entry in zip(self._names, self._entries, strict=True)}
        self._is_keyed = any(KEY in oid for oid in self._oids)
        if len(self._values) != len(self._oids):
            raise ValueError("two instances have the same name")

    def find(self, name: bytes, box: Box, now: float) -> bytes:
        """The encoded value of an instance; nothing if the device has none of this name (BER contents)."""
        if self._is_keyed:
            if _KEY_OCTETS in name:
                return b""
            name = name.replace(box.key, _KEY_OCTETS)
        value = self._values.get(name, b"")
        return value if type(value) is bytes else value(box, now)  # type: ignore[operator]

    def missing(self, name: bytes, box: Box) -> bytes:
        """Why there is no such instance: its object is unknown, or has no such row."""
        oid = decode_name(name)
        at = self.position_after(oid, box)
        near = self._entries[max(at - 1, 0) : at + 1]
        known = any(oid[: len(entry.object)] == entry.object for entry in near)
        return NO_SUCH_INSTANCE if known else NO_SUCH_OBJECT

    def position_after(self, oid: Oid, box: Box) -> int:
        """Where the first instance beyond a name stands."""
        if not self._is_keyed:
            return bisect_right(self._oids, oid)
        key = decode_name(b"\x2b" + box.key)[2:]
        return bisect_right(self._oids, oid, key=lambda own: _with_key(own, key))

    def next_from(self, position: int, box: Box, now: float, *, narrow: bool) -> tuple[int, bytes, bytes]:
        """The first instance the device has at or after a position: the position after it, its name, its value.

        The name is empty at the end of the table. `narrow` passes over what SNMPv1 cannot carry.
        """
        for at in range(position, len(self._entries)):
            value = self._entries[at].value
            encoded = value if isinstance(value, bytes) else value(box, now)
            if encoded and not (narrow and is_counter64(encoded)):
                name = self._names[at]
                return at + 1, name.replace(_KEY_OCTETS, box.key) if self._is_keyed else name, encoded
        return len(self._entries), b"", b""


def _with_key(oid: Oid, key: Oid) -> Oid:
    if KEY not in oid:
        return oid
    at = oid.index(KEY)
    return (*oid[:at], *key, *oid[at + 1 :])


def respond(table: MibTable, box: Box, request: Request, now: float) -> bytes:
    """The response of a device with this table to a request."""
    if request.kind == GET:
        response = _get(table, box, request, now)
    elif request.kind == GETNEXT:
        response = _get_next(table, box, request, now)
    else:
        return _get_bulk(table, box, request, now)
    if len(response) <= MOST_OCTETS:
        return response
    return _refuse(request, TOO_BIG, 0) if request.version == V1 else encode_response(request, [], status=TOO_BIG)


def _refuse(request: Request, status: int, index: int) -> bytes:
    names = [varbind(name, NULL) for name in request.names]
    return encode_response(request, names, status=status, index=index)


def _get(table: MibTable, box: Box, request: Request, now: float) -> bytes:
    varbinds = []
    narrow = request.version == V1
    for number, name in enumerate(request.names, start=1):
        value = table.find(name, box, now)
        if narrow and (not value or is_counter64(value)):
            return _refuse(request, NO_SUCH_NAME, number)
        varbinds.append(varbind(name, value or table.missing(name, box)))
    return encode_response(request, varbinds)


def _get_next(table: MibTable, box: Box, request: Request, now: float) -> bytes:
    varbinds = []
    narrow = request.version == V1
    for number, asked in enumerate(request.names, start=1):
        position = table.position_after(decode_name(asked), box)
        _, name, value = table.next_from(position, box, now, narrow=narrow)
        if narrow and not name:
            return _refuse(request, NO_SUCH_NAME, number)
        varbinds.append(varbind(name, value) if name else varbind(asked, END_OF_MIB_VIEW))
    return encode_response(request, varbinds)


def _get_bulk(table: MibTable, box: Box, request: Request, now: float) -> bytes:
    """As much as fits (RFC 3416, 4.2.3)."""
    room = MOST_OCTETS - _HEAD_OCTETS - len(request.community)
    varbinds: list[bytes] = []
    cursors = [(name, table.position_after(decode_name(name), box)) for name in request.names]
    single, repeated = cursors[: request.non_repeaters], cursors[request.non_repeaters :]
    rounds = [single] if single else []
    for number in range(request.max_repetitions + len(rounds)):
        is_single = bool(rounds) and number == 0
        current = single if is_single else repeated
        ended = 0
        for at, (asked, position) in enumerate(current):
            after, name, value = table.next_from(position, box, now, narrow=False)
            one = varbind(name, value) if name else varbind(asked, END_OF_MIB_VIEW)
            room -= len(one)
            if room < 0:
                return encode_response(request, varbinds)
            varbinds.append(one)
            ended += not name
            current[at] = (name or asked, after)
        if not is_single and ended == len(repeated):
            break
    return encode_response(request, varbinds)

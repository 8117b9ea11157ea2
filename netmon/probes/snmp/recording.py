"""A recorded device (snmpsim's .snmprec format) that answers like a live one, from memory.

One line per object, `OID|tag|value`. The tag is the ASN.1 type's number; a letter after it changes how the value is
written: x hexadecimal, e escaped text. Lines may be out of order and may repeat; the first of a name counts.
"""

import ast
import binascii
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from ipaddress import AddressValueError, IPv4Address

from netmon.errors import InputError
from netmon.probes.snmp.ber import Absent, Oid, Tag, Value, parse_oid
from netmon.probes.snmp.client import Values
from netmon.probes.snmp.codec import VarBind
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.walk import WalkEnd, WalkGuard, WalkLimits, WalkResult

_LINE = re.compile(r"(?P<oid>\.?[0-9]+(?:\.[0-9]+)+)\|(?P<tag>[0-9]+)(?P<form>[a-z]?)\|(?P<value>.*)", re.DOTALL)
_WALKED = re.compile(r"(?:\.1|iso|[\w-]+::)\S* = ")
_UNSIGNED = {Tag.COUNTER32: 32, Tag.GAUGE32: 32, Tag.TIME_TICKS: 32, Tag.COUNTER64: 64}


class Recording:
    """What a device once answered; an `SnmpReader`. `unreadable` are the numbers of lines that were left out."""

    def __init__(self, objects: Iterable[VarBind], unreadable: Sequence[int] = ()) -> None:
        self.manner = Manner()
        self.unreadable = tuple(unreadable)
        self._objects: dict[Oid, VarBind] = {}
        for bind in objects:
            self._objects.setdefault(bind.oid, bind)
        self._names = sorted(self._objects)

    async def get(self, oids: Sequence[Oid]) -> Values:
        """See `SnmpReader`."""
        return [self._objects[oid].value if oid in self._objects else Absent.NO_SUCH_INSTANCE for oid in oids]

    async def walk(self, root: Oid, limits: WalkLimits | None = None) -> WalkResult:
        """See `SnmpReader`."""
        guard = WalkGuard(root, (limits or WalkLimits()).rows)
        binds = (self._objects[name] for name in self._names[bisect_right(self._names, root) :])
        end = guard.take(binds)
        return WalkResult(guard.rows, (end if guard.rows else None) or WalkEnd.END_OF_MIB, None)


def read_recording(raw: bytes) -> Recording:
    """Read a recording; a line that is not of this format is left out (hand-made recordings have some).

    Raises:
        InputError: there is no readable line.
    """
    objects: list[VarBind] = []
    unreadable: list[int] = []
    for number, line in enumerate(raw.decode("latin-1").split("\n"), 1):
        text = line.removesuffix("\r")
        if not text.strip() or text.startswith("#"):
            continue
        try:
            objects.append(_object(text))
        except (ValueError, SyntaxError):
            unreadable.append(number)
    if not objects:
        raise InputError(_why_not(raw))
    return Recording(objects, unreadable)


def _why_not(raw: bytes) -> str:
    text = "this is no recording: none of its lines is OID|tag|value"
    if _WALKED.match(raw.decode("latin-1")) is None:
        return text
    return f"{text}; this is what snmpwalk prints, but it takes what snmpsim-record-commands writes"


def _object(line: str) -> VarBind:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError("not OID|tag|value")
    tag = int(found["tag"])
    return VarBind(parse_oid(found["oid"]), tag, _value(tag, found["form"], found["value"]))


def _value(tag: int, form: str, text: str) -> Value:
    if tag == Tag.NULL:
        return Absent.NULL
    if tag == Tag.OBJECT_IDENTIFIER:
        return text.removeprefix(".")
    if tag == Tag.IP_ADDRESS:
        return _octets(form, text) if form else _address(text)
    if tag in (Tag.OCTET_STRING, Tag.OPAQUE):
        return _octets(form, text)
    # What does not fit the type is what an agent would send of it: the low bits.
    number = int(text)
    return number % (1 << _UNSIGNED[Tag(tag)]) if tag in _UNSIGNED else number


def _address(text: str) -> bytes:
    try:
        return IPv4Address(text).packed
    except AddressValueError:
        raise ValueError("not an IPv4 address") from None


def _octets(form: str, text: str) -> bytes:
    if form == "x":
        try:
            return binascii.unhexlify(text)
        except binascii.Error:
            raise ValueError("not hexadecimal") from None
    if form == "e":
        quoted = text.replace('"', '\\"')
        return bytes(ast.literal_eval(f'b"{quoted}"'))
    return text.encode("latin-1")

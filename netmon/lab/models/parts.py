"""What many models share: the system group, interface tables, processors (RFC 3418, 2863, 2790, 3411)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from netmon.lab.agent import Entry, Value
from netmon.lab.box import Box
from netmon.lab.snmp_codec import Oid, counter32, counter64, gauge32, integer, object_id, octets, timeticks

Count = Callable[[Box, float], int]

SCALAR: Final[Oid] = (0,)
_SYSTEM: Final[Oid] = (1, 3, 6, 1, 2, 1, 1)
_IF_NUMBER: Final[Oid] = (1, 3, 6, 1, 2, 1, 2, 1)
_IF_ENTRY: Final[Oid] = (1, 3, 6, 1, 2, 1, 2, 2, 1)
_IF_X_ENTRY: Final[Oid] = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
_HR_UPTIME: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 1, 1)
_HR_PROCESSOR_LOAD: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 3, 3, 1, 2)
_ENGINE: Final[Oid] = (1, 3, 6, 1, 6, 3, 10, 2, 1)
_SERVICES: Final = 78
"""What a router with applications says (RFC 3418)."""
_ETHERNET: Final = 6
_UP: Final = 1
_MEGABIT: Final = 1_000_000
_BYTES_A_PACKET: Final = 700
_PACKETS_AN_ERROR: Final = 2_000_000


def scalar(object_: Oid, value: Value) -> Entry:
    """An object with one instance."""
    return Entry(object_, SCALAR, value)


def number(count: Count) -> Value:
    """A computed INTEGER."""
    return lambda box, now: integer(count(box, now))


def gauge(count: Count) -> Value:
    """A computed Gauge32."""
    return lambda box, now: gauge32(count(box, now))


def on_radio(count: Callable[[Box, int, float], int], radio: int) -> Value:
    """A computed INTEGER about one radio."""
    return lambda box, now: integer(count(box, radio, now))


def text(words: Callable[[Box], str | bytes]) -> Value:
    """An OCTET STRING of the device's own."""
    return lambda box, _now: octets(words(box))


def system_group(description: str, vendor: Oid) -> Iterator[Entry]:
    """The system group; every device also has the engine's time, which does not wrap."""
    yield scalar((*_SYSTEM, 1), octets(description))
    yield scalar((*_SYSTEM, 2), object_id(vendor))
    yield scalar((*_SYSTEM, 3), lambda box, now: timeticks(box.uptime(now)))
    yield scalar((*_SYSTEM, 4), octets("noc@netmon.invalid"))
    yield scalar((*_SYSTEM, 5), text(lambda box: box.device.id))
    yield scalar((*_SYSTEM, 6), text(lambda box: box.device.name))
    yield scalar((*_SYSTEM, 7), integer(_SERVICES))
    yield scalar((*_ENGINE, 1), text(lambda box: b"\x80\x00\x1f\x88\x03" + box.mac()))
    yield scalar((*_ENGINE, 2), number(lambda box, _now: box.boots))
    yield scalar((*_ENGINE, 3), number(lambda box, now: int(box.uptime(now))))


def host(processors: int) -> Iterator[Entry]:
    """HOST-RESOURCES-MIB's uptime and processors, each as loaded as the device."""
    yield scalar((*_HR_UPTIME,), lambda box, now: timeticks(box.uptime(now)))
    for processor in range(processors):
        yield Entry(_HR_PROCESSOR_LOAD, (196_608 + processor,), number(lambda box, now: box.cpu(now)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One interface: octets in and out since the start, speed in Mbit/s, IANAifType."""

    index: int
    name: str
    description: str = ""
    received: Count
    sent: Count
    mbits: int = 1000
    type: int = _ETHERNET


def interfaces(them: Iterable[Interface]) -> Iterator[Entry]:
    """Rows of ifTable and ifXTable."""
    rows = list(them)
    yield scalar(_IF_NUMBER, integer(len(rows)))
    for one in rows:
        yield from (Entry((*_IF_ENTRY, column), (one.index,), value) for column, value in _row(one).items())
        yield from (Entry((*_IF_X_ENTRY, column), (one.index,), value) for column, value in _x_row(one).items())


def _row(one: Interface) -> dict[int, Value]:
    received, sent = one.received, one.sent
    return {
        1: integer(one.index),
        2: octets(one.description or one.name),
        3: integer(one.type),
        4: integer(1500),
        5: gauge32(one.mbits * _MEGABIT),
        6: text(lambda box: box.mac()),
        7: integer(_UP),
        8: integer(_UP),
        9: timeticks(0),
        10: lambda box, now: counter32(received(box, now)),
        11: lambda box, now: counter32(received(box, now) // _BYTES_A_PACKET),
        13: counter32(0),
        14: lambda box, now: counter32(received(box, now) // _BYTES_A_PACKET // _PACKETS_AN_ERROR),
        16: lambda box, now: counter32(sent(box, now)),
        17: lambda box, now: counter32(sent(box, now) // _BYTES_A_PACKET),
        19: counter32(0),
        20: counter32(0),
    }


def _x_row(one: Interface) -> dict[int, Value]:
    received, sent = one.received, one.sent
    return {
        1: octets(one.name),
        6: lambda box, now: counter64(received(box, now)),
        7: lambda box, now: counter64(received(box, now) // _BYTES_A_PACKET),
        10: lambda box, now: counter64(sent(box, now)),
        11: lambda box, now: counter64(sent(box, now) // _BYTES_A_PACKET),
        15: gauge32(one.mbits),
        18: octets(""),
        19: timeticks(0),
    }


def downwards(share: float = 1.0) -> Count:
    """Octets towards the clients."""
    return lambda box, now: int(box.downwards(now) * share)


def upwards(share: float = 1.0) -> Count:
    """Octets from the clients."""
    return lambda box, now: int(box.upwards(now) * share)

"""A UPS of no vendor anybody has a profile for: UPS-MIB (RFC 1628). Its battery carries the exchange for hours."""

from collections.abc import Iterator
from typing import Final

from netmon.lab.agent import Entry, MibTable
from netmon.lab.box import Box
from netmon.lab.daily import chance
from netmon.lab.models.parts import Interface, number, scalar, system_group, text
from netmon.lab.models.parts import interfaces as interface_rows
from netmon.lab.snmp_codec import Oid, integer, octets

_VENDOR: Final[Oid] = (1, 3, 6, 1, 4, 1, 99_999, 2, 1)
_UPS: Final[Oid] = (1, 3, 6, 1, 2, 1, 33, 1)
_IDENT, _BATTERY, _INPUT, _OUTPUT = (*_UPS, 1), (*_UPS, 2), (*_UPS, 3), (*_UPS, 4)
_PHASE: Final[Oid] = (1,)
_MAINS_VOLTS: Final = 228
_NORMAL, _LOW = 2, 3
"""upsBatteryStatus; low is what is left for two minutes, more in practice."""
_LOW_BELOW: Final = 20
_FROM_MAINS, _FROM_BATTERY = 3, 5
"""upsOutputSource."""
_FULL_DECIVOLTS, _EMPTY_DECIVOLTS = 545, 440


def table() -> MibTable:
    """The objects of one UPS."""
    return MibTable(_entries())


def _entries() -> Iterator[Entry]:
    yield from system_group("UPS 3 kVA with SNMP card", _VENDOR)
    yield from interface_rows((Interface(index=1, name="eth0", received=_polled, sent=_polled, mbits=100),))
    yield scalar((*_IDENT, 1), octets("Lab Power"))
    yield scalar((*_IDENT, 2), octets("LP-3000"))
    yield scalar((*_IDENT, 3), octets("1.4"))
    yield scalar((*_IDENT, 5), text(lambda box: box.device.name))
    yield scalar((*_BATTERY, 1), number(lambda box, now: _NORMAL if box.charge(now) >= _LOW_BELOW else _LOW))
    yield scalar((*_BATTERY, 2), number(lambda box, now: int(box.seconds_on_battery(now))))
    yield scalar((*_BATTERY, 3), number(lambda box, now: int(box.battery_left(now) // 60)))
    yield scalar((*_BATTERY, 4), number(lambda box, now: box.charge(now)))
    yield scalar((*_BATTERY, 5), number(_battery_volts))
    yield scalar((*_BATTERY, 7), number(lambda box, now: box.temperature(now) - 6))
    yield scalar((*_INPUT, 2), integer(1))
    yield Entry((*_INPUT, 3, 1, 3), _PHASE, number(lambda box, now: _mains(box, now) if box.has_mains() else 0))
    yield scalar((*_OUTPUT, 1), number(lambda box, _now: _FROM_MAINS if box.has_mains() else _FROM_BATTERY))
    yield scalar((*_OUTPUT, 3), integer(1))
    yield Entry((*_OUTPUT, 4, 1, 2), _PHASE, number(lambda box, now: _mains(box, now) if box.has_mains() else 230))
    yield Entry((*_OUTPUT, 4, 1, 5), _PHASE, number(_load))


def _polled(box: Box, now: float) -> int:
    """Its card hears nothing but those who ask it."""
    return int(box.uptime(now) * 40)


def _mains(box: Box, now: float) -> int:
    return _MAINS_VOLTS + int(9 * chance(box.seed, 40, now)) - 4


def _load(box: Box, now: float) -> int:
    return 24 + int(30 * chance(box.seed, 41)) + int(4 * chance(box.seed, 42, now))


def _battery_volts(box: Box, now: float) -> int:
    return _EMPTY_DECIVOLTS + (_FULL_DECIVOLTS - _EMPTY_DECIVOLTS) * box.charge(now) // 100

"""Ruckus Unleashed: RUCKUS-UNLEASHED-SYSTEM-MIB. It says how many people there are, not on which radio."""

from collections.abc import Iterator
from typing import Final

from netmon.lab.agent import Entry, MibTable
from netmon.lab.models.parts import Interface, downwards, gauge, interfaces, scalar, system_group, text, upwards
from netmon.lab.snmp_codec import Oid, gauge32, octets

_VENDOR: Final[Oid] = (1, 3, 6, 1, 4, 1, 25053, 3, 1, 5, 20)
_ABOUT: Final[Oid] = (1, 3, 6, 1, 4, 1, 25053, 1, 15, 1, 1, 1, 1)
_STATISTICS: Final[Oid] = (1, 3, 6, 1, 4, 1, 25053, 1, 15, 1, 1, 1, 15)
_MODEL: Final = "T310D"


def table() -> MibTable:
    """The objects of one access point."""
    return MibTable(_entries())


def _entries() -> Iterator[Entry]:
    yield from system_group(f"Ruckus Wireless {_MODEL}", _VENDOR)
    yield from interfaces(_interfaces())
    yield scalar((*_ABOUT, 9), octets(_MODEL))
    yield scalar((*_ABOUT, 15), text(lambda box: box.serial()))
    yield scalar((*_ABOUT, 18), octets("200.14.6.1 build 203"))
    yield scalar((*_ABOUT, 20), octets("TH"))
    yield scalar((*_STATISTICS, 1), gauge32(1))
    yield scalar((*_STATISTICS, 2), gauge(lambda box, now: box.all_clients(now)))
    yield scalar((*_STATISTICS, 13), gauge(lambda box, now: box.cpu(now)))
    yield scalar((*_STATISTICS, 14), gauge(lambda box, now: box.memory(now)))


def _interfaces() -> Iterator[Interface]:
    yield Interface(index=1, name="eth0", received=downwards(), sent=upwards())
    yield Interface(index=3, name="br0", received=downwards(), sent=upwards())

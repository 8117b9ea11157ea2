"""A village's ONU of no vendor anybody has a profile for: the standard MIBs and nothing else."""

from collections.abc import Iterator
from typing import Final

from netmon.lab.agent import Entry, MibTable
from netmon.lab.models.parts import Interface, downwards, interfaces, system_group, upwards
from netmon.lab.snmp_codec import Oid

_VENDOR: Final[Oid] = (1, 3, 6, 1, 4, 1, 99_999, 1, 1)
_GPON: Final = 250
"""IANAifType."""


def table() -> MibTable:
    """The objects of one ONU."""
    return MibTable(_entries())


def _entries() -> Iterator[Entry]:
    yield from system_group("GPON ONU 1GE, firmware 2.1.7", _VENDOR)
    yield from interfaces(
        (
            Interface(index=1, name="pon0", received=downwards(), sent=upwards(), mbits=2488, type=_GPON),
            Interface(index=2, name="eth0", received=upwards(), sent=downwards()),
        )
    )

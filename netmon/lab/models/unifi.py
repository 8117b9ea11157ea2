"""Ubiquiti UniFi: net-snmp's own sysObjectID, UBNT-UniFi-MIB, memory in FROGFOOT-RESOURCES-MIB (kB)."""

from collections.abc import Iterator
from typing import Final

from netmon.lab.agent import Entry, MibTable, Value
from netmon.lab.box import RADIO_SHARES, SSIDS, Box
from netmon.lab.models.parts import (
    Interface,
    downwards,
    gauge,
    host,
    interfaces,
    number,
    on_radio,
    scalar,
    system_group,
    upwards,
)
from netmon.lab.snmp_codec import Oid, gauge32, integer, octets

_NET_SNMP: Final[Oid] = (1, 3, 6, 1, 4, 1, 8072, 3, 2, 10)
_UNIFI: Final[Oid] = (1, 3, 6, 1, 4, 1, 41112, 1, 6)
_RADIO: Final[Oid] = (*_UNIFI, 1, 1, 1)
_VAP: Final[Oid] = (*_UNIFI, 1, 2, 1)
_SYSTEM: Final[Oid] = (*_UNIFI, 3)
_MEMORY: Final[Oid] = (1, 3, 6, 1, 4, 1, 10002, 1, 1, 1, 1)
_TOTAL_KB: Final = 126_976
_RADIOS: Final = (("ng", "ra0", 6, 20), ("na", "rai0", 36, 23))
"""Name in the MIB, interface, channel, transmit power in dBm."""
_MODEL, _VERSION = "UAP-AC-M", "6.6.77.15402"


def table() -> MibTable:
    """The objects of one access point."""
    return MibTable(_entries())


def _entries() -> Iterator[Entry]:
    yield from system_group(f"{_MODEL} {_VERSION}", _NET_SNMP)
    yield from host(1)
    yield scalar((*_MEMORY, 1), gauge32(_TOTAL_KB))
    yield scalar((*_MEMORY, 2), gauge(_free))
    yield scalar((*_SYSTEM, 3), octets(_MODEL))
    yield scalar((*_SYSTEM, 5), number(lambda box, now: int(box.uptime(now))))
    yield scalar((*_SYSTEM, 6), octets(_VERSION))
    yield from interfaces(_interfaces())
    yield from _radios()
    yield from _networks()


def _free(box: Box, now: float) -> int:
    return _TOTAL_KB - _TOTAL_KB * box.memory(now) // 100


def _interfaces() -> Iterator[Interface]:
    yield Interface(index=2, name="eth0", received=downwards(), sent=upwards())
    for radio, (_, name, _, _) in enumerate(_RADIOS):
        share = RADIO_SHARES[radio]
        yield Interface(index=3 + radio, name=name, received=upwards(share), sent=downwards(share))


def _radios() -> Iterator[Entry]:
    for radio, (name, _, _, _) in enumerate(_RADIOS):
        row = (radio + 1,)
        yield Entry((*_RADIO, 3), row, octets(name))
        yield Entry((*_RADIO, 6), row, on_radio(Box.utilisation, radio))
        yield Entry((*_RADIO, 7), row, on_radio(Box.receiving, radio))
        yield Entry((*_RADIO, 8), row, on_radio(Box.sending, radio))
        yield Entry((*_RADIO, 9), row, on_radio(Box.foreign_airtime, radio))


def _networks() -> Iterator[Entry]:
    """Virtual access points: each network on each radio, and the mesh's own, which no person uses."""
    for radio, (name, _, channel, power) in enumerate(_RADIOS):
        for ssid, essid in enumerate((*SSIDS, "vwire-0a1b2c3d4e5f6071")):
            row = (radio * (len(SSIDS) + 1) + ssid + 1,)
            yield Entry((*_VAP, 4), row, integer(channel))
            yield Entry((*_VAP, 6), row, octets(essid))
            yield Entry((*_VAP, 8), row, _stations(radio, ssid) if ssid < len(SSIDS) else integer(1))
            yield Entry((*_VAP, 9), row, octets(name))
            yield Entry((*_VAP, 21), row, integer(power))
            yield Entry((*_VAP, 22), row, integer(1))


def _stations(radio: int, ssid: int) -> Value:
    return number(lambda box, now: box.clients_of(radio, ssid, now))

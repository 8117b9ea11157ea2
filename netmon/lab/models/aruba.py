"""Aruba Instant: AI-AP-MIB, whose tables are indexed by the access point's hardware address; memory in bytes."""

from collections.abc import Iterator
from typing import Final

from netmon.lab.agent import KEY, Entry, MibTable, Value
from netmon.lab.box import RADIO_SHARES, SSIDS, Box
from netmon.lab.models.parts import Interface, downwards, interfaces, number, on_radio, system_group, text, upwards
from netmon.lab.snmp_codec import Oid, encode_name, integer, object_id, octets, timeticks

_VENDOR: Final[Oid] = (1, 3, 6, 1, 4, 1, 14823, 1, 2, 125)
_BASE: Final[Oid] = (1, 3, 6, 1, 4, 1, 14823, 2, 3, 3, 1)
_SSID: Final[Oid] = (*_BASE, 1, 7, 1)
_AP: Final[Oid] = (*_BASE, 2, 1, 1)
_RADIO: Final[Oid] = (*_BASE, 2, 2, 1)
_TOTAL_BYTES: Final = 512 << 20
_RADIOS: Final = (("36E", 24, 96), ("6", 21, 92))
"""Radio 0 is 5 GHz: channel, transmit power in dBm, noise floor in dBm without its sign."""
_OWN_RADIO: Final = (1, 0)
_UP: Final = 1


def table() -> MibTable:
    """The objects of one access point; its hardware address stands where the index has `KEY`."""
    return MibTable(_entries())


def key(box: Box) -> bytes:
    """The index of a device's rows: BER contents of the six octets of its hardware address."""
    return encode_name((1, 3, *box.mac()))[1:]


def _entries() -> Iterator[Entry]:
    yield from system_group("ArubaOS (MODEL: 365), Version 8.10.0.9-8.10.0.9", _VENDOR)
    yield from interfaces(_interfaces())
    yield from (Entry((*_AP, column), (KEY,), value) for column, value in _own().items())
    for row in range(len(_RADIOS)):
        yield from (Entry((*_RADIO, column), (KEY, row), value) for column, value in _radio(row).items())
    for ssid, name in enumerate(SSIDS):
        yield Entry((*_SSID, 1), (ssid,), integer(ssid))
        yield Entry((*_SSID, 2), (ssid,), octets(name))
        yield Entry((*_SSID, 4), (ssid,), _people(ssid))


def _own() -> dict[int, Value]:
    return {
        1: text(lambda box: box.mac()),
        2: text(lambda box: box.device.id),
        4: text(lambda box: box.serial()),
        5: object_id(_VENDOR),
        6: octets("365"),
        7: number(lambda box, now: box.cpu(now)),
        8: number(lambda box, now: _TOTAL_BYTES - _TOTAL_BYTES // 100 * box.memory(now)),
        9: lambda box, now: timeticks(box.uptime(now)),
        10: integer(_TOTAL_BYTES),
        11: integer(_UP),
    }


def _radio(row: int) -> dict[int, Value]:
    channel, power, noise = _RADIOS[row]
    return {
        1: text(lambda box: box.mac()),
        2: integer(row),
        4: octets(channel),
        5: integer(power),
        6: integer(noise),
        8: on_radio(Box.utilisation, _OWN_RADIO[row]),
        20: integer(_UP),
        21: on_radio(Box.clients, _OWN_RADIO[row]),
    }


def _people(ssid: int) -> Value:
    return number(lambda box, now: sum(box.clients_of(radio, ssid, now) for radio in _OWN_RADIO))


def _interfaces() -> Iterator[Interface]:
    yield Interface(index=1, name="eth0", received=downwards(), sent=upwards())
    for row, radio in enumerate(_OWN_RADIO):
        share = RADIO_SHARES[radio]
        name = f"radio{row}_ssid_id0"
        yield Interface(index=50 + 20 * row, name=name, received=upwards(share), sent=downwards(share), type=188)

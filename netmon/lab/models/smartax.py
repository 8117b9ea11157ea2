"""Huawei SmartAX OLT: boards, optics, and a row for every ONU behind it (HUAWEI-XPON-MIB).

One table serves every OLT; the rows beyond its own ONUs it has not. ONUs are indexed by the PON port's ifIndex and a
number on that port, in order of the inventory. What the OLT tells of an ONU it knows since it started itself.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from netmon.lab.agent import Entry, MibTable, Value
from netmon.lab.box import Box
from netmon.lab.conditions import Death, Down
from netmon.lab.daily import chance
from netmon.lab.models.parts import Interface, downwards, interfaces, number, scalar, system_group, text, upwards
from netmon.lab.snmp_codec import Oid, integer, octets

MOST_ONUS: Final = 512
_ON_A_PORT: Final = 32
_FIRST_PORT: Final = 4_194_304_000
_NEXT_PORT: Final = 256

_VENDOR: Final[Oid] = (1, 3, 6, 1, 4, 1, 2011, 2, 248)
_HUAWEI: Final[Oid] = (1, 3, 6, 1, 4, 1, 2011)
_ENTITY: Final[Oid] = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 2)
_BOARD: Final[Oid] = (*_HUAWEI, 2, 6, 7, 1, 1, 2, 1)
_ONT: Final[Oid] = (*_HUAWEI, 6, 128, 1, 1, 2)
_CONFIGURED: Final[Oid] = (*_ONT, 43, 1)
_STATE: Final[Oid] = (*_ONT, 46, 1)
_OPTICS: Final[Oid] = (*_ONT, 51, 1)
_BOARDS: Final = ((0, "H903GPHF"), (8, "H902MPLA"))
_ONLINE, _OFFLINE = 1, 2
_UNKNOWN: Final = -1
_NOTHING: Final = 2_147_483_647
_NEVER: Final = bytes(8)
_CAUSES: Final = {Death.POWER: 1, Death.LINE: 1, Death.FAULT: 2}
"""LOS where no gasp was heard; LOSi of an ONU that broke."""
_DYING_GASP: Final = 13

OfOnu = Callable[[Box, Box, float], bytes]
"""The OLT, the ONU, the moment -> a value."""


def table() -> MibTable:
    """The objects of any OLT of up to `MOST_ONUS` ONUs."""
    return MibTable(_entries())


def onu_index(position: int) -> Oid:
    """The index of an OLT's n-th ONU, from 0."""
    port, number_there = divmod(position, _ON_A_PORT)
    return (_FIRST_PORT + port * _NEXT_PORT, number_there)


def _entries() -> Iterator[Entry]:
    yield from system_group("Huawei Integrated Access Software", _VENDOR)
    yield Entry(_ENTITY, (3_397_680,), octets("Manufactured Board,MA5800-X7,H901BX07,1*1"))
    yield scalar((*_HUAWEI, 6, 3, 1, 999), octets("MA5800V100R019C12"))
    yield scalar((*_HUAWEI, 6, 3, 3, 1, 1, 9), text(lambda box: box.serial()))
    uplink = Interface(index=234_946_560, name="ethernet0/8/0", received=_whole(downwards()), sent=_whole(upwards()))
    yield from interfaces((uplink,))
    for slot, board in _BOARDS:
        yield Entry((*_BOARD, 5), (0, slot), number(_load))
        yield Entry((*_BOARD, 6), (0, slot), number(lambda box, now: box.memory(now)))
        yield Entry((*_BOARD, 7), (0, slot), octets(board))
        yield Entry((*_BOARD, 10), (0, slot), number(lambda box, now: box.temperature(now)))
    for object_, value in _ONU_OBJECTS.items():
        for position in range(MOST_ONUS):
            yield Entry(object_, onu_index(position), _at(position, value))


def _whole(count: Callable[[Box, float], int]) -> Callable[[Box, float], int]:
    """The traffic of all villages."""
    return lambda box, now: count(box, now) * len(box.below)


def _load(box: Box, now: float) -> int:
    return 8 + int(9 * chance(box.seed, 4, now))


def _at(position: int, value: OfOnu) -> Value:
    def of_one(box: Box, now: float) -> bytes:
        return value(box, box.box_of(box.below[position]), now) if position < len(box.below) else b""

    return of_one


def _serial(_olt: Box, onu: Box, _now: float) -> bytes:
    """Four letters of the vendor and four octets, as the ONU sends them (ITU-T G.984.3)."""
    serial = onu.serial()
    return octets(serial[:4].encode() + bytes.fromhex(serial[4:]))


def _run_state(_olt: Box, onu: Box, _now: float) -> bytes:
    return integer(_ONLINE if onu.is_online() else _OFFLINE)


def _remembered(olt: Box, onu: Box) -> Down | None:
    down = onu.conditions.last_down(onu.index)
    return down if down is not None and down.at >= olt.booted else None


def _cause(olt: Box, onu: Box, _now: float) -> bytes:
    down = _remembered(olt, onu)
    if down is None or not olt.tells_causes():
        return integer(_UNKNOWN)
    return integer(_DYING_GASP if down.gasped else _CAUSES[down.death])


def _down_at(olt: Box, onu: Box, _now: float) -> bytes:
    down = _remembered(olt, onu)
    return octets(_NEVER if down is None else _date(down.at))


def _gasp_at(olt: Box, onu: Box, _now: float) -> bytes:
    down = _remembered(olt, onu)
    return octets(_NEVER if down is None or not down.gasped or not olt.tells_causes() else _date(down.at))


def _up_at(olt: Box, onu: Box, _now: float) -> bytes:
    up = onu.conditions.last_up(onu.index)
    return octets(_date(max(olt.booted, onu.booted if up is None else up)))


def _distance(_olt: Box, onu: Box, _now: float) -> bytes:
    return integer(onu.distance() if onu.is_online() else _UNKNOWN)


def _onu_receives(_olt: Box, onu: Box, now: float) -> bytes:
    return integer(round(onu.received_dbm(now) * 100) if onu.is_online() else _NOTHING)


def _onu_sends(_olt: Box, onu: Box, _now: float) -> bytes:
    return integer(200 + int(80 * chance(onu.seed, 33)) if onu.is_online() else _NOTHING)


def _olt_receives(_olt: Box, onu: Box, now: float) -> bytes:
    """Some 1.5 dB below what the ONU receives; written as hundredths above -100 dBm."""
    return integer(round(onu.received_dbm(now) * 100) - 150 + 10_000 if onu.is_online() else _NOTHING)


def _date(moment: float) -> bytes:
    """DateAndTime (RFC 2579) in UTC."""
    at = datetime.fromtimestamp(moment, UTC)
    return at.year.to_bytes(2, "big") + bytes((at.month, at.day, at.hour, at.minute, at.second, 0))


_ONU_OBJECTS: Final[dict[Oid, OfOnu]] = {
    (*_CONFIGURED, 3): _serial,
    (*_STATE, 15): _run_state,
    (*_STATE, 20): _distance,
    (*_STATE, 22): _up_at,
    (*_STATE, 23): _down_at,
    (*_STATE, 24): _cause,
    (*_STATE, 25): _gasp_at,
    (*_OPTICS, 3): _onu_sends,
    (*_OPTICS, 4): _onu_receives,
    (*_OPTICS, 6): _olt_receives,
}

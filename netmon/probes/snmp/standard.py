"""Objects every device has or should have: uptimes (RFC 3418, 2790, 3411) and the interface tables (RFC 2863)."""

from collections.abc import Mapping

from netmon.model.profiles import Gather, Object, Oid, Rule, UptimeSource
from netmon.model.readings import Quantity
from netmon.probes.snmp.ber import Value
from netmon.probes.snmp.interfaces import Interface
from netmon.probes.snmp.reading import Cell, Gathered, Series
from netmon.probes.snmp.shared import shared_cell, shared_method

UPTIME_OIDS: dict[UptimeSource, Oid] = {
    UptimeSource.SYS_UP_TIME: (1, 3, 6, 1, 2, 1, 1, 3, 0),
    UptimeSource.HR_SYSTEM_UPTIME: (1, 3, 6, 1, 2, 1, 25, 1, 1, 0),
    UptimeSource.SNMP_ENGINE_TIME: (1, 3, 6, 1, 6, 3, 10, 2, 1, 3, 0),
}

TABLE_STAMPS: tuple[Oid, ...] = ((1, 3, 6, 1, 2, 1, 31, 1, 5, 0), (1, 3, 6, 1, 2, 1, 2, 1, 0))
"""ifTableLastChange and ifNumber: one of them changes when interfaces come or go."""

_IF_ENTRY: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
_IF_X_ENTRY: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)


def _column(name: str, entry: Oid, arc: int) -> Object:
    return Object(name, (*entry, arc), is_column=True)


_OPER_STATUS = Rule(
    quantity=Quantity.INTERFACE_UP,
    source=_column("ifOperStatus", _IF_ENTRY, 8),
    states={1: 1.0, 2: 0.0, 3: 0.0, 5: 0.0, 6: 0.0, 7: 0.0},  # 4 is unknown
)
_WIDE = {
    Quantity.RECEIVE_BYTES: _column("ifHCInOctets", _IF_X_ENTRY, 6),
    Quantity.TRANSMIT_BYTES: _column("ifHCOutOctets", _IF_X_ENTRY, 10),
}
_NARROW = {
    Quantity.RECEIVE_BYTES: _column("ifInOctets", _IF_ENTRY, 10),
    Quantity.TRANSMIT_BYTES: _column("ifOutOctets", _IF_ENTRY, 16),
    Quantity.RECEIVE_ERRORS: _column("ifInErrors", _IF_ENTRY, 14),
    Quantity.TRANSMIT_ERRORS: _column("ifOutErrors", _IF_ENTRY, 20),
}
# One rule for all interfaces of all devices, so that equal plans are found equal and kept once.
_COUNTS = {
    (quantity, source): Rule(quantity=quantity, source=source)
    for table in (_WIDE, _NARROW)
    for quantity, source in table.items()
}


def interface_oids(index: int) -> tuple[Oid, ...]:
    """List every instance that may be read of an interface."""
    objects = (_OPER_STATUS.source, *_WIDE.values(), *_NARROW.values())
    return tuple((*one.oid, index) for one in objects)


def interface_rules(index: int, values: Mapping[Oid, Value]) -> list[tuple[Rule, int]]:
    """Choose what to read of an interface, with the counters' width in bits (0: no counter).

    64 bits where the device has them, except where they stand still at 0 while the 32-bit ones count (NAV #1398).
    """
    chosen = [(_OPER_STATUS, 0)]
    for quantity, narrow in _NARROW.items():
        wide = _WIDE.get(quantity)
        first = None if wide is None else values.get((*wide.oid, index))
        counts = isinstance(first, int) and (first > 0 or not values.get((*narrow.oid, index)))
        source, bits = (wide, 64) if wide is not None and counts else (narrow, 32)
        chosen.append((_COUNTS[quantity, source], bits))
    return [(rule, bits) for rule, bits in chosen if (*rule.source.oid, index) in values]


def interface_series(one: Interface, values: Mapping[Oid, Value], position: Mapping[Oid, int]) -> list[Series]:
    """Make the readings of one interface; `position` tells where in a poll's values each instance stands."""
    return [
        Series(
            rule.quantity,
            one.name,
            shared_method(
                Gathered(((Gather.FIRST, (shared_cell(Cell(rule, 1.0, position[(*rule.source.oid, one.index)])),)),))
            ),
            bits,
        )
        for rule, bits in interface_rules(one.index, values)
    ]

"""A device's interfaces by name, and which of them is the uplink; pure.

ifIndex is renumbered by reboots, so everything is keyed on the name (ifName, else ifDescr).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netmon.model.profiles import InterfaceRules, Oid
from netmon.probes.snmp.ber import Value
from netmon.probes.snmp.text import clean

IF_DESCR: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1, 2)
IF_OPER_STATUS: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1, 8)
IF_NAME: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1)
IF_ALIAS: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18)

# The next hop of 0.0.0.0/0, newest table first: inetCidrRouteIfIndex, ipCidrRouteIfIndex, ipRouteIfIndex.
DEFAULT_ROUTES: tuple[Oid, ...] = (
    (1, 3, 6, 1, 2, 1, 4, 24, 7, 1, 7, 1, 4, 0, 0, 0, 0, 0),
    (1, 3, 6, 1, 2, 1, 4, 24, 4, 1, 5, 0, 0, 0, 0),
    (1, 3, 6, 1, 2, 1, 4, 21, 1, 2, 0, 0, 0, 0),
)

_UP = 1
_NO_LINE = re.compile(r"(?i)^(?:lo\d*$|loopback|in-?loopback|null|software loopback|cpu|vlan)")
_UPLINK_WORDS = re.compile(r"(?i)\b(?:wan|uplink|up-link|to[ _-]?olt|pon)\d*\b")


@dataclass(frozen=True, slots=True)
class Interface:
    """One row of the interface table."""

    index: int
    name: str
    alias: str = ""
    is_up: bool = False


def list_interfaces(columns: Mapping[Oid, Mapping[Oid, Value]]) -> tuple[Interface, ...]:
    """Name the interfaces; rows of ifTable and ifXTable are joined, each may have gaps.

    Args:
        columns: the columns named in this module by OID, each a mapping from index to value.
    """
    names, descriptions, aliases = (columns.get(oid, {}) for oid in (IF_NAME, IF_DESCR, IF_ALIAS))
    indexes = sorted(index for index in names.keys() | descriptions.keys() if len(index) == 1)
    plain = {
        index: clean(names.get(index, b"")) or clean(descriptions.get(index, b"")) or str(index[0]) for index in indexes
    }
    used = Counter(plain.values())
    return tuple(
        Interface(
            index[0],
            plain[index] if used[plain[index]] == 1 else f"{plain[index]} #{index[0]}",
            clean(aliases.get(index, b"")),
            is_up=columns.get(IF_OPER_STATUS, {}).get(index) == _UP,
        )
        for index in indexes
    )


def choose_uplink(
    interfaces: Sequence[Interface], rules: InterfaceRules, default_route: int | None
) -> Interface | None:
    """Choose the interface that leads to the network: by the profile, by name, by alias, by the default route.

    Of several that fit, the first that is up. A device with one line only needs no choice.

    Args:
        interfaces: the candidates.
        rules: the profile's.
        default_route: the ifIndex of the default route's interface, if the device says.
    """
    up_first = sorted(interfaces, key=lambda one: not one.is_up)
    for pattern in rules.uplink:
        found = next((one for one in up_first if pattern.search(one.name)), None)
        if found is not None:
            return found
    by_name = next((one for one in up_first if _UPLINK_WORDS.search(one.name)), None)
    by_alias = next((one for one in up_first if _UPLINK_WORDS.search(one.alias)), None)
    by_route = next((one for one in up_first if one.index == default_route), None)
    lines = [one for one in interfaces if not _NO_LINE.search(one.name)]
    return by_name or by_alias or by_route or (lines[0] if len(lines) == 1 else None)

"""Interfaces by name, and which is the uplink."""

import re

import pytest

from netmon.model.profiles import InterfaceRules, Oid
from netmon.model.readings import Quantity
from netmon.probes.snmp.ber import Value
from netmon.probes.snmp.interfaces import (
    IF_ALIAS,
    IF_DESCR,
    IF_NAME,
    Interface,
    choose_uplink,
    list_interfaces,
)
from netmon.probes.snmp.standard import interface_rules

LAN, RADIO, TRUNK = Interface(1, "lan1"), Interface(2, "ra0"), Interface(3, "ge-3", alias="Uplink to OLT 7")


@pytest.mark.parametrize(
    ("interfaces", "patterns", "route", "uplink"),
    [
        ([LAN, RADIO, TRUNK, Interface(4, "wan0")], ["^ra"], 1, RADIO),
        ([LAN, TRUNK, Interface(4, "wan0")], ["^sfp"], 1, Interface(4, "wan0")),
        ([LAN, TRUNK], [], 1, TRUNK),
        ([LAN, RADIO], [], 2, RADIO),
        ([LAN, RADIO], [], None, None),
        ([], [], 1, None),
        ([LAN, Interface(5, "swan")], [], None, None),
        ([Interface(1, "lo"), Interface(2, "vmac0")], [], None, Interface(2, "vmac0")),
        ([Interface(1, "ge0"), Interface(2, "ge1", is_up=True)], ["^ge"], None, Interface(2, "ge1", is_up=True)),
        ([LAN, Interface(5, "ge0/0/5-uplink")], [], None, Interface(5, "ge0/0/5-uplink")),
    ],
)
def test_the_uplink_is_chosen_by_profile_then_name_then_alias_then_route(
    interfaces: list[Interface], patterns: list[str], route: int | None, uplink: Interface | None
) -> None:
    rules = InterfaceRules(uplink=tuple(re.compile(pattern) for pattern in patterns))
    assert choose_uplink(interfaces, rules, route) == uplink


def test_tables_with_gaps_are_joined_and_names_are_unique() -> None:
    columns: dict[Oid, dict[Oid, Value]] = {
        IF_NAME: {(1,): b"eth0", (3,): b"", (5,): b"WLAN"},
        IF_DESCR: {(1,): b"Ethernet", (3,): b"vlan7\x00\x00", (4,): b"WLAN", (9,): b""},
        IF_ALIAS: {(1,): b"to the school"},
    }
    assert list_interfaces(columns) == (
        Interface(1, "eth0", "to the school"),
        Interface(3, "vlan7"),
        Interface(4, "WLAN #4"),
        Interface(5, "WLAN #5"),
        Interface(9, "9"),
    )


IN32, IN64 = (1, 3, 6, 1, 2, 1, 2, 2, 1, 10, 7), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 7)


@pytest.mark.parametrize(
    ("values", "bits"),
    [
        ({IN64: 5, IN32: 5}, 64),
        ({IN64: 0, IN32: 0}, 64),
        ({IN64: 0, IN32: 77}, 32),  # there, but standing still
        ({IN32: 77}, 32),
        ({IN64: 5}, 64),
    ],
)
def test_wide_counters_are_read_where_they_count(values: dict[Oid, Value], bits: int) -> None:
    assert [(rule.quantity, width) for rule, width in interface_rules(7, values)] == [(Quantity.RECEIVE_BYTES, bits)]

"""Events that only a question shows, met on the lab's wire with net-snmp's and fping's real requests."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netmon.lab.agents import COMMUNITY
from netmon.lab.models.catalogue import RUCKUS, SMARTAX, UNIFI, UPS
from netmon.lab.models.smartax import onu_index
from netmon.model.inventory import Device, Role
from tests.lab.country_of_agents import GENTLE, Fleet
from tests.lab.running import RunningLab, quiet, running_lab

pytestmark = [pytest.mark.network, pytest.mark.peer("snmpget", "fping", "ip", "nsenter")]

FLEET = Fleet(GENTLE)
UPTIME, CLIENTS = "1.3.6.1.2.1.1.3.0", "1.3.6.1.4.1.25053.1.15.1.1.1.15.2.0"
SOURCE, SECONDS = "1.3.6.1.2.1.33.1.4.1.0", "1.3.6.1.2.1.33.1.2.2.0"
LIGHT = "1.3.6.1.4.1.2011.6.128.1.1.2.51.1.4"


def asked(lab: RunningLab, device: Device, oid: str, tries: int = 4) -> int | None:
    """The number an agent says by snmpget, None for silence."""
    said = lab.inside("snmpget", "-v2c", "-c", COMMUNITY, "-t", "0.5", "-r", str(tries), "-Oqvt", device.address, oid)
    return int(said) if re.fullmatch(r"-?\d+\s*", said) else None


def soon(holds: Callable[[], bool], within: float = 20.0) -> None:
    give_up = time.monotonic() + within
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_hung_agent_no_clients_faded_light_a_battery_and_a_slow_line_are_seen_by_who_asks(tmp_path: Path) -> None:
    hung, empty = FLEET.of_family(UNIFI), FLEET.of_family(RUCKUS)
    olt, ups = FLEET.of_family(SMARTAX), FLEET.of_family(UPS)
    onu = FLEET.onu(olt)
    slow = next(
        d for d in GENTLE.inventory.devices if d.role is Role.AP and d not in (hung, empty) and d.lifecycle == "active"
    )
    row = ".".join(map(str, onu_index(0)))
    events: list[dict[str, object]] = [
        {"kind": "agent_hang", "where": {"device": hung.id}},
        {"kind": "no_clients", "where": {"device": empty.id}},
        {"kind": "optics_fade", "db_per_minute": 60, "where": {"device": onu.id}},
        {"kind": "power_cut", "where": {"device": ups.id}},
        {"kind": "delay", "ms": 300, "where": {"device": slow.id}},
    ]
    script = [{"at": 0.1, "until": 8, **event} for event in events]
    with running_lab(quiet(*script, duration=10), tmp_path) as lab:
        before, bright = asked(lab, hung, UPTIME), asked(lab, olt, f"{LIGHT}.{row}")
        assert before and bright and (asked(lab, empty, CLIENTS) or 0) > 0 and asked(lab, ups, SOURCE) == 3
        lab.tell("start")
        lab.hear_until("begin")
        soon(lambda: asked(lab, hung, UPTIME, tries=0) is None and asked(lab, empty, CLIENTS) == 0)
        assert asked(lab, ups, SOURCE) == 5
        pings = lab.pings([hung.address, slow.address], timeout=800)
        assert pings[hung.address][0] == 1, "the device itself works"
        assert pings[slow.address][1] > 300
        assert (asked(lab, olt, f"{LIGHT}.{row}") or 0) < bright - 30
        lab.hear_until("over")
        assert (asked(lab, hung, UPTIME) or 0) > before, "a hung agent does not start again"
        assert (asked(lab, empty, CLIENTS) or 0) > 0
        assert (asked(lab, ups, SOURCE), asked(lab, ups, SECONDS)) == (3, 0)
        assert abs((asked(lab, olt, f"{LIGHT}.{row}") or 0) - bright) <= 20

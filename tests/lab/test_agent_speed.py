"""What a GET of ten objects costs the lab, measured at the pump without a wire."""

import time
from collections import deque
from collections.abc import Iterator
from functools import partial

import pytest

from netmon.lab.agents import COMMUNITY
from netmon.lab.country import CountryPlan, generate
from netmon.lab.models.catalogue import ARUBA, RUCKUS, UNIFI, family
from netmon.lab.pump import Pump
from netmon.lab.wire import Wire
from netmon.model.inventory import Role
from netmon.probes.snmp.ber import parse_oid
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.template import compile_get
from tests.lab.country_of_agents import Fleet, datagram

pytestmark = pytest.mark.slow

MOST_SECONDS = 60e-6
COMMON = "1.3.6.1.2.1.1.3.0 1.3.6.1.2.1.2.2.1.8.{0} 1.3.6.1.2.1.31.1.1.1.6.{0} 1.3.6.1.2.1.31.1.1.1.10.{0} "
RUCKUS_OWN = "1.3.6.1.4.1.25053.1.15.1.1.1.15.{}.0"
ARUBA_OWN = "1.3.6.1.4.1.14823.2.3.3.1.2.{}"


def objects(name: str, mac: str) -> list[str]:
    if name == UNIFI:
        radios = [f"1.3.6.1.4.1.41112.1.6.1.{one}" for one in ("2.1.8.1", "2.1.8.4", "1.1.6.1", "1.1.6.2")]
        return [*COMMON.format(2).split(), "1.3.6.1.2.1.2.2.1.14.2", *radios, "1.3.6.1.4.1.10002.1.1.1.1.2.0"]
    if name == RUCKUS:
        own = [RUCKUS_OWN.format(one) for one in (2, 13, 14)]
        return [
            *COMMON.format(1).split(),
            "1.3.6.1.2.1.2.2.1.14.1",
            "1.3.6.1.2.1.2.2.1.20.1",
            *own,
            "1.3.6.1.2.1.1.5.0",
        ]
    columns = (f"1.1.7.{mac}", f"1.1.8.{mac}", f"1.1.10.{mac}", f"2.1.21.{mac}.0", f"2.1.21.{mac}.1", f"2.1.8.{mac}.0")
    return [*COMMON.format(1).split(), *(ARUBA_OWN.format(one) for one in columns)]


def packets(fleet: Fleet) -> Iterator[tuple[str, bytes]]:
    for index, device in enumerate(fleet.country.inventory.devices):
        if device.role is Role.AP and device.id not in fleet.country.unbuilt:
            box = fleet.agents.box(index)
            asked = tuple(parse_oid(oid) for oid in objects(family(box), ".".join(map(str, box.mac()))))
            assert len(asked) == 10
            message = bytes(compile_get(Version.V2C, COMMUNITY.encode(), asked).packet(index + 1))
            yield family(box), datagram(device.address, message)


@pytest.mark.parametrize("name", [UNIFI, RUCKUS, ARUBA])
def test_get_of_ten_objects_costs_the_lab_less_than_sixty_microseconds(name: str) -> None:
    fleet = Fleet(generate(CountryPlan(villages=2000, seed=7)))
    asked = [packet for one, packet in packets(fleet) if one == name]
    waiting: deque[bytes] = deque()

    def read() -> bytes:
        if not waiting:
            raise BlockingIOError
        return waiting.popleft()

    sent: list[bytes] = []
    wire = Wire(made_as="memory", fileno=-1, read=read, write=partial(_keep, sent), close=sent.clear)
    pump, best = Pump(wire, fleet.responder), float("inf")
    for _ in range(5):
        waiting.extend(asked)
        began = time.process_time()
        while pump.drain(1.0):
            pass
        best = min(best, (time.process_time() - began) / len(asked))
    assert len(sent) == 5 * len(asked) > 1000
    assert best < MOST_SECONDS, f"{best * 1e6:.1f} µs"


def _keep(sent: list[bytes], packet: bytes) -> int:
    sent.append(packet)
    return len(packet)

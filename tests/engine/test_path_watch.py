"""The way to a dead device is traced once, in the background, and kept with its fault."""

import asyncio
from dataclasses import replace

import pytest

from netmon.engine.path_watch import AT_ONCE, YOUNG, PathWatch, target_of
from netmon.errors import ProbeError
from netmon.model.cases import Case
from netmon.model.country import Country, Isolation
from netmon.model.decisions import OpenFault
from netmon.model.faults import Cause, Fault, Member, Scope
from netmon.model.fleet import Fleet
from netmon.model.ids import DeviceId, FaultId, VillageId
from netmon.model.inventory import Device, Inventory, Role
from netmon.model.paths import Hop
from netmon.model.vitals import Vital
from tests.engine.office import T0, Counted, SteppedClock
from tests.kit.fake_store import FakeStore

INVENTORY = Inventory(
    devices=[
        Device(id=DeviceId("olt-1"), role=Role.FEEDER, address="10.64.0.1"),
        Device(id=DeviceId("onu-1"), role=Role.UPLINK, parent=DeviceId("olt-1")),
        Device(id=DeviceId("ap-1"), role=Role.AP, address="10.96.0.1", parent=DeviceId("onu-1")),
        Device(id=DeviceId("ap-2"), role=Role.AP, address="10.96.0.2", parent=DeviceId("olt-1")),
    ]
)


def fault(name: str, device: str, *, villages: int = 1, cause: Cause = Cause.UPLINK, opened_at: float = T0) -> Fault:
    dark = tuple(VillageId(f"3401010{number}") for number in range(villages))
    return Fault(
        id=FaultId(name),
        scope=Scope.AGENT if cause is Cause.AGENT else Scope.DEVICE,
        key=name,
        cause=cause,
        confidence=0.6,
        opened_at=opened_at,
        members=(Member(DeviceId(device), dark, opened_at - 20),),
    )


class Guide:
    """Answers every trace with `hops`, or refuses."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.hops: tuple[Hop, ...] = (Hop(1, "10.127.0.1", 0.001), Hop(2, "10.64.0.1", 0.002), Hop(3))
        self.refuses = False

    async def trace(self, address: str) -> tuple[Hop, ...]:
        self.asked.append(address)
        await asyncio.sleep(0)
        if self.refuses:
            raise ProbeError("no socket")
        return self.hops


class Watch:
    def __init__(self, *faults: Fault) -> None:
        self.store, self.guide, self.clock, self.vitals = FakeStore(), Guide(), SteppedClock(), Counted()
        self.country = Country(INVENTORY, Fleet(4, 1), cases=[Case(one) for one in faults])
        asyncio.run(self.store.commit([OpenFault(one) for one in faults], self.clock.now()))
        self.watch = PathWatch(self.country, self.guide, self.store, vitals=self.vitals, clock=self.clock)

    def tick(self) -> None:
        asyncio.run(self.watch.tick())


def test_the_last_hop_that_answers_is_kept_with_the_fault_and_known_by_its_name() -> None:
    watch = Watch(fault("f1", "ap-2"))
    watch.tick()
    (case,) = watch.country.cases
    path = case.fault.path
    assert path is not None
    assert (path.device, path.hops, path.last_number, path.reached) == (
        "ap-2",
        ("10.127.0.1", "10.64.0.1", ""),
        2,
        False,
    )
    assert (path.last, path.last_device) == ("10.64.0.1", "olt-1")
    assert watch.store.faults[FaultId("f1")].path == path
    watch.tick()
    assert watch.guide.asked == ["10.96.0.2"]
    assert watch.vitals.counts == {(Vital.PATH_TRACES, "dead"): 1}


def test_a_device_without_an_address_is_looked_for_where_it_hangs() -> None:
    assert target_of(fault("f1", "onu-1"), INVENTORY) == INVENTORY.devices[0]
    assert target_of(fault("f1", "gone"), INVENTORY) is None
    back = replace(fault("f1", "ap-2"), members=(Member(DeviceId("ap-2"), (), T0, recovered_at=T0 + 1),))
    assert target_of(back, INVENTORY) is None


def test_a_way_that_leads_there_says_that_it_is_coming_back() -> None:
    watch = Watch(fault("f1", "ap-2"))
    watch.guide.hops = (Hop(1, "10.96.0.2", 0.01),)
    watch.tick()
    path = watch.country.cases[0].fault.path
    assert path is not None
    assert path.reached


def test_in_a_storm_a_few_are_traced_at_a_time_and_the_largest_first() -> None:
    watch = Watch(*(fault(f"f{number}", "ap-1", villages=number + 1) for number in range(5)))
    watch.tick()
    traced = [case.fault.id for case in watch.country.cases if case.fault.path is not None]
    assert (len(watch.guide.asked), traced) == (AT_ONCE, ["f3", "f4"])
    for _ in range(3):
        watch.tick()
    assert len(watch.guide.asked) == 5


@pytest.mark.parametrize(
    "quiet", [fault("f1", "ap-1", cause=Cause.AGENT), fault("f1", "ap-1", opened_at=T0 - YOUNG - 1)]
)
def test_what_answers_and_what_has_been_mailed_long_ago_is_left_alone(quiet: Fault) -> None:
    watch = Watch(quiet)
    watch.tick()
    assert watch.guide.asked == []


def test_while_netmon_is_blind_nothing_is_traced() -> None:
    watch = Watch(fault("f1", "ap-2"))
    watch.country.isolation = Isolation(T0, "no route")
    watch.tick()
    assert watch.guide.asked == []


def test_where_the_kernel_refuses_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch(fault("f1", "ap-1"), fault("f2", "ap-2"))
    watch.guide.refuses = True
    watch.tick()
    watch.tick()
    assert len(watch.guide.asked) == 2
    assert [record.getMessage() for record in caplog.records] == ["path not traced device=ap-1 reason='no socket'"]


def test_a_path_that_cannot_be_written_down_is_traced_again_when_there_is_room() -> None:
    watch = Watch(fault("f1", "ap-2"))
    watch.store.trouble = "The disk of the database is full."
    watch.tick()
    assert watch.country.cases[0].fault.path is None
    watch.store.trouble = ""
    watch.tick()
    assert watch.country.cases[0].fault.path is not None

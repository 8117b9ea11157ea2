"""The poller with a real agent, and with an agent that does as the test says."""

import asyncio
import math
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Role
from netmon.model.readings import Measure, Quantity
from netmon.model.vitals import Vital
from netmon.ports import SnmpBatch, SnmpPlan
from netmon.probes.snmp.ber import Absent, Tag
from netmon.probes.snmp.client import Patience
from netmon.probes.snmp.codec import Message, PduType, VarBind, Version
from netmon.probes.snmp.poller import PollerConfig, SnmpPoller, open_poller
from netmon.probes.snmp.sockets import Address
from netmon.probes.snmp.template import compile_get
from netmon.settings.profiles import load_profiles

PROFILES = load_profiles()
UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
IN_OCTETS = (1, 3, 6, 1, 2, 1, 2, 2, 1, 10, 1)
DOWNLOAD = Measure(Quantity.RECEIVE_BYTES, "wan")
Use = Callable[[SnmpPoller], Awaitable[None]]


@dataclass
class CountedVitals:
    """Adds up what is counted."""

    counted: dict[tuple[Vital, str], float] = field(default_factory=dict)

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None:
        self.counted[vital, label] = self.counted.get((vital, label), 0) + amount

    def gauge(self, vital: Vital, value: float, label: str = "") -> None:
        raise AssertionError

    def observe(self, vital: Vital, value: float) -> None:
        raise AssertionError


def device(address: Address, credential: str = "read") -> Device:
    return Device(id=DeviceId("ap-1"), role=Role.AP, address=address[0], credential=credential)


def with_poller(use: Use, port: int, vitals: CountedVitals | None = None, *, timeout: float = 0.2) -> None:
    async def run() -> None:
        config = PollerConfig(
            communities={"read": b"public", "wrong": b"nonsense"},
            profiles=PROFILES,
            patience=Patience(timeout, retries=0),
            port=port,
        )
        poller = open_poller(vitals or CountedVitals(), config)
        try:
            await use(poller)
        finally:
            await poller.close()

    asyncio.run(run())


async def poll(poller: SnmpPoller, plan: SnmpPlan, index: int = 7) -> SnmpBatch:
    loop = asyncio.get_running_loop()
    poller.request(index, plan, loop.time())
    for _ in range(100):
        await asyncio.sleep(0.01)
        batch = poller.harvest(loop.time())
        if batch.answered or batch.missed:
            return batch
    raise AssertionError("the poll never ended")


async def discovered(poller: SnmpPoller, one: Device, known: SnmpPlan | None = None) -> SnmpPlan:
    plan = await poller.discover(one, known)
    assert plan is not None
    return plan


def said(batch: SnmpBatch) -> dict[Measure, float]:
    (plan,), (readings,) = batch.plans, batch.readings
    return dict(zip(plan.outline, readings, strict=True))


def test_a_real_agent_is_discovered_and_polled(snmpd: Address) -> None:
    vitals = CountedVitals()

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(snmpd))
        batch = await poll(poller, plan)
        assert batch.answered == [7]
        assert batch.plans == [plan]
        assert batch.changed == []
        readings = said(batch)
        assert 0 < readings[Measure(Quantity.MEMORY, "")] < 1
        assert readings[Measure(Quantity.UPTIME, "")] > 0
        assert poller.harvest(asyncio.get_running_loop().time()) == SnmpBatch()

    with_poller(use, snmpd[1], vitals)
    assert vitals.counted[Vital.SNMP_REQUESTS, ""] > 5


@pytest.mark.parametrize("credential", ["wrong", "unheard-of", ""])
def test_without_the_right_community_there_is_no_plan(snmpd: Address, credential: str) -> None:
    async def use(poller: SnmpPoller) -> None:
        assert await poller.discover(device(snmpd, credential), None) is None

    with_poller(use, snmpd[1])


@dataclass
class Script:
    """What a played device says: objects by name, each a tag and a value; it is mute while `silent`."""

    objects: dict[tuple[int, ...], tuple[Tag, int | bytes]]
    silent: bool = False

    def answer(self, request: Message) -> Message | None:
        if self.silent:
            return None
        binds = []
        for asked in request.varbinds:
            name = asked.oid
            if request.pdu_type != PduType.GET:
                name = min((oid for oid in self.objects if oid > asked.oid), default=asked.oid)
            found = self.objects.get(name) if name != asked.oid or request.pdu_type == PduType.GET else None
            missing = Absent.NO_SUCH_INSTANCE if request.pdu_type == PduType.GET else Absent.END_OF_MIB_VIEW
            binds.append(VarBind(name, found[0], found[1]) if found else VarBind(name, _TAG_OF[missing], missing))
        return Message(Version.V2C, request.community, PduType.RESPONSE, request.request_id, 0, 0, tuple(binds))


_TAG_OF = {
    Absent.NO_SUCH_INSTANCE: Tag.NO_SUCH_INSTANCE,
    Absent.END_OF_MIB_VIEW: Tag.END_OF_MIB_VIEW,
}


def small_router() -> Script:
    """A generic device with one interface, `wan`, and 32-bit counters."""
    entry = (1, 3, 6, 1, 2, 1, 2, 2, 1)
    return Script(
        {
            (1, 3, 6, 1, 2, 1, 1, 1, 0): (Tag.OCTET_STRING, b"router"),
            UPTIME: (Tag.TIME_TICKS, 100_000),
            (*entry, 2, 1): (Tag.OCTET_STRING, b"wan"),
            (*entry, 8, 1): (Tag.INTEGER, 1),
            IN_OCTETS: (Tag.COUNTER32, 2**32 - 100),
        }
    )


@contextmanager
def played(new_agent: Callable, script: Script) -> Iterator[Address]:
    agent = new_agent()
    over = threading.Event()

    def play() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                answer = script.answer(agent.listen())
                if answer is not None:
                    agent.send(answer)

    agent.sock.settimeout(0.05)
    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield agent.address
    finally:
        over.set()
        thread.join()


def test_a_counter_that_wraps_goes_on_and_survives_a_new_discovery(new_agent: Callable) -> None:
    script = small_router()

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, one)
        assert said(await poll(poller, plan))[DOWNLOAD] == 2**32 - 100
        script.objects[IN_OCTETS] = (Tag.COUNTER32, 50)
        batch = await poll(poller, plan)
        assert said(batch)[DOWNLOAD] == 2**32 + 50
        assert batch.changed == []
        again = await discovered(poller, one, plan)
        script.objects[IN_OCTETS] = (Tag.COUNTER32, 60)
        assert said(await poll(poller, again))[DOWNLOAD] == 2**32 + 60

    with played(new_agent, script) as address:
        one = device(address)
        with_poller(use, address[1])


def test_a_device_that_restarted_counts_anew_and_is_to_be_looked_at(new_agent: Callable) -> None:
    script = small_router()

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        await poll(poller, plan)
        script.objects[UPTIME], script.objects[IN_OCTETS] = (Tag.TIME_TICKS, 100), (Tag.COUNTER32, 5)
        batch = await poll(poller, plan)
        assert said(batch)[DOWNLOAD] == 5
        assert batch.changed == [7]

    with played(new_agent, script) as address:
        with_poller(use, address[1])


def test_an_object_that_has_gone_is_absent_and_the_device_is_to_be_looked_at(new_agent: Callable) -> None:
    script = small_router()

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        del script.objects[IN_OCTETS]
        batch = await poll(poller, plan)
        assert math.isnan(said(batch)[DOWNLOAD])
        assert said(batch)[Measure(Quantity.INTERFACE_UP, "wan")] == 1
        assert batch.changed == [7]

    with played(new_agent, script) as address:
        with_poller(use, address[1])


def test_a_silent_agent_is_missed_once_and_may_be_asked_again(new_agent: Callable) -> None:
    script = small_router()

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        script.silent = True
        assert (await poll(poller, plan)).missed == [7]
        script.silent = False
        assert (await poll(poller, plan)).answered == [7]

    with played(new_agent, script) as address:
        with_poller(use, address[1])


def test_polls_under_way_are_forgotten_when_indices_change_their_meaning(new_agent: Callable) -> None:
    script = small_router()

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        loop = asyncio.get_running_loop()
        poller.request(7, plan, loop.time())
        poller.forget()
        await asyncio.sleep(0.3)
        assert poller.harvest(loop.time()) == SnmpBatch()
        assert (await poll(poller, plan, 3)).answered == [3]

    with played(new_agent, script) as address:
        with_poller(use, address[1])


def test_a_poll_waits_while_somebody_else_asks_the_device(new_agent: Callable) -> None:
    script = small_router()

    async def use(poller: SnmpPoller) -> None:
        plan, loop = await discovered(poller, device(address)), asyncio.get_running_loop()
        script.silent = True
        # What reads at leisure shares the client, and a device is asked one thing at a time.
        template, brief = compile_get(Version.V2C, b"public", (UPTIME,)), Patience(timeout=0.1, retries=0)
        assert poller._client.request(-1, address, template, loop.time(), brief) is None
        poller.request(7, plan, loop.time())
        assert poller.harvest(loop.time()) == SnmpBatch()
        await asyncio.sleep(0.05)
        script.silent = False
        assert (await poll(poller, plan)).answered == [7]

    with played(new_agent, script) as address:
        with_poller(use, address[1])


def test_silence_is_no_miss_while_netmon_has_no_room_for_what_arrives(new_agent: Callable) -> None:
    script = small_router()

    async def use(poller: SnmpPoller) -> None:
        plan, loop = await discovered(poller, device(address)), asyncio.get_running_loop()
        script.silent = True
        sock = poller._sockets.ipv4
        assert sock is not None
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        poller.request(7, plan, loop.time())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(200):
                stranger.sendto(b"noise", ("127.0.0.1", sock.getsockname()[1]))
        await asyncio.sleep(0.3)
        batch = poller.harvest(loop.time())
        assert (batch.unheard, batch.missed) == ([7], [])
        assert (await poll(poller, plan)).missed == [7]

    with played(new_agent, script) as address:
        with_poller(use, address[1])

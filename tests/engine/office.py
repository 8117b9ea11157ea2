"""A courier with everything around it: a stepped clock, scripted gateways, a store in memory."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import pytest

from netmon.engine.courier import Courier, CourierPolicy
from netmon.model.country import Country
from netmon.model.decisions import OpenFault, OpenTicket, SendNotice
from netmon.model.faults import Cause, Fault, Member, Scope
from netmon.model.fleet import Fleet
from netmon.model.ids import CentreId, DeviceId, FaultId, TechnicianId, VillageId
from netmon.model.inventory import Inventory, ServiceCentre, Technician, Village, Volunteer
from netmon.model.notices import Audience, Channel, Delivery, Letter, Notice, Person, Recipient, Stage, Verdict
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Parting, parting_unrecorded
from tests.kit.fake_store import FakeStore

T0 = 1_795_150_800.0
UBON = CentreId("TOT-3401")
V1, V2 = VillageId("34010101"), VillageId("34010102")
SENT = Delivery(Verdict.SENT, reference="id-1")
RETRY = Delivery(Verdict.RETRY, reason="451 try later")
UNKNOWN = Delivery(Verdict.UNKNOWN, reason="cut off")
TECHNICIAN = Recipient(Audience.TECHNICIAN, "somchai")
VOLUNTEER = Recipient(Audience.VOLUNTEER, V2)
NOC = Recipient(Audience.NOC, "noc")

INVENTORY = Inventory(
    villages={
        one: Village(id=one, name=f"บ้าน {one}", tambon="ในเมือง", amphoe="เมือง", province="อุบลราชธานี", centre=UBON)
        for one in (V1, V2)
    },
    centres={UBON: ServiceCentre(id=UBON, name="ศูนย์บริการ อุบลราชธานี")},
    technicians=(
        Technician(id=TechnicianId("somchai"), name="สมชาย", centre=UBON, email="somchai@example.th"),
        Technician(id=TechnicianId("nipa"), name="นิภา", centre=UBON, email="nipa@example.th"),
    ),
    volunteers={V2: Volunteer(village=V2, name="มาลี", mobile="+66812345678", language="en")},
)
FAULT = Fault(
    id=FaultId("f1"),
    scope=Scope.DEVICE,
    key="olt-1",
    cause=Cause.POWER,
    confidence=0.8,
    opened_at=T0,
    members=(Member(DeviceId("olt-1"), (V1, V2), T0),),
)


class SteppedClock:
    """Time goes on only when slept."""

    def __init__(self) -> None:
        self.wall = T0

    def now(self) -> Now:
        return Now(monotonic=self.wall - T0, wall=self.wall)

    async def sleep(self, seconds: float) -> None:
        self.wall += seconds
        await asyncio.sleep(0)


class ScriptedNotifier:
    """Answers with whatever `answer` says, and keeps the letters."""

    def __init__(self, channel: Channel, answer: Callable[[Letter], Delivery] = lambda _: SENT) -> None:
        self.channel = channel
        self.answer = answer
        self.letters: list[Letter] = []
        self.is_thinking = False

    async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
        await parting()
        self.letters.append(letter)
        await asyncio.sleep(0)
        if self.is_thinking:
            await asyncio.Event().wait()
        return self.answer(letter)


class Counted:
    """Vitals as plain dictionaries."""

    def __init__(self) -> None:
        self.counts: dict[tuple[Vital, str], float] = {}
        self.gauges: dict[Vital, float] = {}
        self.by_label: dict[tuple[Vital, str], float] = {}

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None:
        self.counts[vital, label] = self.counts.get((vital, label), 0) + amount

    def gauge(self, vital: Vital, value: float, label: str = "") -> None:
        self.gauges[vital] = self.by_label[vital, label] = value

    def observe(self, vital: Vital, value: float) -> None:
        raise AssertionError("the courier has no histogram")


class Office:
    """A courier with everything around it."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.clock = SteppedClock()
        self.vitals = Counted()
        self.mail = ScriptedNotifier(Channel.MAIL)
        self.sms = ScriptedNotifier(Channel.SMS)
        self.policy = CourierPolicy(noc=Person("NOC", email="noc@example.th"))
        self.country = Country(INVENTORY, Fleet(0, 1))

    def courier(self, *channels: Channel) -> Courier:
        notifiers = {Channel.MAIL: self.mail, Channel.SMS: self.sms}
        chosen = {channel: notifiers[channel] for channel in channels or notifiers}
        return Courier(self.store, self.country, chosen, vitals=self.vitals, clock=self.clock, policy=self.policy)

    @contextlib.contextmanager
    def dead_disk(self) -> Iterator[None]:
        """Nothing that happens now is written down."""
        self.store.trouble = "netmon is no more"
        yield
        self.store.trouble = ""

    async def start_anew(self) -> None:
        """What a start of the daemon does to the outbox."""
        rest, resends = self.policy.doubt_hold, self.policy.resends
        await self.store.release_leases(self.clock.now(), rest=rest, resends=resends)

    async def die_while_the_gateway_thinks(self, channel: Channel) -> None:
        """A courier hands over and is no more before it hears an answer, as after a kill -9; then netmon starts anew.

        A courier that has nothing to hand over dies idle.
        """
        gateway = {Channel.MAIL: self.mail, Channel.SMS: self.sms}[channel]
        before, gateway.is_thinking = len(gateway.letters), True
        courier = asyncio.create_task(self.courier().deliver_due(self.clock.now()))
        await until(lambda: len(gateway.letters) > before or courier.done())
        with self.dead_disk(), pytest.MonkeyPatch.context() as patch:
            patch.setattr("netmon.engine.courier.FAREWELL", 0.0)
            courier.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await courier
        gateway.is_thinking = False
        await self.start_anew()

    async def post(self, *notices: Notice) -> None:
        await self.store.commit([OpenFault(FAULT), OpenTicket(FAULT.id, UBON, (V1, V2), T0)], self.clock.now())
        await self.store.commit([SendNotice(one, T0) for one in notices], self.clock.now())

    async def work(self, courier: Courier, hours: float, step: float = 5.0) -> None:
        """Rounds every `step` seconds for so many hours."""
        end = self.clock.wall + hours * 3600
        while self.clock.wall < end:
            await courier.deliver_due(self.clock.now())
            self.clock.wall += step

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.store.rows]

    @property
    def reasons(self) -> list[str]:
        return [row.reason for row in self.store.rows]


def note(
    recipient: Recipient = TECHNICIAN, channel: Channel = Channel.MAIL, stage: Stage = Stage.OPENED, revision: int = 0
) -> Notice:
    return Notice(stage=stage, channel=channel, recipient=recipient, fault=FAULT.id, centre=UBON, revision=revision)


async def until(condition: Callable[[], bool]) -> None:
    """Let the others run until it is so."""
    for _ in range(20_000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came to that")

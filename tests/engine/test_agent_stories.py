"""Ping yes, SNMP no: stories of silent agents through sweep, judge and casework."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from netmon.engine.plan import build_snmp_round
from netmon.engine.snmp_sweep import SnmpSweep
from netmon.model.faults import COUNTRY, Cause, Resolution, Scope
from netmon.model.health import Health
from netmon.model.ids import DeviceId, VillageId
from netmon.model.inventory import Device, Inventory
from netmon.model.notices import Audience, Channel, Stage
from netmon.model.readings import Identity, Measure, Outline, Quantity
from netmon.model.tickets import TicketStatus
from netmon.ports import SnmpBatch, SnmpPlan
from netmon.rules.agents import AgentPolicy
from tests.kit.house import House, changed, country_of

ROUND = 10.0
ROUNDS = AgentPolicy().rounds


@dataclass(eq=False)
class Plan:
    address: str
    outline: Outline = (Measure(Quantity.CPU, ""),)
    identity: Identity = field(default_factory=Identity)


@dataclass
class Wire:
    """A reader whose agents are silent while their address is in `hung`, or their device does not answer ping.

    While it `is_deaf` their answers may have been dropped on netmon's own doorstep.
    """

    is_dark: Callable[[str], bool]
    hung: set[str] = field(default_factory=set)
    is_deaf: bool = False
    asked: list[str] = field(default_factory=list)
    batch: SnmpBatch = field(default_factory=SnmpBatch)

    async def discover(self, device: Device, known: SnmpPlan | None) -> SnmpPlan | None:
        return None if self._is_silent(device.address) else known or Plan(device.address)

    def request(self, index: int, plan: SnmpPlan, now: float) -> None:
        assert isinstance(plan, Plan)
        self.asked.append(plan.address)
        if self._is_silent(plan.address):
            (self.batch.unheard if self.is_deaf else self.batch.missed).append(index)
        else:
            self.batch.answered.append(index)
            self.batch.plans.append(plan)
            self.batch.readings.append([0.5])

    def harvest(self, now: float) -> SnmpBatch:
        batch, self.batch = self.batch, SnmpBatch()
        return batch

    def hurry(self, waited: float, now: float) -> None: ...

    def forget(self) -> None:
        self.batch = SnmpBatch()

    def _is_silent(self, address: str) -> bool:
        return address in self.hung or self.is_dark(address)


class AgentHouse(House):
    """A house that asks by SNMP, too."""

    def __init__(self, inventory: Inventory, *, before: "AgentHouse | None" = None) -> None:
        super().__init__(speaking(inventory), before=before)
        self.wire: Wire = before.wire if before else Wire(lambda address: set.__contains__(self.pinger.silent, address))
        self.snmp = SnmpSweep(
            self.country,
            build_snmp_round(self.country.inventory, ROUND),
            self.wire,
            judge=self.judge,
            sweep=self.sweep,
            vitals=self.vitals,
        )

    async def _live(self, turns: int) -> None:
        self.snmp._call_off()
        self.snmp._queue = asyncio.Queue()  # each loop wants its own
        workers = [asyncio.create_task(self.snmp._discoveries(self.clock)) for _ in range(4)]
        await super()._live(turns)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def do_turn(self) -> None:
        self.snmp.turn([self._turns], self.clock.now())
        await asyncio.sleep(0)
        await super().do_turn()

    def hang(self, *devices: str) -> None:
        """These agents fall silent; their devices go on."""
        self.wire.hung.update(self._addresses(devices))

    def wake(self) -> None:
        """All agents speak again."""
        self.wire.hung.clear()


def speaking(inventory: Inventory) -> Inventory:
    return changed(inventory, devices=[replace(one, credential="read") for one in inventory.devices])


@pytest.fixture
def house() -> AgentHouse:
    made = AgentHouse(country_of(40))
    made.live(60)
    assert made.snmp.planned() == len(made.country.inventory.devices)
    return made


def test_a_hung_agent_gets_one_ticket_by_mail_without_sms_and_nobody_counts_as_down(house: AgentHouse) -> None:
    house.hang("ap-7")
    house.live((ROUNDS - 1) * ROUND)
    assert house.tickets == []
    house.live(2 * ROUND)
    (fault,), (ticket,) = house.open_faults, house.tickets
    assert (fault.scope, fault.key, fault.cause) == (Scope.AGENT, "ap-7", Cause.AGENT)
    assert len(ticket.villages) == 1
    house.live(600)
    assert {row.notice.channel for row in house.messages} == {Channel.MAIL}
    assert house.health("ap-7") is Health.UP
    assert len(house.faults) == 1


def test_silence_that_netmon_may_have_caused_itself_is_no_agents_fault(house: AgentHouse) -> None:
    house.hang("ap-7")
    house.wire.is_deaf = True
    house.live(3 * ROUNDS * ROUND)
    assert house.faults == []
    house.wire.is_deaf = False
    house.live((ROUNDS + 1) * ROUND)
    assert [fault.cause for fault in house.faults] == [Cause.AGENT]


def test_the_ticket_is_resolved_once_the_agent_answers_steadily(
    house: AgentHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    house.hang("ap-7")
    house.live_until_ticket(200)
    house.wake()
    house.live(ROUND)
    assert house.open_faults
    house.live(3 * ROUND)
    (fault,), (ticket,) = house.faults, house.tickets
    assert "agents=silent agent=ap-7 " in caplog.text
    assert "agents=speaking agent=ap-7 " in caplog.text
    assert fault.resolution is Resolution.RECOVERED
    assert ticket.status is TicketStatus.RESOLVED


def test_an_agent_that_answers_now_and_then_is_no_ticket_every_few_minutes(house: AgentHouse) -> None:
    house.hang("ap-7")
    house.live_until_ticket(200)
    for _ in range(6):
        house.wake()
        house.live(ROUND)
        house.hang("ap-7")
        house.live(ROUNDS * ROUND)
    assert len(house.faults) == 1
    assert house.open_faults


def test_who_never_spoke_snmp_gets_no_ticket() -> None:
    house = AgentHouse(country_of(10))
    house.hang("ap-7")
    house.live(900)
    assert house.country.fleet.agents.known.sum() == len(house.country.inventory.devices) - 1
    assert house.faults == []


def test_no_snmp_is_sent_to_a_dead_device_and_its_silence_is_not_its_agents(house: AgentHouse) -> None:
    house.silence("ap-7")
    house.live(40)
    assert house.health("ap-7") is Health.DOWN
    house.wire.asked.clear()
    house.live(20 * ROUND)
    assert house._addresses(["ap-7"])[0] not in house.wire.asked
    assert [fault.cause for fault in house.faults] == [Cause.ACCESS_POINT]


def test_a_device_that_dies_with_its_agent_hung_has_both_faults_and_both_end(house: AgentHouse) -> None:
    house.hang("ap-7")
    house.live_until_ticket(200)
    house.silence("ap-7")
    house.live(60)
    assert {fault.cause for fault in house.open_faults} == {Cause.AGENT, Cause.ACCESS_POINT}
    house.wake()
    house.heal()
    house.live(120)
    assert house.open_faults == []


def test_a_reboot_that_takes_long_to_start_its_agent_begins_to_count_anew(house: AgentHouse) -> None:
    house.hang("ap-7")
    house.live(ROUND)
    house.silence("ap-7")
    house.live(60)
    house.heal()
    house.live((ROUNDS - 2) * ROUND)
    house.wake()
    house.live(120)
    assert Cause.AGENT not in {fault.cause for fault in house.faults}


def test_agents_of_one_feeder_that_fall_silent_together_are_one_ticket(house: AgentHouse) -> None:
    house.hang(*house.below("olt-2"))
    house.live(300)
    (fault,) = house.open_faults
    assert (fault.scope, fault.key) == (Scope.AGENTS, "olt-2")
    assert len(fault.members) == 21
    assert len(house.tickets) == 1
    house.wake()
    house.live(60)
    assert house.open_faults == []


def test_when_nobody_answers_snmp_no_service_centre_gets_a_ticket(
    house: AgentHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.hang(*(device.id for device in house.country.inventory.devices))
    house.live(600)
    (fault,) = house.open_faults
    assert (fault.scope, fault.key) == (Scope.AREA_AGENTS, COUNTRY)
    assert house.tickets == []
    assert "agents=silent area_agents=country devices=84 of=84" in caplog.text
    assert house.healths([device.id for device in house.country.inventory.devices]) == {Health.UP}
    house.wake()
    house.live(120)
    assert house.open_faults == []
    assert house.tickets == []
    told = [(row.notice.recipient.audience, row.notice.channel, row.notice.stage) for row in house.messages]
    assert told == [(Audience.NOC, Channel.MAIL, Stage.OPENED), (Audience.NOC, Channel.MAIL, Stage.RESOLVED)]


def test_who_stays_silent_after_the_others_speak_again_gets_a_ticket_then(house: AgentHouse) -> None:
    house.hang(*(device.id for device in house.country.inventory.devices))
    house.live(300)
    house.wake()
    house.hang("ap-7")
    house.live(120)
    assert [(fault.scope, fault.key) for fault in house.open_faults] == [(Scope.AGENT, "ap-7")]


def test_blindness_opens_nothing_and_ends_nothing(house: AgentHouse) -> None:
    house.hang("ap-7")
    house.live_until_ticket(200)
    house.sensor.cut_off = "the link is down"
    house.cut_off()
    house.live(20 * ROUND)
    house.sensor.cut_off = ""
    house.heal()
    house.live(2 * ROUND)
    assert [fault.key for fault in house.open_faults] == ["ap-7"]
    house.live(300)
    assert [fault.key for fault in house.faults] == ["ap-7"]


def test_maintenance_opens_nothing(house: AgentHouse) -> None:
    row = house.country.inventory.index_of[DeviceId("ap-7")]
    house.country.fleet.maintenance[row] = True
    house.hang("ap-7")
    house.live(300)
    assert house.faults == []


def test_a_restart_keeps_the_ticket_until_the_agent_answers(house: AgentHouse) -> None:
    house.hang("ap-7")
    house.live_until_ticket(200)
    restarted = AgentHouse(country_of(40), before=house)
    restarted.live(600)
    assert [fault.key for fault in restarted.open_faults] == ["ap-7"]
    assert len(restarted.tickets) == 1
    restarted.wake()
    restarted.live(1_000)
    assert restarted.open_faults == []


def test_a_device_that_loses_its_credential_ends_its_ticket(house: AgentHouse) -> None:
    house.hang("ap-7")
    house.live_until_ticket(200)
    devices = [replace(one, credential="") if one.id == "ap-7" else one for one in house.country.inventory.devices]
    old = house.country.inventory
    house.reload(changed(old, devices=devices))
    kept = [(index, index) for index in range(len(devices))]
    house.snmp.adopt(build_snmp_round(house.country.inventory, ROUND), kept)
    house.live(30)
    (fault,) = house.faults
    assert fault.resolution is Resolution.INVENTORY
    assert VillageId(house.tickets[0].villages[0]) in old.villages

"""A full round on demand: everybody is asked once, in seconds, and the report says who answered."""

import asyncio
from collections.abc import Sequence

from netmon.engine.full_round import LONGEST, MOST_POLLS, PINGS_PER_STEP, FullRound, Patience, RoundReport
from netmon.engine.judge import HealthPolicy, Judge
from netmon.engine.plan import build_plan, build_snmp_round
from netmon.engine.snmp_sweep import SnmpSweep
from netmon.engine.sweep import Sweep
from netmon.engine.watch import IsolationWatch
from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Lifecycle, Role
from netmon.model.time import Now
from netmon.ports import SnmpBatch, SnmpPlan
from netmon.rules.isolation import IsolationPolicy
from netmon.rules.odds import OddsPolicy, RecoveryPolicy
from tests.engine.test_snmp_sweep import CalmSensor, NoVitals, Plan
from tests.kit.country import StillClock
from tests.kit.fake_pinger import FakePinger

PATIENCE = Patience(ping=2.0, poll=5.0)


class SlowReader:
    """Answers each poll after `rtt` seconds of the test's clock; `deaf` devices are missed after `timeout`."""

    def __init__(self, rtt: float = 0.03, deaf: Sequence[int] = (), mute: Sequence[int] = ()) -> None:
        self.rtt, self.deaf, self.mute, self.timeout = rtt, set(deaf), set(mute), 4.0
        self.under_way: list[tuple[float, int, SnmpPlan]] = []
        self.most = 0
        self.asked: list[int] = []

    async def discover(self, device: Device, known: SnmpPlan | None) -> SnmpPlan | None:
        return Plan()

    def request(self, index: int, plan: SnmpPlan, now: float) -> None:
        self.asked.append(index)
        if index in self.mute:
            return  # it could not be sent: nothing comes of it
        self.under_way.append((now + (self.timeout if index in self.deaf else self.rtt), index, plan))
        self.most = max(self.most, len(self.under_way))

    def harvest(self, now: float) -> SnmpBatch:
        done = [one for one in self.under_way if one[0] <= now]
        self.under_way = [one for one in self.under_way if one[0] > now]
        good = [one for one in done if one[1] not in self.deaf]
        return SnmpBatch(
            answered=[index for _, index, _ in good],
            plans=[plan for _, _, plan in good],
            readings=[[1.0] for _ in good],
            missed=[index for _, index, _ in done if index in self.deaf],
        )

    def hurry(self, waited: float, now: float) -> None: ...

    def forget(self) -> None:
        self.under_way.clear()


class Stage:
    """Some devices, all up and discovered."""

    def __init__(self, count: int, reader: SlowReader) -> None:
        self.inventory = Inventory(
            devices=[
                Device(
                    id=DeviceId(f"ap-{n}"),
                    role=Role.AP,
                    address=f"10.{n // 62_500}.{n // 250 % 250}.{n % 250 + 1}",
                    credential="read" if n % 2 == 0 else "",
                    lifecycle=Lifecycle.RETIRED if n == count - 1 else Lifecycle.ACTIVE,
                )
                for n in range(count)
            ]
        )
        self.clock, vitals, self.pinger = StillClock(), NoVitals(), FakePinger()
        self.country = Country(self.inventory, Fleet(count, generation=1))
        self.country.fleet.health[:] = Health.UP
        policy = HealthPolicy(odds=OddsPolicy(), recovery=RecoveryPolicy(), timeout=1.0)
        judge = Judge(self.country, policy, vitals)
        watch = IsolationWatch(self.country, CalmSensor(), policy=IsolationPolicy(), vitals=vitals)
        plan = build_plan(self.inventory, (), interval=20.0, generation=1)
        self.sweep = Sweep(self.country, plan, self.pinger, judge=judge, watch=watch, vitals=vitals)
        self.snmp = SnmpSweep(
            self.country, build_snmp_round(self.inventory, 60.0), reader, judge=judge, sweep=self.sweep, vitals=vitals
        )
        self.round = FullRound(
            self.country, self.sweep, self.snmp, patience=PATIENCE, clock=self.clock, vitals=vitals
        )  # fmt: skip

    def discovered(self) -> None:
        for index, device in enumerate(self.inventory.devices):
            if device.credential and device.is_watched:
                self.snmp._found(index, Plan(), self.clock.now())

    async def run(self) -> RoundReport:
        async with asyncio.timeout(60):
            return await self.round.run()


async def test_everybody_is_asked_once_and_the_report_says_who_answered() -> None:
    reader = SlowReader(deaf=[4])
    stage = Stage(1000, reader)
    stage.discovered()
    reader.under_way.clear()
    reader.asked.clear()
    stage.clock.move(30.0)
    stage.pinger.silent = {stage.inventory.devices[7].address}
    report = await stage.run()
    assert (report.pinged, report.answered, report.polled, report.read) == (999, 998, 500, 499)
    assert sorted(reader.asked) == list(range(0, 1000, 2))
    assert report.is_whole
    assert 1.0 <= report.ping_seconds < 1.5  # the silent one's time-out
    assert 4.0 <= report.poll_seconds < 4.5
    assert report.seconds == report.poll_seconds


async def test_a_round_of_tens_of_thousands_takes_seconds_and_never_has_too_many_polls_under_way() -> None:
    reader = SlowReader(rtt=0.2)
    stage = Stage(40_000, reader)
    stage.discovered()
    reader.under_way.clear()
    reader.most = 0
    stage.clock.move(30.0)
    report = await stage.run()
    assert (report.answered, report.read) == (39_999, 20_000)
    assert report.seconds < 5
    assert reader.most <= MOST_POLLS


async def test_a_poll_that_could_not_be_sent_does_not_keep_the_round_waiting_for_ever() -> None:
    reader = SlowReader(mute=[0])
    stage = Stage(10, reader)
    stage.discovered()
    reader.under_way.clear()
    stage.clock.move(30.0)
    report = await stage.run()
    assert (report.polled, report.read) == (5, 4)
    assert PATIENCE.poll <= report.poll_seconds < PATIENCE.poll + 0.5


async def test_polls_that_could_not_be_sent_do_not_take_the_room_of_all_others_for_ever() -> None:
    reader = SlowReader(mute=range(0, 2 * MOST_POLLS, 2))
    stage = Stage(3 * MOST_POLLS, reader)
    stage.discovered()
    reader.under_way.clear()
    stage.clock.move(30.0)
    report = await stage.run()
    assert report.is_whole
    assert (report.polled, report.read) == (1.5 * MOST_POLLS, 0.5 * MOST_POLLS)
    assert report.poll_seconds < 2 * PATIENCE.poll + 0.5


async def test_a_round_that_does_not_come_to_its_end_is_cut_short_and_says_so() -> None:
    reader = SlowReader(mute=range(0, 80_000, 2))  # each poll waits in vain, a part of all at a time
    stage = Stage(80_000, reader)
    stage.discovered()
    reader.under_way.clear()
    stage.clock.move(30.0)
    report = await stage.run()
    assert not report.is_whole
    assert report.answered == 79_999
    assert LONGEST <= report.poll_seconds < LONGEST + 1


async def test_a_reload_ends_the_round_and_the_report_says_so() -> None:
    stage = Stage(1000, SlowReader())
    stage.discovered()
    stage.clock.move(30.0)
    turn, turns = stage.snmp.turn, []

    def counted(slots: Sequence[int], now: object) -> None:
        turns.append(slots)
        turn(slots, stage.clock.now())
        if len(turns) == 2:
            stage.country.fleet = Fleet(1000, generation=2)

    stage.snmp.turn = counted  # type: ignore[method-assign]
    report = await stage.run()
    assert not report.is_whole
    assert report.pinged == 2 * PINGS_PER_STEP


async def test_pings_for_which_the_kernel_had_no_room_are_sent_once_more() -> None:
    stage = Stage(1000, SlowReader())
    stage.clock.move(30.0)
    first, second = (stage.inventory.devices[at].address for at in (7, 8))
    stage.pinger.unroutable = {first, second}
    turn, began = stage.snmp.turn, stage.clock.now().monotonic

    def turning(slots: Sequence[int], now: Now) -> None:
        turn(slots, now)
        if now.monotonic - began > PATIENCE.ping / 2:
            stage.pinger.unroutable = {second}

    stage.snmp.turn = turning  # type: ignore[method-assign]
    report = await stage.run()
    assert (report.pinged, report.answered) == (999, 998)
    assert 2 * PATIENCE.ping <= report.ping_seconds < 2 * PATIENCE.ping + 1

"""The engine in one house: sweep, judge, isolation watch and casework over a fake pinger, store and clock.

Time passes only in `House.live`: turns of 100 ms, the watch every half second, the casework every second, as the
daemon runs them.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from netmon.engine.casework import CasePolicy, Casework
from netmon.engine.judge import HealthPolicy, Judge
from netmon.engine.plan import SLOT, SweepPlan, build_plan
from netmon.engine.sweep import Sweep
from netmon.engine.watch import IsolationWatch
from netmon.model.country import Country
from netmon.model.faults import Fault
from netmon.model.fleet import Fleet
from netmon.model.health import Health, HealthReason
from netmon.model.ids import CentreId, DeviceId, FaultId, TechnicianId, VillageId
from netmon.model.inventory import Device, Inventory, Role, ServiceCentre, Technician, Village, Volunteer
from netmon.model.tickets import Ticket
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.rules.conclude import ConcludePolicy
from netmon.rules.isolation import IsolationPolicy
from netmon.rules.odds import OddsPolicy, RecoveryPolicy
from netmon.rules.reload import diff
from netmon.rules.ticket_policy import NoticePolicy
from tests.kit.fake_pinger import FakePinger
from tests.kit.fake_store import FakeStore, OutboxRow

REFERENCES = ("198.51.100.1", "198.51.100.2")
TURNS_PER_SECOND = 10
PROVINCES = ("34", "50", "65", "90")


def country_of(villages: int, *, per_feeder: int = 10, amphoe_per_feeder: bool = True) -> Inventory:
    """Villages v1.. with ap-1.. behind onu-1.. behind olt-1.., each feeder in an amphoe of its own."""
    places: dict[VillageId, Village] = {}
    devices: list[Device] = []
    for number in range(1, villages + 1):
        group = (number - 1) // per_feeder
        amphoe = group if amphoe_per_feeder else 0
        province = PROVINCES[amphoe % len(PROVINCES)]
        code = VillageId(
            f"{province}{amphoe // len(PROVINCES) + 1:02}{(number - 1) % 80 + 1:02}{(number - 1) // 80:02}"
        )
        places[code] = Village(
            id=code, name=f"บ้าน {number}", tambon="ต", amphoe="อ", province="จ", centre=CentreId(f"C{province}")
        )
        feeder, uplink = DeviceId(f"olt-{group + 1}"), DeviceId(f"onu-{number}")
        if (number - 1) % per_feeder == 0:
            devices.append(
                Device(id=feeder, role=Role.FEEDER, address=address(len(devices)), centre=CentreId(f"C{province}"))
            )
        devices.append(Device(id=uplink, role=Role.UPLINK, address=address(len(devices)), village=code, parent=feeder))
        devices.append(
            Device(
                id=DeviceId(f"ap-{number}"), role=Role.AP, address=address(len(devices)), village=code, parent=uplink
            )
        )
    return Inventory(
        villages=places,
        devices=devices,
        centres={CentreId(f"C{one}"): ServiceCentre(id=CentreId(f"C{one}"), name=one) for one in PROVINCES},
        technicians=[
            Technician(id=TechnicianId(f"t{one}"), name="ช่าง", centre=CentreId(f"C{one}"), email="t@example.th")
            for one in PROVINCES
        ],
        volunteers={one: Volunteer(village=one, name="อาสา", mobile="+66812345678") for one in places},
    )


def address(number: int) -> str:
    """One address per device, never sent to: the pinger is a fake."""
    return f"10.{64 + number // 65536}.{number // 256 % 256}.{number % 256}"


def changed(inventory: Inventory, **changes: object) -> Inventory:
    """The inventory with its devices or people replaced."""
    parts = {name: getattr(inventory, name) for name in ("villages", "devices", "centres", "technicians", "volunteers")}
    return Inventory(**{**parts, **changes})


def with_device(inventory: Inventory, device: str, **changes: object) -> Inventory:
    """The inventory with one device changed."""
    devices = [replace(one, **changes) if one.id == device else one for one in inventory.devices]  # type: ignore[arg-type]
    return changed(inventory, devices=devices)


class LossySilence(set[str]):
    """Addresses that are silent, and a share of all other probes that is lost, by a seeded die."""

    def __init__(self, loss: float, seed: int) -> None:
        super().__init__()
        self.loss, self._die = loss, random.Random(seed)

    def __contains__(self, one: object) -> bool:
        return super().__contains__(one) or self._die.random() < self.loss


class Sensor:
    """The kernel's word on link and route."""

    def __init__(self) -> None:
        self.cut_off = ""

    async def run(self) -> None:
        await asyncio.Event().wait()


class CountingVitals:
    """Counters to look at."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[Vital, str]] = Counter()

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None:
        self.counted[vital, label] += int(amount)

    def gauge(self, vital: Vital, value: float, label: str = "") -> None:
        self.counted[vital, label] = int(value)

    def observe(self, vital: Vital, value: float) -> None:
        self.counted[vital, ""] += 1


class HouseClock:
    """Both clocks, moved by the house alone."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Now:
        return Now(monotonic=1_000.0 + self.seconds, wall=1_795_150_800.0 + self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class House:
    """One netmon, as the daemon wires it. Give it an old house's store and clock and it is a restart."""

    def __init__(
        self, inventory: Inventory, *, interval: float = 20.0, loss: float = 0.0, before: "House | None" = None
    ) -> None:
        self.clock: HouseClock = before.clock if before else HouseClock()
        self.store: FakeStore = before.store if before else FakeStore()
        self.pinger: FakePinger = before.pinger if before else FakePinger(silent=LossySilence(loss, 7))
        self.sensor, self.vitals, self.interval = Sensor(), CountingVitals(), interval
        self.country = Country(inventory, Fleet(len(inventory.devices), 1))
        policy = HealthPolicy(odds=OddsPolicy(), recovery=RecoveryPolicy(), timeout=self.pinger.timeout)
        self.judge = Judge(self.country, policy, self.vitals)
        self.watch = IsolationWatch(self.country, self.sensor, policy=IsolationPolicy(), vitals=self.vitals)
        plan = self._plan(inventory, 1)
        self.sweep = Sweep(self.country, plan, self.pinger, judge=self.judge, watch=self.watch, vitals=self.vitals)
        numbers = itertools.count(len(self.store.faults) + 1)
        self.casework = Casework(
            self.country,
            self.judge,
            self.store,
            policy=CasePolicy(ConcludePolicy(), NoticePolicy()),
            vitals=self.vitals,
            new_id=lambda: FaultId(f"F{next(numbers)}"),
        )
        self._turns = 0
        asyncio.run(self.casework.load())

    def _plan(self, inventory: Inventory, generation: int) -> SweepPlan:
        return build_plan(inventory, REFERENCES, interval=self.interval, generation=generation)

    def live(self, seconds: float) -> None:
        """Let time pass."""
        asyncio.run(self._live(round(seconds * TURNS_PER_SECOND)))

    async def _live(self, turns: int) -> None:
        for _ in range(turns):
            self.clock.seconds += SLOT
            await self.do_turn()

    async def do_turn(self) -> None:
        now = self.clock.now()
        self.sweep.turn([self._turns], now)
        self._turns += 1
        if self._turns % 5 == 0:
            await self.watch.tick(self.judge, self.store, now)
        if self._turns % 10 == 0:
            await self.casework.tick(now)
            self._deliver(now)

    def _deliver(self, now: Now) -> None:
        """The courier of this house never fails."""
        for row in self.store.rows:
            if row.state == "waiting" and row.not_before <= now.wall:
                row.state = "sent"

    def live_until_ticket(self, at_most: float) -> float:
        """Let time pass until a further ticket is there; how long that took."""
        known = len(self.tickets)
        for passed in range(round(at_most)):
            self.live(1)
            if len(self.tickets) > known:
                return passed + 1.0
        raise AssertionError(f"no ticket within {at_most} s")

    def reload(self, inventory: Inventory) -> None:
        """What the daemon's reload swaps."""
        old, changes = self.country, diff(self.country.inventory, inventory)
        fleet = Fleet(len(inventory.devices), old.fleet.generation + 1)
        fleet.adopt(old.fleet, [new for new, _ in changes.kept], [row for _, row in changes.kept])
        known = {new for new, _ in changes.kept}
        moved = [inventory.index_of[one] for one in changes.changed if inventory.index_of[one] not in known]
        old.inventory, old.fleet = inventory, fleet
        wishes = self.judge.adopt(changes.kept, moved, self.clock.now())
        self.casework.adopt(CasePolicy(ConcludePolicy(), NoticePolicy()))
        self.sweep.adopt(self._plan(inventory, fleet.generation))
        self.sweep.recheck(wishes, self.clock.now())

    def silence(self, *devices: str) -> None:
        """These devices answer no more."""
        self.pinger.silent.update(self._addresses(devices))

    def heal(self, *devices: str) -> None:
        """These devices answer again; all of them if none is named."""
        self.pinger.silent.difference_update(self._addresses(devices) if devices else set(self.pinger.silent))

    def cut_off(self) -> None:
        """Nothing netmon sends is answered."""
        self.pinger.silent.update(one.address for one in self.country.inventory.devices)
        self.pinger.silent.update(REFERENCES)

    def below(self, device: str) -> list[str]:
        """The device and all behind it."""
        inventory = self.country.inventory
        return [inventory.devices[i].id for i in inventory.below(inventory.index_of[DeviceId(device)])]

    def _addresses(self, devices: Iterable[str]) -> list[str]:
        inventory = self.country.inventory
        return [inventory.devices[inventory.index_of[DeviceId(one)]].address for one in devices]

    def health(self, device: str) -> Health:
        return self.country.fleet.health_of(self.country.inventory.index_of[DeviceId(device)])

    def healths(self, devices: Sequence[str]) -> set[Health]:
        return {self.health(one) for one in devices}

    @property
    def tickets(self) -> list[Ticket]:
        return list(self.store.by_number.values())

    @property
    def faults(self) -> list[Fault]:
        return list(self.store.faults.values())

    @property
    def open_faults(self) -> list[Fault]:
        return [one for one in self.faults if one.is_open]

    @property
    def messages(self) -> list[OutboxRow]:
        """Notices that left or will leave."""
        return [row for row in self.store.rows if row.state != "superseded"]

    @property
    def downs(self) -> int:
        """How often a device was concluded to be down."""
        return self.vitals.counted[Vital.TRANSITIONS, HealthReason.ODDS_CONFIRMED]

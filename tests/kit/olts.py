"""A house whose OLTs tell of their ONUs: what they say, and whether they say anything, is the test's."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from netmon.engine.olt_watch import OltPace, OltParts, OltWatch
from netmon.model.ids import DeviceId
from netmon.model.inventory import Inventory, ObservedVia, Role
from netmon.model.onus import DownCause, OnuIndex, OnuRow, RowState
from netmon.model.readings import Identity, Measure, Outline, Quantity
from netmon.ports import OltLink, SnmpPlan
from tests.kit.house import House, changed, country_of

LIGHT = Measure(Quantity.OPTICAL_RECEIVE_POWER, "")
ONLINE = OnuRow(RowState.ONLINE)
GASPED = OnuRow(RowState.OFFLINE, DownCause.DYING_GASP)
LOST = OnuRow(RowState.OFFLINE, DownCause.LOSS_OF_SIGNAL)
MUTE = OnuRow(RowState.OFFLINE)


@dataclass(eq=False)
class Plan:
    """Stands for what discovery found out about an OLT."""

    olt: str
    outline: Outline = ()
    identity: Identity = field(default_factory=Identity)


@dataclass
class PlayedOlt:
    """One OLT: `said` by serial number; it is mute while `silent`. `reads` are the rows of each read."""

    serials: Sequence[str]
    said: dict[str, OnuRow]
    outline: Outline = (LIGHT,)
    silent: bool = False
    walks: int = 0
    reads: list[list[str]] = field(default_factory=list)
    lit: Counter[str] = field(default_factory=Counter)

    async def find(self) -> Mapping[str, OnuIndex] | None:
        self.walks += 1
        return None if self.silent else {one: (number,) for number, one in enumerate(self.serials) if one in self.said}

    async def states(self, rows: Sequence[OnuIndex]) -> Sequence[OnuRow] | None:
        asked = [self.serials[row[0]] for row in rows]
        self.reads.append(asked)
        return None if self.silent else [self.said.get(one, OnuRow(RowState.MISSING)) for one in asked]

    async def optics(self, rows: Sequence[OnuIndex]) -> Sequence[Sequence[float | None]] | None:
        if self.silent:
            return None
        self.lit.update(self.serials[row[0]] for row in rows)
        return [[-18.0 - row[0]] for row in rows]


def with_olts(
    villages: int, *, per_feeder: int = 10, no_address: Sequence[int] = (), one_amphoe: bool = False
) -> Inventory:
    """Villages whose ONUs are observed via their feeder under serial S1, S2 ...; those numbered have no address."""
    inventory = country_of(villages, per_feeder=per_feeder, amphoe_per_feeder=not one_amphoe)
    devices = []
    for one in inventory.devices:
        if one.role is not Role.UPLINK or one.parent is None:
            devices.append(one)
            continue
        number = one.id.removeprefix("onu-")
        via = ObservedVia(one.parent, f"S{number}")
        devices.append(replace(one, observed_via=via, address="" if int(number) in no_address else one.address))
    return changed(inventory, devices=devices)


class OltHouse(House):
    """One netmon with its watch of OLTs; SNMP rounds of 20 s, light of all within 200 s."""

    def __init__(self, inventory: Inventory) -> None:
        super().__init__(inventory)
        self.played: dict[str, PlayedOlt] = {}
        for device in inventory.devices:
            if device.observed_via is not None:
                olt = self.played.setdefault(device.observed_via.device, PlayedOlt([], {}))
                olt.serials = [*olt.serials, device.observed_via.key]
                olt.said[device.observed_via.key] = ONLINE
        self.known = {name: Plan(name) for name in self.played}
        parts = OltParts(plans=self, judge=self.judge, sweep=self.sweep, vitals=self.vitals, clock=self.clock)
        self.olts = OltWatch(self.country, OltPace(20.0, 200.0), self, parts)

    def plan(self, device: int) -> SnmpPlan | None:
        return self.known.get(self.country.inventory.devices[device].id)

    def slow_outline(self, plan: SnmpPlan) -> Outline:
        return ()

    async def read_slowly(self, plan: SnmpPlan) -> Sequence[float] | None:
        return None

    def olt(self, plan: SnmpPlan) -> OltLink | None:
        return self.played[plan.olt] if isinstance(plan, Plan) else None

    async def do_turn(self) -> None:
        turn = self._turns
        await super().do_turn()
        self.olts.turn([turn], self.clock.now())
        for _ in range(6):
            await asyncio.sleep(0)

    def say(self, row: OnuRow, *numbers: int) -> None:
        """The OLTs of these villages say this of their ONUs."""
        for olt in self.played.values():
            olt.said |= {f"S{number}": row for number in numbers if f"S{number}" in olt.serials}

    def cut_power(self, *numbers: int, row: OnuRow = GASPED) -> None:
        """ONU and access point of these villages are dark."""
        self.silence(*(f"{kind}-{number}" for number in numbers for kind in ("onu", "ap")))
        self.say(row, *numbers)

    def row(self, device: str) -> RowState:
        index = self.country.inventory.index_of[DeviceId(device)]
        return RowState(int(self.country.fleet.row_state[index]))

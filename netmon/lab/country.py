"""A made-up country on Thailand's real tambons: villages, devices, people; same plan, same country.

Per amphoe one or more feeders, each with a UPS beside it in its exchange; per village an uplink behind its feeder and
an access point behind its uplink. What the
operator's inventory says (`inventory`) is not always what is true (`parent_of`): records in the field are wrong for
some feeders, one uplink in ten answers no ping, four in ten speak no SNMP. A gentle country has none of it.
"""

import gc
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from netmon.errors import InputError
from netmon.lab import people
from netmon.lab.addresses import ap_address, feeder_address, uplink_address, ups_address
from netmon.lab.coordinates import JITTER_KM, Point, TambonPoints, jitter
from netmon.lab.places import Amphoe, Share, Tambon, apportion, choose_amphoes, choose_codes, choose_tambons
from netmon.lab.words import CONTACT_TITLES, OPENING_HOURS, PLACES, VILLAGE_ENDINGS, VILLAGE_STEMS
from netmon.model.ids import CentreId, DeviceId, VillageId
from netmon.model.inventory import Device, Inventory, Lifecycle, ObservedVia, PointKind, Role, Village, Volunteer
from netmon.model.regions import REGION_OF_PROVINCE

WRONG_FEEDER = 0.05
"""Share of uplinks whose feeder in the inventory is not the true one."""
NO_PING = 0.10
"""Share of uplinks that answer no ping and so have no address in the inventory."""
NO_SNMP = 0.40
"""Share of uplinks that speak no SNMP; those that answer no ping speak none either."""
CREDENTIAL = "village-ro"
"""Name of the community for every device that speaks SNMP; what it is stands in `agents`."""
PLANNED = 0.03
"""Share of villages in the inventory where nothing is built yet."""
_SECOND_FEEDER = 0.75
"""An amphoe has a second feeder from this part of a feeder's villages on."""
_KINDS = (PointKind.VILLAGE, PointKind.COMMUNITY_CENTRE, PointKind.LEARNING_CENTRE)
_KIND_WEIGHTS = (88, 8, 4)
_DAUGHTER = 0.3
"""Chance that a village's name has an ending."""
FEWEST_PER_FEEDER, MOST_PER_FEEDER = 8, 512


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryPlan:
    """What a country is made from. The same plan makes the same country."""

    villages: int
    seed: int = 1
    villages_per_feeder: int = 40
    gentle: bool = False
    coordinates: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """The simulated country: what the operator believes, and what is true.

    `parent_of` has every device's true parent; `amphoe_of` the 4-digit code of where a device stands; `unbuilt` are
    devices that exist only on paper and never answer.
    """

    plan: CountryPlan
    inventory: Inventory
    parent_of: Mapping[DeviceId, DeviceId | None]
    amphoe_of: Mapping[DeviceId, str]
    unbuilt: frozenset[DeviceId]

    def wrongly_recorded(self) -> tuple[DeviceId, ...]:
        """Devices whose parent in the inventory is not the true one."""
        return tuple(d.id for d in self.inventory.devices if d.parent != self.parent_of[d.id])


def generate(plan: CountryPlan) -> Country:
    """Make the country of a plan.

    Raises:
        InputError: a number is out of its range, or the coordinates cannot be read.
    """
    if not 1 <= plan.villages <= people.MOST_VILLAGES:
        raise InputError(f"a country has 1 to {people.MOST_VILLAGES:,} villages, not {plan.villages:,}")
    if not FEWEST_PER_FEEDER <= plan.villages_per_feeder <= MOST_PER_FEEDER:
        raise InputError(
            f"villages_per_feeder is {FEWEST_PER_FEEDER} to {MOST_PER_FEEDER}, not {plan.villages_per_feeder}"
        )
    with _no_garbage():
        return _Builder(plan).build()


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Hundreds of thousands of objects are made here and all are kept: looking among them for garbage takes a third."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Speech(StrEnum):
    """What an uplink answers to."""

    NOTHING = "nothing"
    PING = "ping"
    SNMP = "snmp"


@dataclass(slots=True)
class _Builder:
    """Collects a country amphoe by amphoe. Each purpose has its own chance, so that one never shifts another."""

    plan: CountryPlan
    villages: dict[VillageId, Village] = field(default_factory=dict)
    volunteers: dict[VillageId, Volunteer] = field(default_factory=dict)
    devices: list[Device] = field(default_factory=list)
    parent_of: dict[DeviceId, DeviceId | None] = field(default_factory=dict)
    amphoe_of: dict[DeviceId, str] = field(default_factory=dict)
    unbuilt: set[DeviceId] = field(default_factory=set)
    feeders: list[DeviceId] = field(default_factory=list)

    def build(self) -> Country:
        shares = choose_amphoes(self.plan.villages, self._chance("amphoes"))
        centre_of, centres = people.service_centres([share.amphoe for share in shares])
        points = TambonPoints(self.plan.coordinates)
        layouter = _Layouter(self._chance("layout"), self._chance("faces"), self._chance("map"), points)
        paper = self._chance("paper")
        planned = self._planned()
        mute = self._mute()
        for share in shares:
            centre = centre_of[share.amphoe.code]
            places = list(layouter.lay_out(share, centre))
            self._wire_up(share, places, centre, (paper, planned, mute))
        self._add_upss()
        inventory = Inventory(
            villages=self.villages,
            devices=tuple(self.devices),
            centres=centres,
            technicians=people.technicians(centres, self._chance("technicians")),
            volunteers=self.volunteers,
        )
        return Country(
            plan=self.plan,
            inventory=inventory,
            parent_of=self.parent_of,
            amphoe_of=self.amphoe_of,
            unbuilt=frozenset(self.unbuilt),
        )

    def _chance(self, purpose: str) -> random.Random:
        return random.Random(f"{self.plan.seed}/{purpose}")

    def _planned(self) -> set[int]:
        everywhere = range(self.plan.villages)
        return set(self._chance("planned").sample(everywhere, int(self.plan.villages * PLANNED)))

    def _mute(self) -> set[int]:
        """Positions of the villages whose uplink speaks no SNMP."""
        everywhere = range(self.plan.villages)
        mute = self._chance("mute").sample(everywhere, int(self.plan.villages * NO_SNMP))
        return set() if self.plan.gentle else set(mute)

    def _wire_up(
        self, share: Share, places: list[Village], centre: CentreId, fate: tuple[random.Random, set[int], set[int]]
    ) -> None:
        paper, planned, mute = fate
        per_feeder = self.plan.villages_per_feeder
        count = max(-(-len(places) // per_feeder), 2 if len(places) >= _SECOND_FEEDER * per_feeder else 1)
        behind = [n for n, size in enumerate(apportion(len(places), [1] * count)) for _ in range(size)]
        own = [self._add_feeder(share.amphoe, n, centre, places[behind.index(n)].tambon) for n in range(count)]
        for village, n in zip(places, behind, strict=True):
            position = len(self.villages)
            self.villages[village.id] = village
            self.volunteers[village.id] = people.volunteer(village.id, position, paper)
            recorded, silent = self._records(own[n], own, paper)
            lifecycle = Lifecycle.PLANNED if position in planned else Lifecycle.ACTIVE
            speech = _Speech.NOTHING if silent else _Speech.PING if position in mute else _Speech.SNMP
            self._add_village_devices(village, position, (own[n], recorded), speech=speech, lifecycle=lifecycle)

    def _records(self, true: DeviceId, own: list[DeviceId], paper: random.Random) -> tuple[DeviceId, bool]:
        """The feeder the inventory has for an uplink, and whether that uplink answers no ping."""
        wrong, silent = paper.random() < WRONG_FEEDER, paper.random() < NO_PING
        others = [feeder for feeder in own if feeder != true] or self.feeders[-2:-1]
        pick = paper.random()
        if self.plan.gentle:
            return true, False
        return (others[int(pick * len(others))] if wrong and others else true), silent

    def _add_feeder(self, amphoe: Amphoe, n: int, centre: CentreId, tambon: str) -> DeviceId:
        feeder = DeviceId(f"olt-{amphoe.code}-{n + 1}")
        self.devices.append(
            Device(
                id=feeder,
                role=Role.FEEDER,
                address=feeder_address(len(self.feeders)),
                name=f"OLT อ.{amphoe.name} {n + 1} (ชุมสาย ต.{tambon})",
                centre=centre,
                credential=CREDENTIAL,
            )
        )
        self.feeders.append(feeder)
        self.parent_of[feeder] = None
        self.amphoe_of[feeder] = amphoe.code
        return feeder

    def _add_upss(self) -> None:
        """One beside every feeder; last, so that no other device has another place in the inventory for it."""
        by_id = {device.id: device for device in self.devices}
        for number, feeder in enumerate(self.feeders):
            ups = DeviceId(f"ups-{feeder.removeprefix('olt-')}")
            self.devices.append(
                Device(
                    id=ups,
                    role=Role.UPS,
                    address=ups_address(number),
                    parent=feeder,
                    name=by_id[feeder].name.replace("OLT", "UPS", 1),
                    centre=by_id[feeder].centre,
                    credential=CREDENTIAL,
                )
            )
            self.parent_of[ups] = feeder
            self.amphoe_of[ups] = self.amphoe_of[feeder]

    def _add_village_devices(
        self,
        village: Village,
        position: int,
        feeders: tuple[DeviceId, DeviceId],
        *,
        speech: _Speech,
        lifecycle: Lifecycle,
    ) -> None:
        true, recorded = feeders
        uplink, ap = DeviceId(f"onu-{village.id}"), DeviceId(f"ap-{village.id}")
        self.devices.append(
            Device(
                id=uplink,
                role=Role.UPLINK,
                address="" if speech is _Speech.NOTHING else uplink_address(position),
                village=village.id,
                parent=recorded,
                observed_via=ObservedVia(recorded, _serial(position)),
                lifecycle=lifecycle,
                name=f"ONU {village.name}",
                credential=CREDENTIAL if speech is _Speech.SNMP else "",
            )
        )
        self.devices.append(
            Device(
                id=ap,
                role=Role.AP,
                address=ap_address(position),
                village=village.id,
                parent=uplink,
                lifecycle=lifecycle,
                name=f"AP {village.name}",
                credential=CREDENTIAL,
            )
        )
        self.parent_of[uplink], self.parent_of[ap] = true, uplink
        self.amphoe_of[uplink] = self.amphoe_of[ap] = village.amphoe_code
        if lifecycle is Lifecycle.PLANNED:
            self.unbuilt.update((uplink, ap))


def _serial(position: int) -> str:
    """A GPON serial number no vendor has; the factor is odd, so no two villages share one."""
    return f"SYNT{position * 2_654_435_761 % 2**32:08X}"


@dataclass(frozen=True, slots=True)
class _Layouter:
    """Lays out villages; `layout`, `faces` and `map` are the chances of where and what, of people, of coordinates."""

    layout: random.Random
    faces: random.Random
    map: random.Random
    points: TambonPoints

    def lay_out(self, share: Share, centre: CentreId) -> Iterator[Village]:
        """The villages of one amphoe in code order."""
        for tambon, count in choose_tambons(share, self.layout):
            middle = self.points.locate(tambon.code, self.map)
            taken: set[str] = set()
            base = ""
            for code in choose_codes(tambon, count, self.layout):
                moo, _, further = code[6:].partition("-")
                if not further:
                    base = _name(share.amphoe, taken, self.layout, town=moo == "00")
                name = f"{base} จุดที่ {further}" if further else base
                yield self._village((code, name), share.amphoe, tambon, centre, middle)

    def _village(
        self, code_and_name: tuple[str, str], amphoe: Amphoe, tambon: Tambon, centre: CentreId, middle: Point
    ) -> Village:
        lat, lon = jitter(middle, JITTER_KM, self.map)
        kind = self.layout.choices(_KINDS, _KIND_WEIGHTS)[0]
        return Village(
            id=VillageId(code_and_name[0]),
            name=code_and_name[1],
            tambon=tambon.name,
            amphoe=amphoe.name,
            province=amphoe.province,
            centre=centre,
            kind=kind,
            lat=lat,
            lon=lon,
            place=_place(kind, tambon, self.faces),
            opening_hours=OPENING_HOURS[kind],
            contact=f"{CONTACT_TITLES[kind]} {people.person(self.faces)}",
        )


def _name(amphoe: Amphoe, taken: set[str], rng: random.Random, *, town: bool) -> str:
    """A name nobody else in the tambon has, as long as the stems last."""
    stems = VILLAGE_STEMS[REGION_OF_PROVINCE[amphoe.province_code]]
    name = ""
    for _ in range(len(stems)):
        stem = rng.choice(stems)
        ending = rng.choice(VILLAGE_ENDINGS) if rng.random() < _DAUGHTER else ""
        if ending and not stem.endswith(VILLAGE_ENDINGS):
            stem += ending
        name = f"{'ชุมชน' if town else 'บ้าน'}{stem}"
        if name not in taken:
            break
    taken.add(name)
    return name


def _place(kind: PointKind, tambon: Tambon, rng: random.Random) -> str:
    place = rng.choice(PLACES[kind])
    return f"{place}{tambon.name}" if place.endswith("กศน.ตำบล") else place

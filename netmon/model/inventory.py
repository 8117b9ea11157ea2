"""What is watched and who looks after it: villages, devices, service centres, technicians, volunteers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from netmon.model.ids import CentreId, DeviceId, TechnicianId, VillageId
from netmon.model.regions import REGION_OF_PROVINCE, Region


class PointKind(StrEnum):
    """Kind of Wi-Fi point; same watching, own opening hours and contact."""

    VILLAGE = "village"
    COMMUNITY_CENTRE = "community_centre"
    LEARNING_CENTRE = "learning_centre"


class Role(StrEnum):
    """What a device does for a village."""

    AP = "ap"
    UPLINK = "uplink"
    SWITCH = "switch"
    UPS = "ups"
    FEEDER = "feeder"


class Lifecycle(StrEnum):
    """Planned opens no fault until first seen; suspended is watched silently; retired is not watched."""

    PLANNED = "planned"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """One Wi-Fi point's place. Names are Thai; lat and lon are WGS 84 degrees, None where unknown."""

    id: VillageId
    name: str
    tambon: str
    amphoe: str
    province: str
    centre: CentreId
    kind: PointKind = PointKind.VILLAGE
    lat: float | None = None
    lon: float | None = None
    place: str = ""
    opening_hours: str = ""
    contact: str = ""

    @property
    def province_code(self) -> str:
        """DOPA code, 2 digits."""
        return self.id[:2]

    @property
    def amphoe_code(self) -> str:
        """DOPA code, 4 digits."""
        return self.id[:4]

    @property
    def tambon_code(self) -> str:
        """DOPA code, 6 digits."""
        return self.id[:6]

    @property
    def moo(self) -> int:
        """Number of the village in its tambon; 0 where there is none (towns)."""
        return int(self.id[6:8])

    @property
    def region(self) -> Region:
        """Region of the country."""
        return REGION_OF_PROVINCE[self.province_code]


@dataclass(frozen=True, slots=True)
class ObservedVia:
    """Another device whose tables describe this one (an ONU in its OLT): its id, and the serial or port index there."""

    device: DeviceId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Anything watched. An empty address means it is never probed itself, only observed via another device."""

    id: DeviceId
    role: Role
    address: str = ""
    village: VillageId | None = None
    parent: DeviceId | None = None
    observed_via: ObservedVia | None = None
    lifecycle: Lifecycle = Lifecycle.ACTIVE
    name: str = ""
    centre: CentreId | None = None
    profile: str = ""
    credential: str = ""

    @property
    def is_watched(self) -> bool:
        """Probed by netmon at all."""
        return bool(self.address) and self.lifecycle is not Lifecycle.RETIRED

    @property
    def is_told_of(self) -> bool:
        """Known only from the tables of the device it is observed via."""
        return not self.address and self.observed_via is not None and self.lifecycle is not Lifecycle.RETIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCentre:
    """A TOT service centre, whose technicians repair."""

    id: CentreId
    name: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Technician:
    """A field technician; `language` is th or en."""

    id: TechnicianId
    name: str
    centre: CentreId
    email: str
    mobile: str = ""
    language: str = "th"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volunteer:
    """A village's volunteer (เน็ตอาสาประชารัฐ); mobile is E.164."""

    village: VillageId
    name: str
    mobile: str
    language: str = "th"


@dataclass(frozen=True, slots=True, eq=False)
class Inventory:
    """Everything the operator's files say, with look-ups. A device's dense index is its position in `devices`.

    `speaks_for` is, for each village that has one, the device whose health is the village's: its first access point
    that is not retired, for that is what people use, else its uplink.
    """

    villages: Mapping[VillageId, Village] = field(default_factory=dict)
    devices: Sequence[Device] = ()
    centres: Mapping[CentreId, ServiceCentre] = field(default_factory=dict)
    technicians: Sequence[Technician] = ()
    volunteers: Mapping[VillageId, Volunteer] = field(default_factory=dict)
    index_of: Mapping[DeviceId, int] = field(init=False)
    speaks_for: Mapping[VillageId, int] = field(init=False)
    _children: Mapping[int, Sequence[int]] = field(init=False)
    _parent: Sequence[int] = field(init=False)
    _served: dict[int, tuple[VillageId, ...]] = field(init=False, default_factory=dict, repr=False, compare=False)
    _staff: Mapping[CentreId, tuple[Technician, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index_of = {device.id: index for index, device in enumerate(self.devices)}
        parent = [index_of.get(d.parent, -1) if d.parent is not None else -1 for d in self.devices]
        children: dict[int, list[int]] = {}
        for index, above in enumerate(parent):
            if above >= 0:
                children.setdefault(above, []).append(index)
        object.__setattr__(self, "index_of", index_of)
        object.__setattr__(self, "speaks_for", self._first_of(Role.UPLINK) | self._first_of(Role.AP))
        object.__setattr__(self, "_parent", parent)
        object.__setattr__(self, "_children", children)
        staff: dict[CentreId, tuple[Technician, ...]] = {}
        for one in self.technicians:
            staff[one.centre] = (*staff.get(one.centre, ()), one)
        object.__setattr__(self, "_staff", staff)

    def _first_of(self, role: Role) -> dict[VillageId, int]:
        found: dict[VillageId, int] = {}
        for index, device in enumerate(self.devices):
            if device.role is role and device.village is not None and device.lifecycle is not Lifecycle.RETIRED:
                found.setdefault(device.village, index)
        return found

    def parent_of(self, index: int) -> int:
        """Dense index of the parent, -1 for a root."""
        return self._parent[index]

    def children_of(self, index: int) -> Sequence[int]:
        """Dense indices of the direct children."""
        return self._children.get(index, ())

    def below(self, index: int) -> Iterator[int]:
        """The device itself and everything beneath it; parents form a forest, so this ends."""
        waiting = [index]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(self._children.get(one, ()))

    def villages_below(self, index: int) -> tuple[VillageId, ...]:
        """Villages served through the device, each once, sorted; remembered, because a storm asks every second."""
        known = self._served.get(index)
        if known is None:
            found = {self.devices[i].village for i in self.below(index)}
            known = self._served[index] = tuple(sorted(village for village in found if village is not None))
        return known

    def feeder_of(self, index: int) -> int:
        """Dense index of the nearest feeder above (or the device itself if it is one), -1 where there is none."""
        while index >= 0 and self.devices[index].role is not Role.FEEDER:
            index = self._parent[index]
        return index

    def technicians_of(self, centre: CentreId) -> tuple[Technician, ...]:
        """Technicians of a service centre, in file order."""
        return self._staff.get(centre, ())

"""A fault: one root cause, its evidence, and the villages it affects."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from netmon.model.ids import DeviceId, FaultId, VillageId
from netmon.model.paths import PathTrace


class Cause(StrEnum):
    """Root causes (DESIGN section 2)."""

    POWER = "power"
    FEEDER = "feeder"
    UPLINK = "uplink"
    ACCESS_POINT = "access_point"
    AGENT = "agent"
    DEGRADED = "degraded"
    UNUSED = "unused"
    UNKNOWN = "unknown"


MILD = frozenset({Cause.AGENT, Cause.DEGRADED, Cause.UNUSED})
"""Causes that leave the Wi-Fi working: no village is dark because of them, and no volunteer can help."""


class Priority(StrEnum):
    """How soon somebody should look at a fault; TMF621's `priority`."""

    NORMAL = "normal"
    LOW = "low"
    """Nobody is without Wi-Fi: no journey for this alone, and no SMS."""


class Scope(StrEnum):
    """What a fault is about; with the key it is the fault's identity, and at most one is open for each."""

    DEVICE = "device"
    FEEDER = "feeder"
    AMPHOE = "amphoe"
    AMPHOES = "amphoes"
    """Several amphoes that one service centre looks after; the key is the first of them."""
    AGENT = "agent"
    """A device's SNMP agent; the device itself may have a fault at the same time."""
    AGENTS = "agents"
    """The SNMP agents behind a feeder."""
    AREA_AGENTS = "area_agents"
    """The SNMP agents of a province (2-digit code), or of the `COUNTRY`: nobody in the field can help that."""


COUNTRY = "country"
"""Key of a fault of `Scope.AREA_AGENTS` about all that netmon watches."""
AGENT_SCOPES = frozenset({Scope.AGENT, Scope.AGENTS, Scope.AREA_AGENTS})


class EvidenceKind(StrEnum):
    """A thing observed that speaks for or against a cause; `rules.wording` turns each into a sentence."""

    DEVICE_SILENT = "device_silent"
    UPLINK_ANSWERS = "uplink_answers"
    UPLINK_SILENT = "uplink_silent"
    UPLINK_NOT_WATCHED = "uplink_not_watched"
    FEEDER_ANSWERS = "feeder_answers"
    FEEDER_SILENT = "feeder_silent"
    FEEDER_NOT_WATCHED = "feeder_not_watched"
    ALL_BELOW_SILENT = "all_below_silent"
    SILENT_BEFORE_IT = "silent_before_it"
    OLT_ONLINE = "olt_online"
    OLT_OFFLINE = "olt_offline"
    OLT_DYING_GASP = "olt_dying_gasp"
    OLT_LOSS_OF_SIGNAL = "olt_loss_of_signal"
    OLT_DYING_GASPS = "olt_dying_gasps"
    OLT_LOSSES_OF_SIGNAL = "olt_losses_of_signal"
    NEIGHBOURS_SILENT = "neighbours_silent"
    SEVERAL_FEEDERS = "several_feeders"
    ONE_FEEDER = "one_feeder"
    AGENT_SILENT = "agent_silent"
    AGENTS_SILENT = "agents_silent"
    OPERATOR_SAID = "operator_said"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence: what, about which device or place, how many of how many, and when (Unix seconds)."""

    kind: EvidenceKind
    subject: str
    at: float
    count: int = 0
    total: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A dead device at the top of a dead branch, and the villages behind it. Times are Unix seconds."""

    device: DeviceId
    villages: tuple[VillageId, ...]
    failed_at: float
    recovered_at: float | None = None


class Resolution(StrEnum):
    """Why a fault ended."""

    RECOVERED = "recovered"
    MERGED = "merged"
    INVENTORY = "inventory"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One root cause. `confidence` is 0..1; times are Unix seconds; `members` keep those already recovered.

    `path` is how far the way to its first device went, None as long as nobody has looked.
    """

    id: FaultId
    scope: Scope
    key: str
    cause: Cause
    confidence: float
    opened_at: float
    members: tuple[Member, ...]
    evidence: tuple[Evidence, ...] = ()
    overruled_by: str = ""
    resolved_at: float | None = None
    resolution: Resolution | None = None
    merged_into: FaultId | None = None
    path: PathTrace | None = None

    @property
    def is_open(self) -> bool:
        """Not resolved yet."""
        return self.resolved_at is None

    @property
    def priority(self) -> Priority:
        """How soon somebody should look at it."""
        return Priority.LOW if self.cause in MILD else Priority.NORMAL

    @property
    def failed_at(self) -> float:
        """When the first of its devices fell silent."""
        return min((member.failed_at for member in self.members), default=self.opened_at)

    @property
    def villages(self) -> tuple[VillageId, ...]:
        """Every village ever affected, each once, sorted."""
        return tuple(sorted({village for member in self.members for village in member.villages}))

    @property
    def dark_villages(self) -> tuple[VillageId, ...]:
        """Villages behind members that have not recovered."""
        return tuple(sorted({v for member in self.members if member.recovered_at is None for v in member.villages}))

    def with_members(self, new: Sequence[Member]) -> "Fault":
        """The fault with these members added, each replacing an earlier one of the same device."""
        members = {member.device: member for member in (*self.members, *new)}
        return replace(self, members=tuple(members.values()))

    def with_recovered(self, devices: Collection[DeviceId], at: float) -> "Fault":
        """The fault with the members among `devices` recovered at `at`."""
        members = tuple(
            replace(m, recovered_at=at) if m.device in devices and m.recovered_at is None else m for m in self.members
        )
        return replace(self, members=members)

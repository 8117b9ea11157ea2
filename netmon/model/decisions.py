"""Decisions as values: what the rules ask for, carried out by the engine in one transaction (DESIGN section 3)."""

from dataclasses import dataclass

from netmon.model.faults import Fault, Resolution
from netmon.model.ids import CentreId, FaultId, VillageId
from netmon.model.notices import Notice, Recipient, Stage, Telling


@dataclass(frozen=True, slots=True)
class OpenFault:
    """Record a new fault."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class ChangeFault:
    """Record what is now known of an open fault: members, cause, confidence, evidence. `note` says what changed."""

    fault: Fault
    note: str


@dataclass(frozen=True, slots=True)
class ResolveFault:
    """End a fault; its tickets become resolved (merged: cancelled with a relation; inventory: closed)."""

    fault: FaultId
    resolution: Resolution
    at: float
    merged_into: FaultId | None = None


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """Hand a fault to a service centre; nothing happens where it has an open ticket already or the fault is over."""

    fault: FaultId
    centre: CentreId
    villages: tuple[VillageId, ...]
    at: float


@dataclass(frozen=True, slots=True)
class AddVillages:
    """Put further villages on the open ticket of (fault, centre)."""

    fault: FaultId
    centre: CentreId
    villages: tuple[VillageId, ...]
    at: float


@dataclass(frozen=True, slots=True)
class SendNotice:
    """Put a notice in the outbox, to leave at `not_before` (Unix seconds) at the earliest, if `telling` lets it.

    What people were told is the store's to know: a gateway may have been away, or a message in the air.
    """

    notice: Notice
    not_before: float
    telling: Telling = Telling.ALWAYS


@dataclass(frozen=True, slots=True)
class SupersedeNotices:
    """Take unsent notices of these stages out of the outbox: what they would tell is no longer so.

    With `recipients` only theirs (one village of several recovered); empty means everybody's.
    """

    fault: FaultId
    stages: tuple[Stage, ...]
    at: float
    recipients: tuple[Recipient, ...] = ()


StoredDecision = OpenFault | ChangeFault | ResolveFault | OpenTicket | AddVillages | SendNotice | SupersedeNotices
"""Decisions that become rows; all of one judgement go into one transaction."""


@dataclass(frozen=True, slots=True)
class RecheckSoon:
    """Probe a device (dense index) out of turn, `after` seconds from now."""

    device: int
    after: float

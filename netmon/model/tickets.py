"""A ticket: a fault handed to one service centre, in TMF621's status words."""

from dataclasses import dataclass
from enum import StrEnum

from netmon.model.ids import CentreId, FaultId, TicketNumber, VillageId


class TicketStatus(StrEnum):
    """TMF621's status enum (v4.0.0 and v5.0.1). A ticket is born acknowledged: received."""

    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "inProgress"
    PENDING = "pending"
    HELD = "held"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"

    @property
    def is_terminal(self) -> bool:
        """Nothing follows; the partial unique index covers all others."""
        return self in TERMINAL


TERMINAL = frozenset({TicketStatus.CLOSED, TicketStatus.CANCELLED, TicketStatus.REJECTED})

_WORKING = frozenset({TicketStatus.PENDING, TicketStatus.HELD, TicketStatus.RESOLVED, TicketStatus.CANCELLED})
ALLOWED_MOVES: dict[TicketStatus, frozenset[TicketStatus]] = {
    TicketStatus.ACKNOWLEDGED: _WORKING | {TicketStatus.IN_PROGRESS, TicketStatus.REJECTED},
    TicketStatus.IN_PROGRESS: _WORKING,
    TicketStatus.PENDING: frozenset(
        {TicketStatus.IN_PROGRESS, TicketStatus.HELD, TicketStatus.RESOLVED, TicketStatus.CANCELLED}
    ),
    TicketStatus.HELD: frozenset(
        {TicketStatus.IN_PROGRESS, TicketStatus.PENDING, TicketStatus.RESOLVED, TicketStatus.CANCELLED}
    ),
    TicketStatus.RESOLVED: frozenset({TicketStatus.CLOSED, TicketStatus.IN_PROGRESS}),
    TicketStatus.CLOSED: frozenset(),
    TicketStatus.CANCELLED: frozenset(),
    TicketStatus.REJECTED: frozenset(),
}
"""From MEF W124, the best public statement of TMF621's transitions; the specification itself states none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One ticket. Times are Unix seconds; `accepted_at/by` is set by a person or the desk."""

    number: TicketNumber
    fault: FaultId
    centre: CentreId
    status: TicketStatus
    villages: tuple[VillageId, ...]
    opened_at: float
    accepted_at: float | None = None
    accepted_by: str = ""
    resolved_at: float | None = None
    closed_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Still somebody's work: neither resolved nor ended."""
        return self.status is not TicketStatus.RESOLVED and not self.status.is_terminal

    @property
    def short_code(self) -> str:
        """The running number in base 36 for SMS, where 70 characters are all there is."""
        value, digits = int(self.number.rsplit("-", 1)[-1]), ""
        while value:
            value, rest = divmod(value, 36)
            digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
        return digits or "0"


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """One line of a ticket's append-only history: when (Unix seconds), who, what, and free text."""

    at: float
    author: str
    what: str
    text: str = ""

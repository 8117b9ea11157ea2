"""Cases for tests: a fault with its members and, where wanted, a ticket for each service centre concerned."""

from collections.abc import Sequence

from netmon.model.cases import Case
from netmon.model.faults import Cause, Fault, Member, Scope
from netmon.model.ids import DeviceId, FaultId, TicketNumber, VillageId
from netmon.model.inventory import Inventory
from netmon.model.tickets import Ticket, TicketStatus


def make_case(
    number: int,
    villages: Sequence[VillageId],
    inventory: Inventory,
    *,
    failed_at: float,
    cause: Cause = Cause.UPLINK,
    status: TicketStatus = TicketStatus.ACKNOWLEDGED,
) -> Case:
    """A fault whose members are the uplinks of these villages, opened 30 s after they failed."""
    fault = Fault(
        id=FaultId(f"F{number}"),
        scope=Scope.DEVICE,
        key=f"onu-{villages[0]}",
        cause=cause,
        confidence=0.875,
        opened_at=failed_at + 30,
        members=tuple(Member(DeviceId(f"onu-{one}"), (one,), failed_at) for one in villages),
    )
    centres = sorted({inventory.villages[one].centre for one in villages})
    tickets = tuple(
        Ticket(
            number=TicketNumber(f"TT-{number}{place}"),
            fault=fault.id,
            centre=centre,
            status=status,
            villages=tuple(one for one in villages if inventory.villages[one].centre == centre),
            opened_at=failed_at + 30,
        )
        for place, centre in enumerate(centres)
    )
    return Case(fault, tickets)

"""What is kept: faults, tickets, notices and the history of devices."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from netmon.model.cases import Case, TicketFile
from netmon.model.chronicle import DeviceEvent, DeviceRecord
from netmon.model.decisions import StoredDecision
from netmon.model.ids import DeviceId, FaultId, TicketNumber
from netmon.model.notices import (
    Channel,
    Delivery,
    NoticeFile,
    NoticeState,
    OutboxEntry,
    OutboxLine,
    Report,
    SentNotice,
)
from netmon.model.paths import PathTrace
from netmon.model.tickets import Ticket, TicketStatus
from netmon.model.time import Now


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAction:
    """What a person does to a ticket: move it to a status (None: just a note), with a note."""

    number: TicketNumber
    author: str
    status: TicketStatus | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class OutboxState:
    """Notices not yet delivered, and when (Unix seconds) the oldest that is due became so (None: none due)."""

    waiting: int
    oldest_due: float | None


class Store(Protocol):
    """Faults, tickets, outbox and their history, durable. Every call is one transaction, written before it returns."""

    async def open_cases(self) -> tuple[Case, ...]:
        """Faults not resolved, with their tickets, oldest first."""
        ...

    async def cases(self, faults: Collection[FaultId]) -> tuple[Case, ...]:
        """These faults, open or over, with their tickets, oldest first; one that is not there is left out."""
        ...

    async def commit(self, decisions: Sequence[StoredDecision], now: Now) -> None:
        """Carry out all decisions or none. Committing the same decisions again changes nothing.

        Raises:
            StoreError: nothing was written; the text says why.
        """
        ...

    async def note_path(self, fault: FaultId, path: PathTrace) -> None:
        """Keep with a fault how far the way to its device went; nothing happens where there is no such fault.

        Raises:
            StoreError: nothing was written; the text says why.
        """
        ...

    async def note_devices(self, records: Sequence[DeviceRecord], events: Sequence[DeviceEvent], now: Now) -> None:
        """Put these records in the place of those of the same devices, and append to the devices' histories.

        Raises:
            StoreError: nothing was written; the text says why.
        """
        ...

    async def device_records(self) -> tuple[DeviceRecord, ...]:
        """What every device last said it was."""
        ...

    async def device_events(self, of: Collection[DeviceId], limit: int) -> tuple[DeviceEvent, ...]:
        """The latest `limit` events of these devices' histories, oldest first."""
        ...

    async def claim(
        self, now: Now, limit: int, lease: float, channel: Channel | None = None
    ) -> tuple[OutboxEntry, ...]:
        """Take up to `limit` due notices (of one channel) for `lease` seconds.

        Of one recipient, channel and fault only the oldest waiting notice can be had, so their order is kept. What is
        in doubt brings along all that may have left in the same message, beyond `limit`.
        """
        ...

    async def claim_rest(self, now: Now, claimed: Sequence[OutboxEntry], lease: float) -> tuple[OutboxEntry, ...]:
        """Take what else waits for the people of `claimed`, on its channel, oldest first, to leave together.

        That is every notice whose time has come, those put back for a later try and those behind `claimed`, too; not
        what is in doubt or in another courier's hands, and nothing behind such a one: it leaves in a later message.
        """
        ...

    async def part_with(self, entries: Sequence[OutboxEntry], message: str, now: Now) -> bool:
        """Note that a gateway may have these from now on, until they are settled, in the message with this key.

        False if none of them is to leave any more: what they tell is over, or a report has proved that they had left.
        """
        ...

    async def release_leases(self, now: Now, *, rest: float, resends: int) -> None:
        """Give back every claim. For the start of the daemon, when no other courier runs.

        What the last one had parted with is settled as unknown: it rests for so many seconds and is sent again, or is
        given up where that was done `resends` times already.
        """
        ...

    async def settle(self, entry: OutboxEntry, delivery: Delivery, now: Now, retry_at: float | None) -> None:
        """Record one try. `retry_at` (Unix seconds) puts the notice back; None ends it."""
        ...

    async def report(self, key: str, report: Report, now: Now) -> bool:
        """Record what a gateway says afterwards of the notice with this key; False if there is no such notice.

        Reports may come twice and in any order: how far a message has got never goes back. One that proves that the
        message has left ends every doubt, and nothing that left in it is sent again.
        """
        ...

    async def key_of(self, reference: str) -> str | None:
        """The key of the SMS that left under this id of its gateway's; None if there is none."""
        ...

    async def in_delivery(self, since: float, limit: int) -> tuple[SentNotice, ...]:
        """SMS sent since then (Unix seconds) of which it is not known whether they arrived, the latest first."""
        ...

    async def outbox(self, now: Now, channel: Channel | None = None) -> OutboxState:
        """How much is waiting (of one channel)."""
        ...

    async def notices(self, states: Collection[NoticeState], limit: int) -> tuple[OutboxLine, ...]:
        """Notices in these states, the latest `limit` of them, oldest first."""
        ...

    async def notice(self, notice: int) -> NoticeFile | None:
        """One notice with its history."""
        ...

    async def resend(self, notice: int, now: Now) -> OutboxLine:
        """Let a notice that waits, failed or was given up leave now, as if it had never been tried.

        Raises:
            InputError: no such notice, it has left or was taken back, or a courier has it in hand just now.
        """
        ...

    async def drop(self, notice: int, author: str, now: Now) -> OutboxLine:
        """Take a notice that waits, failed or was given up out for good, and note that in its ticket's history.

        Raises:
            InputError: as for `resend`.
        """
        ...

    async def tickets(self, *, only_open: bool) -> tuple[Ticket, ...]:
        """Tickets, newest first."""
        ...

    async def ticket(self, number: TicketNumber) -> TicketFile | None:
        """One ticket with its fault and history."""
        ...

    async def case(self, fault: FaultId) -> Case | None:
        """One fault with its tickets, resolved or not."""
        ...

    async def act(self, action: TicketAction, now: Now) -> Ticket:
        """Carry out what a person asked for, and note it in the history.

        Raises:
            InputError: no such ticket, or its status does not allow the move.
        """
        ...

    async def close_resolved(self, before: float, now: Now) -> int:
        """Close tickets resolved before that time (Unix seconds); returns how many."""
        ...

    async def shift(self, seconds: float) -> None:
        """The wall clock has been put forward by that much (back, below 0): move all that is not over along with it.

        That is what waits in the outbox, open faults with their members, and tickets that are not closed. What is over
        stays as it was written down.
        """
        ...

    async def forget(self, before: float, limit: int) -> int:
        """Delete up to `limit` faults that, with their tickets, ended before that time (Unix seconds).

        Returns how many went, 0 once there is nothing left to forget. What still waits in the outbox is kept.
        """
        ...

    def stuck(self) -> float:
        """Seconds that the writer has been at its present transaction; 0 while it has none."""
        ...

    async def changed_elsewhere(self) -> bool:
        """Whether another process (the command line) wrote since the last call."""
        ...

    async def close(self) -> None:
        """Finish what is queued and close."""
        ...

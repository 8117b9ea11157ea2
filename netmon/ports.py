"""What netmon needs from the world: tiny Protocols. Each docstring is a promise that one contract suite checks."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from netmon.model.cases import Case, TicketFile
from netmon.model.chronicle import DeviceEvent, DeviceRecord
from netmon.model.country import Country
from netmon.model.decisions import StoredDecision
from netmon.model.ids import DeviceId, FaultId, TicketNumber
from netmon.model.inventory import Device
from netmon.model.notices import (
    Channel,
    Delivery,
    Letter,
    NoticeFile,
    NoticeState,
    OutboxEntry,
    OutboxLine,
    Receipt,
    Report,
)
from netmon.model.onus import OnuIndex, OnuRow
from netmon.model.readings import Identity, Outline
from netmon.model.tickets import Ticket, TicketStatus
from netmon.model.time import Now
from netmon.model.vitals import Vital


class Clock(Protocol):
    """Time is part of the world."""

    def now(self) -> Now:
        """This moment on both clocks."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let at least that long pass on the monotonic clock."""
        ...


class Vitals(Protocol):
    """Where netmon's own vital signs go. Never raises, never blocks."""

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None:
        """Add to a counter."""
        ...

    def gauge(self, vital: Vital, value: float, label: str = "") -> None:
        """Set a gauge."""
        ...

    def observe(self, vital: Vital, value: float) -> None:
        """Put a value into a histogram."""
        ...


@dataclass(slots=True)
class PingBatch:
    """Outcomes since the last harvest, by target index. `rtts` (seconds) matches `answered` one to one.

    `unsent` targets had nothing sent to them (no route, socket full): that says nothing about them.
    """

    generation: int
    answered: list[int] = field(default_factory=list)
    rtts: list[float] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    unsent: list[int] = field(default_factory=list)


class Pinger(Protocol):
    """ICMP echo to many targets over one socket per address family. Synchronous: the sweep drives it.

    Every request sent comes back in exactly one batch, as answered or as missed, unless `watch` was called meanwhile.
    Late, duplicate, forged, truncated and misaddressed replies never count, they go to `Vital.REPLIES_REJECTED`.
    """

    def watch(self, addresses: Sequence[str], generation: int) -> None:
        """Replace the target table: index -> numeric address ('' is never sent to). Requests in flight are forgotten.

        Raises:
            InputError: an address is not an IPv4 or IPv6 address.
        """
        ...

    def send(self, targets: Sequence[int], now: float) -> None:
        """Send one echo request to each target; `now` is monotonic seconds."""
        ...

    def harvest(self, now: float) -> PingBatch:
        """Read what the socket holds and return all outcomes since the last call; `now` is monotonic seconds."""
        ...

    def close(self) -> None:
        """Close the sockets."""
        ...


class SnmpPlan(Protocol):
    """How one device is polled, as discovery found it. Its reader's own affair but for what is read."""

    @property
    def outline(self) -> Outline:
        """What a poll brings, in order; equal outlines are one object as far as possible."""
        ...

    @property
    def identity(self) -> Identity:
        """What the device said it is when it was discovered."""
        ...


@dataclass(slots=True)
class SnmpBatch:
    """Polls that ended since the last harvest, by the index each was requested with.

    `plans`, by which it was asked, and `readings` match `answered` one to one: a value per measure of the plan's
    outline, NaN where absent; counters are totals that never wrap. `missed` gave no usable answer. `changed`, all of
    them answered, are not what discovery found any more: they have restarted, or objects are gone.
    """

    answered: list[int] = field(default_factory=list)
    plans: list[SnmpPlan] = field(default_factory=list)
    readings: list[list[float]] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)


class SnmpReader(Protocol):
    """SNMP with many devices over one socket per address family. `request` and `harvest` never wait: a sweep drives it.

    A poll that was sent ends in exactly one batch, unless `forget` was called meanwhile. One that could not be sent,
    because its device is being asked already or has no route, says nothing of the device and ends in none.
    """

    async def discover(self, device: Device, known: SnmpPlan | None) -> SnmpPlan | None:
        """Find out how to poll a device; None if it does not answer or is not to be asked. Takes seconds.

        `known` is its plan so far: counters go on from there.
        """
        ...

    def request(self, index: int, plan: SnmpPlan, now: float) -> None:
        """Poll a device by its plan; `now` is monotonic seconds."""
        ...

    def harvest(self, now: float) -> SnmpBatch:
        """All polls that ended since the last call; `now` is monotonic seconds."""
        ...

    def forget(self) -> None:
        """Drop the polls under way: the indices mean other devices from now on."""
        ...


class OltLink(Protocol):
    """What one OLT says of its ONUs. One call at a time; each takes seconds at the most, `find` a minute or two."""

    @property
    def outline(self) -> Outline:
        """What `optics` brings of each ONU, in order."""
        ...

    async def find(self) -> Mapping[str, OnuIndex] | None:
        """Every key an ONU goes by (`model.onus.same_key`) and its row; None if the OLT did not answer to the end."""
        ...

    async def states(self, rows: Sequence[OnuIndex]) -> Sequence[OnuRow] | None:
        """The state of these rows, in their order; None if the OLT does not answer."""
        ...

    async def optics(self, rows: Sequence[OnuIndex]) -> Sequence[Sequence[float | None]] | None:
        """The readings of these rows, in their order and that of `outline`; None if the OLT does not answer."""
        ...


class LeisureReader(Protocol):
    """SNMP that is in no hurry, with devices that `SnmpReader.discover` has found out about.

    It shares the reader's sockets, and waits for its turn while the sweep is asking the same device.
    """

    def slow_outline(self, plan: SnmpPlan) -> Outline:
        """What `read_slowly` brings, in order; empty where there is nothing to read at leisure."""
        ...

    async def read_slowly(self, plan: SnmpPlan) -> Sequence[float] | None:
        """Readings in the order of `slow_outline`, NaN where absent; None if the device does not answer."""
        ...

    def olt(self, plan: SnmpPlan) -> OltLink | None:
        """The ONUs' side of an OLT; None for any other device."""
        ...


class IsolationSensor(Protocol):
    """Tells whether netmon's own link and default route are there (local trouble only)."""

    @property
    def cut_off(self) -> str:
        """Why the poller is certainly cut off, as an English clause; '' while link and route are there."""
        ...

    async def run(self) -> None:
        """Follow the kernel's events until cancelled."""
        ...


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

        Of one recipient, channel and fault only the oldest waiting notice can be had, so their order is kept.
        """
        ...

    async def claim_rest(self, now: Now, claimed: Sequence[OutboxEntry], lease: float) -> tuple[OutboxEntry, ...]:
        """Take what else waits for the people of `claimed`, on its channel, oldest first, to leave together.

        That is every notice whose time has come, those put back for a later try and those behind `claimed`, too; not
        what is in doubt or in another courier's hands, and nothing behind such a one.
        """
        ...

    async def release_leases(self, now: Now) -> None:
        """Give back every claim. For the start of the daemon, when no other courier runs."""
        ...

    async def settle(self, entry: OutboxEntry, delivery: Delivery, now: Now, retry_at: float | None) -> None:
        """Record one try. `retry_at` (Unix seconds) puts the notice back; None ends it."""
        ...

    async def report(self, key: str, report: Report, now: Now) -> bool:
        """Record what a gateway says afterwards of the notice with this key; False if there is no such notice.

        Reports may come twice and in any order: how far a message has got never goes back. One that proves that the
        message has left ends the doubt about a notice that nobody is sending just now.
        """
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

    def changed_elsewhere(self) -> bool:
        """Whether another process (the command line) wrote since the last call."""
        ...

    async def close(self) -> None:
        """Finish what is queued and close."""
        ...


class Notifier(Protocol):
    """Delivers letters over one channel. Never raises: trouble is a Delivery."""

    @property
    def channel(self) -> Channel:
        """The channel served."""
        ...

    async def deliver(self, letter: Letter) -> Delivery:
        """Render and send one letter; a second call with the same notice key is recognisable as the same message."""
        ...


class ReportReader(Protocol):
    """Understands what a gateway calls back with."""

    def read_report(self, said: object) -> Report | None:
        """The report; None where it says nothing that netmon knows.

        `said` came from outside: a mapping of texts (query, form), or whatever JSON can hold.
        """
        ...


TakeReport = Callable[[str, object], Awaitable[Receipt]]
"""(token, what was said) -> what became of it; raises StoreError where it cannot be recorded now."""


@dataclass(frozen=True, slots=True)
class Route:
    """A page an exporter offers: path ('/metrics/province/{code}'), content type, and how to render it.

    `render` gets the path's parameters and yields byte chunks, each ready within 10 ms; it may raise
    RouteNotFoundError before the first chunk.
    """

    path: str
    content_type: str
    render: Callable[[Mapping[str, str]], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class ExporterSources:
    """What an exporter may look at.

    `vitals` renders netmon's own vital signs in Prometheus' text format; `own_address` is host:port of netmon's pages,
    `scheme` how they are asked for, http or https.
    """

    country: Country
    vitals: Callable[[], bytes]
    own_address: Callable[[], str]
    scheme: str = "http"


class Exporter(Protocol):
    """A rendering of the fleet for another monitoring system; made by a factory in entry point group netmon.exporters.

    The factory's signature is `create(sources: ExporterSources) -> Exporter`.
    """

    @property
    def name(self) -> str:
        """Short name for logs."""
        ...

    def routes(self) -> Sequence[Route]:
        """Pages to serve."""
        ...

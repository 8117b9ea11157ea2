"""What is asked of the network: ICMP, SNMP, ONUs through their OLT, and netmon's own link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from netmon.model.inventory import Device
from netmon.model.onus import OnuIndex, OnuRow
from netmon.model.paths import Hop
from netmon.model.readings import Identity, Outline


@dataclass(slots=True)
class PingBatch:
    """Outcomes since the last harvest, by target index. `rtts` (seconds) matches `answered` one to one.

    `unsent` targets had nothing sent to them (no route, socket full), and of those `unheard` an answer may be among the
    replies that the kernel dropped because netmon did not read them in time: neither says anything about them.
    """

    generation: int
    answered: list[int] = field(default_factory=list)
    rtts: list[float] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    unsent: list[int] = field(default_factory=list)
    unheard: list[int] = field(default_factory=list)


class Pinger(Protocol):
    """ICMP echo to many targets over one socket per address family. Synchronous: the sweep drives it.

    Every request sent comes back in exactly one batch, as answered, missed or unheard, unless `watch` was called
    meanwhile. Late, duplicate, forged, truncated and misaddressed replies never count, they go to
    `Vital.REPLIES_REJECTED`.
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
    outline, NaN where absent; counters are totals that never wrap. `missed` gave no usable answer; that of `unheard`
    may be among those that the kernel dropped because netmon did not read them in time, which says nothing of them.
    `changed`, all of them answered, are not what discovery found any more: they have restarted, or objects are gone.
    """

    answered: list[int] = field(default_factory=list)
    plans: list[SnmpPlan] = field(default_factory=list)
    readings: list[list[float]] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    unheard: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)


class SnmpReader(Protocol):
    """SNMP with many devices over one socket per address family. `request` and `harvest` never wait: a sweep drives it.

    A poll that was sent ends in exactly one batch, unless `forget` was called meanwhile. One whose device somebody else
    is asking just then waits for its turn. One that could not be sent, because the device is being polled already or
    has no route, says nothing of the device and ends in none.
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

    def hurry(self, waited: float, now: float) -> None:
        """Ask again at once, where that is still allowed, whoever has not answered for `waited` seconds.

        Somebody waits for the whole country; most that have not answered by then never got the request. The last
        request to a device has all its time, so that a slow one is heard.
        """
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


class PathTracer(Protocol):
    """Finds out how far the way to a device goes."""

    async def trace(self, address: str) -> Sequence[Hop]:
        """The hops to an address, those at the end of a dead path left out; takes seconds, at most half a minute.

        Raises:
            ProbeError: the kernel does not let netmon ask.
        """
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

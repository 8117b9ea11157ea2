"""One SNMP client for all devices: one UDP socket per address family, many requests in flight, one per address.

The core is synchronous. `request` sends, `on_readable` reads what arrived, `harvest` gives up what is overdue and hands
over what ended since last time: tuples in lists, no future or object per poll. Time is the caller's monotonic clock.

Request-ids in flight live in one book; those that timed out rest in it for two time-outs, so that an answer after all
is known as late. Of those that were answered, the last of each address is remembered as long, by address: there are
fewer of them, and a book of all ids of the last seconds would fall out of the processor's caches. They leave memory
a whole leaf at a time, for taking out each by itself was 3 % of the loop's work with 200,000 devices.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from netmon.errors import SnmpDecodeError
from netmon.probes.gathering import GatheringReader
from netmon.probes.snmp.ber import Value
from netmon.probes.snmp.codec import MAX_MESSAGE, ErrorStatus, PduType, VarBind, decode_message, read_envelope
from netmon.probes.snmp.identifiers import RequestIds
from netmon.probes.snmp.reasons import ClientCounters, Failure, FailureKind, Refusal, RejectReason
from netmon.probes.snmp.sockets import Address, DropMeter, Sockets, send
from netmon.probes.snmp.template import RequestTemplate, read_head

_GATHER = 0.02
"""Seconds. Nobody waits for the answers of a sweep, which is harvested every 100 ms, so a quarter of the looks is
enough; 10,000 answers a second still fit an unraised receive buffer, and a full round of the country brings fewer."""
_READ_BUDGET = 256  # datagrams per call of `on_readable`, so that other work on the loop gets its turn
_READ_ALL_BUDGET = 256  # such calls in a row before requests are given up; more is a flood, not answers
_REMEMBERED = 2  # time-outs that a request is known after its end
_RESTING_PER_FLIGHT = 4
_LEAST_BOOK = 1 << 18


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for one answer, seconds, and how often to ask again."""

    timeout: float = 2.0
    retries: int = 1


Values: TypeAlias = list[Value]
Listing: TypeAlias = tuple[VarBind, ...]
Result: TypeAlias = Values | Listing | Failure


@dataclass(frozen=True, slots=True)
class Harvest:
    """What ended: GETs as (key, values in the template's order), GETNEXTs and GETBULKs as (key, varbinds), failures."""

    answers: list[tuple[int, Values]] = field(default_factory=list)
    listings: list[tuple[int, Listing]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


_Ask: TypeAlias = tuple[int, Address, RequestTemplate, Patience, int]
"""What is to be sent: the caller's key, whom to ask for what, how patiently, and the retries that are left."""
_Flight: TypeAlias = tuple[int, int, Address, RequestTemplate, Patience, int]
"""What was sent: its id, and the rest as above."""
_Answered: TypeAlias = dict[Address, tuple[int, float]]
"""The last request of each address that was answered, and until when it is remembered."""


class SnmpClient:
    """Asks devices and matches what comes back.

    Keys below zero are private: their results go to `private` at once instead of into the harvest.
    """

    def __init__(self, sockets: Sockets, max_in_flight: int = 50_000, ids: RequestIds | None = None) -> None:
        self.counters = ClientCounters()
        self.private: Callable[[int, Result], None] | None = None
        self._sockets = sockets
        self._max_in_flight = max_in_flight
        self._max_book = max(_RESTING_PER_FLIGHT * max_in_flight, _LEAST_BOOK)
        self._ids = ids or RequestIds()
        self._book: dict[int, _Flight | RejectReason] = {}
        self._awaited: dict[Address, _Flight | None] = {}  # None while a request waits to be sent again
        self._garbled: set[Address] = set()
        self._lanes: dict[float, deque[tuple[float, int]]] = {}
        self._answered: _Answered = {}
        self._answered_before: _Answered = {}
        self._leaf_ends = 0.0
        self._resting: deque[tuple[float, int]] = deque()
        self._unsent: deque[_Ask] = deque()
        self._drops = DropMeter()
        self._readers: list[GatheringReader] = []
        self._harvest = Harvest()

    @property
    def in_flight(self) -> int:
        """Tell how many requests await an answer."""
        return len(self._awaited)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the loop call `on_readable`; its clock must be the one `now` is read from."""
        for sock in self._sockets.all():
            self._readers.append(
                GatheringReader(loop, sock, partial(self.on_readable, sock), budget=_READ_BUDGET, gather=_GATHER)
            )

    def detach(self) -> None:
        """Undo `attach`; the sockets stay open, they are the caller's."""
        while self._readers:
            self._readers.pop().close()

    def request(
        self, key: int, address: Address, template: RequestTemplate, now: float, patience: Patience
    ) -> Refusal | None:
        """Send one request.

        Args:
            key: the caller's number for the device; comes back with the result.
            address: spelled by `canonical_address`.
            template: what to ask.
            now: monotonic seconds.
            patience: time-out and retries.

        Returns:
            None if it was sent and will end in a harvest; otherwise why it was not, and nothing will come of it.
        """
        if address in self._awaited:
            return Refusal.BUSY
        if len(self._awaited) >= self._max_in_flight or len(self._book) >= self._max_book:
            return Refusal.FULL
        return self._send(key, address, template, patience, patience.retries, now)

    def harvest(self, now: float) -> Harvest:
        """Give up or ask again what is overdue, and hand over everything that ended since the last call."""
        self.expire(now)
        harvest, self._harvest = self._harvest, Harvest()
        return harvest

    def next_deadline(self) -> float | None:
        """Tell when `expire` has something to do next: 0.0 for at once, None if nothing is in flight."""
        if self._unsent:
            return 0.0
        return min((lane[0][0] for lane in self._lanes.values() if lane), default=None)

    def expire(self, now: float) -> None:
        """Give up or ask again what is overdue."""
        for _ in range(len(self._unsent)):
            self._send_again(self._unsent.popleft(), now)
        has_read = False
        for lane in tuple(self._lanes.values()):
            while lane and lane[0][0] <= now:
                request_id = lane.popleft()[1]
                flight = self._book.get(request_id)
                if isinstance(flight, tuple) and not has_read:
                    # The answer may have come in time while the loop was busy or the process stopped.
                    has_read = True
                    self._read_all(now)
                    flight = self._book.get(request_id)
                if isinstance(flight, tuple):
                    self._time_out(flight, now)
        self._forget(now)

    def ask_again(self, waited: float, now: float) -> None:
        """Ask again, before its time, whoever has not answered for so long; the last request has all its time."""
        has_read = False
        for timeout, lane in tuple(self._lanes.items()):
            last: list[tuple[float, int]] = []
            while lane and lane[0][0] <= now + timeout - waited:
                entry = lane.popleft()
                flight = self._book.get(entry[1])
                if isinstance(flight, tuple) and not has_read:
                    has_read = True  # as above
                    self._read_all(now)
                    flight = self._book.get(entry[1])
                if isinstance(flight, tuple):
                    if flight[5] > 0:
                        self._time_out(flight, now)
                    else:
                        last.append(entry)
            lane.extendleft(reversed(last))

    def on_readable(self, sock: socket.socket, now: float) -> int:
        """Read and match what has arrived, up to a budget; return how many datagrams that was."""
        receive, awaited, answered, book = sock.recvfrom, self._awaited, self._answered, self._book
        take = self._harvest.answers.append
        count = quick = 0
        rests, until = None, now
        try:
            data, ancillary, _, source = sock.recvmsg(MAX_MESSAGE, self._drops.space)
            self.counters.kernel_drops += self._drops.newly_dropped(sock, ancillary)
            while True:
                count += 1
                flight = awaited.get(source)
                values = None
                if flight is not None:
                    request_id, key, _, template, patience, _ = flight
                    values = template.read_known(data, request_id) or template.walk_answer(data, request_id)
                if flight is None or values is None:
                    self._accept(data, source, now)
                elif key < 0:
                    self._end(flight, values, now)
                else:  # as `_end` would, without its questions
                    if patience is not rests:
                        rests, until = patience, now + _REMEMBERED * patience.timeout
                    answered[source] = request_id, until
                    del awaited[source], book[request_id]
                    if self._garbled:
                        self._garbled.discard(source)
                    take((key, values))
                    quick += 1
                if count >= _READ_BUDGET:
                    return count
                data, source = receive(MAX_MESSAGE)
        except BlockingIOError:
            return count
        except OSError:
            self.counters.socket_errors += 1
            return count
        finally:
            self.counters.answered += quick

    def _forget(self, now: float) -> None:
        """Let go of what was answered or timed out two time-outs ago."""
        resting, book = self._resting, self._book
        while resting and resting[0][0] <= now:
            del book[resting.popleft()[1]]
        if now >= self._leaf_ends:
            self._answered_before, self._answered = self._answered, {}
            self._leaf_ends = now + _REMEMBERED * max(self._lanes, default=0.0)

    def _read_all(self, now: float) -> None:
        for sock in self._sockets.all():
            for _ in range(_READ_ALL_BUDGET):
                if self.on_readable(sock, now) < _READ_BUDGET:
                    break

    def _send(
        self, key: int, address: Address, template: RequestTemplate, patience: Patience, retries: int, now: float
    ) -> Refusal | None:
        sock = self._sockets.ipv6 if ":" in address[0] else self._sockets.ipv4
        if sock is None:
            return Refusal.NO_SOCKET
        request_id = self._ids.fresh(self._book)
        try:
            send(sock, template.packet(request_id), address)
        except BlockingIOError:
            return Refusal.WOULD_BLOCK
        except OSError:
            self.counters.socket_errors += 1
            return Refusal.NO_ROUTE
        self.counters.sent += 1
        self._awaited[address] = self._book[request_id] = (request_id, key, address, template, patience, retries)
        lane = self._lanes.get(patience.timeout)
        if lane is None:
            lane = self._lanes[patience.timeout] = deque()
        lane.append((now + patience.timeout, request_id))
        return None

    def _time_out(self, flight: _Flight, now: float) -> None:
        request_id, key, address, template, patience, retries = flight
        self._book[request_id] = RejectReason.LATE
        self._awaited[address] = None
        self._resting.append((now + _REMEMBERED * patience.timeout, request_id))
        if retries > 0:
            self.counters.retries += 1
            self._send_again((key, address, template, patience, retries - 1), now)
            return
        self.counters.timed_out += 1
        kind = FailureKind.UNREADABLE if address in self._garbled else FailureKind.TIMED_OUT
        self._deliver(key, address, Failure(key, kind))

    def _send_again(self, ask: _Ask, now: float) -> None:
        refusal = self._send(*ask, now)
        if refusal is Refusal.WOULD_BLOCK:
            self._unsent.append(ask)
        elif refusal is not None:
            self._deliver(ask[0], ask[1], Failure(ask[0], FailureKind.UNSENT))

    def _accept(self, data: bytes, source: Address, now: float) -> None:
        head = read_head(data)
        if head is None:
            self._accept_unusual(data, source, now)
            return
        request_id, auth_start, auth_stop, body, end = head
        flight = self._flight_of(request_id, source, now)
        if flight is None:
            return
        template = flight[3]
        if data[auth_start:auth_stop] != template.auth:
            # The version is the first three of these octets.
            same = data[auth_start : auth_start + 3] == template.auth[:3]
            self.counters.reject(RejectReason.WRONG_COMMUNITY if same else RejectReason.WRONG_VERSION)
            return
        try:
            values = template.read_values(data, body, end)
        except SnmpDecodeError:
            values = None  # and the full decoder will say so
        if values:
            template.learn(data, body, end)
        self._end(flight, values or self._decode(flight, data), now)

    def _accept_unusual(self, data: bytes, source: Address, now: float) -> None:
        # Full decoding costs milliseconds at worst, so nobody gets it without the id and source of a waiting request.
        try:
            envelope = read_envelope(data)
        except SnmpDecodeError:
            self.counters.reject(RejectReason.MALFORMED)
            if source[:2] in self._awaited:
                # No id to go by, and a source is easily forged, so the request goes on; but should nothing better
                # come, its end is not called silence.
                self._garbled.add(source[:2])
            return
        if envelope.pdu_type != PduType.RESPONSE:
            self.counters.reject(RejectReason.NOT_A_RESPONSE)
            return
        flight = self._flight_of(envelope.request_id, source, now)
        if flight is None:
            return
        template = flight[3]
        if envelope.version != template.version:
            self.counters.reject(RejectReason.WRONG_VERSION)
        elif envelope.community != template.community:
            self.counters.reject(RejectReason.WRONG_COMMUNITY)
        else:
            self._end(flight, self._decode(flight, data), now)

    def _flight_of(self, request_id: int, source: Address, now: float) -> _Flight | None:
        flight = self._book.get(request_id)
        if flight is None:
            last, until = self._answered.get(source[:2]) or self._answered_before.get(source[:2]) or (None, now)
            is_answered = last == request_id and now < until
            flight = RejectReason.DUPLICATE if is_answered else RejectReason.UNKNOWN_REQUEST_ID
        if isinstance(flight, RejectReason):
            self.counters.reject(flight)
            return None
        address = flight[2]
        if source != address and source[:2] != address:  # IPv6 sources carry flow and scope as well
            swapped = source[:2] in self._awaited
            self.counters.reject(RejectReason.SWAPPED if swapped else RejectReason.WRONG_SOURCE)
            return None
        return flight

    def _decode(self, flight: _Flight, data: bytes) -> Result:
        key, template = flight[1], flight[3]
        try:
            message = decode_message(data)
        except SnmpDecodeError:
            self.counters.reject(RejectReason.MALFORMED)
            return Failure(key, FailureKind.UNREADABLE)
        if message.error_status != ErrorStatus.NO_ERROR:
            return Failure(key, FailureKind.AGENT_ERROR, message.error_status, message.error_index)
        is_get = template.pdu_type is PduType.GET
        names = tuple(varbind.oid for varbind in message.varbinds)
        is_miscounted = template.pdu_type is PduType.GETNEXT and len(names) != len(template.oids)
        if is_miscounted or (is_get and names != template.oids):
            self.counters.reject(RejectReason.OID_MISMATCH)
            return Failure(key, FailureKind.MISMATCHED)
        return [varbind.value for varbind in message.varbinds] if is_get else message.varbinds

    def _end(self, flight: _Flight, result: Result, now: float) -> None:
        request_id, key, address, _, patience, _ = flight
        if not isinstance(result, Failure) or result.kind is FailureKind.AGENT_ERROR:
            self.counters.answered += 1
        del self._book[request_id]
        self._answered[address] = request_id, now + _REMEMBERED * patience.timeout
        self._deliver(key, address, result)

    def _deliver(self, key: int, address: Address, result: Result) -> None:
        self._awaited.pop(address, None)
        self._garbled.discard(address)
        if key < 0:
            if self.private is not None:
                self.private(key, result)
        elif isinstance(result, list):
            self._harvest.answers.append((key, result))
        elif isinstance(result, tuple):
            self._harvest.listings.append((key, result))
        else:
            self._harvest.failures.append(result)

"""Asking one device at leisure, for discovery and the command line; on the sweep's own client and sockets.

`Asking` is how one device is asked whatever the protocol; `SnmpSession` sends SNMPv1 and v2c by the sweep's client,
`netmon.probes.snmp.v3` sends SNMPv3 through pysnmp.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from netmon.probes.gathering import GATHER
from netmon.probes.snmp.ber import Absent, Oid, Value
from netmon.probes.snmp.client import Listing, Patience, Result, SnmpClient, Values
from netmon.probes.snmp.codec import ErrorStatus, PduType, VarBind, Version
from netmon.probes.snmp.downgrade import Change, Manner, Sign, after
from netmon.probes.snmp.own_template import own_template
from netmon.probes.snmp.reasons import Failure, FailureKind, Refusal
from netmon.probes.snmp.sockets import Address
from netmon.probes.snmp.template import RequestTemplate, compile_get, compile_getbulk, compile_getnext
from netmon.probes.snmp.walk import WalkEnd, WalkGuard, WalkLimits, WalkResult

_TRY_AGAIN = 0.02  # seconds between tries while the device or the socket is busy with somebody else's request
_TEMPLATES_KEPT = 16
"""Enough for the states of 600 ONUs; a country of OLTs has 10 MB of them."""
_SCOUTED = 8
"""Columns in one request: with a few rows each, their answer fits a packet."""
_HOPELESS = frozenset((Refusal.NO_ROUTE, Refusal.NO_SOCKET))
_WORTH_ASKING_AGAIN = frozenset((Change.FEWER_OBJECTS, Change.FEWER_REPETITIONS, Change.NO_GETBULK, Change.TRY_V1))


@dataclass(slots=True, eq=False)
class _Wish:
    """A request that is to leave, and who waits for its end."""

    key: int
    address: Address
    template: RequestTemplate
    patience: Patience
    give_up: float
    end: "asyncio.Future[Result]"


class SnmpDesk:
    """Turns the client's private results into awaitables; make one per attached client, inside its running loop."""

    def __init__(self, client: SnmpClient) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._keys = count(-1, -1)
        self._leaving: list[_Wish] = []
        self._waiting: dict[int, asyncio.Future[Result]] = {}
        self._timer: asyncio.TimerHandle | None = None
        client.private = self._deliver

    def close(self) -> None:
        """Cancel whoever waits; the client stays attached."""
        self._client.private = None
        if self._timer is not None:
            self._timer.cancel()
        for future in (*self._waiting.values(), *(wish.end for wish in self._leaving)):
            future.cancel()

    async def ask(self, address: Address, template: RequestTemplate, patience: Patience) -> Result:
        """Send one request and wait for its end.

        Waits for its turn while the address is busy, as long as `patience` would wait for an answer; after that the
        end is a failure of kind UNSENT. Requests leave together, every few milliseconds: one that leaves alone costs
        ten times as much, for the network card, or whoever is at the other end, is woken for it.
        """
        key, end = next(self._keys), asyncio.Future[Result](loop=self._loop)
        give_up = self._loop.time() + patience.timeout * (patience.retries + 1)
        self._line_up(_Wish(key, address, template, patience, give_up, end))
        try:
            return await end
        finally:
            self._waiting.pop(key, None)

    def _line_up(self, wish: _Wish) -> None:
        if not self._leaving:
            self._loop.call_later(GATHER, self._depart)
        self._leaving.append(wish)

    def _depart(self) -> None:
        """Send what has gathered; an answer cannot come before its request is noted, for the loop reads it later."""
        leaving, self._leaving = self._leaving, []
        now = self._loop.time()
        for wish in leaving:
            if wish.end.done():  # whoever waited does no more
                continue
            refusal = self._client.request(wish.key, wish.address, wish.template, now, wish.patience)
            if refusal is None:
                self._waiting[wish.key] = wish.end
            elif refusal in _HOPELESS or now >= wish.give_up:
                wish.end.set_result(Failure(wish.key, FailureKind.UNSENT))
            else:
                self._loop.call_later(_TRY_AGAIN, self._line_up, wish)
        self._arm()

    def _deliver(self, key: int, result: Result) -> None:
        future = self._waiting.get(key)
        if future is not None and not future.done():
            future.set_result(result)

    def _arm(self) -> None:
        """See to it that what is overdue is given up in time; a timer that comes too early sets itself anew."""
        deadline = self._client.next_deadline()
        if deadline is None or not self._waiting:
            return
        at = max(deadline, self._loop.time() + _TRY_AGAIN)
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._expire)

    def _expire(self) -> None:
        self._timer = None
        self._client.expire(self._loop.time())
        self._arm()


@dataclass(frozen=True, slots=True)
class SnmpTarget:
    """Whom to ask: address, community, and how long to wait."""

    address: Address
    community: bytes
    patience: Patience = field(default_factory=Patience)

    def __repr__(self) -> str:
        """Name the address, never the community."""
        return f"<SNMP agent at {self.address[0]} port {self.address[1]}>"


class Asking(ABC):
    """Asks one device, adapts to what it can bear, and remembers that in `manner`."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner

    @abstractmethod
    async def send(self, kind: PduType, oids: tuple[Oid, ...], repetitions: int = 0) -> Result:
        """Send one GET, GETNEXT or GETBULK in the present manner and wait for its end."""

    async def get(self, oids: Sequence[Oid]) -> Values | Failure:
        """Read exact instances, in as many requests as the device needs.

        Returns:
            One value per object in order, `Absent` where there is none; or the first failure there was.
        """
        values: Values = []
        while len(values) < len(oids):
            chunk = tuple(oids[len(values) : len(values) + self.manner.objects_per_request])
            result = await self._get_some(chunk)
            if isinstance(result, list):
                values += result
            elif not self._adapt(_sign_of(result)):
                return result
        return values

    async def getnext(self, oids: Sequence[Oid]) -> Listing | Failure:
        """Read each object's successor, in one request."""
        while True:
            result = await self._ask(PduType.GETNEXT, tuple(oids))
            if isinstance(result, tuple):
                return result
            failure = _as_failure(result)
            if failure.error_status == ErrorStatus.TOO_BIG or not self._adapt(_sign_of(failure)):
                return failure

    async def getbulk(self, oids: Sequence[Oid], max_repetitions: int) -> Listing | Failure:
        """Read rows after each object, in one GETBULK exactly as asked, without falling back.

        Raises:
            ValueError: max_repetitions is not 1 to 1,000.
        """
        result = await self._ask(PduType.GETBULK, tuple(oids), max_repetitions)
        return result if isinstance(result, tuple) else _as_failure(result)

    async def walk(self, root: Oid, limits: WalkLimits | None = None) -> WalkResult:
        """Read a subtree, by GETBULK while the device bears it; keeps what came, however it ends."""
        limits = limits or WalkLimits()
        guard = WalkGuard(root, limits.rows)
        try:
            async with asyncio.timeout(limits.seconds):
                end, failure = await self._walk(guard, limits.expected)
        except TimeoutError:
            end, failure = WalkEnd.TIME_CAP, None
        return WalkResult(guard.rows, end, failure)

    async def walk_all(self, columns: Sequence[Oid]) -> dict[Oid, list[Value]]:
        """Read whole columns; those of which a request failed are left out."""
        tables: dict[Oid, list[Value]] = {}
        for column in columns:
            walked = await self.walk(column)
            if walked.failure is None:
                tables[column] = [bind.value for bind in walked.rows]
        return tables

    async def scout(self, columns: Sequence[Oid], rows: int) -> dict[Oid, list[VarBind]]:
        """Read short columns whole, several in one GETBULK: those of at most so many rows that are seen to end.

        What is left out, for whatever reason, is to be walked.
        """
        found: dict[Oid, list[VarBind]] = {}
        width, most = min(self.manner.objects_per_request, _SCOUTED), min(rows + 1, self.manner.max_repetitions)
        for start in range(0, len(columns) if self.manner.may_use_bulk and width > 1 else 0, width):
            some = tuple(columns[start : start + width])
            listing = await self.getbulk(some, most)
            if isinstance(listing, Failure):
                break
            found.update(_seen_whole(some, listing))
        return found

    async def _walk(self, guard: WalkGuard, expected: int) -> tuple[WalkEnd, Failure | None]:
        while True:
            result = await self._step(guard.cursor, 0 if guard.rows else expected)
            if not isinstance(result, Failure):
                end = guard.take(result)
                if end is not None:
                    return end, None
            elif result.error_status == ErrorStatus.NO_SUCH_NAME:  # SNMPv1's end of the MIB (RFC 1157 4.1.3)
                return WalkEnd.END_OF_MIB, None
            else:
                return WalkEnd.FAILED, result

    async def _step(self, cursor: Oid, expected: int) -> Listing | Failure:
        while self.manner.may_use_bulk:
            most = self.manner.max_repetitions
            # One more than there are shows that there are no more.
            result = await self.getbulk((cursor,), min(expected + 1, most) if expected else most)
            if isinstance(result, tuple) or not self._adapt(_bulk_sign_of(result)):
                return result
        return await self.getnext((cursor,))

    async def _get_some(self, oids: tuple[Oid, ...]) -> Values | Failure:
        values: dict[Oid, Value] = {}
        left = oids
        while left:
            result = await self._ask(PduType.GET, left)
            if isinstance(result, list) and left is oids:
                return result
            if isinstance(result, list):
                values.update(zip(left, result, strict=True))
                break
            failure = _as_failure(result)
            if failure.error_status != ErrorStatus.NO_SUCH_NAME or not 1 <= failure.error_index <= len(left):
                return failure
            # SNMPv1 refuses the whole request for one missing object (RFC 1157 4.1.2); ask again without it.
            missing = left[failure.error_index - 1]
            values[missing] = Absent.NO_SUCH_OBJECT
            left = tuple(oid for oid in left if oid != missing)
        return [values[oid] for oid in oids]

    async def _ask(self, kind: PduType, oids: tuple[Oid, ...], repetitions: int = 0) -> Result:
        result = await self.send(kind, oids, repetitions)
        if not isinstance(result, Failure) or result.kind is FailureKind.AGENT_ERROR:
            self._adapt(Sign.ANSWERED)
        return result

    def _adapt(self, sign: Sign | None) -> bool:
        """Take in a sign; tell whether asking again now makes sense."""
        if sign is None:
            return False
        self.manner, change = after(self.manner, sign)
        return change in _WORTH_ASKING_AGAIN


class SnmpSession(Asking):
    """Asks in SNMPv2c, or in v1 where the device knows no better.

    `lasting` is a column whose instances are asked for again and again (the states of an OLT's ONUs): such GETs are
    compiled once, which takes five times as long as all the rest of a request.
    """

    def __init__(
        self, desk: SnmpDesk, target: SnmpTarget, manner: Manner | None = None, lasting: Oid | None = None
    ) -> None:
        super().__init__(manner or Manner())
        self._desk = desk
        self._target = target
        self._lasting = lasting
        self._kept: dict[tuple[Version, tuple[Oid, ...]], RequestTemplate] = {}

    async def send(self, kind: PduType, oids: tuple[Oid, ...], repetitions: int = 0) -> Result:
        return await self._desk.ask(
            self._target.address, self._template(kind, oids, repetitions), self._target.patience
        )

    async def get_own(self, likes: tuple[Oid, ...], places: tuple[int, ...], index: Oid) -> Result:
        """Read the instances that are like these, all in one request, of a device whose own rows have this index.

        `get` would compile the whole of it for every device; `places` are those of `OwnRows.places_in`.
        """
        like = compile_get(self.manner.version, self._target.community, likes)
        return await self._desk.ask(self._target.address, own_template(like, places, index), self._target.patience)

    def _template(self, kind: PduType, oids: tuple[Oid, ...], repetitions: int) -> RequestTemplate:
        community, version = self._target.community, self.manner.version
        if kind is PduType.GETBULK:
            return compile_getbulk(community, oids, repetitions)
        if kind is PduType.GETNEXT:
            return compile_getnext(version, community, oids)
        if self._lasting is None or oids[0][: len(self._lasting)] != self._lasting:
            return compile_get(version, community, oids)
        template = self._kept.get((version, oids))
        if template is None:
            if len(self._kept) >= _TEMPLATES_KEPT:
                self._kept.clear()
            template = self._kept[version, oids] = compile_get(version, community, oids)
        return template


def _seen_whole(columns: Sequence[Oid], listing: Listing) -> Iterator[tuple[Oid, list[VarBind]]]:
    """The columns of a GETBULK's answer, row after row of all of them (RFC 3416 4.2.3), that end within it."""
    for at, column in enumerate(columns):
        guard = WalkGuard(column, len(listing))
        if guard.take(listing[at :: len(columns)]) in (WalkEnd.LEFT_SUBTREE, WalkEnd.END_OF_MIB):
            yield column, guard.rows


def _sign_of(failure: Failure) -> Sign | None:
    if failure.error_status == ErrorStatus.TOO_BIG:
        return Sign.TOO_BIG
    return Sign.TIMED_OUT if failure.kind is FailureKind.TIMED_OUT else None


def _bulk_sign_of(failure: Failure) -> Sign | None:
    if failure.kind is FailureKind.TIMED_OUT:
        return Sign.BULK_TIMED_OUT
    if failure.error_status == ErrorStatus.TOO_BIG:
        return Sign.BULK_TOO_BIG
    return None if failure.kind is FailureKind.UNSENT else Sign.BULK_BROKEN


def _as_failure(result: Result) -> Failure:
    return result if isinstance(result, Failure) else Failure(0, FailureKind.MISMATCHED)

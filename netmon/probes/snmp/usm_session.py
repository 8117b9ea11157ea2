"""Asking SNMPv3 users' devices: one UDP socket per address family for all of them, and a little memory for each.

What must be known of an agent before it can be asked is its engine id and its clock (RFC 3414 sections 2.3 and 4);
finding that out takes a request more. It is kept for every device, a few hundred octets with the keys made for it, so
that a poll of any of them takes one request however many there are. It is kept by address: devices cloned from one
image share an engine id but not a clock.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, TypeAlias

from netmon.errors import SnmpDecodeError
from netmon.probes.gathering import GatheringReader
from netmon.probes.snmp.access import UserAccess
from netmon.probes.snmp.ber import Absent, Oid, Tag
from netmon.probes.snmp.client import Patience, Result, Values
from netmon.probes.snmp.codec import MAX_MESSAGE, Pdu, PduType, VarBind, Version, encode_pdu, read_pdu
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.identifiers import RequestIds
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.session import Asking
from netmon.probes.snmp.sockets import Address, open_socket, send
from netmon.probes.snmp.template import RequestTemplate, compile_get
from netmon.probes.snmp.usm import (
    Clock,
    Keys,
    SealedMessage,
    ask_for_engine,
    is_genuine,
    localise,
    open_pdu,
    read_sealed,
    seal,
)

_READ_BUDGET = 256
_MOST_PEERS = 200_000
_NO_CLOCK, _NO_KEYS = Clock(), Keys(b"", b"")
_MOST_TURNS = 4
"""Messages beside retries that one request may take: who are you, what time is it, and one of them again."""
_USM_STATS: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1)
_NOT_IN_TIME_WINDOW, _UNKNOWN_ENGINE_ID = (*_USM_STATS, 2, 0), (*_USM_STATS, 4, 0)
_NOT_ADMITTED = {(*_USM_STATS, arc, 0) for arc in (1, 3, 5, 6)}
"""Unsupported level, unknown user, wrong digest, decryption error (RFC 3414 section 5)."""


@dataclass(slots=True, eq=False)
class Peer:
    """What is known of one agent: who it is, its clock when it last told, and our keys there."""

    access: UserAccess
    engine_id: bytes = b""
    clock: Clock = _NO_CLOCK
    told_at: float = 0.0
    keys: Keys = _NO_KEYS
    keys_for: bytes = b""

    def meet(self, engine_id: bytes, clock: Clock, now: float) -> None:
        """It is this engine."""
        self.engine_id = engine_id
        if self.keys_for != engine_id:
            self.keys, self.keys_for = localise(self.access, engine_id), engine_id
        self.set_clock(clock, now)

    def doubt(self) -> None:
        """Ask who it is before it is asked anything else."""
        self.engine_id = b""

    def set_clock(self, clock: Clock, now: float) -> None:
        """It said what time it has."""
        self.clock, self.told_at = clock, now

    def clock_at(self, now: float) -> Clock:
        """What time it should have."""
        return Clock(self.clock.boots, self.clock.time + int(now - self.told_at))


class _Told(NamedTuple):
    """What an agent answered: its message, what stands in it, and whether it was proven to be its.

    The answer to a GET that is as expected is read as the sweep reads them: then there are `values`, and no `pdu`.
    """

    message: SealedMessage
    pdu: Pdu | None
    is_genuine: bool
    values: Values | None = None


_Judge: TypeAlias = Callable[[SealedMessage], _Told | None]


@dataclass(slots=True, eq=False)
class _Waiting:
    address: Address
    answer: "asyncio.Future[_Told]"
    judge: _Judge


class UsmDesk:
    """The sockets, who waits for what on them, and what is known of every agent; make it inside the running loop."""

    def __init__(self, opener: Callable[[socket.AddressFamily], socket.socket] = open_socket) -> None:
        self._open = opener
        self._loop = asyncio.get_running_loop()
        self._ids = RequestIds()
        self._sockets: dict[socket.AddressFamily, tuple[socket.socket, GatheringReader]] = {}
        self._waiting: dict[int, _Waiting] = {}
        self._asked: Counter[Address] = Counter()
        self._garbled: set[Address] = set()
        self._peers: dict[tuple[Address, UserAccess], Peer] = {}

    def peer(self, address: Address, access: UserAccess) -> Peer:
        """What is known of the agent at an address."""
        peer = self._peers.get((address, access))
        if peer is None:
            if len(self._peers) >= _MOST_PEERS:
                del self._peers[next(iter(self._peers))]
            peer = self._peers[address, access] = Peer(access)
        return peer

    def fresh_id(self) -> int:
        """A message id that nobody can guess and nobody waits for."""
        return self._ids.fresh(self._waiting)

    async def exchange(
        self, address: Address, message_id: int, packet: bytes, judge: _Judge, wait: float
    ) -> _Told | FailureKind:
        """Send one message and wait for the answer to it that `judge` accepts.

        Raises:
            OSError: no socket to be had, or no route.
        """
        sock = self._socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        waiting = _Waiting(address, self._loop.create_future(), judge)
        self._waiting[message_id] = waiting
        self._asked[address] += 1
        try:
            send(sock, packet, address)
            async with asyncio.timeout(wait):
                return await waiting.answer
        except TimeoutError:
            return FailureKind.UNREADABLE if address in self._garbled else FailureKind.TIMED_OUT
        finally:
            del self._waiting[message_id]
            self._asked[address] -= 1
            if not self._asked[address]:
                del self._asked[address]
                self._garbled.discard(address)

    def close(self) -> None:
        """Cancel whoever waits and close the sockets."""
        for waiting in self._waiting.values():
            waiting.answer.cancel()
        for sock, reader in self._sockets.values():
            reader.close()
            sock.close()
        self._sockets.clear()

    def _socket(self, family: socket.AddressFamily) -> socket.socket:
        if family not in self._sockets:
            sock = self._open(family)
            reader = GatheringReader(self._loop, sock, partial(self._on_readable, sock), budget=_READ_BUDGET)
            self._sockets[family] = sock, reader
        return self._sockets[family][0]

    def _on_readable(self, sock: socket.socket, now: float) -> int:
        for count in range(_READ_BUDGET):
            try:
                data, source = sock.recvfrom(MAX_MESSAGE)
            except OSError:  # nothing left; or what the network said of an earlier request, which tells nothing new
                return count
            self._accept(data, source[:2])
        return _READ_BUDGET

    def _accept(self, data: bytes, source: Address) -> None:
        try:
            message = read_sealed(data)
            waiting = self._waiting.get(message.message_id)
            if waiting is None or waiting.address != source:
                return  # late, or somebody else's
            told = waiting.judge(message)
            if told is not None:
                if not waiting.answer.done():
                    waiting.answer.set_result(told)
                return
        except SnmpDecodeError:
            pass
        # A source is easily forged, so the request goes on; but should nothing better come, it was not silence.
        if source in self._asked:
            self._garbled.add(source)


@dataclass(frozen=True, slots=True)
class UsmTarget:
    """Whom to ask, as whom, and how long to wait."""

    address: Address
    access: UserAccess
    patience: Patience = field(default_factory=Patience)


class UsmSession(Asking):
    """Asks one device as an SNMPv3 user."""

    def __init__(self, desk: UsmDesk, target: UsmTarget, manner: Manner | None = None) -> None:
        # There is no older version to fall back to from SNMPv3, as if it had answered in this one.
        super().__init__(manner or Manner(has_answered=True))
        self._desk = desk
        self._target = target
        self._loop = asyncio.get_running_loop()

    async def send(self, kind: PduType, oids: tuple[Oid, ...], repetitions: int = 0) -> Result:
        peer = self._desk.peer(self._target.address, self._target.access)
        try:
            for _ in range(_MOST_TURNS):
                told = await self._try(peer, kind, oids, repetitions)
                if isinstance(told, FailureKind):
                    peer.doubt()  # another agent may be there by now, and be silent to what is not for it
                    return Failure(0, told)
                now = self._loop.time()
                if told.pdu is None or told.pdu.pdu_type == PduType.RESPONSE:
                    peer.set_clock(told.message.clock, now)
                    return _result(kind, oids, told)
                if _names(told.pdu)[0] in _NOT_ADMITTED:
                    return Failure(0, FailureKind.NOT_ADMITTED)
                if told.is_genuine:  # of the reports only notInTimeWindow is
                    peer.set_clock(told.message.clock, now)
                else:
                    peer.meet(told.message.engine_id, told.message.clock, now)
        except OSError:
            return Failure(0, FailureKind.UNSENT)
        return Failure(0, FailureKind.UNREADABLE)

    async def _try(self, peer: Peer, kind: PduType, oids: tuple[Oid, ...], repetitions: int) -> _Told | FailureKind:
        patience, user = self._target.patience, self._target.access.user
        template = compile_get(Version.V2C, b"", oids) if kind is PduType.GET else None
        told: _Told | FailureKind = FailureKind.TIMED_OUT
        for _ in range(patience.retries + 1):
            number = self._desk.fresh_id()
            if peer.engine_id:
                pdu = _pdu(kind, oids, number, repetitions) if template is None else template.pdu(number)
                packet = seal(user, peer.keys, peer.engine_id, peer.clock_at(self._loop.time()), number, pdu)
            else:
                packet = ask_for_engine(number, encode_pdu(PduType.GET, (number, 0, 0), ()))
            told = await self._desk.exchange(
                self._target.address, number, packet, partial(self._judge, peer, number, template), patience.timeout
            )
            if not isinstance(told, FailureKind):
                break
        return told

    def _judge(self, peer: Peer, number: int, template: RequestTemplate | None, message: SealedMessage) -> _Told | None:
        """What an answer to our message says, if it may say that; None if it is to be passed over.

        Raises:
            SnmpDecodeError: it cannot be read.
        """
        user, keys = self._target.access.user, peer.keys
        if message.is_authenticated:
            is_ours = bool(peer.engine_id) and message.engine_id == peer.engine_id and is_genuine(message, user, keys)
            if not is_ours:
                return None
            octets, at = open_pdu(message, user, keys)
            is_private = message.is_encrypted or not keys.privacy
            values = template.read_pdu(octets, at, number) if template is not None and is_private else None
            if values:
                return _Told(message, None, is_genuine=True, values=values)
            pdu = read_pdu(octets, at)
            if pdu.pdu_type == PduType.REPORT:
                return _Told(message, pdu, is_genuine=True) if _names(pdu) == [_NOT_IN_TIME_WINDOW] else None
            is_answer = pdu.pdu_type == PduType.RESPONSE and pdu.request_id == number
            return _Told(message, pdu, is_genuine=True) if is_answer and is_private else None
        # Who does not know us, or is not who we think, cannot prove anything. He can only keep us from asking.
        pdu = read_pdu(*open_pdu(message, user, keys))
        names = _names(pdu)
        is_new = names == [_UNKNOWN_ENGINE_ID] and message.engine_id not in (b"", peer.engine_id)
        is_refusal = len(names) == 1 and names[0] in _NOT_ADMITTED
        is_report = pdu.pdu_type == PduType.REPORT and not message.is_encrypted
        return _Told(message, pdu, is_genuine=False) if is_report and (is_new or is_refusal) else None


def _names(pdu: Pdu) -> list[Oid]:
    return [bind.oid for bind in pdu.varbinds]


def _pdu(kind: PduType, oids: tuple[Oid, ...], number: int, repetitions: int) -> bytes:
    return encode_pdu(kind, (number, 0, repetitions), [VarBind(oid, Tag.NULL, Absent.NULL) for oid in oids])


def _result(kind: PduType, oids: tuple[Oid, ...], told: _Told) -> Result:
    pdu = told.pdu
    if pdu is None:
        return told.values or Failure(0, FailureKind.MISMATCHED)
    if pdu.error_status:
        return Failure(0, FailureKind.AGENT_ERROR, pdu.error_status, pdu.error_index)
    if kind is not PduType.GET:
        is_miscounted = kind is PduType.GETNEXT and len(pdu.varbinds) != len(oids)
        return Failure(0, FailureKind.MISMATCHED) if is_miscounted else pdu.varbinds
    if tuple(_names(pdu)) != oids:
        return Failure(0, FailureKind.MISMATCHED)
    return [bind.value for bind in pdu.varbinds]

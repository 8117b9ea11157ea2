"""`ports.SnmpReader` on the one client: discovery at leisure, polls as fast as they come.

What a device needs of its own is small (an `Agent`): its address, its counters, its last uptime. Requests and their
meaning are shared by all devices that are asked and read alike, so a country of few families fits into memory.
Requests of a poll that takes several follow one another, for one device is asked one thing at a time.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TypeAlias
from weakref import WeakValueDictionary

from netmon.errors import ProbeError
from netmon.model.inventory import Device
from netmon.model.profiles import Profile
from netmon.model.readings import Outline
from netmon.ports import SnmpBatch, SnmpPlan, Vitals
from netmon.probes.hearing import Hearing
from netmon.probes.namespace import open_in_namespace
from netmon.probes.snmp.access import UserAccess
from netmon.probes.snmp.account import Account
from netmon.probes.snmp.agent import Agent
from netmon.probes.snmp.ber import Absent, Oid, Value
from netmon.probes.snmp.client import Patience, SnmpClient, Values
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.families import Families, FamilyName, Kin, Likeness, family_name, kin_of, likeness
from netmon.probes.snmp.identify import SystemGroup, read_system
from netmon.probes.snmp.onus import InTurn, OltTables
from netmon.probes.snmp.own_rows import OwnRows, own_rows
from netmon.probes.snmp.plan import PollPlan, Scope, build_plan
from netmon.probes.snmp.reading import NO_TABLES, Tables
from netmon.probes.snmp.reasons import Failure, FailureKind, Refusal
from netmon.probes.snmp.rediscovery import DAILY, is_replaced
from netmon.probes.snmp.script import Script
from netmon.probes.snmp.session import Asking, SnmpDesk, SnmpSession, SnmpTarget
from netmon.probes.snmp.sockets import Sockets, canonical_address, open_socket
from netmon.probes.snmp.usm_session import UsmDesk, UsmSession, UsmTarget
from netmon.probes.snmp.widen import widened

_SILENT = (FailureKind.TIMED_OUT, FailureKind.UNREADABLE)
_NOTHING_HEARD = (*_SILENT, FailureKind.UNSENT)
_FOR_A_MOMENT = (Refusal.BUSY, Refusal.WOULD_BLOCK)
_FRESH = 1.0
"""Seconds for which what a device said on first contact stands for its first poll."""
_MOST_SHARED = 60
"""Objects; a plan of more, as of a switch of many ports, is hardly ever another device's too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollerConfig:
    """Whom to ask how. Communities and SNMPv3 users are by name of credential; they leave this only for the wire."""

    communities: Mapping[str, bytes] = field(repr=False)
    profiles: Mapping[str, Profile]
    patience: Patience = field(default_factory=Patience)
    port: int = 161
    users: Mapping[str, UserAccess] = field(default_factory=dict, repr=False)


_Poll: TypeAlias = tuple[int, Agent, float]
"""A poll under way: the index it was asked for by, whom, and since when."""


def open_poller(vitals: Vitals, config: PollerConfig, namespace: str = "") -> "SnmpPoller":
    """Open the UDP sockets, in a network namespace if one is named; inside a running loop.

    Raises:
        InputError: there is no such namespace.
        ProbeError: the namespace cannot be entered, or there is no socket to be had.
    """
    sockets = open_in_namespace(namespace, _open_sockets)
    users = UsmDesk(lambda family: open_in_namespace(namespace, partial(open_socket, family)))
    return SnmpPoller(sockets, users, config, vitals)


def _open_sockets() -> Sockets:
    opened: dict[int, socket.socket] = {}
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            opened[family] = open_socket(family)
    if not opened:
        raise ProbeError("the kernel grants no UDP socket for SNMP, neither IPv4 nor IPv6")
    return Sockets(opened.get(socket.AF_INET), opened.get(socket.AF_INET6))


class SnmpPoller:
    """Implements `ports.SnmpReader`; make it with `open_poller` inside the running loop. Not thread-safe."""

    def __init__(self, sockets: Sockets, users: UsmDesk, config: PollerConfig, vitals: Vitals) -> None:
        self._sockets = sockets
        self._users = users
        self._config = config
        self._client = SnmpClient(sockets)
        self._client.attach(asyncio.get_running_loop())
        self._desk = SnmpDesk(self._client)
        self._account = Account(self._client, vitals)
        self._hearing = Hearing(sockets.all())
        self._families = Families()
        self._scripts: WeakValueDictionary[object, Script] = WeakValueDictionary()
        self._polls: dict[int, _Poll] = {}
        self._parts: dict[int, list[Values]] = {}
        self._next_key = 0
        self._waiting: list[tuple[int, _Poll]] = []
        self._talks: set[asyncio.Task[None]] = set()
        self._batch = SnmpBatch()

    async def discover(self, device: Device, known: SnmpPlan | None) -> SnmpPlan | None:
        """See `ports.SnmpReader`."""
        target = self._target(device)
        if target is None:
            return None
        session = self._session(target, known.manner if isinstance(known, Agent) else None)
        system = await read_system(session)
        if isinstance(system, Failure):
            return None
        name = family_name(system, device.profile, device.credential)
        now = asyncio.get_running_loop().time()
        so_far = known if isinstance(known, Agent) and now - known.explored_at < DAILY else None
        alike = await self._alike(target, name, so_far) if so_far is not None or known is None else None
        if alike is None:
            async with self._families.exploring(name):
                kin = await self._explore(session, target, device, system)
                if kin is None:
                    return None
                if _is_shareable(target, kin):
                    self._families.add(name, kin)
            alike = kin, Likeness(kin.named.identity, () if kin.own is None else kin.own.index)
        elif so_far is not None:
            now = so_far.explored_at
        kin, like = alike
        agent = Agent.of(target, kin, like, explored_at=now)
        if known is None and like.values:
            agent.heard = asyncio.get_running_loop().time() + _FRESH, like.values
        is_same = isinstance(known, Agent) and known.target.address == target.address
        if isinstance(known, Agent) and is_same and not is_replaced(known.identity, agent.identity):
            agent.carry_on(known)
        return agent

    async def _alike(
        self, target: SnmpTarget | UsmTarget, name: FamilyName, known: Agent | None
    ) -> tuple[Kin, Likeness] | None:
        """The plan that fits it as it is, its own or another device's, and what it says it is; None if none does."""
        if not isinstance(target, SnmpTarget):
            return None
        await self._families.settled(name)
        own = [known.kin] if known is not None and _is_shareable(target, known.kin) else []
        candidates = self._families.candidates(name)
        for kin in dict.fromkeys((*own, *candidates)):
            like = await likeness(SnmpSession(self._desk, target, kin.manner), kin)
            if isinstance(like, Failure):
                return None
            if like is not None:
                if kin not in own:
                    self._families.fitted(name, kin)
                return kin, like
        if candidates:
            self._families.missed(name)
        return None

    async def _explore(
        self, session: Asking, target: SnmpTarget | UsmTarget, device: Device, system: SystemGroup
    ) -> Kin | None:
        """Find out everything; None where there is nothing to poll."""
        found = await discover(session, self._config.profiles, named=device.profile, system=system)
        if not isinstance(found, Discovery) or not build_plan(found).requests:
            return None
        kin = self._kin(target, found)
        # An OLT is asked in requests of another kind, and finds out by itself how large they may be (`OltTables`).
        if isinstance(session, SnmpSession) and not (kin.onus or found.profile.manners.objects_per_request):
            manner = await widened(session, found.manner, (kin.oids, kin.script.oids))
            if manner is not found.manner:
                kin = self._kin(target, replace(found, manner=manner))
        return kin

    def _kin(self, target: SnmpTarget | UsmTarget, found: Discovery) -> Kin:
        plan, community = build_plan(found), target.community if isinstance(target, SnmpTarget) else b""
        slow = build_plan(found, Scope.BACKGROUND)
        has_slow = bool(slow.series and (slow.requests or slow.walks))
        version, own = found.manner.version, own_rows(found.profile, found.tables)
        return kin_of(
            found,
            self._script(plan, version, community, own),
            self._script(slow, version, community, own) if has_slow else None,
        )

    def request(self, index: int, plan: SnmpPlan, now: float) -> None:
        """See `ports.SnmpReader`."""
        if not isinstance(plan, Agent) or plan.is_busy:
            return
        plan.is_busy = True
        key = self._next_key
        self._next_key = key + 1
        self._polls[key] = poll = (index, plan, now)
        if plan.heard is not None and (values := plan.first_values(now)):
            self._finish(key, poll, values, NO_TABLES, now)
        elif plan.needs_talk:
            talk = asyncio.get_running_loop().create_task(self._talk(key, poll))
            self._talks.add(talk)
            talk.add_done_callback(self._talks.discard)
        else:
            self._send(key, poll, now)

    def harvest(self, now: float) -> SnmpBatch:
        """See `ports.SnmpReader`."""
        self._send_waiting(now)
        harvest = self._client.harvest(now)
        self._hearing.listen(now)
        polls = self._polls
        for key, values in harvest.answers:
            poll = polls.pop(key, None)
            if poll is None:  # forgotten meanwhile
                continue
            agent = poll[1]
            if len(agent.script.templates) > 1:
                polls[key] = poll
                self._take_part(key, poll, values, now)
            else:
                agent.is_busy = False
                self._take(poll, values, NO_TABLES, now)
        for failure in harvest.failures:
            poll = polls.get(failure.key)
            if poll is not None:
                self._take_failure(failure, poll, now)
        self._account.settle()
        batch, self._batch = self._batch, SnmpBatch()
        return batch

    def hurry(self, waited: float, now: float) -> None:
        """See `ports.SnmpReader`."""
        self._client.ask_again(waited, now)

    def forget(self) -> None:
        """See `ports.SnmpReader`."""
        for _, agent, _ in self._polls.values():
            agent.is_busy = False
        self._polls.clear()
        self._parts.clear()
        self._batch = SnmpBatch()

    def slow_outline(self, plan: SnmpPlan) -> Outline:
        """See `ports.LeisureReader`."""
        return plan.slow.outline if isinstance(plan, Agent) and plan.slow is not None else ()

    async def read_slowly(self, plan: SnmpPlan) -> Sequence[float] | None:
        """See `ports.LeisureReader`."""
        if not isinstance(plan, Agent) or plan.slow is None:
            return None
        session = self._session(plan.target, plan.manner)
        values = await session.get(plan.slow.oids)
        if isinstance(values, Failure):
            return None
        return plan.slow.read(values, await session.walk_all(plan.slow.walks))

    def olt(self, plan: SnmpPlan) -> OltTables | None:
        """See `ports.LeisureReader`."""
        if not isinstance(plan, Agent) or plan.onus is None:
            return None
        state = None if plan.onus.state is None else plan.onus.state.oid
        return OltTables(InTurn(self._session(plan.target, plan.manner, state)), plan.onus)

    async def close(self) -> None:
        """End what is under way and close the sockets."""
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        self._desk.close()
        self._users.close()
        self._client.detach()
        for sock in self._sockets.all():
            sock.close()

    def _target(self, device: Device) -> SnmpTarget | UsmTarget | None:
        config, address = self._config, canonical_address(device.address, self._config.port)
        if address[0] == device.address:
            address = device.address, address[1]  # the inventory's own string does for both
        if user := config.users.get(device.credential):
            return UsmTarget(address, user, config.patience)
        community = config.communities.get(device.credential)
        return None if community is None else SnmpTarget(address, community, config.patience)

    def _session(self, target: SnmpTarget | UsmTarget, manner: Manner | None, lasting: Oid | None = None) -> Asking:
        if isinstance(target, SnmpTarget):
            return SnmpSession(self._desk, target, manner, lasting)
        return UsmSession(self._users, target, manner)

    def _script(self, plan: PollPlan, version: Version, community: bytes, own: OwnRows | None) -> Script:
        key = (plan.requests, plan.walks, plan.series, version, community)
        script = self._scripts.get(key)
        if script is None:
            script = self._scripts[key] = Script(plan, version, community, own)
        return script

    def _send(self, key: int, poll: _Poll, now: float) -> None:
        agent = poll[1]
        target, templates = agent.target, agent.script.templates
        template = templates[0] if len(templates) == 1 else templates[len(self._parts.get(key, ()))]
        refusal = self._client.request(key, target.address, template, now, target.patience)
        if refusal is None:
            return
        if refusal in _FOR_A_MOMENT:
            self._waiting.append((key, poll))
        else:
            self._drop(key, agent)

    def _send_waiting(self, now: float) -> None:
        """Send what could not be sent before: somebody else was asking the device, or the kernel had no room."""
        waiting, self._waiting = self._waiting, []
        for key, poll in waiting:
            _, agent, began = poll
            patience = agent.target.patience
            if now - began > patience.timeout * (patience.retries + 1):
                self._drop(key, agent)
            elif key in self._polls:  # else it was forgotten meanwhile
                self._send(key, poll, now)

    def _drop(self, key: int, agent: Agent) -> None:
        if self._parts:
            self._parts.pop(key, None)
        if self._polls.pop(key, None) is not None:
            agent.is_busy = False

    def _take_part(self, key: int, poll: _Poll, values: Values, now: float) -> None:
        """One of several requests of a poll was answered."""
        parts = self._parts.setdefault(key, [])
        parts.append(values)
        if len(parts) < len(poll[1].script.templates):
            self._send(key, poll, now)
        else:
            self._finish(key, poll, list(chain.from_iterable(parts)), NO_TABLES, now)

    def _take_failure(self, failure: Failure, poll: _Poll, now: float) -> None:
        _, agent, _ = poll
        parts = self._parts.get(failure.key, ())
        if not parts and failure.kind in _SILENT:
            self._note_silence(poll)
        if not parts and failure.kind in _NOTHING_HEARD:
            self._drop(failure.key, agent)
            return
        # It is there, though not for all that was asked; what is missing is absent, and discovery shall look again.
        values = list(chain.from_iterable(parts))
        missing = len(agent.script.oids) - len(values)
        self._finish(failure.key, poll, [*values, *[Absent.NO_SUCH_INSTANCE] * missing], NO_TABLES, now)

    def _note_silence(self, poll: _Poll) -> None:
        index, _, asked_at = poll
        (self._batch.unheard if self._hearing.has_lost_since(asked_at) else self._batch.missed).append(index)

    async def _talk(self, key: int, poll: _Poll) -> None:
        _, agent, _ = poll
        session = self._session(agent.target, agent.manner)
        try:
            values = await session.get(agent.script.oids)
            tables = {} if isinstance(values, Failure) else await session.walk_all(agent.script.walks)
            agent.adopt(session.manner)
            if key not in self._polls:
                return  # forgotten meanwhile
            if not isinstance(values, Failure):
                self._finish(key, poll, values, tables, asyncio.get_running_loop().time())
            elif values.kind is not FailureKind.UNSENT:
                self._note_silence(poll)
        finally:
            self._drop(key, agent)

    def _finish(self, key: int, poll: _Poll, values: Sequence[Value], tables: Tables, now: float) -> None:
        self._drop(key, poll[1])
        self._take(poll, values, tables, now)

    def _take(self, poll: _Poll, values: Sequence[Value], tables: Tables, now: float) -> None:
        index, agent, _ = poll
        readings, is_changed = agent.take(values, tables, now)
        batch = self._batch
        batch.answered.append(index)
        batch.plans.append(agent)
        batch.readings.append(readings)
        if is_changed:
            batch.changed.append(index)


def _is_shareable(target: SnmpTarget | UsmTarget, kin: Kin) -> bool:
    """Whether GETs alone can tell that a device is like it."""
    is_plain = isinstance(target, SnmpTarget) and kin.manner.version is Version.V2C
    walks = bool(kin.script.walks or (kin.slow is not None and kin.slow.walks))
    return is_plain and not (walks or kin.is_personal) and len(kin.oids) <= _MOST_SHARED

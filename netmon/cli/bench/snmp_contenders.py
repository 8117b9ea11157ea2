"""The Python contenders of the SNMP bench, each run in a process of its own: python -m ... NAME AGENTS ROUNDS PORT.

Prints one line of JSON: answered, wall and CPU seconds, counted from when everybody is ready to poll: netmon has
discovered its agents, and the others have their sockets open and their requests laid out.
"""

import asyncio
import contextlib
import gc
import json
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from netmon.cli.bench.agents import COMMUNITY, OIDS, PASSPHRASE, USER, agent_hosts
from netmon.cli.bench.processes import own_cpu

BARE_LOOP = "bare loop"
GUFO_IN_TURN = "gufo_snmp, one at a time"
PYSNMP_PAIRS = "pysnmp v1arch, plain pairs"
TIMEOUT, RETRIES = 2.0, 1
IN_FLIGHT = 50
Counted = tuple[int, float, float]


async def sweep_netmon(agents: int, rounds: int, port: int) -> Counted:
    """The whole engine: discovered plans, paced sweep, decoding, counters, Fleet."""
    from netmon.cli.bench.snmp_engine import BenchSnmpEngine

    engine = BenchSnmpEngine(agents, port)
    await engine.discover()
    gc.freeze()  # as the daemon does once it has started
    began, cpu = time.monotonic(), own_cpu()
    answered = await engine.sweep(rounds)
    told = answered, time.monotonic() - began, own_cpu() - cpu
    await engine.close()
    return told


async def sweep_netmon_v3(agents: int, rounds: int, port: int) -> Counted:
    """Netmon's way of asking SNMPv3 users: SHA-256 and AES-128, every agent known."""
    from netmon.model.snmp_users import Authentication, Privacy, SnmpUser
    from netmon.probes.snmp.access import UserAccess
    from netmon.probes.snmp.ber import parse_oid
    from netmon.probes.snmp.client import Patience
    from netmon.probes.snmp.usm_session import UsmDesk, UsmSession, UsmTarget

    access = UserAccess(SnmpUser(USER, Authentication.SHA256, Privacy.AES128), *(2 * (PASSPHRASE.encode(),)))
    desk, oids = UsmDesk(), [parse_oid(oid) for oid in OIDS]
    sessions = [
        UsmSession(desk, UsmTarget((host, port), access, Patience(TIMEOUT, RETRIES))) for host in agent_hosts(agents)
    ]

    async def once(at: int) -> bool:
        return isinstance(await sessions[at].get(oids), list)

    try:
        return await _rounds(once, agents, rounds)
    finally:
        desk.close()


async def sweep_bare_loop(agents: int, rounds: int, port: int) -> Counted:
    """A plain Python loop on one blocking socket, everybody in flight; it decodes and keeps nothing.

    Nobody would watch a network with it: it tells how fast this machine is at the moment.
    """
    from netmon.probes.snmp.ber import parse_oid
    from netmon.probes.snmp.codec import Version
    from netmon.probes.snmp.template import compile_get, read_head

    template = compile_get(Version.V2C, COMMUNITY.encode(), tuple(map(parse_oid, OIDS)))
    addresses, answered, first_id = [(host, port) for host in agent_hosts(agents)], 0, 1 << 24
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", round(TIMEOUT), 0))
        began, cpu = time.monotonic(), own_cpu()
        for number in range(rounds):
            for at, address in enumerate(addresses):
                sock.sendto(template.packet(first_id + number * agents + at), address)
            with contextlib.suppress(BlockingIOError):
                for _ in addresses:
                    data = sock.recv(65_536)
                    head = read_head(data)
                    answered += head is not None and template.read_values(data, head[3], head[4]) is not None
        return answered, time.monotonic() - began, own_cpu() - cpu


async def sweep_gufo(agents: int, rounds: int, port: int) -> Counted:
    """gufo_snmp as many devices are asked with it: a session, and so a socket, each, kept open; asyncio on uvloop.

    On asyncio's own loop it does a third less. It sends no request again.
    """
    from gufo.snmp import SnmpError
    from gufo.snmp.aio import SnmpSession

    sessions = [SnmpSession(host, port, COMMUNITY, timeout=TIMEOUT) for host in agent_hosts(agents)]

    async def once(at: int) -> bool:
        with contextlib.suppress(SnmpError, TimeoutError):
            return len(await sessions[at].get_many(OIDS)) == len(OIDS)
        return False

    return await _rounds(once, agents, rounds)


async def sweep_gufo_in_turn(agents: int, rounds: int, port: int) -> Counted:
    """gufo_snmp's blocking sessions, one device after the other: its cheapest way of asking.

    At 20 ms there and back it takes 16 minutes for the country's 49,400 devices, where a sweep has one.
    """
    from gufo.snmp import SnmpError
    from gufo.snmp.sync import SnmpSession

    sessions = [SnmpSession(host, port, COMMUNITY, timeout=TIMEOUT) for host in agent_hosts(agents)]

    def once(session: SnmpSession) -> bool:
        with contextlib.suppress(SnmpError, TimeoutError):
            return len(session.get_many(OIDS)) == len(OIDS)
        return False

    for session in sessions:
        once(session)
    began, cpu = time.monotonic(), own_cpu()
    answered = sum(once(session) for _ in range(rounds) for session in sessions)
    return answered, time.monotonic() - began, own_cpu() - cpu


async def sweep_v1arch(agents: int, rounds: int, port: int) -> Counted:
    """Pysnmp's lighter architecture as the examples of its manual ask: objects as `ObjectType`, answers as the same.

    More kindly than in those examples, the objects are made once for all polls; so is the dispatcher, as it advises.
    """
    from pysnmp.smi.rfc1902 import ObjectIdentity, ObjectType

    return await _rounds(await _v1arch(agents, port, [ObjectType(ObjectIdentity(oid)) for oid in OIDS]), agents, rounds)


async def sweep_v1arch_pairs(agents: int, rounds: int, port: int) -> Counted:
    """Pysnmp's lighter architecture at its fastest: plain pairs, so that no MIB is looked into for the answers."""
    from pysnmp.proto.api import v2c

    return await _rounds(
        await _v1arch(agents, port, [(v2c.ObjectIdentifier(oid), v2c.null) for oid in OIDS]), agents, rounds
    )


async def _v1arch(agents: int, port: int, objects: Sequence[object]) -> Callable[[int], Awaitable[bool]]:
    from pysnmp.hlapi.v1arch import asyncio as pysnmp

    dispatcher = pysnmp.SnmpDispatcher()
    community = pysnmp.CommunityData(COMMUNITY, mpModel=1)  # noqa: S508 - v2c is what is measured
    targets = [
        await pysnmp.UdpTransportTarget.create((host, port), timeout=TIMEOUT, retries=RETRIES)
        for host in agent_hosts(agents)
    ]

    async def once(at: int) -> bool:
        error, status, _, binds = await pysnmp.get_cmd(dispatcher, community, targets[at], *objects)
        return not error and not status and len(binds) == len(OIDS)

    return once


async def sweep_v3arch(agents: int, rounds: int, port: int) -> Counted:
    """Pysnmp's full architecture, one engine for all devices, SNMPv2c, MIB look-ups of answers off."""
    from pysnmp.hlapi.v3arch import asyncio as pysnmp
    from pysnmp.smi.rfc1902 import ObjectIdentity, ObjectType

    engine, context = pysnmp.SnmpEngine(), pysnmp.ContextData()
    community = pysnmp.CommunityData(COMMUNITY, mpModel=1)  # noqa: S508 - v2c is what is measured
    objects = [ObjectType(ObjectIdentity(oid)) for oid in OIDS]
    targets = [
        await pysnmp.UdpTransportTarget.create((host, port), timeout=TIMEOUT, retries=RETRIES)
        for host in agent_hosts(agents)
    ]

    async def once(at: int) -> bool:
        told = await pysnmp.get_cmd(engine, community, targets[at], context, *objects, lookupMib=False)
        error, status, _, binds = told
        return not error and not status and len(binds) == len(OIDS)

    return await _rounds(once, agents, rounds)


async def _rounds(once: Callable[[int], Awaitable[bool]], agents: int, rounds: int) -> Counted:
    """Every agent once a round, so many in flight; a round before, so that whoever learns something has learnt it."""

    async def some(first: int, times: int) -> int:
        return sum([await once(at) for _ in range(times) for at in range(first, agents, IN_FLIGHT)])

    async def everybody(times: int) -> int:
        return sum(await asyncio.gather(*(some(first, times) for first in range(min(IN_FLIGHT, agents)))))

    await everybody(1)
    began, cpu = time.monotonic(), own_cpu()
    answered = await everybody(rounds)
    return answered, time.monotonic() - began, own_cpu() - cpu


CONTENDERS: dict[str, Callable[[int, int, int], Coroutine[None, None, Counted]]] = {
    "netmon": sweep_netmon,
    "netmon SNMPv3": sweep_netmon_v3,
    BARE_LOOP: sweep_bare_loop,
    "gufo_snmp": sweep_gufo,
    GUFO_IN_TURN: sweep_gufo_in_turn,
    "pysnmp v1arch": sweep_v1arch,
    PYSNMP_PAIRS: sweep_v1arch_pairs,
    "pysnmp v3arch": sweep_v3arch,
}


def _run(who: str, agents: int, rounds: int, port: int) -> Counted:
    if who == "gufo_snmp":
        import uvloop

        return uvloop.run(CONTENDERS[who](agents, rounds, port))
    return asyncio.run(CONTENDERS[who](agents, rounds, port))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        answered, wall, cpu = _run(sys.argv[1], *map(int, sys.argv[2:5]))
        sys.stdout.write(json.dumps({"answered": answered, "wall": wall, "cpu": cpu}) + "\n")

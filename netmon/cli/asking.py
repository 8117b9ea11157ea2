"""Asking one device from the command line, in SNMPv1/v2c or v3, whatever there is to read."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from netmon.cli.onu_table import Onus, read_onus
from netmon.errors import ProbeError
from netmon.model.profiles import Oid, Profile
from netmon.probes.namespace import open_in_namespace
from netmon.probes.snmp.access import Access, CommunityAccess, UserAccess
from netmon.probes.snmp.client import SnmpClient
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.engines import EnginePool
from netmon.probes.snmp.explain import Explained, explain, missing
from netmon.probes.snmp.plan import Scope, build_plan
from netmon.probes.snmp.reader import SnmpReader
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.session import Asking, SnmpDesk, SnmpSession, SnmpTarget
from netmon.probes.snmp.sockets import Sockets, open_socket
from netmon.probes.snmp.unread import Unread, find_instances, find_unread
from netmon.probes.snmp.usm_session import UsmDesk, UsmSession, UsmTarget
from netmon.probes.snmp.v3 import PysnmpSession, PysnmpTarget
from netmon.settings import SnmpCredential

_NO_ANSWER = (
    "the device does not answer SNMP; check the address, the port, the community or user, and the device's list of "
    "permitted managers"
)
_NOT_ADMITTED = (
    "the device answers, but does not admit this SNMPv3 user; check its name, passphrases, protocols and level"
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a device is, all its readings, and if it is an OLT its ONUs.

    `unread` is what else the vendor has there, if that was asked for; `instances` has for scalars that were looked for
    in vain the name they should have had.
    """

    found: Discovery
    readings: list[Explained]
    unread: Sequence[Unread] = ()
    instances: Mapping[Oid, Oid] = field(default_factory=dict)
    onus: Onus | None = None


def access_of(credential: SnmpCredential) -> Access:
    """Turn what the settings say into what the probes take."""
    secret = credential.secret.reveal().encode()
    if credential.user is None:
        return CommunityAccess(secret)
    privacy = b"" if credential.privacy is None else credential.privacy.reveal().encode()
    return UserAccess(credential.user, secret, privacy)


@asynccontextmanager
async def own_session(target: PysnmpTarget, *, namespace: str = "") -> AsyncIterator[Asking]:
    """Ask as the sweep does."""
    if isinstance(target.access, UserAccess):
        users = UsmDesk(lambda family: open_in_namespace(namespace, partial(open_socket, family)))
        try:
            yield UsmSession(users, UsmTarget(target.address, target.access, target.patience))
        finally:
            users.close()
        return
    is_ipv6 = ":" in target.address[0]
    sock = open_in_namespace(namespace, partial(open_socket, socket.AF_INET6 if is_ipv6 else socket.AF_INET))
    client = SnmpClient(Sockets(ipv6=sock) if is_ipv6 else Sockets(ipv4=sock))
    client.attach(asyncio.get_running_loop())
    desk = SnmpDesk(client)
    try:
        yield SnmpSession(desk, SnmpTarget(target.address, target.access.community, target.patience))
    finally:
        desk.close()
        client.detach()
        sock.close()


@asynccontextmanager
async def library_session(target: PysnmpTarget, *, namespace: str = "") -> AsyncIterator[Asking]:
    """Ask by pysnmp, whatever the version."""
    pool = EnginePool(lambda family: open_in_namespace(namespace, partial(open_socket, family)))
    try:
        yield PysnmpSession(pool, target)
    finally:
        pool.close()


async def read_wire(
    target: PysnmpTarget,
    profiles: Mapping[str, Profile],
    named: str,
    *,
    namespace: str = "",
    look_around: bool = False,
) -> Findings:
    """Find out what a device is and read everything it has; see `read_device`."""
    async with own_session(target, namespace=namespace) as session:
        return await read_device(session, profiles, named, look_around=look_around)


async def read_device(
    device: SnmpReader, profiles: Mapping[str, Profile], named: str, *, look_around: bool = False
) -> Findings:
    """Find out what a device or recording is and read everything it has.

    Args:
        device: the device.
        profiles: all there are, by name.
        named: the profile to use; "" to recognise it.
        look_around: also list what the vendor has there that nothing reads, which takes a walk.

    Raises:
        ProbeError: it does not answer, or no profile fits; the sentence is for the operator.
    """
    found = await discover(device, profiles, named=named)
    if found is None:
        raise ProbeError("no profile fits this device, and none is a fallback")
    if isinstance(found, Failure):
        raise ProbeError(sentence_of(found))
    plan = build_plan(found, Scope.EVERYTHING)
    values = await device.get(plan.oids)
    if isinstance(values, Failure):
        raise ProbeError(sentence_of(values))
    tables = {column: [bind.value for bind in (await device.walk(column)).rows] for column in plan.walks}
    in_vain = [one.object.oid for one in missing(found) if not one.object.is_column]
    return Findings(
        found,
        explain(plan, values, tables),
        await find_unread(device, found.profile) if look_around else (),
        await find_instances(device, list(dict.fromkeys(in_vain))),
        await read_onus(device, found.profile),
    )


def sentence_of(failure: Failure) -> str:
    """Say what a failure means to an operator."""
    if failure.kind is FailureKind.TIMED_OUT:
        return _NO_ANSWER
    if failure.kind is FailureKind.NOT_ADMITTED:
        return _NOT_ADMITTED
    if failure.kind is FailureKind.UNSENT:
        return "nothing could be sent to the device: there is no route to it"
    if failure.kind is FailureKind.AGENT_ERROR:
        return f"the device answers with SNMP error {failure.error_status}"
    return f"the device's answer is of no use ({failure.kind.value})"

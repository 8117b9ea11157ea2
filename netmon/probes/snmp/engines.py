"""pysnmp's engines, one per address, and one request through one of them.

pysnmp keeps the clocks of USM (RFC 3414 section 2.3) by engine id. Devices cloned from one image share an engine id
but not a clock, so one engine for all of them would take turns being right. An engine of its own per address keeps id
and clock by address instead. It costs some 60 ms and 1 MB, so the pool remembers only the latest so many.

pysnmp discovers the id and the clock by itself, and sets the clock anew when the agent answers notInTimeWindow. It does
not take a new id from an address it knows (the device was replaced), and drops the report that would tell: hence
`Engine.may_be_outdated` and `EnginePool.forget`.
"""

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pysnmp.carrier.asyncio.dgram.udp import DOMAIN_NAME as UDP
from pysnmp.carrier.asyncio.dgram.udp import UdpAsyncioTransport
from pysnmp.carrier.asyncio.dgram.udp6 import DOMAIN_NAME as UDP6
from pysnmp.carrier.asyncio.dgram.udp6 import Udp6AsyncioTransport
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import cmdgen
from pysnmp.proto.api import v2c
from pysnmp.proto.errind import ErrorIndication, RequestTimedOut, UnknownEngineID, otherError
from pysnmp.proto.error import StatusInformation

from netmon.model.snmp_users import Authentication, Privacy
from netmon.probes.snmp.access import Access, CommunityAccess, UserAccess
from netmon.probes.snmp.ber import Oid
from netmon.probes.snmp.client import Patience
from netmon.probes.snmp.codec import PduType, Version
from netmon.probes.snmp.sockets import Address, open_socket

__all__ = ["Access", "CommunityAccess", "Engine", "EnginePool", "Reply", "UserAccess"]

_DISCOVERY = 2  # answers beside the point that are put up with per request: an unknown engine id, then a wrong clock
_KEPT = 128
_AUTHENTICATION = {
    Authentication.MD5: config.USM_AUTH_HMAC96_MD5,
    Authentication.SHA1: config.USM_AUTH_HMAC96_SHA,
    Authentication.SHA224: config.USM_AUTH_HMAC128_SHA224,
    Authentication.SHA256: config.USM_AUTH_HMAC192_SHA256,
    Authentication.SHA384: config.USM_AUTH_HMAC256_SHA384,
    Authentication.SHA512: config.USM_AUTH_HMAC384_SHA512,
}
_PRIVACY = {
    Privacy.NONE: config.USM_PRIV_NONE,
    Privacy.DES: config.USM_PRIV_CBC56_DES,
    Privacy.AES128: config.USM_PRIV_CFB128_AES,
    Privacy.AES192: config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    Privacy.AES256: config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    Privacy.AES192C: config.USM_PRIV_CFB192_AES,
    Privacy.AES256C: config.USM_PRIV_CFB256_AES,
}
_GENERATORS = {
    PduType.GET: cmdgen.GetCommandGenerator(discoveryRetries=_DISCOVERY),
    PduType.GETNEXT: cmdgen.NextCommandGeneratorSingleRun(discoveryRetries=_DISCOVERY),
    PduType.GETBULK: cmdgen.BulkCommandGeneratorSingleRun(discoveryRetries=_DISCOVERY),
}


class Reply(NamedTuple):
    """How a request ended: pysnmp's indication if it failed, else the agent's status and pairs of name and value."""

    indication: ErrorIndication | None
    error_status: int
    error_index: int
    varbinds: Sequence[tuple[Any, Any]]


class Engine:
    """One pysnmp engine and one socket, for one address; make it inside the running loop."""

    def __init__(self, address: Address, access: Access, patience: Patience, sock: socket.socket) -> None:
        self._engine = SnmpEngine()
        sock.connect(address)  # the kernel drops what comes from elsewhere; pysnmp would take it for v1 and v2c
        is_ipv6 = sock.family == socket.AF_INET6
        domain = UDP6 if is_ipv6 else UDP
        transport = Udp6AsyncioTransport() if is_ipv6 else UdpAsyncioTransport()
        config.add_transport(self._engine, domain, transport.open_server_mode(sock=sock))
        self._sock = sock
        self._has_user = isinstance(access, UserAccess)
        self._knows_agent = False
        self._waiting: set[asyncio.Future[Reply]] = set()
        for version, name in _introduce(self._engine, access).items():
            ticks = max(patience.timeout, 0.1) * 100
            config.add_target_address(self._engine, str(version), domain, address, name, ticks, patience.retries)

    @property
    def is_busy(self) -> bool:
        """Tell whether somebody waits for an answer."""
        return bool(self._waiting)

    async def ask(self, kind: PduType, oids: Sequence[Oid], repetitions: int, version: Version) -> Reply:
        """Send one request and wait for its end, at most (retries + 3) time-outs."""
        ended: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

        def end(_: object, __: object, indication: Any, status: Any, index: Any, varbinds: Any, ___: object) -> None:
            if not ended.done():
                ended.set_result(Reply(indication, int(status), int(index), varbinds))

        binds = [(v2c.ObjectIdentifier(oid), v2c.null) for oid in oids]
        bulk = (0, repetitions) if kind is PduType.GETBULK else ()
        try:
            _GENERATORS[kind].send_varbinds(self._engine, str(int(version)), None, "", *bulk, binds, end)
        except StatusInformation as error:
            return Reply(error.get("errorIndication", otherError), 0, 0, ())
        self._waiting.add(ended)
        try:
            reply = await ended
        finally:
            self._waiting.discard(ended)
        self._knows_agent = self._knows_agent or reply.indication is None
        return reply

    def may_be_outdated(self, reply: Reply) -> bool:
        """Tell whether another agent may answer at the address by now, given how a request ended."""
        is_silence = isinstance(reply.indication, RequestTimedOut) and self._knows_agent and self._has_user
        return is_silence or isinstance(reply.indication, UnknownEngineID)

    def close(self) -> None:
        """Cancel whoever waits and close the socket."""
        for ended in self._waiting:
            ended.cancel()
        self._engine.close_dispatcher()
        self._sock.close()


def _introduce(engine: SnmpEngine, access: Access) -> dict[int, str]:
    """Tell the engine who we are; returns the parameters' name for each version we may speak."""
    if isinstance(access, CommunityAccess):
        config.add_v1_system(engine, "community", access.community)
        names = {int(version): f"parameters-{version}" for version in Version}
        for version, name in names.items():
            config.add_target_parameters(engine, name, "community", "noAuthNoPriv", version)
        return names
    user = access.user
    config.add_v3_user(
        engine,
        user.name,
        _AUTHENTICATION[user.authentication],
        access.authentication_passphrase,
        _PRIVACY[user.privacy],
        access.privacy_passphrase or None,
    )
    level = "authNoPriv" if user.privacy is Privacy.NONE else "authPriv"
    config.add_target_parameters(engine, "parameters", user.name, level, 3)
    return {int(Version.V2C): "parameters"}  # SNMPv3 carries v2c's PDUs


class EnginePool:
    """The engines of the addresses asked latest."""

    def __init__(
        self, opener: Callable[[socket.AddressFamily], socket.socket] = open_socket, *, kept: int = _KEPT
    ) -> None:
        self._open = opener
        self._kept = kept
        self._engines: OrderedDict[tuple[Address, Access, Patience], Engine] = OrderedDict()

    def engine(self, address: Address, access: Access, patience: Patience) -> Engine:
        """Give the address's engine, made if need be; the idle one asked longest ago makes room.

        Raises:
            OSError: no socket to be had, or no route.
        """
        key = (address, access, patience)
        engine = self._engines.get(key)
        if engine is None:
            self._make_room()
            sock = self._open(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
            try:
                engine = Engine(address, access, patience, sock)
            except BaseException:
                sock.close()
                raise
            self._engines[key] = engine
        self._engines.move_to_end(key)
        return engine

    def _make_room(self) -> None:
        idle = [key for key, engine in self._engines.items() if not engine.is_busy]
        for key in idle[: len(self._engines) - self._kept + 1]:
            self._engines.pop(key).close()

    def forget(self, address: Address) -> None:
        """Drop what is known of an address: another device answers there now."""
        for key in [key for key in self._engines if key[0] == address]:
            self._engines.pop(key).close()

    def __len__(self) -> int:
        """Count the engines there are."""
        return len(self._engines)

    def close(self) -> None:
        """Close all engines."""
        while self._engines:
            self._engines.popitem()[1].close()

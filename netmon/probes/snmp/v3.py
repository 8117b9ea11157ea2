"""Asking one device through pysnmp, where an implementation other than netmon's own is wanted, in any version.

`PysnmpSession` has the methods and results of `SnmpSession` and `UsmSession`, so nothing notices which it was given. It
is slow (see `engines`), which the command line can bear; the tests hold netmon's own against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pysnmp.proto import errind

from netmon.probes.snmp.ber import Absent, Oid, Tag, Value, format_oid
from netmon.probes.snmp.client import Patience, Result
from netmon.probes.snmp.codec import PduType, VarBind
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.engines import Access, EnginePool, Reply, UserAccess
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.session import Asking
from netmon.probes.snmp.sockets import Address

_NOT_ADMITTED = (
    errind.UnknownUserName,
    errind.UnknownSecurityName,
    errind.WrongDigest,
    errind.AuthenticationFailure,
    errind.AuthenticationError,
    errind.UnsupportedSecurityLevel,
    errind.DecryptionError,
)
_ABSENT = {
    Tag.NULL: Absent.NULL,
    Tag.NO_SUCH_OBJECT: Absent.NO_SUCH_OBJECT,
    Tag.NO_SUCH_INSTANCE: Absent.NO_SUCH_INSTANCE,
    Tag.END_OF_MIB_VIEW: Absent.END_OF_MIB_VIEW,
}
_STRINGS = frozenset((Tag.OCTET_STRING, Tag.IP_ADDRESS, Tag.OPAQUE, Tag.NSAP_ADDRESS))


@dataclass(frozen=True, slots=True)
class PysnmpTarget:
    """Whom to ask, as whom, and how long to wait."""

    address: Address
    access: Access
    patience: Patience = field(default_factory=Patience)


class PysnmpSession(Asking):
    """Asks one device through pysnmp."""

    def __init__(self, pool: EnginePool, target: PysnmpTarget, manner: Manner | None = None) -> None:
        # There is no older version to fall back to from SNMPv3, as if it had answered in this one.
        super().__init__(manner or Manner(has_answered=isinstance(target.access, UserAccess)))
        self._pool = pool
        self._target = target

    async def send(self, kind: PduType, oids: tuple[Oid, ...], repetitions: int = 0) -> Result:
        target = self._target
        try:
            for _ in range(2):
                engine = self._pool.engine(target.address, target.access, target.patience)
                reply = await engine.ask(kind, oids, repetitions, self.manner.version)
                if not engine.may_be_outdated(reply):
                    break
                self._pool.forget(target.address)
        except OSError:
            return Failure(0, FailureKind.UNSENT)
        return _result(kind, oids, reply)


def _result(kind: PduType, oids: Sequence[Oid], reply: Reply) -> Result:
    if reply.indication is not None:
        return Failure(0, _kind_of(reply.indication))
    if reply.error_status:
        return Failure(0, FailureKind.AGENT_ERROR, reply.error_status, reply.error_index)
    binds = tuple(_varbind(name, value) for name, value in reply.varbinds)
    if kind is not PduType.GET:
        return binds
    if [bind.oid for bind in binds] != list(oids):
        return Failure(0, FailureKind.MISMATCHED)
    return [bind.value for bind in binds]


def _kind_of(indication: errind.ErrorIndication) -> FailureKind:
    if isinstance(indication, errind.RequestTimedOut):
        return FailureKind.TIMED_OUT
    return FailureKind.NOT_ADMITTED if isinstance(indication, _NOT_ADMITTED) else FailureKind.UNREADABLE


def _varbind(name: Any, value: Any) -> VarBind:
    outermost = value.tagSet[-1]
    tag = outermost.tagClass | outermost.tagFormat | outermost.tagId
    return VarBind(tuple(name), tag, _plain(tag, value))


def _plain(tag: int, value: Any) -> Value:
    if tag in _ABSENT:
        return _ABSENT[Tag(tag)]
    if tag == Tag.OBJECT_IDENTIFIER:
        return format_oid(tuple(value))
    return value.asOctets() if tag in _STRINGS else int(value)

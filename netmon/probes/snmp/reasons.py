"""Why a request was not taken, why a datagram did not count, and how a request ended without values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique


@unique
class Refusal(StrEnum):
    """Why nothing was sent; the device has not been asked, so nothing is known about it."""

    BUSY = "busy"  # a request to this address is in flight already
    FULL = "full"  # as many requests in flight, or ids resting, as the limits allow
    WOULD_BLOCK = "would_block"  # the kernel's send buffer is full; try again in the next slot
    NO_ROUTE = "no_route"  # the kernel refuses this destination
    NO_SOCKET = "no_socket"  # no socket of this address family was handed in


@unique
class RejectReason(StrEnum):
    """Why an arriving datagram was not taken for an answer."""

    UNKNOWN_REQUEST_ID = "unknown_request_id"
    WRONG_SOURCE = "wrong_source"
    SWAPPED = "swapped"  # the right id from another device that is being asked at this moment
    WRONG_VERSION = "wrong_version"
    WRONG_COMMUNITY = "wrong_community"
    NOT_A_RESPONSE = "not_a_response"
    MALFORMED = "malformed"
    LATE = "late"  # after its request timed out
    DUPLICATE = "duplicate"  # after its request was answered
    OID_MISMATCH = "oid_mismatch"  # right in all else, but about objects not asked for


@unique
class FailureKind(StrEnum):
    """How a request that was sent ended without values."""

    TIMED_OUT = "timed_out"  # nothing came at all
    AGENT_ERROR = "agent_error"  # a good answer with a non-zero error-status
    UNREADABLE = "unreadable"  # something came from this device, but no SNMP message netmon can read
    MISMATCHED = "mismatched"  # an answer about other objects
    NOT_ADMITTED = "not_admitted"  # SNMPv3: the agent knows no such user, or its passphrases or protocols differ
    UNSENT = "unsent"  # the socket refused it; the device was not asked


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that ended without values.

    Attributes:
        key: the caller's device key.
        kind: how it ended.
        error_status: the agent's error-status (RFC 3416), 0 unless `kind` is AGENT_ERROR.
        error_index: which object the agent blames, counted from 1; 0 is none.
    """

    key: int
    kind: FailureKind
    error_status: int = 0
    error_index: int = 0


@dataclass(slots=True)
class ClientCounters:
    """What happened since start; numbers only ever grow.

    Attributes:
        sent: datagrams sent, retries included.
        retries: datagrams sent again because nothing came.
        answered: requests that ended with values or an agent's error.
        timed_out: requests given up.
        kernel_drops: datagrams the kernel dropped because a receive buffer was full (SO_RXQ_OVFL).
        socket_errors: errors of the sockets other than would-block.
        rejects: datagrams that did not count, by reason; every reason is present from the start.
    """

    sent: int = 0
    retries: int = 0
    answered: int = 0
    timed_out: int = 0
    kernel_drops: int = 0
    socket_errors: int = 0
    _rejects: dict[RejectReason, int] = field(default_factory=lambda: dict.fromkeys(RejectReason, 0))

    @property
    def rejects(self) -> Mapping[RejectReason, int]:
        """Datagrams that did not count, by reason."""
        return self._rejects

    def reject(self, reason: RejectReason) -> None:
        """Count one datagram that did not count."""
        self._rejects[reason] += 1

"""How to ask one device, and how that changes when the device cannot cope; pure.

Agents in the field answer tooBig beyond some number of objects, hang on GETBULK, or speak only SNMPv1. Each device has
a `Manner`; every sign it gives is turned into the next manner by one table, and the caller remembers it. A new
firmware or a replaced device deserves a fresh `Manner`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from functools import lru_cache

from netmon.probes.snmp.codec import Version

_REMEMBERED = 512
"""A country's devices have few manners, and give the same few signs at every request."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How to ask one device.

    Attributes:
        version: the SNMP version to speak.
        objects_per_request: most objects in one GET or GETNEXT.
        max_repetitions: for GETBULK; 0 means GETNEXT instead. SNMPv1 has no GETBULK whatever this says.
        proven_repetitions: what `max_repetitions` goes back to when the device turns out to be silent altogether.
        has_answered: whether the device ever answered in this version.
    """

    version: Version = Version.V2C
    objects_per_request: int = 10
    max_repetitions: int = 10
    proven_repetitions: int = 10
    has_answered: bool = False

    @property
    def may_use_bulk(self) -> bool:
        """Tell whether GETBULK is worth sending."""
        return self.version is Version.V2C and self.max_repetitions > 0


@unique
class Sign(StrEnum):
    """What a device did, as far as it says something about how to ask it."""

    ANSWERED = "answered"
    TOO_BIG = "too_big"  # error-status tooBig to a GET or GETNEXT
    TIMED_OUT = "timed_out"  # a GET or GETNEXT, retries included
    BULK_TIMED_OUT = "bulk_timed_out"  # a GETBULK, retries included
    BULK_TOO_BIG = "bulk_too_big"  # error-status tooBig to a GETBULK, which should have been cut short instead
    BULK_BROKEN = "bulk_broken"  # another error or an unreadable answer to a GETBULK


@unique
class Change(StrEnum):
    """What was changed about asking a device; a log field and a metric label."""

    FEWER_OBJECTS = "fewer_objects"
    FEWER_REPETITIONS = "fewer_repetitions"
    NO_GETBULK = "no_getbulk"
    GETBULK_AGAIN = "getbulk_again"
    TRY_V1 = "try_v1"
    TRY_V2C = "try_v2c"


@lru_cache(_REMEMBERED)
def after(manner: Manner, sign: Sign) -> tuple[Manner, Change | None]:
    """Return the manner in which to ask next, and what changed (None: nothing the device would notice)."""
    return _TABLE[sign](manner)


def _answered(manner: Manner) -> tuple[Manner, Change | None]:
    return replace(manner, has_answered=True, proven_repetitions=manner.max_repetitions), None


def _too_big(manner: Manner) -> tuple[Manner, Change | None]:
    if manner.objects_per_request <= 1:
        return manner, None
    return replace(manner, objects_per_request=manner.objects_per_request // 2), Change.FEWER_OBJECTS


def _timed_out(manner: Manner) -> tuple[Manner, Change | None]:
    if manner.max_repetitions != manner.proven_repetitions:
        # Silent to plain requests too: it was the device or the path, not GETBULK.
        return replace(manner, max_repetitions=manner.proven_repetitions), Change.GETBULK_AGAIN
    if manner.has_answered:
        return manner, None
    if manner.version is Version.V2C:
        return replace(manner, version=Version.V1), Change.TRY_V1
    return replace(manner, version=Version.V2C), Change.TRY_V2C


def _bulk_timed_out(manner: Manner) -> tuple[Manner, Change | None]:
    if not manner.has_answered:
        return _timed_out(manner)
    return _fewer_repetitions(manner)


def _fewer_repetitions(manner: Manner) -> tuple[Manner, Change | None]:
    fewer = manner.max_repetitions // 2
    return replace(manner, max_repetitions=fewer), Change.FEWER_REPETITIONS if fewer else Change.NO_GETBULK


def _bulk_broken(manner: Manner) -> tuple[Manner, Change | None]:
    return replace(manner, max_repetitions=0, proven_repetitions=0), Change.NO_GETBULK


_TABLE: dict[Sign, Callable[[Manner], tuple[Manner, Change | None]]] = {
    Sign.ANSWERED: _answered,
    Sign.TOO_BIG: _too_big,
    Sign.TIMED_OUT: _timed_out,
    Sign.BULK_TIMED_OUT: _bulk_timed_out,
    Sign.BULK_TOO_BIG: _fewer_repetitions,
    Sign.BULK_BROKEN: _bulk_broken,
}

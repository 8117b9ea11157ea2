"""Which reply answers which request, and what is wrong with the others.

A reply counts only if it is whole, an echo reply to our identifier, names a request in the table by slot and sequence,
brings back that request's token, comes from the address asked, is the first to do so, and came within the time-out.
Anybody can send us ICMP; an off-path forger would have to guess 64 random bits within a second.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from netmon.probes.icmp.requests import ANSWERED, MISSED, PENDING, RequestTable
from netmon.probes.icmp.vectors import Incoming
from netmon.probes.icmp.wire import MESSAGE_SIZE, SEQUENCE_MASK, Family

_CLOCK_SLACK = 1_000_000
"""Nanoseconds that the two clocks and our notion of the sending time may disagree."""


class ReplyFault(StrEnum):
    """Why a datagram does not count as alive; the label of Vital.REPLIES_REJECTED, first fault found in this order."""

    TRUNCATED = "truncated"
    UNKNOWN = "unknown"
    """Answers nothing we remember having asked."""
    FORGED = "forged"
    """Names one of our requests but lacks its token, or carries more than was sent."""
    WRONG_ADDRESS = "wrong_address"
    DUPLICATE = "duplicate"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one family's replies are held against: address words by dense index, identifier, time-out (nanoseconds)."""

    family: Family
    ident: int
    timeout: int
    sources: NDArray[np.unsignedinteger]


@dataclass(frozen=True, slots=True)
class ReadTime:
    """When a batch was read, in monotonic nanoseconds, and what to take from Unix nanoseconds to get those.

    The kernel stamps in wall time. Taking the difference afresh at each reading means that a step of the wall clock
    can only touch replies that lay unread while it happened.
    """

    monotonic: int
    wall_offset: int


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Rows answered with their RTT (nanoseconds), and how many replies had which fault."""

    rows: NDArray[np.int64]
    rtts: NDArray[np.int64]
    faults: dict[ReplyFault, int]


def judge(replies: Incoming, count: int, table: RequestTable, asked: Asked, read: ReadTime) -> Verdicts:
    """Judge the first `count` replies and mark the requests they answer."""
    messages, lengths = replies.messages[:count], replies.lengths[:count]
    slots = messages["slot"]
    rows, known = table.rows_of(slots)
    known &= messages["kind"] == asked.family.reply
    known &= messages["ident"] == asked.ident
    known &= messages["sequence"] == (slots & SEQUENCE_MASK)
    genuine = (messages["token"] == table.token[rows]) & (lengths == MESSAGE_SIZE)
    home = (replies.sources[:count] == asked.sources[table.target[rows]]).all(axis=1)
    rtts = round_trips(replies.stamps[:count], table.sent[rows], read)
    in_time = rtts <= asked.timeout
    good = known & genuine & home & in_time & (table.state[rows] == PENDING)
    good[good] = table.firsts(rows[good])
    faults: dict[ReplyFault, int] = {}
    if not good.all():
        states = table.state[rows]
        answered = (states == ANSWERED) | ((states == PENDING) & in_time)
        late = (states == MISSED) | ~in_time
        faults = _faults(~good, (lengths < MESSAGE_SIZE, ~known, ~genuine, ~home, answered, late))
    rows = rows[good]
    table.state[rows] = ANSWERED
    return Verdicts(rows, rtts[good], faults)


def round_trips(stamps: NDArray[np.int64], sent: NDArray[np.int64], read: ReadTime) -> NDArray[np.int64]:
    """Nanoseconds from sending to the kernel's receive stamp; to reading, where the stamp cannot be true."""
    elapsed = read.monotonic - sent
    rtts = stamps - read.wall_offset - sent
    impossible = (rtts < -_CLOCK_SLACK) | (rtts > elapsed + _CLOCK_SLACK)
    return np.where(impossible, elapsed, np.clip(rtts, 0, elapsed))


def _faults(bad: NDArray[np.bool_], signs: tuple[NDArray[np.bool_], ...]) -> dict[ReplyFault, int]:
    """Count each bad reply once, under the first sign that holds; `signs` are in the order of ReplyFault."""
    kinds = list(ReplyFault)
    # A request that was never sent has no other fault than not being one.
    first = np.select([sign[bad] for sign in signs], list(range(len(kinds))), kinds.index(ReplyFault.UNKNOWN))
    counts = np.bincount(first, minlength=len(kinds))
    return {kind: int(counts[index]) for index, kind in enumerate(kinds) if counts[index]}

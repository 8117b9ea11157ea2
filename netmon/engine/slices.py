"""A storm's decisions in slices: many short transactions, so that the courier and operators get their turn in between.

A fault's decisions stay in one slice, and with them those of all faults that are merged into it, because one gives up
what the other takes over. Between the slices the order is kept: identities and tickets are passed on in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netmon.model.decisions import StoredDecision
from netmon.model.faults import Fault
from netmon.model.ids import FaultId

SLICE = 200
"""Decisions in one transaction, but for what must stay together; a transaction is to take less than 50 ms."""


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A fault as it is concluded now, and what follows from that."""

    fault: Fault
    decisions: Sequence[StoredDecision]


def slices(changes: Sequence[CaseChange], most: int = SLICE) -> Iterator[tuple[CaseChange, ...]]:
    """The changes in their order, cut wherever `most` decisions are together and no merger spans the cut."""
    last_of = {_family(change): position for position, change in enumerate(changes)}
    begin = size = end = 0
    for position, change in enumerate(changes):
        size += len(change.decisions)
        end = max(end, last_of[_family(change)])
        if size >= most and end <= position:
            yield tuple(changes[begin : position + 1])
            begin, size = position + 1, 0
    if begin < len(changes):
        yield tuple(changes[begin:])


def _family(change: CaseChange) -> FaultId:
    return change.fault.merged_into or change.fault.id

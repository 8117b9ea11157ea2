"""When a walk is over; pure. Agents loop, go backwards and never end, so the walker decides, and keeps what came."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique

from netmon.probes.snmp.ber import Absent, Oid
from netmon.probes.snmp.codec import VarBind
from netmon.probes.snmp.reasons import Failure


@unique
class WalkEnd(StrEnum):
    """Why a walk ended; the first two are the good ends."""

    LEFT_SUBTREE = "left_subtree"
    END_OF_MIB = "end_of_mib"
    NOT_INCREASING = "not_increasing"  # a repeated or smaller name: the agent loops
    EMPTY_ANSWER = "empty_answer"
    ROW_CAP = "row_cap"
    TIME_CAP = "time_cap"
    FAILED = "failed"  # a request ended without rows; `WalkResult.failure` says how


@dataclass(frozen=True, slots=True)
class WalkLimits:
    """How far a walk may go: rows kept, and seconds from its start.

    `expected` is how many rows there probably are (0: no idea): what the first request asks for beyond that is work for
    the agent and for netmon, and is thrown away.
    """

    rows: int = 10_000
    seconds: float = 60.0
    expected: int = 0


@dataclass(frozen=True, slots=True)
class WalkResult:
    """What a walk brought, and why it ended; `failure` is there only when `end` is FAILED."""

    rows: list[VarBind]
    end: WalkEnd
    failure: Failure | None


class WalkGuard:
    """Collects the rows of one subtree and says when to stop.

    Names must increase strictly, which also ends any cycle, since a cycle has to step back somewhere.
    """

    def __init__(self, root: Oid, row_cap: int) -> None:
        self.rows: list[VarBind] = []
        self.cursor = root
        self._root = root
        self._row_cap = row_cap

    def take(self, varbinds: Iterable[VarBind]) -> WalkEnd | None:
        """Take in one answer; return why the walk is over, or None to ask on from `cursor`."""
        end: WalkEnd | None = WalkEnd.EMPTY_ANSWER
        for varbind in varbinds:
            end = self._judge(varbind)
            if end is not None:
                return end
            self.rows.append(varbind)
            self.cursor = varbind.oid
        return end

    def _judge(self, varbind: VarBind) -> WalkEnd | None:
        if varbind.value is Absent.END_OF_MIB_VIEW:
            return WalkEnd.END_OF_MIB
        if varbind.oid <= self.cursor:
            return WalkEnd.NOT_INCREASING
        if varbind.oid[: len(self._root)] != self._root:
            return WalkEnd.LEFT_SUBTREE
        return WalkEnd.ROW_CAP if len(self.rows) >= self._row_cap else None

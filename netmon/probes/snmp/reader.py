"""What discovery needs of a device: exact instances and subtrees, over the wire or from a recording."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from netmon.probes.snmp.ber import Oid
from netmon.probes.snmp.client import Values
from netmon.probes.snmp.codec import VarBind
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.reasons import Failure
from netmon.probes.snmp.walk import WalkLimits, WalkResult


class SnmpReader(Protocol):
    """Something that answers like one device; `SnmpSession` is one, `Recording` another.

    `manner` is how it is asked; discovery sets what the profile knows about the agent.
    """

    manner: Manner

    async def get(self, oids: Sequence[Oid]) -> Values | Failure:
        """Read exact instances: one value per object in order, `Absent` where there is none."""
        ...

    async def walk(self, root: Oid, limits: WalkLimits | None = None) -> WalkResult:
        """Read a subtree; keeps what came, however it ends."""
        ...


@runtime_checkable
class ScoutingReader(Protocol):
    """A reader that can look at several columns at once, as one over the wire can."""

    async def scout(self, columns: Sequence[Oid], rows: int) -> Mapping[Oid, Sequence[VarBind]]:
        """Read short columns whole, as many as can be had at once; what is left out is to be walked."""
        ...

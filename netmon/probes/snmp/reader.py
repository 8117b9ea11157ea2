"""What discovery needs of a device: exact instances and subtrees, over the wire or from a recording."""

from collections.abc import Sequence
from typing import Protocol

from netmon.probes.snmp.ber import Oid
from netmon.probes.snmp.client import Values
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

"""How many objects a device answers at once, found out when it is discovered.

Ten in one request are what any agent bears. Most bear whatever fits a packet, and for both sides a request costs more
than its objects do: so a device that has more to say is asked once for all of it in one request. One that answers is
asked so from then on, with all of its family; any other stays with the number it was known to bear.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from netmon.model.profiles import Oid
from netmon.probes.snmp.codec import ErrorStatus, PduType, Version
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.reasons import Failure
from netmon.probes.snmp.session import SnmpSession
from netmon.probes.snmp.template import MAX_OBJECTS


async def widened(device: SnmpSession, manner: Manner, wishes: Iterable[Sequence[Oid]]) -> Manner:
    """The manner with as many objects in one request as the device proves to bear.

    Args:
        device: whom to ask.
        manner: how it is asked so far.
        wishes: what one would like to ask in one request, the most first.
    """
    if manner.version is not Version.V2C:
        return manner
    for wish in wishes:
        oids = tuple(wish)
        if not manner.objects_per_request < len(oids) <= MAX_OBJECTS:
            continue
        said = await device.send(PduType.GET, oids)
        if isinstance(said, list):
            return replace(manner, objects_per_request=len(oids))
        if not isinstance(said, Failure) or said.error_status != ErrorStatus.TOO_BIG:
            return manner  # silence, or nonsense: a smaller one might be borne, but that is not known for sure
    return manner

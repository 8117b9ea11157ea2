"""Who is responsible for a fault, and who is told."""

from collections.abc import Iterable

from netmon.model.faults import Fault
from netmon.model.ids import CentreId, VillageId
from netmon.model.inventory import Inventory
from netmon.model.notices import Audience, Recipient


def centres_of(fault: Fault, inventory: Inventory) -> dict[CentreId, tuple[VillageId, ...]]:
    """Service centres concerned, each with its villages among those ever affected, sorted.

    A fault without a village (a feeder that nobody hangs on yet) goes to its devices' own centres. Villages and
    devices that the inventory no longer has are left out.
    """
    found: dict[CentreId, list[VillageId]] = {}
    for village in fault.villages:
        if village in inventory.villages:
            found.setdefault(inventory.villages[village].centre, []).append(village)
    if not found:
        indices = [inventory.index_of[one.device] for one in fault.members if one.device in inventory.index_of]
        own = {inventory.devices[index].centre for index in indices}
        return dict.fromkeys(sorted(centre for centre in own if centre is not None), ())
    return {centre: tuple(villages) for centre, villages in sorted(found.items())}


def technicians(centre: CentreId, inventory: Inventory) -> tuple[Recipient, ...]:
    """Technicians of the centre who can be reached by mail, in file order."""
    return tuple(Recipient(Audience.TECHNICIAN, one.id) for one in inventory.technicians_of(centre) if one.email)


def volunteers(villages: Iterable[VillageId], inventory: Inventory) -> tuple[Recipient, ...]:
    """Volunteers of the villages who can be reached by SMS."""
    found = (inventory.volunteers.get(village) for village in villages)
    return tuple(Recipient(Audience.VOLUNTEER, one.village) for one in found if one is not None and one.mobile)

"""What a thoughtful colleague would say about an inventory: everything `load` refuses, and what looks wrong besides."""

import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from netmon.model.ids import DeviceId, VillageId
from netmon.model.inventory import Device, Lifecycle, Role, Village
from netmon.settings.complaints import Complaint, Kind
from netmon.settings.inventory import draft_inventory
from netmon.settings.sheets import Draft

FEEDER_SERVES_AT_MOST = 256
"""Villages behind one feeder; more makes one OLT's death a regional outage, or is a slip of copy and paste."""
FAR_KM = 30.0
"""Few tambons are wider than this."""
_PEERS_AT_LEAST = 3
_KM_PER_DEGREE = 111.2


def examine(directory: Path, *, feeder_serves_at_most: int = FEEDER_SERVES_AT_MOST) -> tuple[Complaint, ...]:
    """Look at the inventory files of a folder, also at ones that `load_inventory` refuses.

    Args:
        directory: the folder.
        feeder_serves_at_most: villages behind one feeder before it is remarked on.

    Returns:
        Findings, each with its kind: first what is wrong, then what netmon warns of, then what looks odd.
    """
    draft = draft_inventory(directory)
    if draft.unreadable():  # what is absent from half a file says nothing
        return (*draft.notes.complaints, *draft.notes.warnings)
    top = _tops(draft)
    return (
        *draft.notes.complaints,
        *draft.notes.warnings,
        *_villages_without_access_point(draft),
        *_centres_without_technician(draft),
        *_uplinks_without_feeder(draft, top),
        *_crowded_feeders(draft, top, feeder_serves_at_most),
        *_far_from_neighbours(draft),
    )


def _in_use(device: Device) -> bool:
    return device.lifecycle is not Lifecycle.RETIRED


def _tops(draft: Draft) -> dict[DeviceId, DeviceId | None]:
    """The nearest feeder above each device that is no feeder itself; parents may go in a circle here."""
    devices = {device.id: device for device in draft.devices.items}
    found: dict[DeviceId, DeviceId | None] = {}
    for device in devices.values():
        above, passed = devices.get(device.parent or DeviceId("")), {device.id}
        while above is not None and above.role is not Role.FEEDER and above.id not in passed:
            passed.add(above.id)
            above = devices.get(above.parent or DeviceId(""))
        found[device.id] = above.id if above is not None and above.role is Role.FEEDER else None
    return found


def _villages_without_access_point(draft: Draft) -> Iterator[Complaint]:
    served = {device.village for device in draft.devices.items if device.role is Role.AP and _in_use(device)}
    sheet = draft.villages
    for village, row in zip(sheet.items, sheet.rows, strict=True):
        if village.id not in served:
            what, fix = f"village {village.id} has no access point", f"add it to {draft.devices.columns.file}"
            yield Complaint(sheet.columns.file, row, "id", what, fix, Kind.VILLAGE_WITHOUT_ACCESS_POINT)


def _centres_without_technician(draft: Draft) -> Iterator[Complaint]:
    staffed = {technician.centre for technician in draft.technicians.items}
    sheet = draft.centres
    for centre, row in zip(sheet.items, sheet.rows, strict=True):
        if centre.id not in staffed:
            what = f"service centre '{centre.id}' has no technician, so its tickets are mailed to nobody"
            fix = f"add one to {draft.technicians.columns.file}"
            yield Complaint(sheet.columns.file, row, "id", what, fix, Kind.CENTRE_WITHOUT_TECHNICIAN)


def _uplinks_without_feeder(draft: Draft, top: dict[DeviceId, DeviceId | None]) -> Iterator[Complaint]:
    sheet = draft.devices
    for device, row in zip(sheet.items, sheet.rows, strict=True):
        if device.role is Role.UPLINK and _in_use(device) and top[device.id] is None:
            what = f"uplink '{device.id}' has no feeder above it"
            yield Complaint(
                sheet.columns.file, row, "parent", what, "name the OLT it hangs on", Kind.UPLINK_WITHOUT_FEEDER
            )


def _crowded_feeders(draft: Draft, top: dict[DeviceId, DeviceId | None], at_most: int) -> Iterator[Complaint]:
    villages: dict[DeviceId, set[VillageId]] = defaultdict(set)
    for device in draft.devices.items:
        feeder = top[device.id]
        if feeder is not None and device.village is not None and _in_use(device):
            villages[feeder].add(device.village)
    for feeder, served in villages.items():
        if len(served) > at_most:
            what = f"feeder '{feeder}' serves {len(served):,} villages, more than {at_most:,}"
            row = draft.devices.first_row[feeder]
            fix = "are they all behind it?"
            yield Complaint(draft.devices.columns.file, row, "id", what, fix, Kind.CROWDED_FEEDER)


def _far_from_neighbours(draft: Draft) -> Iterator[Complaint]:
    peers: dict[str, list[tuple[Village, int, float, float]]] = defaultdict(list)
    for village, row in zip(draft.villages.items, draft.villages.rows, strict=True):
        if village.lat is not None and village.lon is not None:
            peers[village.tambon_code].append((village, row, village.lat, village.lon))
    for tambon, group in peers.items():
        if len(group) < _PEERS_AT_LEAST:
            continue
        lat, lon = median(one[2] for one in group), median(one[3] for one in group)
        for village, row, own_lat, own_lon in group:
            km = math.hypot(own_lat - lat, (own_lon - lon) * math.cos(math.radians(lat))) * _KM_PER_DEGREE
            if km > FAR_KM:
                what = f"village {village.id} lies {km:.0f} km from the others of tambon {tambon}"
                fix = "check id, lat and lon"
                yield Complaint(draft.villages.columns.file, row, "lat", what, fix, Kind.FAR_FROM_NEIGHBOURS)

"""Which series stand on which page, and their label texts: made once per Fleet generation, a slice at a time.

Making it for the whole country takes longer than the event loop may be held, so the makers here are generators: they
yield TURN as they go along and return what they made.
"""

import zlib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netmon.model.fleet import Fleet
from netmon.model.ids import VillageId
from netmon.model.inventory import Device, Inventory, Lifecycle, Village
from netmon.model.regions import REGION_OF_PROVINCE
from netmon_exporters.prometheus.readings import Sheet, current_sheet
from netmon_exporters.prometheus.text import TURN, Family, label_head, label_text, strides

ELSEWHERE = "00"
"""Page of devices that no village tells the place of."""
PAGES = frozenset(REGION_OF_PROVINCE) | {ELSEWHERE}

VILLAGE_INFO = Family(
    "netmon_village_info", "Always 1; names, place and service centre of a Wi-Fi point, to be joined on village."
)
DEVICE_INFO = Family("netmon_device_info", "Always 1; names, role and place of a device, to be joined on device.")


@dataclass(slots=True, eq=False)
class Page:
    """One province: what is to be prepared, and once it is, that.

    `columns` are its devices by dense index, and `heads` begin their label texts, in that order. The info series are
    kept whole, but packed: 19 MB of a country's names and places go into 2. `sheet` is how the readings are laid out,
    and another takes its place when other things are read of the devices.
    """

    villages: Sequence[Village] = ()
    rows: Sequence[int] = ()
    columns: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    heads: tuple[bytes, ...] = ()
    packed_info: tuple[bytes, ...] = ()
    sheet: Sheet | None = None

    def prepare(self, inventory: Inventory) -> Iterator[bytes]:
        """Render what never changes, if nobody has yet. Two scrapes at once may both do it: the outcome is equal."""
        if self.packed_info:
            return
        rows, villages, heads = self.rows, self.villages, list[bytes]()
        info = [zlib.compress(DEVICE_INFO.header)]
        for part in strides(rows):
            devices = [inventory.devices[row] for row in part]
            heads.extend(label_head({"device": one.id, "village": one.village or ""}) for one in devices)
            info.append(_packed(DEVICE_INFO, (_device_labels(one, inventory) for one in devices)))
            yield TURN
        info.append(zlib.compress(VILLAGE_INFO.header))
        for some in strides(villages):
            info.append(_packed(VILLAGE_INFO, map(_village_labels, some)))
            yield TURN
        self.columns = np.array(rows, np.intp)
        self.heads, self.packed_info = tuple(heads), tuple(info)
        self.rows = self.villages = ()

    def info(self) -> Iterator[bytes]:
        """The info series of a prepared page."""
        return map(zlib.decompress, self.packed_info)

    def prepare_readings(self, fleet: Fleet) -> Generator[bytes, None, Sheet]:
        """Lay out the readings of a prepared page, or those of whom it is still to be done."""
        self.sheet = yield from current_sheet(self.sheet, self.columns, self.heads, fleet)
        return self.sheet


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Pages of one Fleet generation by province code, only those that have something on them."""

    generation: int
    pages: dict[str, Page]


def make_layout(inventory: Inventory, generation: int) -> Generator[bytes, None, Layout]:
    """Sort every village and every device that is not retired onto its page."""
    villages: dict[str, list[Village]] = {}
    rows: dict[str, list[int]] = {}
    for some in strides(list(inventory.villages.values())):
        for village in some:
            villages.setdefault(village.province_code, []).append(village)
        yield TURN
    for part in strides(range(len(inventory.devices))):
        for row in part:
            if inventory.devices[row].lifecycle is not Lifecycle.RETIRED:
                rows.setdefault(_province_of(inventory, row), []).append(row)
        yield TURN
    codes = sorted({*villages, *rows})
    return Layout(generation, {code: Page(villages.get(code, ()), rows.get(code, ())) for code in codes})


def _province_of(inventory: Inventory, row: int) -> str:
    """The device's village's province; for one that serves several, where most of its villages are.

    A device that serves none (a UPS in an exchange) stands where what is above it does.
    """
    while row >= 0:
        village = inventory.devices[row].village
        if village is not None:
            return village[:2]
        served = Counter(_code(village) for village in inventory.villages_below(row))
        if served:
            # villages_below is sorted, and the first of equals wins: the smallest code.
            return served.most_common(1)[0][0]
        row = inventory.parent_of(row)
    return ELSEWHERE


def _code(village: VillageId) -> str:
    return village[:2]


def _packed(family: Family, found: Iterable[dict[str, str]]) -> bytes:
    return zlib.compress(b"".join(b"%b%b1\n" % (family.name.encode(), label_text(labels)) for labels in found))


def _device_labels(device: Device, inventory: Inventory) -> dict[str, str]:
    village = inventory.villages.get(device.village) if device.village is not None else None
    return {
        "device": device.id,
        "village": device.village or "",
        "name": device.name,
        "role": device.role,
        "service_centre": device.centre or (village.centre if village is not None else ""),
        "address": device.address,
        "parent": device.parent or "",
        "lifecycle": device.lifecycle,
    }


def _village_labels(village: Village) -> dict[str, str]:
    return {
        "village": village.id,
        "name": village.name,
        "tambon": village.tambon,
        "amphoe": village.amphoe,
        # `province` itself is the label of the target, see discovery: a second one would be renamed exported_province.
        "province_name": village.province,
        "region": village.region,
        "service_centre": village.centre,
        "kind": village.kind,
        "latitude": "" if village.lat is None else repr(village.lat),
        "longitude": "" if village.lon is None else repr(village.lon),
    }

"""The country in numbers: what page and API both count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from netmon.model.cases import Case
from netmon.model.country import NO_DEVICE, village_health
from netmon.model.faults import MILD
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.inventory import Inventory
from netmon.model.regions import Region
from netmon.web.places import Places

Counts = Mapping[Health, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Villages by the health of their access point, and what is open.

    `unopened` counts those of unknown health that need not answer, being planned or suspended. `answered` counts
    devices that have answered at least once since netmon started. `last_probe` is the Unix second of the newest probe,
    None where none was ever sent. `dark` counts villages on open faults that have not recovered,
    where the cause is one that takes the Wi-Fi away.
    """

    villages: Counts
    regions: Mapping[Region, Counts]
    unopened: int
    faults: int
    dark: int
    tickets: int
    answered: int
    last_probe: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What belongs together, taken off the whiteboard between two turns of the loop; a reload replaces all of it."""

    inventory: Inventory
    fleet: Fleet
    cases: Sequence[Case]
    places: Places


def look_over(moment: Moment) -> Overview:
    """Count everything."""
    places = moment.places
    codes = village_health(moment.fleet, places.rows)
    table = np.bincount(places.regions * len(Health) + codes, minlength=len(Region) * len(Health))
    by_region = table.reshape(len(Region), len(Health))
    open_cases = [case for case in moment.cases if case.fault.is_open]
    return Overview(
        villages=_counts(by_region.sum(axis=0).tolist()),
        unopened=int(((codes == Health.UNKNOWN) & ~places.awaited & (places.rows != NO_DEVICE)).sum()),
        regions={region: _counts(row) for region, row in zip(Region, by_region.tolist(), strict=True)},
        faults=len(open_cases),
        dark=len(
            {village for case in open_cases if case.fault.cause not in MILD for village in case.fault.dark_villages}
        ),
        tickets=sum(ticket.is_open for case in moment.cases for ticket in case.tickets),
        answered=int(np.isfinite(moment.fleet.answered_at).sum()),
        last_probe=moment.fleet.last_probe(),
    )


def _counts(row: Sequence[int]) -> Counts:
    return dict(zip(Health, row, strict=True))

"""The aggregates: villages by health, open faults, open tickets. Here 0 is a known number and is written."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netmon.model.cases import Case
from netmon.model.country import NO_DEVICE, village_health
from netmon.model.faults import Cause
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.inventory import Inventory
from netmon_exporters.prometheus.text import TURN, Family, label_head, strides, whole

VILLAGES = Family(
    "netmon_villages", "Villages by province (DOPA code), service centre, and health of their access point."
)
FAULTS = Family("netmon_faults_open", "Faults not resolved, by cause.")
TICKETS = Family("netmon_tickets_open", "Tickets somebody still has to work on, by service centre, status and cause.")


@dataclass(frozen=True, slots=True, eq=False)
class VillageCounts:
    """How to count the villages of one Fleet generation.

    `rows` is the device that speaks for each village, `groups` the number of its (province, service centre), and
    `heads` the label texts' heads by group and, within, by health code.
    """

    generation: int
    rows: NDArray[np.intp]
    groups: NDArray[np.intp]
    heads: tuple[bytes, ...]

    def series(self, fleet: Fleet) -> Iterator[bytes]:
        """The family `netmon_villages`."""
        codes = self.groups * len(Health) + village_health(fleet, self.rows)
        counts = np.bincount(codes, minlength=len(self.heads)).astype(np.float64)
        yield from whole(VILLAGES, self.heads, counts)


def count_villages(inventory: Inventory, generation: int) -> Generator[bytes, None, VillageCounts]:
    """Sort the villages into groups; yields TURN as it goes along."""
    number_of: dict[tuple[str, str], int] = {}
    groups: list[int] = []
    rows: list[int] = []
    for villages in strides(list(inventory.villages.values())):
        rows += [inventory.speaks_for.get(village.id, NO_DEVICE) for village in villages]
        for village in villages:
            groups.append(number_of.setdefault((village.province_code, village.centre), len(number_of)))
        yield TURN
    heads: list[bytes] = []
    for some in strides(list(number_of)):
        heads += [
            label_head({"province": province, "service_centre": centre, "health": health.label})
            for province, centre in some
            for health in Health
        ]
        yield TURN
    return VillageCounts(generation, np.array(rows, np.intp), np.array(groups, np.intp), tuple(heads))


def case_series(cases: Sequence[Case]) -> Iterator[bytes]:
    """The families `netmon_faults_open` and `netmon_tickets_open`; a storm's are counted a slice at a time."""
    faults: Counter[str] = Counter(dict.fromkeys(Cause, 0))
    tickets: Counter[tuple[str, str, str]] = Counter()
    for some in strides(cases):
        faults.update(case.fault.cause for case in some if case.fault.is_open)
        tickets.update(
            (one.centre, one.status, case.fault.cause) for case in some for one in case.tickets if one.is_open
        )
        yield TURN
    heads = [label_head({"cause": cause}) for cause in faults]
    yield from whole(FAULTS, heads, np.array(list(faults.values()), np.float64))
    heads = [
        label_head({"service_centre": centre, "status": status, "cause": cause}) for centre, status, cause in tickets
    ]
    yield from whole(TICKETS, heads, np.array(list(tickets.values()), np.float64))

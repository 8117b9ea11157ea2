"""Path watch: once for each fault, how far the way to its device goes; for whoever has to drive there.

In the background and a few at a time, in a storm those that concern most villages first: a fault's mail waits its hold
anyway, and one that is minutes old has been mailed.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from netmon.errors import NetmonError, ProbeError
from netmon.model.cases import Case
from netmon.model.country import Country
from netmon.model.faults import AGENT_SCOPES, MILD, Fault
from netmon.model.ids import DeviceId, FaultId
from netmon.model.inventory import Device, Inventory
from netmon.model.paths import Hop, PathTrace
from netmon.model.vitals import Vital
from netmon.ports import Clock, PathTracer, Store, Vitals

log = logging.getLogger(__name__)

AT_ONCE = 2
YOUNG = 600.0
"""Seconds after its opening in which a fault is looked into."""


class PathWatch:
    """Looks for faults whose way nobody has traced."""

    def __init__(self, country: Country, tracer: PathTracer, store: Store, *, vitals: Vitals, clock: Clock) -> None:
        self._country = country
        self._tracer = tracer
        self._store = store
        self._vitals = vitals
        self._clock = clock
        self._begun: set[FaultId] = set()
        self._inventory: Inventory | None = None
        self._at: dict[str, DeviceId] = {}
        self._complained = False

    async def tick(self) -> None:
        """Trace for the faults that come first; nothing while netmon is blind."""
        if self._country.isolation is not None:
            return
        found = self._wanted()
        await asyncio.gather(*(self._look_into(fault, device) for fault, device in found[:AT_ONCE]))

    def _wanted(self) -> list[tuple[Fault, Device]]:
        """Faults to look into, and whither, those with most villages first."""
        now, inventory = self._clock.now().wall, self._country.inventory
        open_faults = [case.fault for case in self._country.cases]
        self._begun &= {fault.id for fault in open_faults}
        young = [one for one in open_faults if one.opened_at > now - YOUNG and one.id not in self._begun]
        silent = [one for one in young if one.path is None and one.scope not in AGENT_SCOPES and one.cause not in MILD]
        found = [(fault, target_of(fault, inventory)) for fault in silent]
        known = [(fault, device) for fault, device in found if device is not None]
        return sorted(known, key=lambda one: -len(one[0].villages))

    async def _look_into(self, fault: Fault, device: Device) -> None:
        self._begun.add(fault.id)
        try:
            hops = await self._tracer.trace(device.address)
            path = self._path(device, hops)
            await self._store.note_path(fault.id, path)
        except NetmonError as error:
            self._vitals.count(Vital.PATH_TRACES, label="failed")
            if not self._complained:
                log.warning("path not traced device=%s reason=%r", device.id, str(error))
            self._complained = True
            if not isinstance(error, ProbeError):
                self._begun.discard(fault.id)  # the store may be mended soon
            return
        self._complained = False
        self._vitals.count(Vital.PATH_TRACES, label="reached" if path.reached else "dead")
        self._country.cases = with_path(self._country.cases, fault.id, path)

    def _path(self, device: Device, hops: Sequence[Hop]) -> PathTrace:
        path = PathTrace(device=device.id, at=self._clock.now().wall, hops=tuple(hop.address for hop in hops))
        return replace(path, last_device=self._whose(path.last), reached=path.last == device.address)

    def _whose(self, address: str) -> DeviceId | None:
        """The device at an address; looked up, for a storm traces hundreds of ways and a country has 50,000 devices."""
        if self._inventory is not self._country.inventory:
            self._inventory = self._country.inventory
            self._at = {one.address: one.id for one in self._inventory.devices if one.address}
        return self._at.get(address)


def target_of(fault: Fault, inventory: Inventory) -> Device | None:
    """Whither to trace: the first of its dead devices that has an address, else what such a one hangs on."""
    for member in fault.members:
        index = inventory.index_of.get(member.device, -1) if member.recovered_at is None else -1
        while index >= 0 and not inventory.devices[index].address:
            index = inventory.parent_of(index)
        if index >= 0:
            return inventory.devices[index]
    return None


def with_path(cases: Sequence[Case], about: FaultId, path: PathTrace) -> tuple[Case, ...]:
    """The cases with a fault's path in them."""
    return tuple(replace(one, fault=replace(one.fault, path=path)) if one.fault.id == about else one for one in cases)

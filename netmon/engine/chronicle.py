"""Keeps what devices said they are, and notes in their history when another one answers in their place.

The sweep's discoveries leave sightings; once a second they are compared with what is on record, and records and events
are written in one transaction, a slice at a time. What the store does not take is offered again.
"""

import asyncio
import logging
from collections.abc import Sequence
from itertools import islice

from netmon.errors import StoreError
from netmon.model.agent_table import AgentTable
from netmon.model.chronicle import DeviceChange, DeviceEvent, DeviceRecord
from netmon.model.country import Country
from netmon.model.ids import DeviceId
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Store, Vitals
from netmon.rules.identity import compare

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Records per transaction, since a commit should stay below 50 ms, and noted between two turns of the loop."""


class Chronicle:
    """Knows every device's last record."""

    def __init__(self, store: Store, vitals: Vitals) -> None:
        self._store = store
        self._vitals = vitals
        self._known: dict[DeviceId, DeviceRecord] = {}
        self._unwritten: dict[DeviceId, tuple[DeviceRecord, tuple[DeviceEvent, ...]]] = {}
        self._refused = False

    async def load(self, country: Country) -> None:
        """Read the records; whoever has one has spoken SNMP before, at that address."""
        self._known = {record.device: record for record in await self._store.device_records()}
        self.remind(country)

    def remind(self, country: Country) -> None:
        """Tell the Fleet who has spoken before."""
        agents: AgentTable = country.fleet.agents
        for index, device in enumerate(country.inventory.devices):
            record = self._known.get(device.id)
            if record is not None and record.address == device.address:
                agents.known[index] = True

    async def tick(self, sightings: Sequence[DeviceRecord], now: Now) -> None:
        """Take in what was seen, and write what has changed."""
        for start in range(0, len(sightings), AT_ONCE):
            for seen in sightings[start : start + AT_ONCE]:
                self._note(seen, now)
            await asyncio.sleep(0)  # a start meets thousands a second, and the sweeps want their turn
        while self._unwritten:
            batch = dict(islice(self._unwritten.items(), AT_ONCE))
            records = [record for record, _ in batch.values()]
            events = [event for _, happened in batch.values() for event in happened]
            try:
                await self._store.note_devices(records, events, now)
            except StoreError as error:
                if not self._refused:
                    log.error("device history cannot be written reason=%r", str(error))
                self._refused = True
                return
            self._refused = False
            for device in batch:
                del self._unwritten[device]

    def _note(self, seen: DeviceRecord, now: Now) -> None:
        before = self._known.get(seen.device)
        record, events = compare(before, seen, now.wall)
        if record == before:
            return
        self._known[seen.device] = record
        _, waiting = self._unwritten.pop(seen.device, (record, ()))
        self._unwritten[seen.device] = record, (*waiting, *events)
        for event in events:
            self._vitals.count(Vital.DEVICE_CHANGES, label=event.what)
            if event.what is not DeviceChange.MET:
                log.info(
                    "device=%s address=%s what=%s now=%r was=%r",
                    *(event.device, event.address, event.what, event.now, event.was),
                )

"""Commits random batches until it is killed; run by test_crash.py with the database's URL, a seed and a ledger's fd.

The modules are loaded once; for each line on standard input a child is forked that opens the store and works. Its
process id goes to standard output. What the store has acknowledged, and only that, goes to the ledger.
"""

import asyncio
import json
import os
import random
import sys
import time
from itertools import count

from netmon.model.decisions import AddVillages, OpenFault, OpenTicket, ResolveFault, SendNotice
from netmon.model.faults import Resolution
from netmon.model.ids import FaultId, VillageId
from netmon.model.notices import Channel, Delivery, Stage, Verdict
from netmon.model.time import Now
from netmon.stores import SqlStore, open_store
from tests.stores.sample import UBON, VILLAGES, YASO, RememberedVitals, fault, notice


def now() -> Now:
    return Now(monotonic=time.monotonic(), wall=time.time())


class Worker:
    """Opens, extends and resolves faults of its own."""

    def __init__(self, store: SqlStore, name: str, ledger: int, chance: random.Random) -> None:
        self.store = store
        self.name = name
        self.ledger = ledger
        self.chance = chance
        self.open: list[FaultId] = []

    def acknowledge(self, **what: object) -> None:
        os.write(self.ledger, (json.dumps(what) + "\n").encode())

    async def work(self) -> None:
        for number in count():
            await self.start(f"{self.name}-{number}")
            if self.chance.random() < 0.5:
                await self.extend(self.chance.choice(self.open))
            if self.chance.random() < 0.3:
                await self.end(self.open.pop(self.chance.randrange(len(self.open))))

    async def start(self, name: str) -> None:
        one = fault(name)
        notices = [notice(name, channel=channel) for channel in Channel]
        tickets = [OpenTicket(one.id, centre, one.villages, now().wall) for centre in (UBON, YASO)]
        await self.store.commit([OpenFault(one), *tickets, *(SendNotice(each, 0.0) for each in notices)], now())
        self.open.append(one.id)
        self.acknowledge(fault=name, keys=[each.key for each in notices])

    async def extend(self, name: FaultId) -> None:
        village = VillageId(self.chance.choice(VILLAGES))
        await self.store.commit([AddVillages(name, UBON, (village,), now().wall)], now())
        self.acknowledge(fault=name, village=village)

    async def end(self, name: FaultId) -> None:
        told = notice(name, stage=Stage.RESOLVED)
        await self.store.commit([ResolveFault(name, Resolution.RECOVERED, now().wall), SendNotice(told, 0.0)], now())
        self.acknowledge(fault=name, resolved=True, keys=[told.key])

    async def deliver(self) -> None:
        """The courier's part: what is settled must never be had again."""
        while True:
            for entry in await self.store.claim(now(), 3, 60.0):
                await self.store.settle(entry, Delivery(Verdict.SENT), now(), None)
                self.acknowledge(sent=entry.notice.key)
            await asyncio.sleep(0.001)


async def run(url: str, seed: str, ledger: int) -> None:
    store = await open_store(url, vitals=RememberedVitals())
    await store.release_leases(now(), rest=30, resends=1)
    async with asyncio.TaskGroup() as group:
        for number in range(3):
            worker = Worker(store, f"{seed}-{number}", ledger, random.Random(f"{seed}-{number}"))
            group.create_task(worker.work())
        group.create_task(worker.deliver())


def main() -> None:
    url, seed, ledger = sys.argv[1], sys.argv[2], int(sys.argv[3])
    for number, _ in enumerate(sys.stdin):
        child = os.fork()
        if child == 0:
            asyncio.run(run(url, f"{seed}-{number}", ledger))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()

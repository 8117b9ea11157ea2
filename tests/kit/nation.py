"""The whole country in one engine: real judge, casework, sweep and store over a fake pinger and a clock of its own.

What the loop's thread spends is measured turn by turn, and what concluding costs apart from probing and writing. All
is CPU time, so that a busy machine does not spoil it.
"""

import asyncio
import gc
import itertools
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from netmon.engine.casework import CasePolicy, Casework
from netmon.engine.judge import HealthPolicy, Judge
from netmon.engine.plan import SLOT, build_plan
from netmon.engine.sweep import Sweep
from netmon.engine.watch import IsolationWatch
from netmon.lab.country import Country as LabCountry
from netmon.lab.country import CountryPlan, generate
from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.ids import FaultId, VillageId
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.rules.conclude import ConcludePolicy
from netmon.rules.isolation import IsolationPolicy
from netmon.rules.odds import OddsPolicy, RecoveryPolicy
from netmon.rules.ticket_policy import NoticePolicy
from netmon.stores import open_store
from tests.kit.fake_pinger import FakePinger
from tests.kit.house import REFERENCES, TURNS_PER_SECOND, CountingVitals, HouseClock, Sensor

VILLAGES = 24_700


@lru_cache(maxsize=1)
def whole_country() -> LabCountry:
    return generate(CountryPlan(villages=VILLAGES, seed=7))


@dataclass
class Cost:
    """CPU seconds: of the loop's thread in single calls by what they did, and of concluding in whatever thread."""

    sweep: list[float] = field(default_factory=list)
    casework: list[float] = field(default_factory=list)
    judged: float = 0.0
    decided: float = 0.0
    commits: list[int] = field(default_factory=list)
    """Decisions in each transaction."""

    @property
    def longest_turn(self) -> float:
        """The longest that the loop did nothing but the sweep's turn."""
        return max(self.sweep)

    def __str__(self) -> str:
        return (
            f"probed {sum(self.sweep) - self.judged:.2f}, judged {self.judged:.2f}, prepared {sum(self.casework):.2f}, "
            f"decided {self.decided:.2f} s of CPU; longest turn {1000 * self.longest_turn:.0f} ms, longest of casework "
            f"{1000 * max(self.casework):.0f} ms; {len(self.commits)} transactions of {max(self.commits, default=0)} "
            "decisions at most"
        )


class Nation:
    """24,700 villages, watched. Made by `nation`."""

    def __init__(self, lab: LabCountry, store: Any) -> None:
        inventory = lab.inventory
        self.inventory, self.store, self.clock = inventory, store, HouseClock()
        self.vitals, self.cost = CountingVitals(), Cost()
        self.country = Country(inventory, Fleet(len(inventory.devices), 1))
        self.pinger = FakePinger()
        self.pinger.silent.update(inventory.devices[inventory.index_of[one]].address for one in lab.unbuilt)
        policy = HealthPolicy(odds=OddsPolicy(), recovery=RecoveryPolicy(), timeout=self.pinger.timeout)
        self.judge = Judge(self.country, policy, self.vitals)
        self.watch = IsolationWatch(self.country, Sensor(), policy=IsolationPolicy(), vitals=self.vitals)
        plan = build_plan(inventory, REFERENCES, interval=20.0, generation=1)
        self.sweep = Sweep(self.country, plan, self.pinger, judge=self.judge, watch=self.watch, vitals=self.vitals)
        numbers = itertools.count(1)
        self.casework = Casework(
            self.country,
            self.judge,
            store,
            policy=CasePolicy(ConcludePolicy(), NoticePolicy()),
            vitals=self.vitals,
            new_id=lambda: FaultId(f"F{next(numbers)}"),
        )
        self._turns = 0
        self.listed_at: dict[VillageId, float] = {}
        self.late_devices = 0
        self._measure()

    def _measure(self) -> None:
        """Have the parts say what they cost."""
        hear, decide, commit = self.judge.hear, self.casework._decide, self.store.commit

        def heard(*arguments: Any) -> Any:
            with self._adding("judged"):
                return hear(*arguments)

        def decided(*arguments: Any) -> Any:
            with self._adding("decided"):
                return decide(*arguments)

        async def committed(decisions: Collection[Any], now: Now) -> None:
            self.cost.commits.append(len(decisions))
            await commit(decisions, now)

        self.judge.hear = heard  # type: ignore[method-assign, assignment]
        self.casework._decide = decided  # type: ignore[method-assign, assignment]
        self.store.commit = committed

    @contextmanager
    def _adding(self, name: str) -> Iterator[None]:
        began = time.thread_time()
        try:
            yield
        finally:
            setattr(self.cost, name, getattr(self.cost, name) + time.thread_time() - began)

    async def live(self, seconds: float, *, also: Callable[[], Awaitable[None]] | None = None) -> None:
        """Let time pass; `also` is done once a second."""
        for _ in range(round(seconds * TURNS_PER_SECOND)):
            self.clock.seconds += SLOT
            now = self.clock.now()
            began = time.thread_time()
            self.sweep.turn([self._turns], now)
            self.cost.sweep.append(time.thread_time() - began)
            self._turns += 1
            if self._turns % 5 == 0:
                await self.watch.tick(self.judge, self.store, now)
            if self._turns % TURNS_PER_SECOND == 0:
                began = time.thread_time()
                await self.casework.tick(now)
                self.cost.casework.append(time.thread_time() - began)
                self._note(now)
                if also is not None:
                    await also()

    def _note(self, now: Now) -> None:
        self.late_devices = max(self.late_devices, self.sweep.late_devices(now))
        for case in self.country.cases:
            for ticket in case.tickets:
                for village in ticket.villages:
                    self.listed_at.setdefault(village, now.monotonic)

    def addresses(self, villages: Collection[VillageId]) -> set[str]:
        """Of everything that stands there and has one."""
        return {one.address for one in self.inventory.devices if one.village in villages and one.address}

    def built(self, province: str) -> list[VillageId]:
        """The province's villages where something is built."""
        planned = {one.village for one in self.inventory.devices if one.lifecycle == "planned"}
        return [one for one in self.inventory.villages if one.startswith(province) and one not in planned]

    def probes_sent(self) -> int:
        return self.vitals.counted[Vital.PROBES_SENT, ""]


@asynccontextmanager
async def nation(folder: Path) -> Any:
    """The country, all of it seen, on a database of its own."""
    store = await open_store(f"sqlite:///{folder / 'netmon.db'}", vitals=CountingVitals())
    one = Nation(whole_country(), store)
    gc.collect()
    gc.freeze()  # as the daemon does
    try:
        await one.casework.load()
        await one.live(45)
        one.cost = Cost()
        yield one
    finally:
        gc.unfreeze()
        await store.close()
        await asyncio.sleep(0)

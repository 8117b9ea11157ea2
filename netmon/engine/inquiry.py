"""Inquiry: asks an SMS gateway that does not report by itself what became of its messages.

Soon after a message has left, then after ever longer waits, until it has arrived or failed or is too old to matter.
When each was last asked about lives in memory: after a restart a question comes once too often.
"""

import asyncio
from dataclasses import dataclass

from netmon.errors import StoreError
from netmon.model.notices import SentNotice
from netmon.model.vitals import Vital
from netmon.ports import Clock, StatusAsker, Store, Vitals

LONGEST_WAIT = 3600.0
"""Seconds between two questions about one message at most."""
KNOWN = 5_000
"""Messages looked at in one round, the latest ones."""
AT_ONCE = 4
PER_ROUND = 50


@dataclass(frozen=True, slots=True)
class InquiryPolicy:
    """How soon, and how long, a message is asked about; seconds."""

    every: float = 60.0
    within: float = 86_400.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """How often a message was asked about, and when (Unix seconds) it is the next time."""

    times: int
    next_at: float


class Inquiry:
    """Asks about all SMS in delivery, each at its time."""

    def __init__(
        self, store: Store, asker: StatusAsker, policy: InquiryPolicy, *, vitals: Vitals, clock: Clock
    ) -> None:
        self._store = store
        self._asker = asker
        self._policy = policy
        self._vitals = vitals
        self._clock = clock
        self._asked: dict[str, _Asked] = {}

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            asked = 0
            try:
                asked = await self.tick()
            except StoreError:
                pass  # the courier says it; what was heard is asked for again
            await self._clock.sleep(1.0 if asked == PER_ROUND else min(30.0, self._policy.every / 4))

    async def tick(self) -> int:
        """Ask about what is due; returns about how many messages.

        Raises:
            StoreError: the outbox cannot be used now.
        """
        now, policy = self._clock.now(), self._policy
        waiting = await self._store.in_delivery(now.wall - policy.within, KNOWN)
        first = {one.key: _Asked(0, one.at + policy.every) for one in waiting}
        self._asked = {key: self._asked.get(key, begin) for key, begin in first.items()}
        due = [one for one in waiting if self._asked[one.key].next_at <= now.wall][:PER_ROUND]
        free = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._ask(one, free) for one in due))
        return len(due)

    async def _ask(self, one: SentNotice, free: asyncio.Semaphore) -> None:
        async with free:
            report = await self._asker.ask(one.reference)
        now, times = self._clock.now(), self._asked[one.key].times + 1
        self._asked[one.key] = _Asked(times, now.wall + min(LONGEST_WAIT, self._policy.every * 2.0 ** min(times, 16)))
        if report is not None:
            await self._store.report(one.key, report, now)
            self._vitals.count(Vital.SMS_REPORTS, label=report.progress.value)

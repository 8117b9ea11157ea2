"""The beat of the sweeps: a slot every 100 ms on the monotonic clock.

A loop that was held up catches up a second at the most; what is older is skipped and counted, never stacked.

Each sweep has a phase of its own within the slot. Their turns take some milliseconds each for a whole country, and all
together, one after the other at the same beat, would hold the loop for the sum of them.
"""

from collections.abc import Callable, Sequence

from netmon.engine.plan import SLOT
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Clock, Vitals

CATCH_UP_SLOTS = 10
ICMP, OLTS, SNMP, BACKGROUND = 0.0, 0.25, 0.5, 0.75
"""Phases: how far into a slot a sweep's turns come, as a share of it."""


async def keep_pace(
    turn: Callable[[Sequence[int], Now], None], clock: Clock, vitals: Vitals, phase: float = ICMP
) -> None:
    """Call `turn` with the numbers of the slots that are due, counted from 0, until cancelled."""
    if phase:
        await clock.sleep(phase * SLOT)
    started = clock.now().monotonic
    next_slot = 0
    while True:
        now = clock.now()
        due = int((now.monotonic - started) / SLOT)
        if due - next_slot > CATCH_UP_SLOTS:
            vitals.count(Vital.SWEEP_LATE_SLOTS, due - next_slot - CATCH_UP_SLOTS)
            next_slot = due - CATCH_UP_SLOTS
        turn(range(next_slot, due + 1), now)
        next_slot = due + 1
        await clock.sleep(max(0.0, started + next_slot * SLOT - clock.now().monotonic))

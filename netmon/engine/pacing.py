"""The beat of the sweeps: a slot every 100 ms on the monotonic clock.

A loop that was held up catches up a second at the most; what is older is skipped and counted, never stacked. It
catches up in turns of a few slots, and others come in between: all at one go would send ten slots' requests while
nobody reads the answers, which then overflow the receive buffer, and the loop would be late for the next slots again.

Each sweep has a phase of its own within the slot. Their turns take some milliseconds each for a whole country, and all
together, one after the other at the same beat, would hold the loop for the sum of them.
"""

from collections.abc import Callable, Sequence

from netmon.engine.plan import SLOT
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Clock, Vitals

CATCH_UP_SLOTS = 10
SLOTS_PER_TURN = 2
"""A loop that is behind does so many at a time, so that it can still catch up."""
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
        last = min(due, next_slot + SLOTS_PER_TURN - 1)
        turn(range(next_slot, last + 1), now)
        next_slot = last + 1
        await clock.sleep(max(0.0, started + next_slot * SLOT - clock.now().monotonic))

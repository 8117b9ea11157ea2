"""The beat of the sweeps: every slot once, each sweep at its own phase, and a loop that was held up stacks nothing."""

import pytest

from netmon.engine.pacing import BACKGROUND, CATCH_UP_SLOTS, ICMP, OLTS, SLOTS_PER_TURN, SNMP, keep_pace
from netmon.engine.plan import SLOT
from netmon.model.time import Now
from netmon.model.vitals import Vital
from tests.kit.country import NOON, StillClock


class _EnoughError(Exception):
    pass


class _Clock(StillClock):
    """As any clock it sleeps a little longer than it is asked to."""

    async def sleep(self, seconds: float) -> None:
        self.move(seconds + 1e-6)


class _Skipped:
    def __init__(self) -> None:
        self.slots = 0.0

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None:
        assert vital is Vital.SWEEP_LATE_SLOTS
        self.slots += amount

    def gauge(self, vital: Vital, value: float, label: str = "") -> None: ...

    def observe(self, vital: Vital, value: float) -> None: ...


async def _turns(phase: float, held: dict[int, float], count: int = 8) -> tuple[list[tuple[float, list[int]]], float]:
    """When (seconds after the start) which slots came; turn number n holds the loop for `held[n]` seconds."""
    clock, skipped = _Clock(), _Skipped()
    came: list[tuple[float, list[int]]] = []

    def turn(slots: range, now: Now) -> None:
        came.append((now.monotonic - NOON.monotonic, list(slots)))
        clock.move(held.get(len(came) - 1, 0.0))
        if len(came) == count:
            raise _EnoughError

    with pytest.raises(_EnoughError):
        await keep_pace(turn, clock, skipped, phase)  # type: ignore[arg-type]  # a range is what it gives
    return came, skipped.slots


async def test_sweeps_take_their_turns_at_different_moments_and_miss_no_slot() -> None:
    moments: set[int] = set()
    for phase in (ICMP, OLTS, SNMP, BACKGROUND):
        came, skipped = await _turns(phase, {})
        assert [slot for _, slots in came for slot in slots] == list(range(len(came)))
        moments |= {round(1000 * at) % round(1000 * SLOT) for at, _ in came}
        assert not skipped
    gaps = [after - before for before, after in zip(sorted(moments)[:-1], sorted(moments)[1:], strict=True)]
    assert len(moments) == 4
    assert min(gaps) >= 1000 * SLOT / 4 - 1


@pytest.mark.parametrize("phase", [ICMP, SNMP])
async def test_a_loop_held_up_for_a_moment_catches_up_at_once_but_lets_others_in_between(phase: float) -> None:
    came, skipped = await _turns(phase, {2: 5.5 * SLOT})
    assert [slot for _, slots in came for slot in slots] == list(range(sum(len(slots) for _, slots in came)))
    sizes = [len(slots) for _, slots in came]
    assert max(sizes) == SLOTS_PER_TURN, "more would send in one go what nobody reads the answers to meanwhile"
    behind = [at for at, slots in came if len(slots) == SLOTS_PER_TURN]
    assert behind[-1] - behind[0] < SLOT / 10, "nobody waits for a beat while something is due"
    assert len(behind) > 1
    assert not skipped


async def test_what_is_older_than_a_second_is_skipped_and_counted() -> None:
    came, skipped = await _turns(SNMP, {2: 50.5 * SLOT})
    seen = [slot for _, slots in came for slot in slots]
    assert skipped == max(seen) + 1 - len(seen) > 30
    at, slots = came[3]
    assert int(at / SLOT - SNMP) - slots[0] == CATCH_UP_SLOTS

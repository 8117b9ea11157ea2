"""The sweep's phases."""

from hypothesis import given
from hypothesis import strategies as st

from netmon.rules.schedule import phase, slots

COUNTRY = [f"{kind}-{number:05d}" for number in range(24_700) for kind in ("ap", "onu")]


@given(st.text(), st.floats(1, 3600))
def test_phase_lies_in_the_interval(device: str, interval: float) -> None:
    assert 0 <= phase(device, interval) < interval


def test_every_device_has_exactly_one_slot_and_load_is_flat() -> None:
    table = slots(COUNTRY, 20.0)
    assert len(table) == 200
    assert sorted(index for slot in table for index in slot) == list(range(len(COUNTRY)))
    mean = len(COUNTRY) / len(table)
    assert max(len(slot) for slot in table) < 1.3 * mean
    assert min(len(slot) for slot in table) > 0.7 * mean


def test_slots_agree_with_phases_so_other_devices_never_move_one() -> None:
    table = slots(COUNTRY[:500], 20.0)
    for number, slot in enumerate(table):
        assert all(int(phase(COUNTRY[index], 20.0) / 0.1 + 1e-9) in {number, number - 1, number + 1} for index in slot)
    alone = slots([COUNTRY[7]], 20.0)
    assert next(n for n, slot in enumerate(alone) if slot) == next(n for n, slot in enumerate(table) if 7 in slot)


def test_short_interval_has_one_slot_and_slots_never_exceed_their_length() -> None:
    assert slots(["a", "b"], 0.05) == [[0, 1]]
    assert len(slots([], 1.25, slot=0.1)) == 13

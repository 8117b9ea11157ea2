"""The table of readings against a plain dictionary per device."""

import math

from hypothesis import given
from hypothesis import strategies as st

from netmon.model.fleet import Fleet
from netmon.model.reading_table import ReadingTable
from netmon.model.readings import Measure, Outline, Quantity

SIZE = 5
CPU = Measure(Quantity.CPU, "")
CLIENTS = tuple(Measure(Quantity.WIFI_CLIENTS, f"radio {n}") for n in range(40))
outlines = st.integers(0, len(CLIENTS)).map(lambda n: (CPU, *CLIENTS[:n]))
steps = st.lists(st.tuples(st.integers(0, SIZE - 1), outlines, st.booleans()), max_size=300)


@given(steps)
def test_every_device_has_what_was_written_last_whatever_happens_to_the_others(done: list) -> None:
    table = ReadingTable(SIZE)
    expected: dict[int, dict[Measure, float]] = {device: {} for device in range(SIZE)}
    outline_of: dict[int, Outline] = dict.fromkeys(range(SIZE), ())
    for number, (device, outline, writes) in enumerate(done):
        if outline_of[device] != outline:
            outline_of[device], expected[device] = outline, {}
        table.assign(device, outline)
        if writes:
            values = [float(number + at) if at % 3 else math.nan for at in range(len(outline))]
            table.write([device], [values], float(number))
            expected[device] = {m: v for m, v in zip(outline, values, strict=True) if not math.isnan(v)}
    assert {device: table.of(device) for device in range(SIZE)} == expected
    assert {device: table.outline(device) for device in range(SIZE)} == outline_of


def test_one_batch_writes_devices_of_different_outlines() -> None:
    table = ReadingTable(3)
    table.assign(2, (CPU, *CLIENTS[:2]))
    table.assign(0, (CPU,))
    table.write([2, 0], [[0.5, 3.0, math.nan], [0.25]], 10.0)
    assert table.of(2) == {CPU: 0.5, CLIENTS[0]: 3.0}
    assert table.of(0) == {CPU: 0.25}
    assert table.of(1) == {}


def test_old_readings_are_forgotten_and_fresh_ones_stay() -> None:
    table = ReadingTable(2)
    for device in range(2):
        table.assign(device, (CPU,))
        table.write([device], [[0.5]], 100.0 + device)
    table.forget(before=101.0)
    assert table.of(0) == {}
    assert table.of(1) == {CPU: 0.5}


def test_a_reload_carries_readings_to_their_devices_new_rows() -> None:
    old = Fleet(3, generation=1)
    old.readings.assign(2, (CPU,))
    old.readings.write([2], [[0.75]], 5.0)
    new = Fleet(2, generation=2)
    new.adopt(old, [0], [2])
    new.readings.assign(1, (CPU, CLIENTS[0]))
    new.readings.write([1], [[0.5, 7.0]], 6.0)
    assert new.readings.of(0) == {CPU: 0.75}
    assert new.readings.of(1) == {CPU: 0.5, CLIENTS[0]: 7.0}
    assert new.readings.version != old.readings.version


def test_who_keeps_something_by_outline_knows_of_whom_it_is_old() -> None:
    table = ReadingTable(3)
    for device in range(3):
        table.assign(device, (CPU,))
    kept = table.version
    table.assign(1, (CPU,))
    assert (table.changed_in <= kept).all(), "it says the same as before"
    table.assign(1, (CPU, *CLIENTS[:1]))
    assert (table.changed_in > kept).tolist() == [False, True, False]
    assert table.version > kept

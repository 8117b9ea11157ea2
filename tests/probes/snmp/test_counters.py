"""32-bit counters that wrap, and counters that start anew."""

from hypothesis import given
from hypothesis import strategies as st

from netmon.probes.snmp.counters import Counter, advance
from netmon.probes.snmp.uptime import Restart

STEPS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20)


@given(start=st.integers(0, 2**32 - 1), steps=STEPS)
def test_a_counter_of_32_bits_grows_by_what_flowed_however_often_it_wraps(start: int, steps: list[int]) -> None:
    counter = advance(None, start, 32, Restart.UNKNOWN)
    true = start
    for step in steps:
        true += step
        counter = advance(counter, true % 2**32, 32, Restart.NO)
    assert counter == Counter(true, true % 2**32)


@given(before=st.integers(0, 2**64 - 1), last=st.integers(0, 2**64 - 1), raw=st.integers(0, 2**64 - 1))
def test_after_a_restart_the_total_is_what_the_device_says(before: int, last: int, raw: int) -> None:
    assert advance(Counter(before, last), raw, 64, Restart.YES) == Counter(raw, raw)


@given(last=st.integers(1, 2**32 - 1), total=st.integers(2**32, 2**40), data=st.data())
def test_a_drop_that_may_be_a_restart_never_adds_a_wrap(last: int, total: int, data: st.DataObject) -> None:
    raw = data.draw(st.integers(0, last - 1))
    assert advance(Counter(total, last), raw, 32, Restart.UNKNOWN) == Counter(raw, raw)


def test_no_answer_changes_nothing() -> None:
    assert advance(Counter(7, 7), None, 32, Restart.NO) == Counter(7, 7)
    assert advance(None, None, 64, Restart.NO) is None


def test_a_counter_of_64_bits_that_drops_without_a_restart_started_anew() -> None:
    assert advance(Counter(1000, 1000), 10, 64, Restart.NO) == Counter(10, 10)

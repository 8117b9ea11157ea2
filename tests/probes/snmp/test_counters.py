"""32-bit counters that wrap, and counters that start anew."""

import math

from hypothesis import given
from hypothesis import strategies as st

from netmon.probes.snmp.counters import Counter, Tally, advance
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


POLLS = st.lists(
    st.tuples(
        st.one_of(st.just(math.nan), st.integers(0, 9), st.integers(0, 2**32 - 1), st.integers(2**63, 2**64 - 1)),
        st.sampled_from(Restart),
    ),
    max_size=12,
)


@given(polls=POLLS, bits=st.sampled_from((32, 64)))
def test_a_tally_says_of_every_poll_what_advancing_counter_by_counter_says(
    polls: list[tuple[float, Restart]], bits: int
) -> None:
    tally, counter = Tally(2), None
    for raw, restart in polls:
        readings = [0.5, 7, raw]
        tally.take(readings, ((1, 64), (2, bits)), restart)
        assert readings[:2] == [0.5, 7]
        if math.isnan(raw):
            assert math.isnan(readings[2])
            continue
        counter = advance(counter, int(raw), bits, restart)
        assert counter is not None
        assert readings[2] == counter.total


def test_a_tally_goes_on_where_another_was() -> None:
    before, after = Tally(2), Tally(1)
    before.take([3, 2**32 - 1], ((0, 64), (1, 32)), Restart.UNKNOWN)
    after.carry(0, before, 1)
    readings: list[float] = [4]
    after.take(readings, ((0, 32),), Restart.NO)
    assert readings == [2**32 + 4]

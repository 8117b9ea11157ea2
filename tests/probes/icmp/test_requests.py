"""The table of requests: slots, tokens, time-outs, and letting go."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netmon.probes.icmp.requests import ANSWERED, KEPT, PENDING, RequestTable

TIMEOUT = 1_000_000_000


def _issue(table: RequestTable, targets: list[int], at: int) -> np.ndarray:
    rows = table.issue(np.array(targets, np.intp))
    table.stamp(rows.start, len(targets), at, at)
    return table.slots(rows)


def test_slot_numbers_go_on_past_their_32_bits() -> None:
    table = RequestTable(TIMEOUT, first=2**32 - 2)
    slots = _issue(table, [7, 8, 9, 10], at=0)
    assert slots.tolist() == [2**32 - 2, 2**32 - 1, 0, 1]
    rows, known = table.rows_of(slots.astype(np.uint32))
    assert known.all()
    assert table.target[rows].tolist() == [7, 8, 9, 10]
    _, known = table.rows_of(np.array([2, 2**32 - 3], np.uint32))
    assert not known.any()


def test_tokens_differ_from_request_to_request() -> None:
    table = RequestTable(TIMEOUT, first=0)
    rows = table.issue(np.zeros(4000, np.intp))
    assert np.unique(table.token[rows]).size == 4000


def test_memory_stays_bounded_and_recent_requests_stay_known() -> None:
    table = RequestTable(TIMEOUT, first=2**32 - 100_000)
    at, recent = 0, np.zeros(0)
    for _ in range(2000):
        at += 20_000_000
        recent = _issue(table, list(range(100)), at)
        table.expire(at, deaf_until=0)
    assert table.target.size <= 4 * 100 * (TIMEOUT + KEPT) / 20_000_000
    rows, known = table.rows_of(recent.astype(np.uint32))
    assert known.all()
    assert table.target[rows].tolist() == list(range(100))


@given(
    st.lists(st.tuples(st.integers(1, 900), st.integers(0, 2_000_000_000), st.booleans()), max_size=40),
    st.integers(0, 80_000_000_000),
)
def test_every_request_expires_or_is_answered_exactly_once(steps: list[tuple[int, int, bool]], deaf: int) -> None:
    table = RequestTable(TIMEOUT, first=2**32 - 1000)
    at, issued, answered, missed = 0, 0, 0, 0
    for count, pause, answers in steps:
        at += pause
        missed += sum(found.size for found in table.expire(at, deaf_until=deaf))
        slots = _issue(table, [1] * count, at)
        issued += count
        if answers:
            rows, known = table.rows_of(slots[::2].astype(np.uint32))
            assert known.all()
            assert (table.state[rows] == PENDING).all()
            table.state[rows] = ANSWERED
            answered += rows.size
    missed += sum(found.size for found in table.expire(at + TIMEOUT, deaf_until=deaf))
    assert issued == answered + missed
    assert not any(found.size for found in table.expire(at + 10 * TIMEOUT, deaf_until=deaf))


@given(st.lists(st.integers(0, 9), max_size=30))
def test_first_of_repeated_rows_is_the_one_that_counts(rows: list[int]) -> None:
    firsts = RequestTable(TIMEOUT, first=0).firsts(np.array(rows, np.int64))
    assert firsts.tolist() == [row not in rows[:place] for place, row in enumerate(rows)]

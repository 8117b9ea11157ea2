"""How often one person is told something: even in the long run, at once in the short, nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from netmon.rules.repetition import Bucket, Rate, Serving, full, next_token, serving, taken, tokens

TEN_AN_HOUR = Rate(10, 3600.0)
RATES = st.builds(Rate, st.integers(1, 1000), st.floats(1.0, 1e6))


def test_a_few_messages_leave_each_for_itself_and_many_as_one() -> None:
    bucket = full(TEN_AN_HOUR, 0.0)
    assert serving(10, bucket, TEN_AN_HOUR, 0.0) is Serving.EACH
    assert serving(11, bucket, TEN_AN_HOUR, 0.0) is Serving.FOLDED


def test_whoever_had_enough_waits_for_the_next_token_and_gets_the_rest_folded() -> None:
    bucket = taken(full(TEN_AN_HOUR, 0.0), TEN_AN_HOUR, 0.0, 10)
    assert serving(1, bucket, TEN_AN_HOUR, 1.0) is Serving.LATER
    assert next_token(bucket, TEN_AN_HOUR, 1.0) == 360.0
    assert serving(1, bucket, TEN_AN_HOUR, 360.0) is Serving.EACH
    assert serving(5, bucket, TEN_AN_HOUR, 360.0) is Serving.FOLDED


def test_a_quiet_hour_fills_the_bucket_and_no_more() -> None:
    bucket = taken(full(TEN_AN_HOUR, 0.0), TEN_AN_HOUR, 0.0, 10)
    assert tokens(bucket, TEN_AN_HOUR, 3600.0) == tokens(bucket, TEN_AN_HOUR, 1e9) == 10


@given(rate=RATES, steps=st.lists(st.floats(0.0, 1e5), max_size=50))
def test_in_no_stretch_of_time_are_more_told_than_the_rate_and_the_first_rush(rate: Rate, steps: list[float]) -> None:
    bucket, now, told = full(rate, 0.0), 0.0, 0
    for step in steps:
        now += step
        if serving(1, bucket, rate, now) is Serving.EACH:
            bucket, told = taken(bucket, rate, now), told + 1
    assert told <= rate.messages * (1 + now / rate.per) * (1 + 1e-9) + 1e-6


@given(rate=RATES, there=st.floats(-10, 10), now=st.floats(0, 1e6))
def test_at_the_time_of_the_next_token_there_is_one_but_for_rounding(rate: Rate, there: float, now: float) -> None:
    bucket = Bucket(there, now)
    when = next_token(bucket, rate, now)
    assert when >= now
    assert tokens(bucket, rate, when + rate.per * 1e-6) >= 1 - 1e-3


@given(rate=RATES, now=st.floats(0, 1e6), back=st.floats(0, 1e6))
def test_a_clock_that_stands_still_or_goes_back_gives_nothing(rate: Rate, now: float, back: float) -> None:
    bucket = taken(full(rate, now), rate, now)
    assert tokens(bucket, rate, now - back) == bucket.tokens

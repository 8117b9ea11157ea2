"""The circuit breaker: rests when a gateway fails everybody, asks with one letter, and opens on the first answer."""

import pytest

from netmon.engine.breaker import Breaker, BreakerPolicy, Passage
from netmon.model.notices import Audience, Recipient, Verdict

PEOPLE = [Recipient(Audience.TECHNICIAN, str(number)) for number in range(9)]


def tripped() -> Breaker:
    breaker = Breaker(BreakerPolicy())
    for person in PEOPLE[:3]:
        breaker.note(person, Verdict.RETRY, 100.0)
    return breaker


def test_one_person_who_cannot_be_reached_is_no_fault_of_the_gateway() -> None:
    breaker = Breaker(BreakerPolicy())
    for second in range(1000):
        breaker.note(PEOPLE[second % 2], Verdict.RETRY, second)
    assert breaker.passage(1000.0) is Passage.OPEN


@pytest.mark.parametrize("verdict", [Verdict.RETRY, Verdict.UNKNOWN])
def test_three_people_in_a_row_make_it_rest(verdict: Verdict) -> None:
    breaker = Breaker(BreakerPolicy())
    for person in PEOPLE[:3]:
        assert not breaker.is_tripped
        breaker.note(person, verdict, 100.0)
    assert breaker.passage(129.9) is Passage.NONE
    assert breaker.passage(130.0) is Passage.ONE


@pytest.mark.parametrize("verdict", [Verdict.SENT, Verdict.PERMANENT])
def test_any_answer_in_between_begins_the_count_anew(verdict: Verdict) -> None:
    breaker = Breaker(BreakerPolicy())
    for person in PEOPLE:
        breaker.note(person, Verdict.RETRY, 100.0)
        breaker.note(person, verdict, 100.0)
    assert breaker.passage(100.0) is Passage.OPEN


def test_letters_that_were_under_way_together_are_one_failure() -> None:
    breaker = tripped()
    for person in PEOPLE[3:]:
        breaker.note(person, Verdict.RETRY, 100.5)
    assert breaker.passage(130.0) is Passage.ONE


def test_rests_double_up_to_five_minutes_and_end_with_the_first_answer() -> None:
    breaker, now, rests = tripped(), 130.0, []
    for _ in range(6):
        breaker.note(PEOPLE[0], Verdict.RETRY, now)
        began = now
        while breaker.passage(now) is Passage.NONE:
            now += 1.0
        rests.append(now - began)
    assert rests == [60, 120, 240, 300, 300, 300]
    breaker.note(PEOPLE[0], Verdict.SENT, now)
    assert breaker.passage(now) is Passage.OPEN
    assert not breaker.is_tripped

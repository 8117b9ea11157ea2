"""Times as Thai readers write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.notifiers.thai import clock_time, day_and_time, english_date, span, thai_date

MONTHS = "ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค.".split()


def utc(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]


def test_thai_dates_have_thai_months_and_buddhist_years() -> None:
    assert thai_date(utc(2026, 11, 20, 2, 15)) == "20 พ.ย. 2569 09:15 น."
    assert english_date(utc(2026, 11, 20, 2, 15)) == "20 Nov 2026 09:15"


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_name(month: int) -> None:
    assert thai_date(utc(2027, month, 1, 5, 0)) == f"1 {MONTHS[month - 1]} 2570 12:00 น."


def test_the_day_begins_at_midnight_in_thailand() -> None:
    assert thai_date(utc(2026, 12, 31, 16, 59)) == "31 ธ.ค. 2569 23:59 น."
    assert thai_date(utc(2026, 12, 31, 17, 0)) == "1 ม.ค. 2570 00:00 น."


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_thailand_is_seven_hours_ahead_all_year(moment: datetime) -> None:
    there = moment + timedelta(hours=7)
    wall = moment.replace(tzinfo=UTC).timestamp()
    assert clock_time(wall) == f"{there:%H:%M}"
    assert day_and_time(wall) == f"{there.day}/{there.month} {there:%H:%M}"


@pytest.mark.parametrize(
    ("seconds", "thai", "english"),
    [
        (0, "1 นาที", "1 minute"),
        (240, "4 นาที", "4 minutes"),
        (3600, "1 ชั่วโมง", "1 hour"),
        (17_220, "4 ชั่วโมง 47 นาที", "4 hours 47 minutes"),
        (86_400, "1 วัน", "1 day"),
        (40 * 86_400 + 7_260, "40 วัน 2 ชั่วโมง", "40 days 2 hours"),
    ],
)
def test_a_span_is_said_in_two_units(seconds: int, thai: str, english: str) -> None:
    assert span(seconds, "th") == thai
    assert span(seconds, "en") == english

"""Times as people in Thailand read them."""

import pytest

from netmon.web.times import clock_time, full_time, how_long, machine_time

NEW_YEAR_EVE = 1_704_041_999.0  # 2023-12-31 16:59:59 UTC: one second before 2567 begins in Bangkok


def test_today_needs_no_date_and_another_year_needs_its_number() -> None:
    assert clock_time(NEW_YEAR_EVE, NEW_YEAR_EVE) == "23:59 น."
    assert clock_time(NEW_YEAR_EVE - 86_400, NEW_YEAR_EVE) == "30 ธ.ค. 23:59 น."
    assert clock_time(NEW_YEAR_EVE, NEW_YEAR_EVE + 1) == "31 ธ.ค. 2566 23:59 น."


def test_full_time_is_bangkoks_and_machine_time_is_utc() -> None:
    assert full_time(NEW_YEAR_EVE + 1) == "1 ม.ค. 2567 00:00:00 น."
    assert machine_time(NEW_YEAR_EVE + 1) == "2023-12-31T17:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 วินาที"), (59.9, "59 วินาที"), (60, "1 นาที"), (3_599, "59 นาที"), (3_600, "1 ชม. 0 นาที"),
        (86_399, "23 ชม. 59 นาที"), (90_000, "1 วัน 1 ชม."),
    ],
)  # fmt: skip
def test_durations_show_their_two_largest_units(seconds: float, text: str) -> None:
    assert how_long(seconds) == text

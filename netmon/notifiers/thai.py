"""Times as Thai readers write them: Asia/Bangkok, years of the Buddhist era (พ.ศ. = ค.ศ. + 543).

Babel knows the month names and units of both languages, but ignores `th_TH@calendar=buddhist` and gives Gregorian
years, so the year is added here.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_timedelta

BANGKOK = ZoneInfo("Asia/Bangkok")
BUDDHIST_ERA = 543

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_Unit = Literal["day", "hour", "minute"]
_UNITS: tuple[tuple[_Unit, int], ...] = (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE))
_NEVER = float("inf")


def local_time(wall: float) -> datetime:
    """Unix seconds as a time of day in Thailand."""
    return datetime.fromtimestamp(wall, UTC).astimezone(BANGKOK)


def thai_date(wall: float) -> str:
    """Unix seconds in Thai: `20 พ.ย. 2569 09:15 น.`."""
    at = local_time(wall)
    return f"{at.day} {format_date(at, 'LLL', locale='th')} {at.year + BUDDHIST_ERA} {at:%H:%M} น."


def english_date(wall: float) -> str:
    """Unix seconds in English, Thai time: `20 Nov 2026 09:15`."""
    at = local_time(wall)
    return f"{at.day} {format_date(at, 'LLL', locale='en')} {at.year} {at:%H:%M}"


def clock_time(wall: float) -> str:
    """Unix seconds as `09:15`."""
    return f"{local_time(wall):%H:%M}"


def day_and_time(wall: float) -> str:
    """Unix seconds as short as a message needs it: `20/11 09:15`."""
    at = local_time(wall)
    return f"{at.day}/{at.month} {at:%H:%M}"


def span(seconds: float, language: str) -> str:
    """A length of time in the two units that matter: `2 วัน 3 ชั่วโมง`, `5 hours 12 minutes`, at least a minute."""
    rest = max(_MINUTE, int(seconds))
    words = []
    for unit, size in _UNITS if rest < _DAY else _UNITS[:2]:
        count, rest = divmod(rest, size)
        if count:
            words.append(_counted(count * size, unit, language))
    return " ".join(words)


def _counted(seconds: int, unit: _Unit, language: str) -> str:
    # Babel's format_unit has no Thai words for minutes and days, format_timedelta has; the threshold pins the unit.
    return format_timedelta(timedelta(seconds=seconds), granularity=unit, threshold=_NEVER, locale=language)

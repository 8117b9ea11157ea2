"""Times and durations as people in Thailand read them, and as machines do."""

from datetime import UTC, datetime, timedelta, timezone

BANGKOK_TIME = timezone(timedelta(hours=7), "Asia/Bangkok")
"""Thailand has kept UTC+7 without summer time since 1920, so no time zone database is needed."""
_BUDDHIST_ERA = 543
_MONTHS = "ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค.".split()
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def clock_time(at: float, now: float) -> str:
    """A moment (Unix seconds) as Thais write it: the hour alone today, with the date before."""
    moment, today = datetime.fromtimestamp(at, BANGKOK_TIME), datetime.fromtimestamp(now, BANGKOK_TIME)
    hour = f"{moment:%H:%M} น."
    if moment.date() == today.date():
        return hour
    date = f"{moment.day} {_MONTHS[moment.month - 1]}"
    return f"{date} {hour}" if moment.year == today.year else f"{date} {moment.year + _BUDDHIST_ERA} {hour}"


def full_time(at: float) -> str:
    """A moment (Unix seconds) with date, Buddhist year and seconds."""
    moment = datetime.fromtimestamp(at, BANGKOK_TIME)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year + _BUDDHIST_ERA} {moment:%H:%M:%S} น."


def machine_time(at: float) -> str:
    """A moment (Unix seconds) in RFC 3339, UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def how_long(seconds: float) -> str:
    """A duration in its two largest units."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} วินาที"
    if whole < _HOUR:
        return f"{whole // _MINUTE} นาที"
    if whole < _DAY:
        return f"{whole // _HOUR} ชม. {whole % _HOUR // _MINUTE} นาที"
    return f"{whole // _DAY} วัน {whole % _DAY // _HOUR} ชม."

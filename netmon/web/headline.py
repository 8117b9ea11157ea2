"""The headline says the worst that is true.

"All well" needs everything: netmon sighted and ready, no fault, and every village in service known to be up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from netmon.model.country import Isolation
from netmon.model.health import Health
from netmon.web.overview import Overview
from netmon.web.times import clock_time
from netmon.web.words import Words


class Mood(StrEnum):
    """What the headline tells; also its colour."""

    BLIND = "blind"
    NOT_READY = "not-ready"
    FAULTS = "faults"
    WATCHING = "watching"
    WELL = "well"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked on the loop before a thread makes the board; `now` is in Unix seconds."""

    now: float
    isolation: Isolation | None
    not_ready: Sequence[str]


def mood_of(overview: Overview, asked: Asked) -> Mood:
    """Which of the moods holds."""
    if asked.isolation is not None:
        return Mood.BLIND
    if asked.not_ready:
        return Mood.NOT_READY
    if overview.faults:
        return Mood.FAULTS
    return Mood.WATCHING if _unsure(overview) else Mood.WELL


def headline(mood: Mood, overview: Overview, asked: Asked) -> Words:
    """One line for somebody who has just been woken."""
    if asked.isolation is not None:
        since = clock_time(asked.isolation.since, asked.now)
        return Words(f"netmon มองไม่เห็นโครงข่ายตั้งแต่ {since}", "netmon is blind: nothing newer than that is known")
    waiting, unopened = _unsure(overview), overview.unopened
    match mood:
        case Mood.NOT_READY:
            return Words("netmon ยังไม่พร้อม อย่าเพิ่งเชื่อหน้านี้", "netmon is not ready: do not rely on this page yet")
        case Mood.FAULTS:
            return Words(
                f"เหตุขัดข้อง {overview.faults:,} เหตุ กระทบ {overview.dark:,} หมู่บ้าน",
                f"{_many(overview.faults, 'fault')} open, {_many(overview.dark, 'village')} affected",
            )
        case Mood.WATCHING:
            return Words(
                f"ยังไม่พบเหตุขัดข้อง แต่ยังไม่แน่ใจ {waiting:,} หมู่บ้าน",
                f"no fault found, {_many(waiting, 'village')} not known to be up",
            )
    if unopened:
        return Words(
            f"ใช้งานได้ทุกหมู่บ้าน ยกเว้น {unopened:,} แห่งที่ยังไม่เปิดใช้",
            f"all well: every village is up but {unopened:,} that {'is' if unopened == 1 else 'are'} not in service",
        )
    return Words("ใช้งานได้ทุกหมู่บ้าน", "all well: every village is up")


def _unsure(overview: Overview) -> int:
    """Villages that should be up and are not known to be."""
    return sum(overview.villages.values()) - overview.villages[Health.UP] - overview.unopened


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

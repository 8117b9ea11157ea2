"""When a device must be discovered again, and when it is another device altogether; pure."""

from dataclasses import dataclass
from enum import StrEnum, unique

from netmon.model.readings import Identity
from netmon.probes.snmp.uptime import RESTARTED, Restart

DAILY = 86_400.0
"""Seconds after which a device is discovered again in any case."""


@unique
class Occasion(StrEnum):
    """Why a device is discovered; a log field and a metric label."""

    FIRST_CONTACT = "first_contact"
    RESTARTED = "restarted"  # ifIndex may be renumbered, the firmware another
    INTERFACES_CHANGED = "interfaces_changed"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is remembered of a device's last discovery: when (monotonic seconds), and `PollPlan.table_stamp` then."""

    at: float
    stamp: int | None


def occasion(last: Sighting | None, restart: Restart, stamp: int | None, now: float) -> Occasion | None:
    """Tell whether, and why, to discover a device now.

    Args:
        last: the last discovery; None if there was none.
        restart: whether the device restarted since.
        stamp: `PollPlan.table_stamp` of the newest poll; None if it gave none.
        now: monotonic seconds.
    """
    if last is None:
        return Occasion.FIRST_CONTACT
    if restart is RESTARTED:
        return Occasion.RESTARTED
    if stamp is not None and last.stamp is not None and stamp != last.stamp:
        return Occasion.INTERFACES_CHANGED
    return Occasion.DAILY if now - last.at >= DAILY else None


def is_replaced(before: Identity, after: Identity) -> bool:
    """Tell whether another device answers at the same address: both serial numbers are known, and differ."""
    return bool(before.serial and after.serial) and before.serial != after.serial

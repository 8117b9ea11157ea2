"""Uptimes that wrap, lie and are missing; pure.

sysUpTime counts hundredths of a second in 32 bits, so it wraps after 497.1 days (RFC 3418), and a drop alone is no
restart. Growth is therefore compared with the time that passed, modulo the wrap. snmpEngineTime does not wrap, but on
devices without a set clock it is Unix time or worse (Raisecom, FiberHome), so it counts only where it agrees.
"""

from collections.abc import Mapping
from enum import StrEnum, unique

from netmon.model.profiles import UptimeSource

WRAP = 2**32 / 100
"""Seconds after which sysUpTime and hrSystemUptime start again at 0."""
_TOLERANCE = 60.0
_DRIFT = 0.02  # device clocks run up to 2 % fast or slow
_AGREEMENT = 300.0


@unique
class Restart(StrEnum):
    """Whether a device started anew between two polls."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # an uptime is missing, or neither story fits


RESTARTED, WENT_ON, UNKNOWN = Restart.YES, Restart.NO, Restart.UNKNOWN
"""What every poll asks for; naming them through their class is slow before Python 3.12."""


def restarted(before: float | None, after: float | None, elapsed: float) -> Restart:
    """Tell from two uptimes (seconds) and the time between them (monotonic seconds) whether the device restarted."""
    if before is None or after is None or elapsed < 0:
        return Restart.UNKNOWN
    deviation = after - before - elapsed
    if -_TOLERANCE <= deviation <= _TOLERANCE:  # as nearly always; what follows would say the same
        return WENT_ON
    tolerance = _TOLERANCE + _DRIFT * elapsed
    deviation %= WRAP
    if min(deviation, WRAP - deviation) <= tolerance:
        return Restart.NO
    # A device that restarted cannot have been up for longer than the time since the last poll.
    return Restart.YES if after <= elapsed + tolerance else Restart.UNKNOWN


def choose_uptime(seconds: Mapping[UptimeSource, float], preference: tuple[UptimeSource, ...]) -> float | None:
    """Pick the uptime to believe: the first source there is; unwrapped by snmpEngineTime where that agrees.

    snmpEngineTime alone is never believed, and only looked at if it is among the preferred.

    Args:
        seconds: what each source said; a source that said nothing is not in it.
        preference: sources, best first.
    """
    engine_time = UptimeSource.SNMP_ENGINE_TIME
    wrapping = next((seconds[one] for one in preference if one in seconds and one is not engine_time), None)
    engine = seconds.get(engine_time) if engine_time in preference else None
    if wrapping is None or engine is None or engine < wrapping:
        return wrapping
    deviation = (engine - wrapping) % WRAP
    agrees = min(deviation, WRAP - deviation) <= _AGREEMENT
    # Ten wraps are 13.6 years: no agent runs that long, a clock counted from 1970 or 2000 does.
    return wrapping + WRAP * round((engine - wrapping) / WRAP) if agrees and engine < 10 * WRAP else wrapping

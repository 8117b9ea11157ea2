"""The series of one province's devices: Fleet columns joined with the label texts of the layout.

What is not known has no sample. The kept round-trip times of a device that is down are of another time, and what a
poller that is cut off lost says nothing about the device: neither is shown.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon_exporters.prometheus.layout import Page
from netmon_exporters.prometheus.text import Family, whole

UP = Family(
    "netmon_device_up",
    "1 while the device answers (up, recovering) or its death is not yet certain (suspect); 0 when down. "
    "No sample while unknown, unreachable behind a dead parent, or netmon is blind.",
)
RTT = Family(
    "netmon_device_ping_rtt_seconds",
    "Mean round-trip time over the last 16 answers. No sample while the device does not answer.",
)
RTT_MIN = Family("netmon_device_ping_rtt_min_seconds", "Shortest of the last 16 round-trip times.")
RTT_MAX = Family("netmon_device_ping_rtt_max_seconds", "Longest of the last 16 round-trip times.")
LOSS = Family(
    "netmon_device_ping_loss_ratio",
    "Share of the last 64 probes without an answer, 0 to 1. No sample where nothing was sent yet, "
    "behind a dead parent, or while netmon is blind.",
)

SNMP_UP = Family(
    "netmon_device_snmp_up",
    "1 if the device answered the last SNMP poll, 0 if it did not although it answers ping. "
    "No sample where it is not asked: no credential, or ping does not reach it.",
)

_UP_OF_HEALTH = np.full(len(Health), np.nan)
_UP_OF_HEALTH[[Health.UP, Health.SUSPECT, Health.RECOVERING]] = 1.0
_UP_OF_HEALTH[Health.DOWN] = 0.0
_RTT_DIGITS = 7
_LOSS_DIGITS = 6
"""Shorter numbers are quicker to write and to read; 100 ns is finer than any clock on the way."""


def province_series(page: Page, fleet: Fleet) -> Iterator[bytes]:
    """All series of a prepared page, family by family."""
    for family, values in _columns(fleet, page.columns):
        yield from whole(family, page.heads, values)
    yield from page.info()


def _columns(fleet: Fleet, rows: NDArray[np.intp]) -> Iterator[tuple[Family, NDArray[np.float64]]]:
    health = fleet.health[rows]
    up = _UP_OF_HEALTH[health]
    yield UP, up
    answering = up == 1.0
    for family, times in zip((RTT_MIN, RTT, RTT_MAX), fleet.rtt_statistics(rows), strict=True):
        yield family, np.where(answering, np.round(times, _RTT_DIGITS), np.nan)
    agents = fleet.agents
    heard = np.where(agents.answers[rows] > 0, 1.0, np.where(agents.missed[rows] > 0, 0.0, np.nan))
    yield SNMP_UP, np.where(answering, heard, np.nan)
    hidden = (health == Health.UNREACHABLE) | (health == Health.BLIND)
    yield LOSS, np.where(hidden, np.nan, np.round(fleet.loss_ratio(rows), _LOSS_DIGITS))

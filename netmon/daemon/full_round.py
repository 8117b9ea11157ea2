"""The full round on demand: asked for by SIGUSR1, run by the calendar, told in a small file beside the database."""

import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from netmon.daemon.assembly import Daemon
from netmon.engine.full_round import FullRound, Patience
from netmon.settings import Settings, state_directory

log = logging.getLogger(__name__)

REPORT = "round.json"
_SLACK = 0.4
"""Seconds: outcomes are noticed a little after they come."""


def full_round(daemon: Daemon) -> Callable[[], Awaitable[None]]:
    """A job: ask everybody now, and leave the outcome where `netmon sweep` finds it."""

    async def job() -> None:
        began = daemon.clock.now()
        patience = _patience(daemon.settings)
        work = FullRound(
            daemon.country, daemon.sweep, daemon.snmp, patience=patience, clock=daemon.clock, vitals=daemon.vitals
        )
        report = await work.run()
        log.info(
            "full round pinged=%d answered=%d polled=%d read=%d seconds=%.1f",
            report.pinged, report.answered, report.polled, report.read, report.seconds,
        )  # fmt: skip
        leave_report(REPORT, {"began": began.wall, **asdict(report), "seconds": report.seconds})

    return job


def leave_report(name: str, content: Mapping[str, Any]) -> None:
    """Leave an outcome for the command line in the state directory; one that is full stops nothing."""
    report = state_directory() / name
    with contextlib.suppress(OSError):
        half_written = report.with_suffix(".new")
        half_written.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        half_written.replace(report)


def _patience(settings: Settings) -> Patience:
    probing = settings.probing
    return Patience(ping=probing.timeout + _SLACK, poll=probing.snmp_timeout * (probing.snmp_retries + 1) + _SLACK)

"""`netmon bench country`: the numbers of DESIGN section 12 for the whole country, one after the other.

Start until the picture is complete; so many minutes of rest; a quiet window with Prometheus scraping every minute and
the status page open; one full round on demand; and a window with fifty page loads a second and a report being drawn.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from netmon.cli.bench.country.measure import Observer, Picture, Window
from netmon.cli.bench.country.scraper import Scrapes, scraping
from netmon.cli.bench.country.staging import SNMP_INTERVAL, Staged, staged
from netmon.cli.bench.country.visitors import LOADS, Visits, crowd, draw_reports, keep_page_open, visited
from netmon.cli.bench.figures import Figure, Figures
from netmon.cli.bench.rows import Row
from netmon.errors import NetmonError

COUNTRY = 24_700
_DEVICES_PER_VILLAGE = 2
_LEAST_WINDOW, _MOST_WINDOW = 65.0, 180.0
"""Seconds. A window holds at least one scrape of every target."""
_MINUTE = 60.0
_ON_TIME = 0.98
"""Share of the polls that are due in a window and must have been answered; some requests are lost on the way."""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Promises:
    """What DESIGN section 12 says: share of a core, megabytes, seconds."""

    cpu_share: float
    megabytes: float
    picture: float = 60.0
    round: float = 6.0
    lag: float = 20.0
    lag_under_load: float = 50.0


NATIONAL = Promises(cpu_share=0.12, megabytes=400)
STRETCH = Promises(cpu_share=1.5, megabytes=6_000, picture=float("inf"), round=float("inf"))
"""A million devices: nothing is promised but CPU and memory, beside that nobody is late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything that was seen."""

    staged: Staged
    picture: Picture
    quiet: Window
    answered: int
    scrapes: Scrapes | None
    round: Mapping[str, Any] | None
    crowded: Window
    visits: Visits


def promises_for(villages: int) -> Promises:
    """Those of the country; beyond it, those of the stretch."""
    return NATIONAL if villages <= COUNTRY else STRETCH


def bench_country(villages: int, minutes: float, slower: float, folder: Path | None, tell: Tell) -> Figures:
    """Run it all, at intervals `slower` times as long as by default; `folder` keeps what was made, None throws it away.

    Raises:
        NetmonError: something did not start, or ended before its time.
    """
    if folder is not None:
        return _report(_measure(folder, villages, minutes, slower, tell), villages)
    with tempfile.TemporaryDirectory(prefix="netmon-bench-") as scratch:
        return _report(_measure(Path(scratch) / "country", villages, minutes, slower, tell), villages)


def _measure(folder: Path, villages: int, minutes: float, slower: float, tell: Tell) -> Measured:
    tell(f"Making a country of {villages:,} villages ...")
    window = min(_MOST_WINDOW, max(_LEAST_WINDOW, minutes * _MINUTE / 2))
    with (
        staged(folder, villages, slower) as at,
        scraping(at.stage.folder, at.address) as scraper,
        httpx.Client(base_url=f"http://{at.address}", timeout=60, trust_env=False) as client,
    ):
        observer = Observer(at, client)
        tell(f"{at.pinged:,} devices that can answer; waiting for the first complete picture ...")
        picture = observer.await_picture(must_complete=villages <= COUNTRY)
        with visited([keep_page_open(at.address, Visits())]):
            told = f"Complete after {picture.complete:.1f} s." if picture.is_complete else "It will not be complete."
            tell(f"{told} Measured is {minutes:g} minutes after the start.")
            _rest(at, at.started_at + minutes * _MINUTE)
            quiet, answered = observer.watch(window), observer.answered()
            scrapes = scraper.scrapes(window) if scraper is not None else None
            tell(f"At rest: {quiet.share:.1%} of a core. One full round on demand ...")
            round_ = _full_round(observer, villages, tell)
        visits = Visits()
        with visited([crowd(at.address, visits), draw_reports(at.address, Visits())]):
            tell(f"Now {LOADS} page loads a second, and a report being drawn ...")
            crowded = observer.watch(window)
        return Measured(
            staged=at, picture=picture, quiet=quiet, answered=answered, scrapes=scrapes, round=round_,
            crowded=crowded, visits=visits,
        )  # fmt: skip


def _full_round(observer: Observer, villages: int, tell: Tell) -> Mapping[str, Any] | None:
    """What it says of itself; a country beyond the promises may be too large to have one."""
    try:
        done = observer.full_round()
    except NetmonError as error:
        if villages <= COUNTRY:
            raise
        tell(str(error))
        return None
    tell(f"{done['seconds']:.1f} s.")
    return done


def _rest(at: Staged, until: float) -> None:
    while (left := until - time.monotonic()) > 0:
        at.check_alive()
        time.sleep(min(1.0, left))


def _report(seen: Measured, villages: int) -> Figures:
    promises = promises_for(villages)
    missing = [] if seen.scrapes is not None else ["Prometheus is not installed, so nothing was scraped."]
    return Figures("country", list(_rows(seen)), list(_figures(seen, promises)), missing)


def _rows(seen: Measured) -> Iterator[Row]:
    """The daemon's processes; the first does the probing. `devices` are those that can answer."""
    quiet = seen.quiet
    for number, (pid, usage) in enumerate(quiet.usage_after.items()):
        asked, answered = (seen.staged.pinged, min(seen.answered, seen.staged.pinged)) if not number else (0, 0)
        who = "netmon" if not number else usage.name
        yield Row(who, version("netmon"), asked, answered, quiet.seconds, quiet.cpu(pid))


def _figures(seen: Measured, promises: Promises) -> Iterator[Figure]:
    quiet, crowded = seen.quiet, seen.crowded
    yield Figure("villages", len(seen.staged.inventory.villages), "")
    yield Figure("devices", len(seen.staged.inventory.devices), "")
    if seen.staged.slower != 1:
        yield Figure("intervals, of the default", seen.staged.slower, "times")
    yield Figure("start to first complete picture", seen.picture.complete, "s", most=promises.picture)
    yield Figure("start until pinged", seen.picture.pinged, "s")
    yield Figure("start until read over SNMP", seen.picture.polled, "s")
    yield Figure("CPU at rest", quiet.share, "of a core", most=promises.cpu_share)
    yield Figure("memory at its largest", quiet.rss, "MB", most=promises.megabytes)
    yield Figure("echoes a second", quiet.grown("netmon_icmp_requests_total") / quiet.seconds, "")
    yield Figure("polls a second", quiet.grown("netmon_snmp_polls_answered_total") / quiet.seconds, "")
    yield from _punctuality(seen)
    for share, limit in ((0.5, float("inf")), (0.99, promises.lag)):
        yield Figure(f"loop lag p{100 * share:.0f}", quiet.lag(share), "ms", most=limit)
    yield Figure("loop lag at its longest", 1000 * quiet.longest_lag, "ms")
    yield Figure("loop without a processor", quiet.waited, "of the time")
    if seen.scrapes is not None:
        yield Figure("targets down", seen.scrapes.down, "", most=0)
        yield Figure("samples of one full scrape", seen.scrapes.samples, "")
        yield Figure("one full scrape", seen.scrapes.seconds, "s")
        yield Figure("longest scrape of a target", seen.scrapes.longest, "s")
    if seen.round is not None:
        yield Figure("full round on demand", float(seen.round["seconds"]), "s", most=promises.round)
        yield Figure("devices pinged in it", seen.round["pinged"], "")
        yield Figure("devices read in it", seen.round["read"], "")
    yield from _under_load(crowded, seen.visits, promises)


def _punctuality(seen: Measured) -> Iterator[Figure]:
    quiet = seen.quiet
    polls_due = seen.staged.polled * quiet.seconds / (seen.staged.slower * SNMP_INTERVAL)
    yield Figure("devices late", quiet.late, "", most=0)
    yield Figure("slots skipped", quiet.grown("netmon_sweep_skipped_slots_total"), "", most=0)
    yield Figure("datagrams dropped", quiet.grown("netmon_socket_dropped_total"), "", most=0)
    yield Figure(
        "polls answered of those due",
        quiet.grown("netmon_snmp_polls_answered_total") / polls_due,
        "",
        least=_ON_TIME,
    )


def _under_load(crowded: Window, visits: Visits, promises: Promises) -> Iterator[Figure]:
    loads = len(visits.seconds) / crowded.seconds
    yield Figure("page loads a second", loads, "", least=0.95 * LOADS)
    yield Figure("page loads failed", visits.failed, "", most=0)
    for what, count in visits.failures.items():
        yield Figure(f"page loads failed, {what}", count, "")
    yield Figure("a page load p99", 1000 * visits.quantile(0.99), "ms")
    yield Figure("loop lag p99 under them", crowded.lag(0.99), "ms", most=promises.lag_under_load)
    yield Figure("loop lag at its longest under them", 1000 * crowded.longest_lag, "ms")
    yield Figure("loop without a processor under them", crowded.waited, "of the time")
    yield Figure("CPU under them", crowded.share, "of a core")
    yield Figure("devices late under them", crowded.late, "", most=0)

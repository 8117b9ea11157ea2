"""Life of the daemon: start, the loops under their names, signals, and an orderly end."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from netmon.daemon.assembly import Daemon, assemble
from netmon.daemon.reload import Reloader
from netmon.engine.calendar import close_resolved_tickets, make_calendar
from netmon.engine.supervision import every, start
from netmon.model.vitals import Vital
from netmon.ports import ExporterSources
from netmon.rules import wording
from netmon.settings import load_inventory, load_settings
from netmon.web import create_app, load_exporters, serve

log = logging.getLogger(__name__)

CASEWORK_EVERY = 1.0
WATCH_EVERY = 0.5
GAUGES_EVERY = 10.0
CLOSE_EVERY_MINUTES = 10


def run_until_stopped(config: Path, *, http: socket.socket | None = None) -> None:
    """Run netmon in the foreground until SIGTERM or SIGINT.

    Raises:
        NetmonError: it cannot start; the text says why and what to do.
    """
    asyncio.run(_until_signal(config, http))


async def _until_signal(config: Path, http: socket.socket | None) -> None:
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, me.cancel if me else loop.stop)
    with contextlib.suppress(asyncio.CancelledError):
        await run_daemon(config, http=http)


async def run_daemon(
    config: Path, *, http: socket.socket | None = None, started: Callable[[Daemon], None] | None = None
) -> None:
    """Run netmon until cancelled; `started` is told once everything is up."""
    settings = load_settings(config)
    logging.basicConfig(level=settings.log.level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    loaded = await asyncio.to_thread(load_inventory, settings.inventory.directory, credentials=settings.credentials)
    for warning in loaded.warnings:
        log.warning("%s", warning)
    async with AsyncExitStack() as stack:
        daemon = await assemble(settings, loaded.inventory, stack)
        await _open_pages(daemon, http, stack)
        reloader = Reloader(config, daemon)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloader.wanted.set)
        _start_calendar(daemon, stack)
        log.info("watching devices=%d villages=%d", len(loaded.inventory.devices), len(loaded.inventory.villages))
        if started:
            started(daemon)
        await _loops(daemon, reloader)


async def _open_pages(daemon: Daemon, http: socket.socket | None, stack: AsyncExitStack) -> None:
    def explain(fault, language):  # placeholder
        return wording.sentence(fault, daemon.country.inventory, language)

    sources = ExporterSources(daemon.country, daemon.vitals.expose, lambda: daemon.address)
    app = create_app(sources, load_exporters(sources), explain=explain, unready=daemon.unready)
    web = daemon.settings.web
    daemon.address = await stack.enter_async_context(serve(app, host=web.listen, port=web.port, listening=http))


def _start_calendar(daemon: Daemon, stack: AsyncExitStack) -> None:
    calendar = make_calendar()
    close = close_resolved_tickets(daemon.store, daemon.clock, after=daemon.settings.tickets.close_after)
    calendar.add_job(close, "interval", minutes=CLOSE_EVERY_MINUTES)
    calendar.start()
    stack.callback(calendar.shutdown, wait=False)


async def _loops(daemon: Daemon, reloader: Reloader) -> None:
    async def casework() -> None:
        await daemon.casework.tick(daemon.clock.now())

    async def watch() -> None:
        await daemon.watch.tick(daemon.judge, daemon.store, daemon.clock.now())

    async def gauges() -> None:
        daemon.vitals.gauge(Vital.SWEEP_LATE_DEVICES, daemon.sweep.late_devices(daemon.clock.now()))

    clock, vitals = daemon.clock, daemon.vitals
    async with asyncio.TaskGroup() as group:
        start(group, "sweep", lambda: daemon.sweep.run(clock), clock=clock, vitals=vitals)
        start(group, "casework", lambda: every(CASEWORK_EVERY, casework, clock=clock), clock=clock, vitals=vitals)
        start(group, "isolation watch", lambda: every(WATCH_EVERY, watch, clock=clock), clock=clock, vitals=vitals)
        start(group, "isolation sensor", daemon.sensor.run, clock=clock, vitals=vitals)
        start(group, "courier", daemon.courier.run, clock=clock, vitals=vitals)
        start(group, "gauges", lambda: every(GAUGES_EVERY, gauges, clock=clock), clock=clock, vitals=vitals)
        start(group, "reload", reloader.run, clock=clock, vitals=vitals)

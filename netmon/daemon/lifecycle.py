"""Life of the daemon: start, the loops under their names, signals, and an orderly end."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from netmon.daemon.assembly import Daemon, assemble
from netmon.daemon.full_round import full_round
from netmon.daemon.garbage import Keeper, made_to_stay
from netmon.daemon.log import start_log
from netmon.daemon.notify import Manager
from netmon.daemon.reload import Reloader
from netmon.engine.calendar import close_resolved_tickets, forget_old_cases
from netmon.engine.clock import SystemClock
from netmon.engine.lag import LagMeter
from netmon.engine.supervision import every, start
from netmon.model.faults import Fault
from netmon.model.vitals import Vital
from netmon.ports import ExporterSources
from netmon.rules.wording import sentence
from netmon.settings import load_inventory, load_settings
from netmon.web.app import create_app
from netmon.web.exporters import load_exporters
from netmon.web.guard import guard
from netmon.web.server import WebServer, address_of, inherited_socket, listen_once_possible
from netmon.web.sources import PageSources

log = logging.getLogger(__name__)

CASEWORK_EVERY = 1.0
WATCH_EVERY = 0.5
CHRONICLE_EVERY = 1.0
PATHS_EVERY = 1.0
GAUGES_EVERY = 10.0
CLOSE_EVERY_MINUTES = 10
FORGET_AT_HOUR = 3  # in Thailand, as all of the calendar

FULL_ROUND = "full round"
"""Name of the job: the calendar runs one of a name at a time."""

SWITCH_EVERY = 0.0001
"""Seconds that a thread at work (a page drawn, faults concluded) keeps the interpreter while the loop wants it. The
sweeps give it up at every system call, and waited Python's default of 5 ms to have it back (CPython issue 7946)."""

Started = Callable[[Daemon], None]


def run_until_stopped(config: Path, *, http: socket.socket | None = None) -> None:
    """Run netmon in the foreground until SIGTERM or SIGINT.

    Raises:
        NetmonError: it cannot start; the text says why and what to do.
    """
    sys.setswitchinterval(SWITCH_EVERY)
    asyncio.run(_until_signal(config, http or inherited_socket(os.environ, os.getpid())))


async def _until_signal(config: Path, http: socket.socket | None) -> None:
    running = asyncio.create_task(run_daemon(config, http=http), name="netmon")
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def run_daemon(config: Path, *, http: socket.socket | None = None, started: Started | None = None) -> None:
    """Run netmon until cancelled; `started` is told once everything is up.

    Raises:
        NetmonError: it cannot start; the text says why and what to do.
    """
    settings = load_settings(config)
    discretion = start_log(settings.log.level)
    with made_to_stay():
        loaded = await asyncio.to_thread(load_inventory, settings.inventory.directory, settings.credentials)
    discretion.learn(settings, loaded.inventory)
    for warning in loaded.warnings:
        log.warning("inventory remark=%r", str(warning))
    manager = Manager.from_environment(os.environ, os.getpid())
    async with AsyncExitStack() as stack:
        async with manager.starting(SystemClock()):
            with made_to_stay():
                daemon = await assemble(settings, loaded.inventory, stack)
            web = settings.web
            listening = http or await listen_once_possible(web.listen, web.port, daemon.clock)
        stack.callback(listening.close)
        daemon.own.address = address_of(listening)
        reloader = Reloader(config, daemon, manager, discretion)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloader.wanted.set)
        _start_calendar(daemon, stack)
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGUSR1, lambda: daemon.calendar.add_job(full_round(daemon), id=FULL_ROUND, replace_existing=True)
        )
        daemon.pid_file.announce()
        inventory = loaded.inventory
        log.info(
            "watching villages=%d devices=%d pages=%s",
            len(inventory.villages), len(inventory.devices), daemon.pages,
        )  # fmt: skip
        if started:
            started(daemon)
        # What is there by now stays. Looking through a country's objects for garbage would hold the loop up for 100 ms.
        gc.freeze()
        await _run_loops(daemon, reloader, make_pages(daemon, listening), manager)


def make_pages(daemon: Daemon, listening: socket.socket) -> WebServer:
    """Status page, API and exporters over the daemon's whiteboard."""

    def explain(fault: Fault, language: str) -> str:
        return sentence(fault, daemon.country.inventory, language)

    tls = daemon.tls
    scheme = "http" if tls is None else "https"
    sources = ExporterSources(daemon.country, daemon.vitals.expose, lambda: daemon.address, scheme)
    pages = PageSources(
        country=daemon.country,
        clock=daemon.clock,
        not_ready=daemon.unready,
        explain=explain,
        device_events=daemon.store.device_events,
        exporters=load_exporters(sources),
        take_report=daemon.reception.take,
    )
    web, knows_clients = daemon.settings.web, tls is not None and tls.knows_clients
    protected = tls is not None or web.insecure
    app = guard(create_app(pages), listening, web.token_sha256, certificates=knows_clients, protected=protected)
    if web.is_in_the_clear:
        log.warning("pages=unprotected reason=%r", "whoever is on the way can read the token (web.insecure)")
    return WebServer(app, listening, None if tls is None else tls.context)


def _start_calendar(daemon: Daemon, stack: AsyncExitStack) -> None:
    calendar = daemon.calendar
    close = close_resolved_tickets(daemon.store, daemon.clock, after=daemon.settings.tickets.close_after)
    calendar.add_job(close, "interval", minutes=CLOSE_EVERY_MINUTES)
    keep, is_trusted = daemon.settings.store.keep, daemon.clock_watch.is_trusted
    forget = forget_old_cases(daemon.store, daemon.clock, keep=keep, is_trusted=is_trusted)
    calendar.add_job(forget, "cron", hour=FORGET_AT_HOUR)
    calendar.start()
    stack.callback(calendar.shutdown, wait=False)


async def _run_loops(daemon: Daemon, reloader: Reloader, pages: WebServer, manager: Manager) -> None:
    async def casework() -> None:
        # First, and in this loop: no decision is taken between a step's entry in the database and its adoption.
        await daemon.clock_watch.tick()
        await daemon.casework.tick(daemon.clock.now())

    async def watch() -> None:
        await daemon.watch.tick(daemon.judge, daemon.store, daemon.clock.now())

    async def chronicle() -> None:
        await daemon.chronicle.tick(daemon.snmp.take_sightings(), daemon.clock.now())

    keeper = Keeper()

    async def gauges() -> None:
        daemon.pid_file.touch()
        keeper.note(daemon.snmp.planned(), daemon.clock.now().monotonic)
        daemon.vitals.gauge(Vital.SWEEP_LATE_DEVICES, daemon.sweep.late_devices(daemon.clock.now()))
        daemon.vitals.gauge(Vital.TASKS, len(asyncio.all_tasks()))
        daemon.vitals.gauge(Vital.SNMP_SILENT, daemon.judge.agents.silent())
        daemon.vitals.gauge(Vital.SNMP_MUTE, daemon.judge.agents.mute())
        daemon.vitals.gauge(Vital.ONUS_KNOWN, daemon.olts.known())

    clock = daemon.clock
    loops: dict[str, Callable[[], Awaitable[None]]] = {
        "sweep": lambda: daemon.sweep.run(clock),
        "SNMP sweep": lambda: daemon.snmp.run(clock),
        "background sweep": lambda: daemon.background.run(clock),
        "OLT watch": daemon.olts.run,
        "casework": lambda: every(CASEWORK_EVERY, casework, clock=clock),
        "path watch": lambda: every(PATHS_EVERY, daemon.paths.tick, clock=clock),
        "device history": lambda: every(CHRONICLE_EVERY, chronicle, clock=clock),
        "isolation watch": lambda: every(WATCH_EVERY, watch, clock=clock),
        "isolation sensor": daemon.sensor.run,
        "courier": daemon.courier.run,
        "loop lag": lambda: LagMeter(daemon.vitals).run(clock),
        "gauges": lambda: every(GAUGES_EVERY, gauges, clock=clock),
        "reload": reloader.run,
        "pages": pages.run,
        "service manager": lambda: manager.run(
            lambda: pages.is_serving and not daemon.stalled(),
            daemon.stalled,
            status=f"Watching; pages at {daemon.pages}",
            clock=clock,
        ),
    }
    if daemon.inquiry is not None:
        loops["SMS inquiry"] = daemon.inquiry.run
    async with asyncio.TaskGroup() as group:
        for name, work in loops.items():
            start(group, name, work, clock=clock, vitals=daemon.vitals)

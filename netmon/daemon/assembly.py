"""Assembly: one straight function that wires the rooms together. Nothing here decides anything.

Teardown is the exit stack in reverse: the pages end first, then the sockets, and last the store, so that what was
decided is written.
"""

import logging
import os
import secrets
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from netmon.daemon.notifying import notifiers_for, report_reader, status_asker
from netmon.daemon.pid_file import PidFile, claimed
from netmon.daemon.policies import case_policy, courier_policy, health_policy, isolation_policy
from netmon.daemon.report_secret import report_secret
from netmon.engine.background import BackgroundSweep
from netmon.engine.calendar import make_anew, make_calendar
from netmon.engine.casework import Casework
from netmon.engine.chronicle import Chronicle
from netmon.engine.clock import SystemClock
from netmon.engine.clock_watch import ClockWatch
from netmon.engine.courier import Courier
from netmon.engine.inquiry import Inquiry
from netmon.engine.judge import Judge
from netmon.engine.olt_watch import OltPace, OltParts, OltWatch
from netmon.engine.path_watch import PathWatch
from netmon.engine.plan import SnmpRound, SweepPlan, build_plan, build_snmp_round
from netmon.engine.reception import Reception, ReportAddresses, Seal
from netmon.engine.snmp_sweep import SnmpSweep
from netmon.engine.sweep import Sweep
from netmon.engine.watch import IsolationWatch
from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.ids import FaultId
from netmon.model.inventory import Inventory
from netmon.model.time import Now
from netmon.ports import IsolationSensor, Store
from netmon.probes.icmp import open_pinger
from netmon.probes.isolation import open_sensor
from netmon.probes.snmp.access import UserAccess
from netmon.probes.snmp.client import Patience
from netmon.probes.snmp.poller import PollerConfig, open_poller
from netmon.probes.trace import TraceLimits, Tracer
from netmon.settings import Settings, resolve_snmp, state_directory
from netmon.settings.profiles import load_profiles
from netmon.stores import hold_database, open_store
from netmon.web.tls import Tls, TlsFiles
from netmon.web.vitals import PrometheusVitals

log = logging.getLogger(__name__)

STALLED_AFTER = 10.0
"""Seconds. A transaction waits at most 5 s for another program's lock, so a writer that is longer at it is stuck."""
MOMENT = 30.0
"""Seconds from a crash to the next start, with the time systemd waits in between. Daemons that crash again and again
must not each keep quiet for so long that nobody is ever told anything."""
SENSOR_SAMPLE = 8


@dataclass(slots=True)
class OwnAddress:
    """Where netmon's own pages are, host:port; known only once they are open."""

    scheme: str
    address: str = ""

    def url(self) -> str:
        """As a browser wants it; '' before they are open."""
        return f"{self.scheme}://{self.address}" if self.address else ""


@dataclass(slots=True, kw_only=True)
class Daemon:
    """The running parts that the loops, reload and readiness reach."""

    settings: Settings
    country: Country
    judge: Judge
    sweep: Sweep
    snmp: SnmpSweep
    olts: OltWatch
    background: BackgroundSweep
    watch: IsolationWatch
    sensor: IsolationSensor
    casework: Casework
    paths: PathWatch
    courier: Courier
    chronicle: Chronicle
    reception: Reception
    inquiry: Inquiry | None
    store: Store
    vitals: PrometheusVitals
    clock: SystemClock
    clock_watch: ClockWatch
    calendar: AsyncIOScheduler
    pid_file: PidFile
    tls: Tls | None
    own: OwnAddress

    @property
    def address(self) -> str:
        """host:port of the pages; '' before they are open."""
        return self.own.address

    @property
    def pages(self) -> str:
        """Where the pages are, as a browser wants it."""
        return self.own.url()

    def unready(self) -> tuple[str, ...]:
        """Why netmon is not doing its work now, as sentences; empty when it does."""
        trouble = self.casework.trouble
        return (*self.stalled(), *([f"Tickets cannot be written: {trouble}"] if trouble else []))

    def stalled(self) -> tuple[str, ...]:
        """What stands still, as sentences; only a restart helps against that."""
        reasons = []
        if self.clock.now().monotonic - self.sweep.turned_at > STALLED_AFTER:
            reasons.append(f"The sweep has not turned for {STALLED_AFTER:.0f} seconds.")
        if self.store.stuck() > STALLED_AFTER:
            reasons.append(f"The database has not answered for {STALLED_AFTER:.0f} seconds.")
        return tuple(reasons)


async def assemble(settings: Settings, inventory: Inventory, stack: AsyncExitStack) -> Daemon:
    """Open what needs opening and wire it; whatever was opened is closed by `stack`.

    Raises:
        NetmonError: a socket, the database or the state directory is not to be had; the text says what to do.
    """
    pid_file = stack.enter_context(claimed(state_directory()))
    vitals, probing, tls = PrometheusVitals(), settings.probing, tls_for(settings)
    stack.enter_context(hold_database(settings.store.url))
    store = await open_store(settings.store.url, vitals=vitals, check=True)
    stack.push_async_callback(store.close)
    clock = SystemClock()
    policy = courier_policy(settings)
    await store.release_leases(clock.now(), rest=policy.doubt_hold, resends=policy.resends)
    pinger = open_pinger(vitals, timeout=probing.timeout, namespace=probing.namespace)
    stack.callback(pinger.close)
    country = Country(inventory, Fleet(len(inventory.devices), generation=1))
    judge = Judge(country, health_policy(settings), vitals)
    plan = plan_for(settings, inventory, generation=1)
    watched = [address for address in plan.addresses if address]
    sensor = open_sensor(watched[:: len(watched) // SENSOR_SAMPLE + 1], namespace=probing.namespace)
    watch = IsolationWatch(country, sensor, policy=isolation_policy(settings), vitals=vitals)
    casework = Casework(country, judge, store, policy=case_policy(settings), vitals=vitals, new_id=new_fault_id)
    await casework.load()
    chronicle = Chronicle(store, vitals)
    await chronicle.load(country)
    calendar = make_calendar()

    def stepped() -> None:
        casework.outdate()
        make_anew(calendar)

    sweep = Sweep(country, plan, pinger, judge=judge, watch=watch, vitals=vitals)
    poller = open_poller(vitals, poller_config(settings, inventory), namespace=probing.namespace)
    stack.push_async_callback(poller.close)
    snmp_round = build_snmp_round(inventory, probing.snmp_interval)
    own, seal = OwnAddress("http" if tls is None else "https"), Seal(report_secret(state_directory()))
    addresses = ReportAddresses(seal, getattr(settings.sms, "report_to", ""), own.url)
    notifiers = notifiers_for(settings, country, stack, addresses.of)
    asking = status_asker(settings, notifiers)
    tracer = Tracer(TraceLimits(hops=20, silent=3, seconds=20.0), probing.namespace)
    stack.callback(tracer.close)
    snmp = SnmpSweep(country, snmp_round, poller, judge=judge, sweep=sweep, vitals=vitals)
    courier = Courier(store, country, notifiers, vitals=vitals, clock=clock, policy=policy)
    if (await store.outbox(clock.now())).waiting and not was_just_here(pid_file, clock.now()):
        courier.look_first()
    return Daemon(
        settings=settings,
        country=country,
        judge=judge,
        sweep=sweep,
        snmp=snmp,
        background=BackgroundSweep(country, slow_round(settings, inventory), poller, snmp=snmp, vitals=vitals),
        olts=OltWatch(
            country,
            olt_pace(settings),
            poller,
            OltParts(plans=snmp, judge=judge, sweep=sweep, vitals=vitals, clock=clock),
        ),
        watch=watch,
        sensor=sensor,
        casework=casework,
        paths=PathWatch(country, tracer, store, vitals=vitals, clock=clock),
        courier=courier,
        chronicle=chronicle,
        inquiry=None if asking is None else Inquiry(store, asking[0], asking[1], vitals=vitals, clock=clock),
        reception=Reception(store, report_reader(notifiers), seal, vitals=vitals, clock=clock),
        store=store,
        vitals=vitals,
        clock=clock,
        clock_watch=ClockWatch(clock, country, store, vitals=vitals, stepped=stepped),
        calendar=calendar,
        pid_file=pid_file,
        tls=tls,
        own=own,
    )


def was_just_here(pid_file: PidFile, now: Now) -> bool:
    """Whether the daemon before this one watched until a moment ago, so that what it left waiting is still so."""
    return pid_file.left_at is not None and 0 <= now.wall - pid_file.left_at <= MOMENT


def tls_for(settings: Settings) -> Tls | None:
    """What the pages' connections are protected with; None where they are served in the clear.

    Raises:
        InputError: a file cannot be read, or is not what it should be.
    """
    web = settings.web
    if web.tls_certificate is None or web.tls_key is None:
        return None
    return Tls(TlsFiles(web.tls_certificate, web.tls_key, web.client_ca))


def plan_for(settings: Settings, inventory: Inventory, *, generation: int) -> SweepPlan:
    """The sweep plan these files ask for."""
    return build_plan(
        inventory,
        settings.isolation.reference_targets,
        interval=settings.probing.interval,
        generation=generation,
    )


def slow_round(settings: Settings, inventory: Inventory) -> SnmpRound:
    """Who is read in the background when."""
    return build_snmp_round(inventory, settings.probing.snmp_background_interval)


def olt_pace(settings: Settings) -> OltPace:
    """How often OLTs are asked about their ONUs."""
    return OltPace(settings.probing.snmp_interval, settings.probing.snmp_background_interval)


def poller_config(settings: Settings, inventory: Inventory) -> PollerConfig:
    """How devices are asked by SNMP, as the credentials that the inventory names say.

    Raises:
        InputError: a credential is not there, or a profile is wrong; the text says which.
    """
    probing, used = settings.probing, {device.credential for device in inventory.devices}
    found = {
        name: resolve_snmp(name, settings.credentials, os.environ) for name in settings.credentials if name in used
    }
    return PollerConfig(
        communities={name: one.secret.reveal().encode() for name, one in found.items() if one.user is None},
        users={
            name: UserAccess(
                one.user,
                one.secret.reveal().encode(),
                b"" if one.privacy is None else one.privacy.reveal().encode(),
            )
            for name, one in found.items()
            if one.user is not None
        },
        profiles=load_profiles(probing.profiles),
        patience=Patience(probing.snmp_timeout, probing.snmp_retries),
        port=probing.snmp_port,
    )


def new_fault_id() -> FaultId:
    """Sortable by time, never repeated: milliseconds and 40 random bits, both in hexadecimal."""
    return FaultId(f"{int(time.time() * 1000):x}{secrets.token_hex(5)}")

"""Reload: prepare everything, then swap. A bad file, or one that retires too much, changes nothing.

The swap is synchronous, so no probe, page or decision sees half of it. What only a restart can change (sockets,
database, gateways) is named in the log.
"""

import asyncio
import gc
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from netmon.daemon.assembly import Daemon, olt_pace, plan_for, slow_round
from netmon.daemon.full_round import leave_report
from netmon.daemon.log import Discretion
from netmon.daemon.notify import Manager
from netmon.daemon.policies import case_policy, courier_policy, health_policy, isolation_policy
from netmon.engine.plan import SnmpRound, SweepPlan, build_snmp_round
from netmon.errors import ComplaintsError, InputError, NetmonError
from netmon.model.fleet import Fleet
from netmon.model.inventory import Inventory
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.rules.reload import InventoryDiff, ReloadPolicy, ReloadVerdict, diff, judge_reload
from netmon.settings import Settings, load_inventory, load_settings, state_directory

log = logging.getLogger(__name__)

ONLY_AT_START = (
    *("store", "web", "mail", "sms", "templates", "log", "credentials", "tickets"),
    *("probing.timeout", "probing.namespace", "probing.profiles"),
    *("probing.snmp_timeout", "probing.snmp_retries", "probing.snmp_port"),
    *(f"notices.{key}" for key in ("noc_mail", "contact_number", "map_link")),
    *(f"notices.{key}" for key in ("from_address", "reply_to", "sender_name")),
)
"""Settings, as paths, that belong to what is opened once: sockets, database, gateways."""
REPORT, ACCEPT = "reload.json", "reload.accept"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything a swap needs, made before anything live is touched."""

    settings: Settings
    inventory: Inventory
    changes: InventoryDiff
    plan: SweepPlan
    snmp_round: SnmpRound
    slow_round: SnmpRound
    fleet: Fleet


class Reloader:
    """Waits for a wish to reload (SIGHUP), and tells the outcome in a metric, the log and a small report file."""

    def __init__(self, config: Path, daemon: Daemon, manager: Manager, discretion: Discretion) -> None:
        self._config = config
        self._manager = manager
        self._discretion = discretion
        self._daemon = daemon
        self._started_with = daemon.settings
        daemon.vitals.gauge(Vital.RELOAD_OK, 1)
        daemon.vitals.gauge(Vital.RELOAD_AT, daemon.clock.now().wall)
        self.wanted = asyncio.Event()

    async def run(self) -> None:
        """Reload whenever it is wanted."""
        while True:
            await self.wanted.wait()
            self.wanted.clear()
            with self._manager.reloading():
                await self.reload()

    async def reload(self) -> bool:
        """Reload once; False if nothing was changed because something is wrong."""
        vitals, now = self._daemon.vitals, self._daemon.clock.now()
        try:
            prepared = await asyncio.to_thread(self._prepare)
            if self._daemon.tls is not None:
                self._daemon.tls.renew()
        except NetmonError as error:
            complaints = error.complaints if isinstance(error, ComplaintsError) else (str(error),)
            for complaint in complaints:
                log.error("reload=refused reason=%r", complaint)
            vitals.gauge(Vital.RELOAD_OK, 0)
            self._report(now, ok=False, lines=complaints)
            return False
        self._discretion.learn(prepared.settings, prepared.inventory)
        ignored = self._ignored(prepared.settings)
        self._swap(prepared)
        vitals.gauge(Vital.RELOAD_OK, 1)
        vitals.gauge(Vital.RELOAD_AT, now.wall)
        self._report(now, ok=True, lines=[summary(prepared.changes), *ignored])
        return True

    def _prepare(self) -> Prepared:
        old, accepted = self._daemon.country, self._take_acceptance()
        settings = load_settings(self._config)
        inventory = load_inventory(settings.inventory.directory, credentials=settings.credentials).inventory
        changes = diff(old.inventory, inventory)
        verdict = judge_reload(changes, old.inventory, ReloadPolicy(settings.reload.retired_share), accepted=accepted)
        if verdict is ReloadVerdict.NEEDS_ACCEPT:
            raise InputError(
                f"This would retire {len(changes.retired)} of {len(old.inventory.devices)} devices; nothing was "
                "changed. If it is meant, use 'netmon reload --accept'."
            )
        generation = old.fleet.generation + 1
        fleet = Fleet(len(inventory.devices), generation)
        return Prepared(
            settings,
            inventory,
            changes,
            plan_for(settings, inventory, generation=generation),
            build_snmp_round(inventory, settings.probing.snmp_interval),
            slow_round(settings, inventory),
            fleet,
        )

    def _take_acceptance(self) -> bool:
        """Whether the operator has accepted this one reload; the mark is used up."""
        mark = state_directory() / ACCEPT
        accepted = mark.exists()
        mark.unlink(missing_ok=True)
        return accepted

    def _swap(self, prepared: Prepared) -> None:
        daemon, now = self._daemon, self._daemon.clock.now()
        country, kept = daemon.country, prepared.changes.kept
        prepared.fleet.adopt(country.fleet, [new for new, _ in kept], [old for _, old in kept])
        country.inventory, country.fleet = prepared.inventory, prepared.fleet
        wishes = daemon.judge.adopt(kept, moved_devices(prepared.changes, prepared.inventory), now)
        # The pinger keeps the time-out it was opened with, so the judge does too.
        daemon.judge.policy = replace(health_policy(prepared.settings), timeout=daemon.judge.policy.timeout)
        daemon.watch.use(isolation_policy(prepared.settings))
        daemon.casework.adopt(case_policy(prepared.settings))
        daemon.courier.adopt(courier_policy(prepared.settings))
        daemon.sweep.adopt(prepared.plan)
        daemon.sweep.recheck(wishes, now)
        daemon.snmp.adopt(prepared.snmp_round, kept)
        daemon.chronicle.remind(country)
        daemon.background.adopt(prepared.slow_round)
        daemon.olts.adopt(olt_pace(prepared.settings))
        daemon.settings = prepared.settings
        gc.freeze()  # the new country stays, too: see `lifecycle`

    def _ignored(self, new: Settings) -> list[str]:
        return [
            f"'{path}' has changed; that takes effect at the next start."
            for path in ONLY_AT_START
            if attrgetter(path)(self._started_with) != attrgetter(path)(new)
        ]

    def _report(self, began: Now, *, ok: bool, lines: Sequence[str]) -> None:
        """Leave the outcome where `netmon reload` finds it."""
        leave_report(REPORT, {"began": began.wall, "ok": ok, "lines": list(lines)})
        for line in lines if ok else ():
            log.info("reload=done what=%r", line)


def moved_devices(changes: InventoryDiff, inventory: Inventory) -> list[int]:
    """Dense indices of devices that are probed differently now: what was known of their health no longer holds."""
    known = {new for new, _ in changes.kept}
    return [inventory.index_of[device] for device in changes.changed if inventory.index_of[device] not in known]


def summary(changes: InventoryDiff) -> str:
    """One line for log and operator."""
    return f"{len(changes.added)} devices added, {len(changes.changed)} changed, {len(changes.retired)} retired."

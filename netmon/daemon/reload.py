"""Reload: prepare everything, then swap. A bad file, or one that retires too much, changes nothing.

The swap is synchronous, so no probe, page or decision sees half of it. What only a restart can change (sockets,
database, gateways) is named in the log.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netmon.daemon.assembly import Daemon, plan_for
from netmon.daemon.policies import case_policy, health_policy
from netmon.engine.plan import SweepPlan
from netmon.errors import ComplaintsError, InputError
from netmon.model.fleet import Fleet
from netmon.model.inventory import Inventory
from netmon.model.vitals import Vital
from netmon.rules.reload import InventoryDiff, diff, retires_too_much
from netmon.settings import Settings, load_inventory, load_settings

log = logging.getLogger(__name__)

ONLY_AT_START = ("store", "web", "mail", "sms", "templates", "log", "credentials")
REPORT, ACCEPT = "reload.json", "reload.accept"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything a swap needs, made before anything live is touched."""

    settings: Settings
    inventory: Inventory
    changes: InventoryDiff
    plan: SweepPlan
    fleet: Fleet


class Reloader:
    """Waits for a wish to reload (SIGHUP), and tells the outcome in a metric, the log and a small report file."""

    def __init__(self, config: Path, daemon: Daemon) -> None:
        self._config = config
        self._daemon = daemon
        self.wanted = asyncio.Event()

    async def run(self) -> None:
        """Reload whenever it is wanted."""
        while True:
            await self.wanted.wait()
            self.wanted.clear()
            await self.reload()

    async def reload(self) -> bool:
        """Reload once; False if nothing was changed because something is wrong."""
        vitals, now = self._daemon.vitals, self._daemon.clock.now()
        try:
            prepared = await asyncio.to_thread(self._prepare)
        except InputError as error:
            complaints = error.complaints if isinstance(error, ComplaintsError) else (str(error),)
            for complaint in complaints:
                log.error("reload refused: %s", complaint)
            vitals.gauge(Vital.RELOAD_OK, 0)
            self._report(ok=False, lines=complaints)
            return False
        self._swap(prepared)
        vitals.gauge(Vital.RELOAD_OK, 1)
        vitals.gauge(Vital.RELOAD_AT, now.wall)
        self._report(ok=True, lines=[prepared.changes.summary, *self._ignored(prepared.settings)])
        return True

    def _prepare(self) -> Prepared:
        old = self._daemon.country
        settings = load_settings(self._config)
        inventory = load_inventory(settings.inventory.directory, credentials=settings.credentials).inventory
        changes = diff(old.inventory, inventory)
        accept = settings.state_directory / ACCEPT
        if retires_too_much(changes, old.inventory, settings.reload.retired_share) and not accept.exists():
            raise InputError(
                f"This would retire {len(changes.retired)} of {len(old.inventory.devices)} devices; "
                "if that is meant, use 'netmon reload --accept'."
            )
        accept.unlink(missing_ok=True)
        generation = old.fleet.generation + 1
        fleet = Fleet(len(inventory.devices), generation)
        return Prepared(settings, inventory, changes, plan_for(settings, inventory, generation=generation), fleet)

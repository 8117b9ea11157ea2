"""The country on a wire of its own, and the daemon as in production watching it, each in a process of its own."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from netmon.cli.demo.cast import READY_WITHIN, LabProcess, Process, Wire, start_daemon
from netmon.cli.demo.stage import Stage, set_stage, write_community
from netmon.lab.country import CREDENTIAL, generate
from netmon.lab.inventory_files import write_inventory
from netmon.lab.scenario import Scenario, check_scenario
from netmon.model.inventory import Inventory, Lifecycle
from netmon.web.server import address_of, listen

SEED = 7
PING_INTERVAL, SNMP_INTERVAL = 20.0, 60.0
"""Seconds: netmon's defaults."""
_MADE_WITHIN = 0.001
"""Seconds that the lab may need for a village, beside what it needs anyway."""
_SETTINGS = """\
# Written by `netmon bench`. Only what this place asks for; everything else is the default.
probing: {{namespace: '{namespace}', interval: {ping:g}s, snmp_interval: {poll:g}s}}
isolation: {{reference_targets: [{references}]}}
notices: {{noc_mail: noc@netmon.invalid}}
inventory: {{directory: inventory}}
web: {{listen: 127.0.0.1, port: {port}}}
credentials: {{{credential}: ./{credential}}}
"""


@dataclass(frozen=True, slots=True)
class Staged:
    """A daemon at work: its stage, what the operator's files hold, its pages, and when (monotonic) it was started.

    It sweeps `slower` times less often than by default.
    """

    stage: Stage
    inventory: Inventory
    lab: LabProcess
    daemon: Process
    address: str
    started_at: float
    slower: float

    @property
    def pinged(self) -> int:
        """Devices that can answer an echo: those that are built."""
        return sum(one.is_watched and one.lifecycle is Lifecycle.ACTIVE for one in self.inventory.devices)

    @property
    def polled(self) -> int:
        """Devices that can answer SNMP."""
        return sum(
            one.is_watched and one.lifecycle is Lifecycle.ACTIVE and bool(one.credential)
            for one in self.inventory.devices
        )

    def check_alive(self) -> None:
        """Look after both processes.

        Raises:
            NetmonError: one has ended; the text says which, and why.
        """
        for process, who in ((self.lab, "The simulated country"), (self.daemon, "The daemon")):
            if not process.is_alive:
                raise process.ended(who)


def quiet_scenario(villages: int) -> Scenario:
    """A country of that many villages in which nothing breaks, and every device answers pings and SNMP.

    The field is kinder to netmon: there four uplinks in ten speak no SNMP.
    """
    country = {"villages": villages, "seed": SEED, "gentle": True}
    return check_scenario({"name": "bench", "country": country, "duration": 86_400}, "the bench")


@contextmanager
def staged(folder: Path, villages: int, slower: float) -> Iterator[Staged]:
    """Make country and inventory files, start both processes; both are ended at the end. `slower` as in `Staged`.

    Raises:
        NetmonError: something did not start.
    """
    with ExitStack() as stack:
        stage = stack.enter_context(set_stage(folder))
        http = listen("127.0.0.1", 0)
        stack.callback(http.close)
        scenario = quiet_scenario(villages)
        country = generate(scenario.country.plan())
        write_inventory(country, stage.inventory)
        lab = LabProcess(stage, scenario)
        stack.callback(lab.end)
        wire = lab.ready(READY_WITHIN + _MADE_WITHIN * villages)
        _write_settings(stage, wire, http.getsockname()[1], slower)
        started_at = time.monotonic()
        daemon = start_daemon(stage, wire, http)
        stack.callback(daemon.end)
        yield Staged(stage, country.inventory, lab, daemon, address_of(http), started_at, slower)


def _write_settings(stage: Stage, wire: Wire, port: int, slower: float) -> None:
    text = _SETTINGS.format(
        namespace=wire.namespace, references=", ".join(wire.references), port=port, credential=CREDENTIAL,
        ping=slower * PING_INTERVAL, poll=slower * SNMP_INTERVAL,
    )  # fmt: skip
    write_community(stage)
    stage.settings.write_text(text, encoding="utf-8")

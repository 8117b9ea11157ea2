"""The real daemon and the lab's agents on the lab's wire: every promised metric, and an agent that hangs."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from netmon.lab.addresses import REFERENCES
from netmon.lab.agents import COMMUNITY
from netmon.lab.country import CREDENTIAL, Country, generate
from netmon.lab.inventory_files import write_inventory
from netmon.lab.scenario import Scenario
from netmon.model.inventory import Role
from tests.kit.running import RunningDaemon, Site, eventually, running
from tests.lab.running import quiet, running_lab

PROMISED = (
    "netmon_device_up",
    "netmon_device_ping_rtt_seconds",
    "netmon_device_ping_loss_ratio",
    "netmon_device_uptime_seconds",
    "netmon_device_cpu_ratio",
    "netmon_device_memory_ratio",
    "netmon_device_temperature_celsius",
    "netmon_wifi_clients",
    "netmon_wifi_channel_utilisation_ratio",
    "netmon_interface_receive_bytes_total",
    "netmon_interface_transmit_bytes_total",
    "netmon_interface_errors_total",
    "netmon_interface_up",
    "netmon_ups_on_battery",
    "netmon_ups_charge_ratio",
)
"""DESIGN section 8, but for the light that only an OLT tells of."""
VILLAGES = 16
SETTINGS = """\
probing: {{interval: 2s, namespace: '{namespace}', snmp_interval: 2s, snmp_timeout: 1s}}
health: {{recovery: {{steady: 1s}}, odds: {{spacing: 200ms}}, agents: {{rounds: 3, steady: 2}}}}
conclude: {{settle: 500ms}}
isolation: {{reference_targets: [{references}]}}
notices: {{hold: {{mail: 0s, sms: 0s}}}}
credentials: {{{credential}: ./community}}
"""


@contextmanager
def watched(scenario: Scenario, folder: Path) -> Iterator[tuple[Country, RunningDaemon, Any]]:
    """The lab plays the scenario once the daemon watches its country; the third is who starts it."""
    country = generate(scenario.country.plan())
    site = Site(folder=folder)
    (folder / "community").write_text(COMMUNITY + "\n")
    (folder / "community").chmod(0o600)
    write_inventory(country, folder / "inventory")
    with running_lab(scenario, folder) as lab:
        site.settings.write_text(
            SETTINGS.format(namespace=lab.ready["namespace"], references=", ".join(REFERENCES), credential=CREDENTIAL)
        )
        with running(site) as daemon:
            yield country, daemon, lab


def scraped(country: Country, daemon: RunningDaemon) -> dict[str, dict[str, list[float]]]:
    """Metric -> device -> values, of all provinces."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for code in {village[:2] for village in country.inventory.villages}:
        for family in text_string_to_metric_families(daemon.get(f"/metrics/province/{code}").text):
            for sample in family.samples:
                found[sample.name][sample.labels.get("device", "")].append(sample.value)
    return found


def causes(daemon: RunningDaemon) -> dict[str, float]:
    """Open faults by cause."""
    families = {one.name: one for one in text_string_to_metric_families(daemon.get("/metrics").text)}
    return {one.labels["cause"]: one.value for one in families["netmon_faults_open"].samples if one.value}


@pytest.mark.slow
@pytest.mark.network
def test_every_promised_metric_has_samples_and_a_hung_agent_is_a_ticket_without_sms_that_ends(tmp_path: Path) -> None:
    plan = quiet(villages=VILLAGES).country.plan()
    hung = next(d for d in generate(plan).inventory.devices if d.role is Role.AP and d.lifecycle == "active")
    ups = next(d for d in generate(plan).inventory.devices if d.role is Role.UPS)
    scenario = quiet(
        {"at": 1, "until": 20, "kind": "agent_hang", "where": {"device": hung.id}},
        {"at": 1, "until": 60, "kind": "power_cut", "where": {"device": ups.id}},
        villages=VILLAGES,
        duration=70,
    )
    with watched(scenario, tmp_path) as (country, daemon, lab):
        speaking = sum(
            bool(d.credential and d.address) and d.id not in country.unbuilt for d in country.inventory.devices
        )
        eventually(lambda: daemon.metric("netmon_snmp_devices") == speaking, 60, daemon.said)
        eventually(lambda: not set(PROMISED) - set(scraped(country, daemon)), 20, lambda: set(scraped(country, daemon)))
        lab.tell("start")
        eventually(lambda: causes(daemon) == {"agent": 1}, 30, daemon.said)
        seen = scraped(country, daemon)
        assert seen["netmon_device_up"][hung.id] == [1]
        assert seen["netmon_device_snmp_up"][hung.id] == [0]
        assert hung.id not in seen["netmon_wifi_clients"]
        assert seen["netmon_ups_on_battery"][ups.id] == [1]
        (ticket,) = daemon.tickets()["tickets"]
        assert (ticket["cause"], ticket["villages"]) == ("agent", [hung.village])
        eventually(lambda: causes(daemon) == {}, 40, daemon.said)
        assert not list((tmp_path / "state").glob("sms/*")), "no volunteer is told"
        assert list((tmp_path / "state" / "mail").glob("*.eml"))

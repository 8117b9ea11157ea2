"""The running daemon asks real agents, and its pages show what they said."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from netmon.daemon.assembly import poller_config
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Role
from netmon.settings import load_settings
from tests.kit.running import ADDRESSES, VILLAGES, RunningDaemon, Site, eventually, running
from tests.kit.snmpd import free_udp_port, run_snmpd

COMMUNITY = "village-secret"


def readings(daemon: RunningDaemon) -> dict[str, dict[str, float]]:
    """Metric -> device -> value, of the province's page."""
    text = daemon.get("/metrics/province/34").text
    return {
        family.name: {sample.labels["device"]: sample.value for sample in family.samples if "device" in sample.labels}
        for family in text_string_to_metric_families(text)
    }


@pytest.mark.peer("snmpd")
def test_what_agents_say_stands_on_the_pages_and_who_is_silent_has_no_sample(tmp_path: Path) -> None:
    port = free_udp_port()
    (tmp_path / "community").write_text(COMMUNITY + "\n")
    site = Site(
        folder=tmp_path,
        more_settings="credentials: {village-read: ./community}\n",
    )
    settings = site.settings.read_text().replace(
        "interval: 1s,", f"interval: 1s, snmp_interval: 1s, snmp_timeout: 500ms, snmp_port: {port},"
    )
    site.settings.write_text(settings)
    known = zip(VILLAGES, ADDRESSES, ("village-read", "village-read", ""), strict=True)
    rows = [f"AP-{village},ap,{address},{village},{credential}" for village, address, credential in known]
    (tmp_path / "inventory" / "devices.csv").write_text("\n".join(["id,role,address,village,credential", *rows]) + "\n")
    first, silent, not_to_be_asked = (f"AP-{village}" for village in VILLAGES)
    with run_snmpd(tmp_path, [(ADDRESSES[0], port), (ADDRESSES[2], port)], COMMUNITY), running(site) as daemon:
        eventually(lambda: first in readings(daemon).get("netmon_device_uptime_seconds", {}), 20, daemon.said)
        shown = readings(daemon)
        before = shown["netmon_interface_receive_bytes"][first]
        assert 0 < shown["netmon_device_memory_ratio"][first] < 1
        assert shown["netmon_interface_up"][first] == 1
        assert not any(silent in one or not_to_be_asked in one for name, one in shown.items() if "uptime" in name)
        eventually(lambda: daemon.metric("netmon_snmp_polls_answered_total") >= 3, 20, daemon.said)
        assert readings(daemon)["netmon_interface_receive_bytes"][first] >= before
        assert COMMUNITY not in daemon.said()
        assert COMMUNITY not in daemon.get("/metrics").text


def test_an_snmpv3_passphrase_never_becomes_a_community(tmp_path: Path) -> None:
    (tmp_path / "community").write_text("plain\n")
    (tmp_path / "passphrase").write_text("long-enough-secret\n")
    (tmp_path / "netmon.yaml").write_text(
        "credentials:\n  village-read: ./community\n  olt-user: {source: ./passphrase, user: netmon, auth: sha256}\n"
    )
    devices = [
        Device(id=DeviceId(name), role=Role.AP, address="127.0.0.1", credential=name)
        for name in ("village-read", "olt-user")
    ]
    config = poller_config(load_settings(tmp_path / "netmon.yaml"), Inventory(devices=devices))
    assert dict(config.communities) == {"village-read": b"plain"}
    assert set(config.users) == {"olt-user"}
    assert "plain" not in repr(config)
    assert "long-enough-secret" not in repr(config)

"""Which secrets the SNMP sweep is given."""

from pathlib import Path

from netmon.daemon.assembly import poller_config
from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Role
from netmon.settings import load_settings

SETTINGS = """
credentials:
  village-read: ./community
  nobodys: ./not-there
  olt-v3: {source: ./passphrase, user: netmon}
"""


def test_a_passphrase_of_snmpv3_is_never_used_as_a_community(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text(SETTINGS)
    (tmp_path / "community").write_text("a-community\n")
    (tmp_path / "passphrase").write_text("a-passphrase\n")
    devices = [
        Device(id=DeviceId(name), role=Role.FEEDER, address=f"127.0.0.{number}", credential=credential)
        for number, (name, credential) in enumerate((("OLT-1", "olt-v3"), ("OLT-2", "village-read"), ("OLT-3", "")), 1)
    ]
    config = poller_config(load_settings(tmp_path / "netmon.yaml", {}), Inventory(devices=devices))
    assert config.communities == {"village-read": b"a-community"}
    assert {name: one.user.name for name, one in config.users.items()} == {"olt-v3": "netmon"}
    assert "a-passphrase" not in repr(config)

"""The SNMP bench measures what it says: a short run with everybody who is installed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from netmon.cli.bench.agents import OIDS
from netmon.cli.bench.command import bench
from netmon.cli.bench.snmp_exporter import module_file


@pytest.mark.slow
@pytest.mark.peer("snmpd")
def test_every_contender_answers_for_every_agent_and_netmon_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    done = CliRunner().invoke(bench, ["snmp", "--agents", "4", "--rounds", "3", "--json", str(file)])
    assert file.exists(), (done.output, done.exception)
    rows = json.loads(file.read_text())["rows"]
    assert rows[0]["who"] == "netmon"
    assert rows[0]["devices"] == rows[0]["answered"] == 12
    assert all(row["answered"] == row["devices"] for row in rows)
    assert "netmon SNMPv3" in [row["who"] for row in rows]
    assert "bare loop" in done.output


def test_the_exporter_is_asked_for_the_same_objects() -> None:
    text = module_file()
    assert all(f"  - {oid}\n" in text for oid in OIDS)

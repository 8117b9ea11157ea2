"""`netmon probe` on real agents, on the lab's wire and where nothing answers or nothing is allowed."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from netmon.cli.app import run_command
from netmon.lab.addresses import CORE
from netmon.lab.country import generate
from netmon.lab.inventory_files import write_inventory
from netmon.probes.snmp.recording import read_recording
from tests.cli.test_profile import COMMUNITY as FRIENDS
from tests.cli.test_profile import serve
from tests.kit.peers import ROOT
from tests.kit.snmp_agent import COMMUNITY, Snmpd, free_port, running_snmpd
from tests.kit.wire import Network, open_wire
from tests.lab.running import quiet, running_lab
from tests.lab.test_responder import chain

PASSPHRASE, SECOND = "first-passphrase", "second-passphrase"
USER = (f'createUser netmon SHA-256 "{PASSPHRASE}" AES "{SECOND}"', "rouser netmon priv")
SETTINGS = """
credentials:
  village-read: ./community
  olt-v3: {source: ./first, user: netmon, priv_credential: second}
  olt-other: {source: ./second, user: netmon}
  second: ./second
"""
DEVICES = """id,role,address,village,parent,observed_via,lifecycle,credential,profile
OLT-1,feeder,127.0.0.1,,,,active,olt-v3,generic
ONU-1,uplink,,34140101,OLT-1,OLT-1#3,active,,
AP-1,ap,127.0.0.3,34140101,ONU-1,,active,village-read,
ONU-2,uplink,127.0.0.4,34140102,OLT-1,,active,,
"""


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    with running_snmpd(tmp_path_factory.mktemp("agent"), "sysName olt-one", *USER) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Settings and inventory in which OLT-1 is on loopback and an SNMPv3 user's."""
    shutil.copytree(ROOT / "tests/settings/good", tmp_path / "inventory")
    (tmp_path / "inventory/devices.csv").write_text(DEVICES, encoding="utf-8")
    for name, secret in (("community", COMMUNITY), ("first", PASSPHRASE), ("second", SECOND)):
        (tmp_path / name).write_text(f"{secret}\n")
    (tmp_path / "netmon.yaml").write_text(SETTINGS)
    return tmp_path / "netmon.yaml"


Captured = pytest.CaptureFixture[str]


def row_of(page: str, *words: str) -> str:
    return next(line for line in page.splitlines() if all(word in line for word in words))


@pytest.mark.peer("snmpd")
def test_a_device_of_the_inventory_is_read_as_the_inventory_says(agent: Snmpd, site: Path, capsys: Captured) -> None:
    assert run_command(["probe", "OLT-1", "--config", str(site), "--port", str(agent.address[1])]) == 0
    page = capsys.readouterr().out
    assert "device   OLT-1 (feeder, 127.0.0.1)" in page
    assert "5 sent, 5 received" in page
    assert row_of(page, "path", "127.0.0.1").endswith("feeder OLT-1")
    assert row_of(page, "profile").endswith("generic: Any device with standard MIBs")
    assert row_of(page, "name").endswith("olt-one")
    assert row_of(page, "device_memory_ratio").rstrip().endswith("%")
    assert "poe_power_watts" in row_of(page, "This device does not have: ")
    for secret in (PASSPHRASE, SECOND, COMMUNITY):
        assert secret not in page


@pytest.mark.peer("snmpd")
def test_an_address_is_read_with_a_community_from_the_environment_or_a_named_credential(
    agent: Snmpd, site: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = str(agent.address[1])
    for credential in ("village-read", "olt-v3"):
        assert run_command(["probe", "127.0.0.1", "-c", str(site), "--port", port, "--credential", credential]) == 0
        assert row_of(capsys.readouterr().out, "name").endswith("olt-one")
    monkeypatch.setenv("NETMON_COMMUNITY", COMMUNITY)
    monkeypatch.delenv("NETMON_CONFIG", raising=False)
    assert run_command(["probe", "127.0.0.1", "--port", port]) == 0
    assert row_of(capsys.readouterr().out, "name").endswith("olt-one")


@pytest.mark.peer("snmpd")
def test_json_has_the_same_with_units(agent: Snmpd, site: Path, capsys: Captured) -> None:
    assert run_command(["probe", "OLT-1", "-c", str(site), "--port", str(agent.address[1]), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["device"] == {"id": "OLT-1", "role": "feeder", "village": None}
    assert found["ping"]["received"] == 5
    assert 0 < found["ping"]["min_seconds"] <= found["ping"]["avg_seconds"] <= found["ping"]["max_seconds"] < 1
    assert [(hop["hop"], hop["address"], hop["device"]) for hop in found["path"]] == [(1, "127.0.0.1", "OLT-1")]
    uptime = next(one for one in found["snmp"]["readings"] if one["name"] == "device_uptime_seconds")
    assert uptime["unit"] == "s"
    assert uptime["value"] > 0
    assert "poe_power_watts" in found["snmp"]["missing"]


@pytest.mark.peer("snmpd")
@pytest.mark.parametrize("credential", ["village-read", "olt-v3"])
def test_a_walk_lists_raw_objects_below_an_oid(agent: Snmpd, site: Path, capsys: Captured, credential: str) -> None:
    arguments = ["probe", "127.0.0.1", "-c", str(site), "--port", str(agent.address[1]), "--credential", credential]
    assert run_command([*arguments, "--walk", "1.3.6.1.2.1.1.5"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ['1.3.6.1.2.1.1.5.0 = octet_string: "olt-one"', "1 objects"]
    assert run_command([*arguments, "--json", "--walk", "1.3.6.1.2.1.1.5"]) == 0
    row = {"oid": "1.3.6.1.2.1.1.5.0", "type": "octet_string", "value": "olt-one"}
    assert json.loads(capsys.readouterr().out)["snmp"] == {"walk": [row], "end": "left_subtree"}


@pytest.mark.peer("snmpd")
def test_octets_that_are_no_text_are_written_in_hexadecimal(agent: Snmpd, site: Path, capsys: Captured) -> None:
    arguments = ["probe", "OLT-1", "-c", str(site), "--port", str(agent.address[1])]
    assert run_command([*arguments, "--walk", "1.3.6.1.6.3.10.2.1.1"]) == 0  # snmpEngineID
    assert " = octet_string: 0x80001f88" in capsys.readouterr().out


@pytest.mark.peer("snmpd")
def test_a_user_who_is_not_admitted_is_told_so_though_the_device_is_up(
    agent: Snmpd, site: Path, capsys: Captured
) -> None:
    arguments = ["probe", "OLT-1", "-c", str(site), "--port", str(agent.address[1]), "--credential", "olt-other"]
    for more in ([], ["--walk"]):
        assert run_command([*arguments, *more]) == 0
        assert "does not admit this SNMPv3 user" in capsys.readouterr().out


def test_a_device_without_a_credential_is_pinged_and_the_page_says_what_is_missing(
    site: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NETMON_COMMUNITY", raising=False)
    assert run_command(["probe", "ONU-2", "-c", str(site)]) == 0
    page = capsys.readouterr().out
    assert "5 received" in page
    assert "--credential" in page


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["OLT-2"], "'OLT-2' is neither a numeric address nor a device of the inventory; did you mean 'OLT-1'?"),
        (["127.0.0.300"], "neither a numeric address nor a device"),
        (["ONU-1"], "ONU-1 has no address of its own; it is observed via OLT-1, probe that"),
        (["OLT-1", "--credential", "olt-v4"], "the settings have no credential 'olt-v4'; did you mean 'olt-v3'?"),
        (["OLT-1", "--walk", "sysDescr"], "'sysDescr' is no object identifier"),
        (["--walk", "127.0.0.1"], "write --walk last"),
    ],
)
def test_bad_input_is_a_sentence(site: Path, capsys: Captured, arguments: list[str], sentence: str) -> None:
    assert run_command(["probe", *arguments, "-c", str(site)]) == 2
    assert sentence in capsys.readouterr().err


def test_settings_that_are_named_must_be_there(capsys: Captured, tmp_path: Path) -> None:
    assert run_command(["probe", "127.0.0.1", "-c", str(tmp_path / "none.yaml")]) == 2
    assert "no such file" in capsys.readouterr().err


@pytest.mark.network
def test_the_lab_s_path_is_shown_with_the_names_of_feeder_and_uplink(tmp_path: Path, capsys: Captured) -> None:
    scenario = quiet()
    country = generate(scenario.country.plan())
    feeder, uplink, access_point = chain(country)
    write_inventory(country, tmp_path / "inventory")
    (tmp_path / "community").write_text("any\n")
    names = {device.credential for device in country.inventory.devices if device.credential}
    credentials = ", ".join(f"{name}: ./community" for name in sorted(names | {"some"}))
    with running_lab(scenario, tmp_path) as lab:
        config = tmp_path / "netmon.yaml"
        config.write_text(f"probing: {{namespace: {lab.ready['namespace']}}}\ncredentials: {{{credentials}}}\n")
        options = ["-c", str(config), "--timeout", "0.1", "--json"]
        assert run_command(["probe", access_point.id, *options]) == 0
        found = json.loads(capsys.readouterr().out)
    assert found["ping"]["received"] >= 3
    path = [(hop["address"], hop["device"]) for hop in found["path"]]
    assert path == [
        (CORE, None),
        (feeder.address, feeder.id),
        (uplink.address, uplink.id),
        (access_point.address, access_point.id),
    ]


@pytest.mark.network
def test_a_device_that_answers_nothing_is_exit_code_1(tmp_path: Path, capsys: Captured) -> None:
    with open_wire() as (network, _):
        (tmp_path / "inventory").mkdir()
        (tmp_path / "community").write_text("any-community\n")
        config = tmp_path / "netmon.yaml"
        config.write_text(f"probing: {{namespace: {network.path}}}\ncredentials: {{some: ./community}}\n")
        arguments = ["probe", "10.99.3.4", "-c", str(config), "--credential", "some", "--timeout", "0.1"]
        assert run_command(arguments) == 1
    page = capsys.readouterr().out
    assert "5 sent, 0 received: no answer" in page
    assert "the path ends before 10.99.3.4" in page
    assert "the device does not answer SNMP" in page
    assert "any-community" not in page


@pytest.mark.network
@pytest.mark.parametrize(
    ("groups", "code", "sentences"),
    [
        ("1 0", 1, ["no icmp4 socket", "ping_group_range", "CAP_NET_RAW"]),
        ("0 0", 0, ["5 sent, 5 received", "path      1 "]),
    ],
    ids=["neither", "datagram"],
)
def test_without_raw_sockets_ping_sockets_do_it_all_or_the_page_says_what_to_set(
    groups: str, code: int, sentences: list[str]
) -> None:
    network = Network()
    try:
        network.allow_ping_sockets(groups)
        confine = ["nsenter", f"--net={network.path}", "setpriv", "--bounding-set=-net_raw"]
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        variables.pop("NETMON_CONFIG", None)
        command = [*confine, sys.executable, "-m", "netmon.cli", "probe", "127.0.0.1"]
        done = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    finally:
        network.close()
    assert done.returncode == code, done.stderr
    for sentence in sentences:
        assert sentence in done.stdout


def test_a_silent_agent_on_a_living_device_is_said_to_be_silent(site: Path, capsys: Captured) -> None:
    arguments = ["probe", "127.0.0.1", "-c", str(site), "--port", str(free_port()), "--timeout", "0.1"]
    for credential in ("village-read", "olt-v3"):
        assert run_command([*arguments, "--credential", credential]) == 0
        assert "the device does not answer SNMP" in capsys.readouterr().out


@pytest.mark.peer("snmpd")
def test_an_interface_is_one_line_in_words_and_sizes_people_read(agent: Snmpd, site: Path, capsys: Captured) -> None:
    assert run_command(["probe", "OLT-1", "--config", str(site), "--port", str(agent.address[1])]) == 0
    page = capsys.readouterr().out
    heading = row_of(page, "interface", "state", "bytes received", "errors sent")
    loopback = next(line for line in page.splitlines() if line.split()[:2] == ["lo", "up"])
    assert loopback.split()[2].isdigit()
    assert page.index(heading) < page.index(loopback)
    assert "interface_receive_bytes_total" not in page


@pytest.mark.parametrize(("source", "on_battery", "word"), [(3, "no", "normal"), (5, "yes", "battery")])
def test_what_feeds_a_ups_is_said_in_the_standard_s_word(
    source: int, on_battery: str, word: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = read_recording(f"1.3.6.1.2.1.33.1.4.1.0|2|{source}\n1.3.6.1.2.1.33.1.2.4.0|2|97".encode())
    stop = threading.Event()
    monkeypatch.setenv("NETMON_COMMUNITY", FRIENDS)
    monkeypatch.delenv("NETMON_CONFIG", raising=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.05)
        thread = threading.Thread(target=serve, args=(sock, device, stop))
        thread.start()
        try:
            assert run_command(["probe", "127.0.0.1", "--port", str(sock.getsockname()[1])]) == 0
        finally:
            stop.set()
            thread.join()
    page = capsys.readouterr().out
    assert row_of(page, "ups_output_source").split() == ["ups_output_source", word]
    assert row_of(page, "ups_on_battery").split() == ["ups_on_battery", on_battery]
    assert row_of(page, "ups_charge_ratio").split() == ["ups_charge_ratio", "97", "%"]


def test_a_command_is_loaded_when_it_is_asked_for_and_no_other() -> None:
    script = "import sys, netmon.cli.app as app; app.run_command(['token', '--help']); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "'netmon.cli.token'" in loaded
    for heavy in ("fastapi", "sqlalchemy", "pysnmp", "netmon.lab"):
        assert f"'{heavy}'" not in loaded

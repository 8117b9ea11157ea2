"""`netmon profile test` on recordings and on a device."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netmon.cli.app import run_command
from netmon.cli.profile import profile
from netmon.model.readings import Quantity
from netmon.probes.snmp.ber import Absent, Tag, Value
from netmon.probes.snmp.codec import Message, PduType, VarBind, decode_message, encode_message
from netmon.probes.snmp.recording import Recording, read_recording
from netmon.settings import load_profiles

ROOT = Path(__file__).resolve().parents[2]
SNMPD = ROOT / "tests/probes/snmp/recordings/debian-snmpd.snmprec"
COMMUNITY = "only-for-friends"


def run(*arguments: str, variables: dict[str, str] | None = None, typed: str = "") -> Result:
    return CliRunner().invoke(profile, ["test", *arguments], env=variables, input=typed)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The recording of the worked example in config/profiles/README.md."""
    text = (ROOT / "config/profiles/README.md").read_text(encoding="utf-8")
    found = re.search(r"```\n(1\.3\..*?)```", text, re.DOTALL)
    assert found is not None
    path = tmp_path / "ap.snmprec"
    path.write_text(found[1], encoding="utf-8")
    return path


def serve(sock: socket.socket, device: Recording, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            data, asker = sock.recvfrom(65_536)
        except TimeoutError:
            continue
        request = decode_message(data)
        if request.community == COMMUNITY.encode():
            sock.sendto(encode_message(asyncio.run(answer(device, request))), asker)


async def answer(device: Recording, request: Message) -> Message:
    oids = [bind.oid for bind in request.varbinds]
    if request.pdu_type == PduType.GET:
        values = await device.get(oids)
        binds = [VarBind(oid, tag_of(value), value) for oid, value in zip(oids, values, strict=True)]
    else:
        rows = (await device.walk((1, 3))).rows
        end = VarBind(oids[0], Tag.END_OF_MIB_VIEW, Absent.END_OF_MIB_VIEW)
        most = 1 if request.pdu_type == PduType.GETNEXT else 5
        binds = [bind for bind in rows if bind.oid > oids[0]][:most] or [end]
    return Message(request.version, request.community, PduType.RESPONSE, request.request_id, 0, 0, tuple(binds))


@pytest.fixture
def agent(example: Path) -> Iterator[int]:
    """An agent on loopback that answers from the example's recording; its port."""
    stop = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.05)
        thread = threading.Thread(target=serve, args=(sock, read_recording(example.read_bytes()), stop))
        thread.start()
        yield sock.getsockname()[1]
        stop.set()
        thread.join()


def tag_of(value: Value) -> Tag:
    if isinstance(value, bytes):
        return Tag.OCTET_STRING
    return Tag.OBJECT_IDENTIFIER if isinstance(value, str) else Tag.INTEGER


def line_of(output: str, *words: str) -> str:
    return next(line for line in output.splitlines() if all(word in line for word in words))


def test_the_worked_example_reads_what_its_page_says(example: Path) -> None:
    output = run(str(example), "--profiles", str(ROOT / "config/profiles")).output
    assert "profile   example-radio" in output
    assert "firmware  1.4.2" in output
    assert "uplink    sfp1" in output
    assert re.search(r"device_cpu_ratio +0\.19 ratio +exCpuIdle +1\.3\.6\.1\.4\.1\.99999\.1\.2\.1\.0 +81 ", output)
    assert "1 - x * 0.01" in line_of(output, "device_cpu_ratio", "exCpuIdle")
    assert "43.5 °C" in line_of(output, "device_temperature_celsius")
    assert "14 clients" in line_of(output, "wifi_clients", "radio0")
    assert "mesh0" not in output
    assert "-94 dBm" in line_of(output, "wifi_noise_floor_dbm")
    assert "absent" in line_of(output, "optical_receive_power_dbm", "sfp1")


def test_a_long_explanation_is_folded_and_nothing_else_is_cut_for_it(tmp_path: Path) -> None:
    storage, path = "1.3.6.1.2.1.25.2.3.1", tmp_path / "linux.snmprec"
    rows = {1: ("Physical memory", 2_036_504, 377_928), 6: ("Memory buffers", 2_036_504, 33_680)}
    rows[7] = ("Cached memory", 204_600, 204_600)
    lines = [
        f"{storage}.{column}.{row}|{4 if column == 3 else 2}|{value}"
        for row, (name, size, used) in rows.items()
        for column, value in ((3, name), (4, 1024), (5, size), (6, used))
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    output = run(str(path)).output
    assert "…" not in output
    memory = line_of(output, "device_memory_ratio", "hrStorageUsed").split()
    assert memory[1:7] == ["0.06857241626", "ratio", "hrStorageUsed", f"{storage}.6.1", "377928", "(x"]


def test_the_page_names_every_reading_there_is() -> None:
    text = (ROOT / "config/profiles/README.md").read_text(encoding="utf-8")
    assert [one.value for one in Quantity if f"`{one.value}`" not in text] == []


def test_what_a_new_profile_would_be_recognised_by_stands_on_top() -> None:
    output = run(str(SNMPD)).output
    assert "object ID 1.3.6.1.4.1.8072.3.2.10" in output
    assert line_of(output, "sysDescr").startswith("sysDescr  Linux ")


@pytest.mark.parametrize(
    "first", [".1.3.6.1.2.1.1.3.0 = Timeticks: (1) 0:00:00.01", "SNMPv2-MIB::sysDescr.0 = STRING: AP"]
)
def test_who_brings_a_print_of_snmpwalk_learns_what_to_bring(first: str, tmp_path: Path) -> None:
    path = tmp_path / "walk.txt"
    path.write_text(f"{first}\n", encoding="utf-8")
    said = run(str(path))
    assert said.exit_code != 0
    assert "snmpsim-record-commands" in str(said.exception)


def test_what_the_device_lacks_is_listed() -> None:
    output = run(str(SNMPD)).output
    assert "device_cpu_ratio: hrProcessorLoad 1.3.6.1.2.1.25.3.3.1.2" in output.split("Looked for in vain:")[1]


def test_what_the_vendor_has_there_and_nobody_reads_is_listed_on_demand(agent: int, example: Path) -> None:
    over_the_wire = ("127.0.0.1", "--port", str(agent))
    for target in ((str(example),), over_the_wire):
        known = {"NETMON_COMMUNITY": COMMUNITY}
        assert "There, and not read" not in run(*target, variables=known).output
        unread = run(*target, "--unread", variables=known).output.split("There, and not read:")[1]
        assert "1.3.6.1.4.1.99999.1.3.1.2 (2 rows): 'radio0'" in unread
        assert "1.3.6.1.4.1.99999.1.2.1.0: 81" in unread
        profiles = ("--profiles", str(ROOT / "config/profiles"))
        assert "There, and not read" not in run(*target, *profiles, "--unread", variables=known).output


def test_a_scalar_whose_dot_zero_was_forgotten_is_pointed_out(example: Path, tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "mine.yaml").write_text(
        "profile: mine\ntitle: Mine\nscalars: {temperature: 1.3.6.1.4.1.99999.1.2.2}\n"
        "readings: [{reading: device_temperature_celsius, from: temperature, label: ''}]\n"
    )
    output = run(str(example), "--profiles", str(folder), "--profile", "mine").output
    assert "but there is 1.3.6.1.4.1.99999.1.2.2.0" in line_of(output, "device_temperature_celsius")


def test_a_device_is_asked_over_the_wire_and_its_community_never_shown(agent: int) -> None:
    arguments = ("127.0.0.1", "--port", str(agent), "--profiles", str(ROOT / "config/profiles"))
    for result in (
        run(*arguments, variables={"NETMON_COMMUNITY": COMMUNITY}),
        run(*arguments, typed=f"{COMMUNITY}\n"),
    ):
        assert "14 clients" in line_of(result.output, "wifi_clients", "radio0")
        assert COMMUNITY not in result.output


def test_the_community_may_come_from_a_file_or_a_named_credential(agent: int, tmp_path: Path) -> None:
    secret = tmp_path / "community"
    secret.write_text(f"{COMMUNITY}\n")
    settings = tmp_path / "netmon.yaml"
    settings.write_text(f"credentials: {{village-snmp: {secret}}}\n")
    arguments = ("127.0.0.1", "--port", str(agent))
    for access in (("--community-file", str(secret)), ("--credential", "village-snmp", "--config", str(settings))):
        assert "EX-7" not in run(*arguments, *access).output  # the generic profile does not know the model's object
        assert "profile   generic" in run(*arguments, *access).output


@pytest.mark.parametrize(
    ("arguments", "sentence", "code"),
    [
        (["127.0.0.300"], "neither a file nor a numeric", 2),
        ([str(SNMPD), "--profile", "unify"], "there is no profile 'unify'", 2),
        ([str(ROOT / "LICENSE")], "this is no recording", 2),
        (["127.0.0.1", "--community-file", "/nonexistent"], "no community on its first line", 2),
    ],
)
def test_bad_input_is_a_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str, code: int
) -> None:
    assert run_command(["profile", "test", *arguments]) == code
    assert sentence in capsys.readouterr().err


def test_the_schema_is_printed_for_editors() -> None:
    output = CliRunner().invoke(profile, ["schema"]).output
    assert json.loads(output)["title"] == "ProfileFile"


def test_a_silent_device_is_a_sentence_not_a_trace(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, new_port: Callable[[], int]
) -> None:
    monkeypatch.setenv("NETMON_COMMUNITY", COMMUNITY)
    assert run_command(["profile", "test", "127.0.0.1", "--port", str(new_port()), "--timeout", "0.1"]) == 1
    error = capsys.readouterr().err
    assert "does not answer SNMP" in error
    assert COMMUNITY not in error


@pytest.fixture
def new_port() -> Iterator[Callable[[], int]]:
    """Ports on which somebody listens and never answers."""
    socks = []

    def make() -> int:
        socks.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        socks[-1].bind(("127.0.0.1", 0))
        return int(socks[-1].getsockname()[1])

    yield make
    for sock in socks:
        sock.close()


def test_an_olt_s_onus_are_listed_with_keys_state_and_light(tmp_path: Path) -> None:
    ont, row = "1.3.6.1.4.1.2011.6.128.1.1.2", "4194304256.5"
    lines = [
        "1.3.6.1.2.1.1.1.0|4|Huawei Integrated Access Software",
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.2011.2.248",
        "1.3.6.1.2.1.31.1.1.1.1.4194304256|4|GPON 0/0/1",
        f"{ont}.43.1.3.{row}|4x|485754431a2b3c4d",
        f"{ont}.46.1.15.{row}|2|2",
        f"{ont}.46.1.20.{row}|2|-1",
        f"{ont}.46.1.24.{row}|2|13",
        f"{ont}.51.1.4.{row}|2|-1812",
    ]
    path = tmp_path / "olt.snmprec"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = run(str(path))
    assert said.exit_code == 0, said.output
    assert "1 ONUs:" in said.output
    for text in ("HWTC1A2B3C4D", "GPON0/0/1:5", "4194304256.5", "offline, dying gasp", "-18.12 dBm", "absent"):
        assert text in said.output, text


def test_the_readme_s_section_on_onus_is_a_profile_that_loads(tmp_path: Path) -> None:
    text = (ROOT / "config/profiles/README.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(columns:.*?)```", text, re.DOTALL)
    assert found is not None
    (tmp_path / "example-olt.yaml").write_text(f"profile: example-olt\ntitle: OLT\n{found[1]}", encoding="utf-8")
    onus = load_profiles(tmp_path)["example-olt"].onus
    assert onus is not None and onus.state is not None and len(onus.keys) == 2 and len(onus.readings) == 1

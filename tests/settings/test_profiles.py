"""Profile files: the shipped ones, the operator's, and mistakes with the line they stand on."""

import json
from pathlib import Path

import pytest

from netmon.errors import ComplaintsError
from netmon.model.readings import Quantity
from netmon.settings.profile_file import profile_schema
from netmon.settings.profiles import load_profiles

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "netmon/settings/profiles").glob("*.yaml"))
WANTED = {
    "airos", "apc-ups", "aruba-instant", "bdcom-olt", "calix-ont", "cambium-cnmatrix", "cambium-epmp", "cdata-olt",
    "delta-ups", "fiberhome-an5516", "generic", "grandstream-gwn", "huawei-smartax", "huawei-ups", "huawei-vrp",
    "netonix", "omada-switch", "openwrt", "raisecom-ros", "routeros", "ruckus-unleashed", "unifi", "ups-mib",
    "zte-c300",
}  # fmt: skip
GOOD = """\
profile: acme
title: An access point
recognised_by:
  - {sys_object_id: 1.3.6.1.4.1.99999}
scalars:
  acmeLoad: 1.3.6.1.4.1.99999.1.0
columns:
  acmeClients: 1.3.6.1.4.1.99999.2.1
  acmeRadio: 1.3.6.1.4.1.99999.2.2
readings:
  - {reading: device_cpu_ratio, from: acmeLoad, scale: 0.01, label: ""}
  - {reading: wifi_clients, from: acmeClients, label: {column: acmeRadio}, total: sum}
"""


def complaints_of(folder: Path, text: str) -> list[str]:
    (folder / "acme.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ComplaintsError) as caught:
        load_profiles(folder)
    return list(caught.value.complaints)


def test_every_family_asked_for_is_shipped_and_loads() -> None:
    assert set(load_profiles()) >= WANTED


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_profile_stands_in_the_file_of_its_name(path: Path) -> None:
    assert path.read_text(encoding="utf-8").find(f"profile: {path.stem}\n") >= 0


def test_a_vendor_is_added_by_a_file_and_takes_the_rest_from_generic(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(GOOD, encoding="utf-8")
    profiles = load_profiles(tmp_path)
    quantities = {rule.quantity for rule in profiles["acme"].rules}
    assert len(profiles) == len(load_profiles()) + 1
    assert {Quantity.CPU, Quantity.WIFI_CLIENTS, Quantity.MEMORY} <= quantities
    assert [rule.source.name for rule in profiles["acme"].rules if rule.quantity is Quantity.CPU] == ["acmeLoad"]


def test_a_file_of_the_operators_replaces_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD.replace("profile: acme", "profile: unifi"), encoding="utf-8")
    profiles = load_profiles(tmp_path)
    assert (profiles["unifi"].title, len(profiles)) == ("An access point", len(load_profiles()))


MISTAKES = [
    ("from: acmeLoad", "from: acmeLod", 11, "readings[0].from: no scalar or column has this name", "'acmeLoad'?"),
    ("device_cpu_ratio", "cpu_ratio", 11, "readings[0].reading: 'cpu_ratio' is not known here", "'device_cpu_ratio'?"),
    ("scale: 0.01", "scal: 0.01", 11, "readings[0].scal: unknown key", "did you mean 'scale'?"),
    ("99999.2.1", "99999.x", 8, "columns.acmeClients: should be an object identifier such as", "99999.x'"),
    ("title: An access point\n", "", 0, "title: is missing", "add it"),
    ("total: sum", "total: all", 12, "readings[1].total: 'all' is not known here", "sum, mean, most, least, first"),
    ("{sys_object_id: 1.3.6.1.4.1.99999}", "{}", 4, "recognised_by[0]: recognises every device", "or witnesses"),
    (
        "{sys_object_id: 1.3.6.1.4.1.99999}",
        "{sys_descr: '('}",
        4,
        "sys_descr: is not a regular expression",
        "",
    ),
    ('label: ""', "total: sum", 11, "readings[0].total: makes sense only with a column", "name a column in 'from'"),
    ("column: acmeRadio", "column: acmeLoad", 12, "readings[1].label: is a scalar", "name a column"),
    ("column: acmeRadio", "column: x, interface: true", 12, "readings[1].label[0]: should have exactly one of", ""),
    ("column: acmeRadio", "column: acmeRadio, bits: [0, 3]", 12, "readings[1].label[0]: takes bits of an index", ""),
    (
        "column: acmeRadio",
        "index: last, bits: [8, 3]",
        12,
        "readings[1].label[0]: bits should be [lowest, highest]",
        "",
    ),
    (
        "{column: acmeRadio}",
        "{index: last, if_several: true}",
        12,
        "readings[1].label[0]: if_several counts the rows",
        "",
    ),
    ("profile: acme", "profile: acme\nextends: genric", 2, "extends: there is no profile 'genric'", "'generic'?"),
    ("profile: acme", "profile: acme\nextends: acme", 2, "extends: extends itself in a circle", ""),
]


@pytest.mark.parametrize(("wrong", "right", "line", "what", "fix"), MISTAKES)
def test_a_mistake_is_a_sentence_with_its_line(
    tmp_path: Path, wrong: str, right: str, line: int, what: str, fix: str
) -> None:
    place = f"acme.yaml:{line}: " if line else "acme.yaml: "
    sentences = complaints_of(tmp_path, GOOD.replace(wrong, right))
    assert any(one.startswith(place) and what in one and one.endswith(fix) for one in sentences), sentences


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text("profile: other\n", encoding="utf-8")
    found = complaints_of(
        tmp_path, GOOD.replace("acmeLoad, scale", "acmeLod, scale").replace("acmeRadio}", "acmeRdio}")
    )
    assert len(found) == 3


def test_two_files_may_not_have_one_name(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(GOOD, encoding="utf-8")
    assert complaints_of(tmp_path, GOOD) == [
        "b.yaml:1: profile: 'acme' stands in acme.yaml, too; give one of them another name"
    ]


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ComplaintsError, match="no such directory"):
        load_profiles(tmp_path / "nowhere")


def test_the_operators_example_loads() -> None:
    assert "example-radio" in load_profiles(ROOT / "config" / "profiles")


def test_the_schema_for_editors_is_the_exported_one() -> None:
    path = ROOT / "config" / "profiles" / "profile.schema.json"
    assert json.loads(path.read_text(encoding="utf-8")) == profile_schema()

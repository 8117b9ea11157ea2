"""The written CSV files say what the operator believes, in the agreed columns, and that they are made up."""

import csv
from pathlib import Path

import pytest

from netmon.errors import InputError
from netmon.lab.country import CountryPlan, generate
from netmon.lab.inventory_files import COLUMNS, write_inventory


def read(file: Path) -> list[dict[str, str]]:
    assert file.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel wants a byte order mark"
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def test_files_hold_the_inventory_as_the_operator_believes_it(tmp_path: Path) -> None:
    country = generate(CountryPlan(villages=300, seed=7))
    write_inventory(country, tmp_path / "inventory")
    rows = {name: read(tmp_path / "inventory" / f"{name}.csv") for name in COLUMNS}
    assert {name: ",".join(some[0]) for name, some in rows.items()} == COLUMNS
    devices = {row["id"]: row for row in rows["devices"]}
    assert len(devices) == len(country.inventory.devices)
    for device in country.inventory.devices:
        row = devices[device.id]
        via = f"{device.observed_via.device}#{device.observed_via.key}" if device.observed_via else ""
        assert (row["parent"], row["observed_via"], row["address"]) == (device.parent or "", via, device.address)
        assert (row["profile"], row["credential"]) == ("", device.credential)
        assert (row["role"], row["lifecycle"], row["village"]) == (device.role, device.lifecycle, device.village or "")
    wrong = country.wrongly_recorded()
    assert wrong and all(devices[one]["parent"] != country.parent_of[one] for one in wrong)
    villages = {row["id"]: row for row in rows["villages"]}
    for village in country.inventory.villages.values():
        row = villages[village.id]
        assert (row["name"], row["service_centre"], row["kind"]) == (village.name, village.centre, village.kind)
        assert (float(row["lat"]), float(row["lon"])) == (village.lat, village.lon)
    assert {row["village"] for row in rows["volunteers"]} == set(villages)
    assert {row["service_centre"] for row in rows["technicians"]} == {row["id"] for row in rows["service_centres"]}


def test_credential_is_named_as_wanted_or_left_out(tmp_path: Path) -> None:
    country = generate(CountryPlan(villages=30, seed=7))
    speaking = {device.id for device in country.inventory.devices if device.credential}
    for name in ("village-ro", "other", ""):
        write_inventory(country, tmp_path, credential=name)
        rows = read(tmp_path / "devices.csv")
        assert {row["credential"] for row in rows if row["id"] in speaking} == {name}
        assert {row["credential"] for row in rows if row["id"] not in speaking} == {""}


def test_folder_says_first_of_all_that_it_is_synthetic(tmp_path: Path) -> None:
    write_inventory(generate(CountryPlan(villages=3, seed=7)), tmp_path)
    assert (tmp_path / "SYNTHETIC.txt").read_text(encoding="utf-8").startswith("SYNTHETIC:")


def test_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="the inventory cannot be written to"):
        write_inventory(generate(CountryPlan(villages=3, seed=7)), tmp_path / "file")

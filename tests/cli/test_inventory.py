"""Synthetic countries and the doctor, as an operator uses them."""

from pathlib import Path

from tests.cli.conftest import Netmon


def test_a_generated_country_is_labelled_passes_the_check_and_gives_the_doctor_nothing(
    netmon: Netmon, tmp_path: Path
) -> None:
    said = netmon("inventory", "generate", "land", "--villages", "60", "--seed", "3")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("land: 60 synthetic villages, ")
    assert "SYNTHETIC" in (tmp_path / "land" / "SYNTHETIC.txt").read_text(encoding="utf-8")
    (tmp_path / "netmon.yaml").write_text("inventory: {directory: land}\n")
    said = netmon("check", "-c", "netmon.yaml")
    assert said.code == 0
    assert "netmon.yaml is good: 60 villages, " in said.out
    said = netmon("inventory", "doctor", "land")
    assert (said.code, said.out) == (0, "Nothing to mend.\n")


def test_a_generated_country_may_name_the_community_of_what_speaks_snmp(netmon: Netmon, tmp_path: Path) -> None:
    assert netmon("inventory", "generate", "land", "--villages", "60", "--credential", "village-ro").code == 0
    rows = (tmp_path / "land" / "devices.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    named = [row.split(",")[1] for row in rows if row.endswith(",village-ro")]
    assert set(named) == {"feeder", "ups", "uplink", "ap"}
    assert named.count("ap") == 60 > named.count("uplink")
    (tmp_path / "netmon.yaml").write_text("inventory: {directory: land}\n")
    said = netmon("check", "-c", "netmon.yaml")
    assert said.code == 2
    assert "credential: names no credential of netmon.yaml" in said.out + said.err
    (tmp_path / "village-ro").write_text("a community\n")
    (tmp_path / "netmon.yaml").write_text("inventory: {directory: land}\ncredentials: {village-ro: ./village-ro}\n")
    assert netmon("check", "-c", "netmon.yaml").code == 0


def test_the_same_seed_gives_the_same_files_and_another_seed_others(netmon: Netmon, tmp_path: Path) -> None:
    for folder, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert netmon("inventory", "generate", folder, "--villages", "40", "--seed", seed).code == 0
    a, b, c = ((tmp_path / folder / "devices.csv").read_bytes() for folder in "abc")
    assert a == b
    assert a != c


def test_coordinates_come_from_the_file_where_it_has_them(netmon: Netmon, tmp_path: Path) -> None:
    assert netmon("inventory", "generate", "plain", "--villages", "20").code == 0
    rows = (tmp_path / "plain" / "villages.csv").read_text(encoding="utf-8-sig").splitlines()
    tambon = rows[1][:6]
    (tmp_path / "points.csv").write_text(f"tambon_code,lat,lon\n{tambon},14.00000,100.50000\n")
    said = netmon("inventory", "generate", "exact", "--villages", "20", "--coordinates", "points.csv")
    assert said.code == 0
    row = (tmp_path / "exact" / "villages.csv").read_text(encoding="utf-8-sig").splitlines()[1].split(",")
    assert abs(float(row[7]) - 14.0) < 0.05
    assert abs(float(row[8]) - 100.5) < 0.05


def test_the_doctor_lists_what_wants_mending_and_exits_1(netmon: Netmon, tmp_path: Path) -> None:
    assert netmon("inventory", "generate", "land", "--villages", "20").code == 0
    devices = tmp_path / "land" / "devices.csv"
    lines = devices.read_text(encoding="utf-8-sig").splitlines()
    fields = lines[1].split(",")
    twin = ",".join(["twin", *fields[1:]])
    devices.write_text("\n".join([*lines, twin]) + "\n", encoding="utf-8")
    said = netmon("inventory", "doctor", "land")
    assert said.code == 1
    assert fields[2] in said.out
    assert said.out.rstrip().endswith(("1 finding.", "findings."))


def test_the_check_lists_every_mistake_with_file_row_and_column(netmon: Netmon, tmp_path: Path) -> None:
    assert netmon("inventory", "generate", "land", "--villages", "20").code == 0
    volunteers = tmp_path / "land" / "volunteers.csv"
    volunteers.write_text("village,name,mobile,language\n99999999,ก,0658000001,th\nx,ข,12,th\n", encoding="utf-8")
    (tmp_path / "netmon.yaml").write_text("inventory: {directory: land}\nprobing: {interval: soon}\n")
    said = netmon("check", "-c", "netmon.yaml")
    assert said.code == 2
    for place in ("netmon.yaml:2: probing.interval:", "volunteers.csv:2: village:", "volunteers.csv:3: village:"):
        assert place in said.err
    assert "netmon would not start with these files" in said.err

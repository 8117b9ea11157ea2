"""Inventory: what good files give, what Excel does to files, and how quick it is."""

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path

import geothai
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from netmon.errors import ComplaintsError
from netmon.model.ids import CentreId, DeviceId, VillageId
from netmon.model.inventory import Lifecycle, ObservedVia, PointKind, Role
from netmon.settings import examine, load_inventory
from netmon.settings.people import read_mobile, read_unusual_mobile

ROOT = Path(__file__).resolve().parents[2]
GOOD = Path(__file__).parent / "good"
NAMES = ("villages.csv", "devices.csv", "service_centres.csv", "technicians.csv", "volunteers.csv")
WithFile = Callable[[str, bytes | str], Path]


def warnings_of(directory: Path) -> list[str]:
    return [str(one) for one in load_inventory(directory).warnings]


def complaints_of(directory: Path) -> list[str]:
    with pytest.raises(ComplaintsError) as caught:
        load_inventory(directory)
    return list(caught.value.complaints)


def test_good_files_become_an_inventory() -> None:
    loaded = load_inventory(GOOD, {"village-read"})
    inventory = loaded.inventory
    assert loaded.warnings == ()
    village = inventory.villages[VillageId("34140101")]
    assert (village.tambon, village.amphoe, village.province) == ("ม่วงสามสิบ", "ม่วงสามสิบ", "อุบลราชธานี")
    assert (village.lat, village.lon, village.centre) == (15.517, 104.728, "UBN")
    assert village.kind is PointKind.VILLAGE
    onu, ap = (inventory.devices[inventory.index_of[DeviceId(one)]] for one in ("ONU-2", "AP-2"))
    assert (onu.role, onu.address, onu.observed_via) == (Role.UPLINK, "", ObservedVia(DeviceId("OLT-1"), "4"))
    assert (ap.address, ap.lifecycle, ap.parent) == ("fd00::2", Lifecycle.PLANNED, "ONU-2")
    assert inventory.technicians_of(CentreId("UBN"))[0].mobile == "+66812345678"
    assert inventory.volunteers[VillageId("34140102")].mobile == "+66898765432"
    assert inventory.volunteers[VillageId("34140102")].language == "th"


def test_example_inventory_loads_without_complaint_or_warning() -> None:
    loaded = load_inventory(ROOT / "config" / "inventory", ())
    assert loaded.warnings == ()
    assert len(loaded.inventory.villages) == 6
    assert {village.kind for village in loaded.inventory.villages.values()} == set(PointKind)
    assert {device.role for device in loaded.inventory.devices} == set(Role)
    assert examine(ROOT / "config" / "inventory") == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_whatever_excel_saves_is_read(tmp_path: Path, encoding: str, delimiter: str, newline: str) -> None:
    for name in NAMES:
        rows = list(csv.reader((GOOD / name).read_text(encoding="utf-8").splitlines()))
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter, lineterminator=newline).writerows(rows)
        (tmp_path / name).write_bytes(text.getvalue().encode(encoding))
    found, wanted = load_inventory(tmp_path).inventory, load_inventory(GOOD).inventory
    assert found.villages == wanted.villages
    assert found.devices == wanted.devices
    assert found.volunteers == wanted.volunteers


def test_columns_may_stand_in_any_order_and_blank_rows_and_columns_are_nothing(with_file: WithFile) -> None:
    text = (
        "Service_Centre;NAME; id;;\r\n;;;;\r\nUBN; บ้านหนึ่ง\u00a0;\u00a034140101\u200b;;\r\n\r\nUBN;บ้านสอง;34140102;;\r\n"
    )
    villages = load_inventory(with_file("villages.csv", text)).inventory.villages
    assert [(one.id, one.name) for one in villages.values()] == [("34140101", "บ้านหนึ่ง"), ("34140102", "บ้านสอง")]


def test_thai_digits_and_decimal_commas_are_understood(with_file: WithFile) -> None:
    text = 'id,name,service_centre,lat,lon\n๓๔๑๔๐๑๐๑,บ้านหนึ่ง,UBN,"15,5",๑๐๔.๗\n34140102,บ้านสอง,UBN,,\n'
    village = load_inventory(with_file("villages.csv", text)).inventory.villages[VillageId("34140101")]
    assert (village.lat, village.lon) == (15.5, 104.7)


def test_line_breaks_in_a_cell_become_blanks_and_rows_count_as_in_excel(with_file: WithFile) -> None:
    text = 'id,name,service_centre,place\n34140101,บ้านหนึ่ง,UBN,"ศาลา\n กลางบ้าน"\n34140102,,UBN,\n'
    directory = with_file("villages.csv", text)
    assert complaints_of(directory) == [
        "villages.csv:3: name: is empty; write the village's Thai name; messages need it"
    ]
    directory = with_file("villages.csv", text.replace("34140102,", "34140102,บ้านสอง"))
    village = load_inventory(directory).inventory.villages[VillageId("34140101")]
    assert village.place == "ศาลา กลางบ้าน"


def test_names_that_contradict_the_code_are_warned_of_and_kept(with_file: WithFile) -> None:
    text = (
        "id,name,service_centre,tambon,amphoe,province\n"
        "34140101,บ้านหนึ่ง,UBN,ต.เหล่าบก,อำเภอม่วงสามสิบ,จ.อุบลราชธานี\n34140102,บ้านสอง,UBN,,Muang Sam Sip,\n"
    )
    loaded = load_inventory(with_file("villages.csv", text))
    assert [str(one) for one in loaded.warnings] == [
        "villages.csv:2: tambon: 'เหล่าบก', but code 341401 is ม่วงสามสิบ; check id and name; the name is kept"
    ]
    village = loaded.inventory.villages[VillageId("34140101")]
    assert (village.tambon, village.amphoe, village.province) == ("เหล่าบก", "ม่วงสามสิบ", "อุบลราชธานี")


def test_names_as_people_write_them_are_no_contradiction(with_file: WithFile) -> None:
    text = (
        "id,name,service_centre,tambon,amphoe,province\n45010901,หนึ่ง,UBN,ปอภาร,เมือง,Roi Et\n"
        "45010902,สอง,UBN,ปอภาร(ปอพาน),เมืองร้อยเอ็ด,จังหวัดร้อยเอ็ด\n34140101,สาม,UBN,,,\n34140102,สี่,UBN,,,\n"
    )
    assert warnings_of(with_file("villages.csv", text)) == []


def test_abolished_tambon_is_taken_when_it_is_named(with_file: WithFile) -> None:
    text = (
        "id,name,service_centre,tambon,amphoe,province\n16031701,บ้านเก่า,UBN,ยางราก,โคกเจริญ,ลพบุรี\n"
        "34140101,บ้านหนึ่ง,UBN,,,\n34140102,บ้านสอง,UBN,,,\n"
    )
    assert warnings_of(with_file("villages.csv", text)) == [
        "villages.csv:2: id: tambon 160317 was abolished; use 160902, or keep it as it is"
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0812345678", "+66812345678"),
        ("812345678", "+66812345678"),
        ("812345678.0", "+66812345678"),
        ("081-234 5678", "+66812345678"),
        ("+66 81 234 5678", "+66812345678"),
        ("0066812345678", "+66812345678"),
        ("00 66 81 234 5678", "+66812345678"),
        ("๐๘๑๒๓๔๕๖๗๘", "+66812345678"),
        ("081-234-5678, 089-876-5432", "+66812345678"),
        ("081-234-5678 (ลุงสม)", "+66812345678"),
        ("02-123-4567", ""),
        ("8.12346E+08", ""),
        ("ไม่มี", ""),
        ("", ""),
    ],
)
def test_mobile_numbers_are_repaired_where_nothing_is_lost(text: str, number: str) -> None:
    assert read_mobile(text) == number


@given(
    st.text("0123456789", min_size=8, max_size=10), st.sampled_from(["", "0", "06", "08", "09", "+66", "+668", "๐๘"])
)
def test_the_short_way_to_a_usual_number_says_what_phonenumbers_says(digits: str, start: str) -> None:
    spaced = f"{start}{digits[:2]}-{digits[2:5]} {digits[5:]}"
    assert read_mobile(spaced) == read_unusual_mobile(spaced)
    assert read_mobile(start + digits) == read_unusual_mobile(start + digits)


def test_volunteer_without_a_mobile_is_kept_and_warned_of_without_the_number(with_file: WithFile) -> None:
    text = "village,name,mobile\n34140101,อาสาหนึ่ง,8.12E+08\n34140102,อาสาสอง,12345\n"
    loaded = load_inventory(with_file("volunteers.csv", text))
    assert [str(one) for one in loaded.warnings] == [
        "volunteers.csv:2: mobile: the volunteer of village 34140101 has no valid mobile: Excel has shortened it, "
        "and its last digits are lost; no SMS can be sent; type the number again as text, e.g. 08x-xxx-xxxx",
        "volunteers.csv:3: mobile: the volunteer of village 34140102 has no valid mobile: it is not a mobile number; "
        "no SMS can be sent; type the number again as text, e.g. 08x-xxx-xxxx",
    ]
    assert {one.mobile for one in loaded.inventory.volunteers.values()} == {""}


def test_retired_device_gives_its_address_free_and_is_no_parent(with_file: WithFile) -> None:
    text = (
        "id,role,address,village,parent,lifecycle\nOLD,feeder,10.0.0.1,,,retired\nNEW,feeder,10.0.0.1,,,\n"
        "AP-1,ap,10.0.1.1,34140101,OLD,\nAP-2,ap,10.0.1.2,34140102,NEW,\n"
    )
    assert warnings_of(with_file("devices.csv", text)) == [
        "devices.csv:4: parent: 'OLD' is retired; name the device that took its place"
    ]


def test_unreadable_file_is_one_complaint_and_no_flood_of_unknown_references(good: Path) -> None:
    (good / "villages.csv").unlink()
    assert complaints_of(good) == [
        f"villages.csv: no such file in {good}; make it with the heading id,name,kind,tambon,amphoe,province,"
        "service_centre,lat,lon,place,opening_hours,contact"
    ]


def test_empty_table_makes_every_reference_into_it_unknown(with_file: WithFile) -> None:
    lines = complaints_of(with_file("service_centres.csv", "id,name\n"))
    assert [line.partition(": ")[0] for line in lines] == ["villages.csv:2", "villages.csv:3", "technicians.csv:2"]


def test_excel_workbook_says_what_to_do(with_file: WithFile) -> None:
    assert complaints_of(with_file("volunteers.csv", b"PK\x03\x04rest")) == [
        "volunteers.csv: is an Excel workbook; in Excel choose 'Save as', 'CSV UTF-8'"
    ]


def test_unknown_encoding_says_the_line(with_file: WithFile) -> None:
    raw = b"id,name\n" + "ศูนย์".encode() + b"\xff\xfe\n"
    assert complaints_of(with_file("service_centres.csv", raw)) == [
        "service_centres.csv:2: is neither UTF-8 nor Windows-874; in Excel choose 'Save as', 'CSV UTF-8'"
    ]


def test_mistakes_of_all_files_come_at_once_and_a_flood_is_cut_with_a_count(with_file: WithFile) -> None:
    with_file("service_centres.csv", "id,name,email\nUBN,ศูนย์,nowhere\n")
    rows = "".join(f"{34140101 + n},,UBN\n" for n in range(90)) + "".join(f"bad{n},,UBN\n" for n in range(300))
    lines = complaints_of(with_file("villages.csv", "id,name,service_centre\n" + rows))
    assert len(lines) == 201
    assert lines[0].startswith("villages.csv:2: name: ")
    assert lines[-1] == "... and 191 more; repair these first"


def test_directory_that_is_not_there_names_all_five_files(tmp_path: Path) -> None:
    assert [line.partition(":")[0] for line in complaints_of(tmp_path / "none")] == list(NAMES)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.sampled_from(NAMES), raw=st.binary(max_size=300))
def test_any_bytes_are_a_table_or_complaints(good: Path, name: str, raw: bytes) -> None:
    assert_loads_or_complains(good, name, raw)


_CELLS = st.sampled_from(
    "34140101 34140102-2 UBN OLT-1 AP-1 # OLT-1# 1e5 nan -inf 10.0.0.1 :: fe80::1%1 ap retired @ a@b".split(" ")
) | st.sampled_from(['"a" <b@c.d>', "0812345678", "+", "\x00", "\u200b", "'", '"', "ก" * 70, ""])


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.sampled_from(NAMES), rows=st.lists(st.lists(_CELLS, max_size=12), max_size=6))
def test_any_cells_are_a_table_or_complaints(good: Path, name: str, rows: list[list[str]]) -> None:
    heading = (ROOT / "config" / "inventory" / name).read_text(encoding="utf-8").splitlines()[0]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    assert_loads_or_complains(good, name, f"{heading}\n{text.getvalue()}".encode())


def assert_loads_or_complains(directory: Path, name: str, raw: bytes) -> None:
    kept = (directory / name).read_bytes()
    (directory / name).write_bytes(raw)
    try:
        load_inventory(directory, ())
    except ComplaintsError as error:
        assert error.complaints
        assert all(line.isprintable() for line in error.complaints)
    finally:
        examine(directory)
        (directory / name).write_bytes(kept)


def write_country(directory: Path, villages: int) -> None:
    """A country as the lab writes it: an uplink and an access point in each village, feeders of 25."""
    tambons = [
        tambon.code
        for province in geothai.provinces()
        for amphoe in geothai.districts(province.code)
        for tambon in geothai.subdistricts(amphoe.code)
    ]
    ids = [f"{tambons[n % len(tambons)]}{n // len(tambons) + 1:02d}" for n in range(villages)]
    feeders = villages // 25

    def table(name: str, rows: list[str]) -> None:
        (directory / name).write_text("\n".join(rows) + "\n", encoding="utf-8-sig")

    table("service_centres.csv", ["id,name,phone,email"] + [f"C{n},ศูนย์ {n},,c{n}@example.org" for n in range(300)])
    table(
        "technicians.csv",
        ["id,name,service_centre,email,mobile,language"]
        + [f"T{n},ช่าง {n},C{n % 300},t{n}@example.org,0812345678,th" for n in range(900)],
    )
    table(
        "villages.csv",
        ["id,name,kind,tambon,amphoe,province,service_centre,lat,lon,place,opening_hours,contact"]
        + [f"{one},บ้าน {one},village,,,,C{n % 300},15.2,104.8,ศาลากลางบ้าน,,ผู้ใหญ่บ้าน" for n, one in enumerate(ids)],
    )
    table(
        "volunteers.csv",
        ["village,name,mobile,language"] + [f"{one},อาสา {one},08{10_000_000 + n},th" for n, one in enumerate(ids)],
    )
    devices = ["id,role,address,village,parent,observed_via,lifecycle,name,service_centre,profile,credential"]
    devices += [f"OLT-{n},feeder,10.127.{n // 250}.{n % 250 + 1},,,,active,,,," for n in range(feeders)]
    for n, one in enumerate(ids):
        olt, host = f"OLT-{n % feeders}", f"{n // 250}.{n % 250 + 1}"
        devices.append(f"ONU-{one},uplink,10.64.{host},{one},{olt},{olt}#EXMP{n:08d},active,,,,")
        devices.append(f"AP-{one},ap,10.80.{host},{one},ONU-{one},,active,,,,")
    table("devices.csv", devices)


def test_the_whole_country_loads_within_five_seconds_of_one_core(tmp_path: Path) -> None:
    write_country(tmp_path, 24_700)
    start = time.process_time()
    loaded = load_inventory(tmp_path, ())
    took = time.process_time() - start
    assert len(loaded.inventory.villages) == 24_700
    assert len(loaded.inventory.devices) == 50_388
    assert loaded.warnings == ()
    assert took <= 5, f"took {took:.1f} s of CPU"

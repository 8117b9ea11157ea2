"""The doctor looks at files that `load` refuses as well."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from netmon.settings import Kind, examine

WithFile = Callable[[str, bytes | str], Path]


def kinds(directory: Path) -> Counter[Kind]:
    return Counter(one.kind for one in examine(directory))


def sentences(directory: Path, kind: Kind, **limits: int) -> list[str]:
    return [str(one) for one in examine(directory, **limits) if one.kind is kind]


def test_good_inventory_has_no_findings(good: Path) -> None:
    assert examine(good) == ()


def test_everything_wrong_is_found_in_one_go(with_file: WithFile) -> None:
    with_file(
        "devices.csv",
        "id,role,address,village,parent\nOLT-1,feeder,10.0.0.1,,\nAP-1,ap,10.0.0.1,34140101,OLT-1\n"
        "ONU-2,uplink,10.0.1.1,34140102,SW-2\nSW-2,switch,10.0.1.2,34140102,ONU-2\n",
    )
    with_file("villages.csv", "id,name,service_centre\n34140101,บ้านหนึ่ง,\n34140102,บ้านสอง,UBN\n")
    with_file("service_centres.csv", "id,name\nUBN,ศูนย์อุบล\nYST,ศูนย์ยโสธร\n")
    directory = with_file("volunteers.csv", "village,name,mobile\n34140101,อาสา,\n")
    assert kinds(directory) == {
        Kind.DUPLICATE_ADDRESS: 1,
        Kind.PARENT_CIRCLE: 1,
        Kind.VILLAGE_WITHOUT_CENTRE: 1,
        Kind.VOLUNTEER_WITHOUT_MOBILE: 1,
        Kind.VILLAGE_WITHOUT_ACCESS_POINT: 1,
        Kind.CENTRE_WITHOUT_TECHNICIAN: 1,
        Kind.UPLINK_WITHOUT_FEEDER: 1,
    }


def test_village_whose_access_point_is_retired_has_none(with_file: WithFile) -> None:
    directory = with_file(
        "devices.csv",
        "id,role,address,village,lifecycle\nAP-1,ap,10.0.0.1,34140101,active\nAP-2,ap,10.0.0.2,34140102,retired\n",
    )
    assert sentences(directory, Kind.VILLAGE_WITHOUT_ACCESS_POINT) == [
        "villages.csv:3: id: village 34140102 has no access point; add it to devices.csv"
    ]


def test_centre_without_technician_is_named(with_file: WithFile) -> None:
    directory = with_file("service_centres.csv", "id,name\nUBN,ศูนย์อุบล\nYST,ศูนย์ยโสธร\n")
    assert sentences(directory, Kind.CENTRE_WITHOUT_TECHNICIAN) == [
        "service_centres.csv:3: id: service centre 'YST' has no technician, so its tickets are mailed to nobody; "
        "add one to technicians.csv"
    ]


def test_feeder_with_too_many_villages_is_named(good: Path) -> None:
    assert sentences(good, Kind.CROWDED_FEEDER, feeder_serves_at_most=1) == [
        "devices.csv:2: id: feeder 'OLT-1' serves 2 villages, more than 1; are they all behind it?"
    ]
    assert sentences(good, Kind.CROWDED_FEEDER, feeder_serves_at_most=2) == []


def test_village_far_from_the_others_of_its_tambon_is_named(with_file: WithFile) -> None:
    directory = with_file(
        "villages.csv",
        "id,name,service_centre,lat,lon\n34140101,หนึ่ง,UBN,15.51,104.73\n34140102,สอง,UBN,15.52,104.74\n"
        "34140103,สาม,UBN,15.50,104.72\n34140104,สี่,UBN,15.51,105.10\n",
    )
    assert sentences(directory, Kind.FAR_FROM_NEIGHBOURS) == [
        "villages.csv:5: lat: village 34140104 lies 39 km from the others of tambon 341401; check id, lat and lon"
    ]


def test_unreadable_file_stops_conclusions_from_what_is_absent(good: Path) -> None:
    (good / "devices.csv").unlink()
    assert kinds(good) == {Kind.UNREADABLE_FILE: 1}

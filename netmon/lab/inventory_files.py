"""Writes a country as the operator's CSV files (DESIGN section 7), plainly labelled as made up.

People keep these files in Excel, so they are UTF-8 with a byte order mark. What is written is what the operator
believes; what is true stays in the lab.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from netmon.errors import InputError
from netmon.lab.country import Country
from netmon.model.inventory import Device, Inventory, Village

COLUMNS: dict[str, str] = {
    "villages": "id,name,kind,tambon,amphoe,province,service_centre,lat,lon,place,opening_hours,contact",
    "devices": "id,role,address,village,parent,observed_via,lifecycle,name,service_centre,profile,credential",
    "service_centres": "id,name,phone,email",
    "technicians": "id,name,service_centre,email,mobile,language",
    "volunteers": "village,name,mobile,language",
}
"""Header of each file; `settings` reads exactly these. `observed_via` is DEVICE#KEY."""

_LABEL = """SYNTHETIC: nothing in this folder is a record of netmon's real network.

These files were generated (villages: {villages}, seed: {seed}). Provinces, amphoes and tambons are real names and
codes (geothai, data CC BY 4.0); which villages, names, coordinates, devices, people and addresses stand in them is
chance. Mail addresses end in .invalid (RFC 2606). All phone numbers come from the block 065-8xxxxxx: never send to it.

ข้อมูลจำลอง: ไฟล์ในโฟลเดอร์นี้สร้างขึ้นโดยโปรแกรมเพื่อการทดสอบ ไม่ใช่ข้อมูลจริงของโครงการ
ห้ามส่งข้อความหรือโทรไปยังหมายเลขในไฟล์เหล่านี้
"""

Row = Iterable[object]


def write_inventory(country: Country, directory: Path) -> None:
    """Write villages.csv, devices.csv, service_centres.csv, technicians.csv, volunteers.csv and SYNTHETIC.txt.

    Raises:
        InputError: the directory cannot be made or written.
    """
    inventory = country.inventory
    rows: dict[str, Iterable[Row]] = {
        "villages": map(_village, inventory.villages.values()),
        "devices": map(_device, inventory.devices),
        "service_centres": ((c.id, c.name, c.phone, c.email) for c in inventory.centres.values()),
        "technicians": _technicians(inventory),
        "volunteers": ((v.village, v.name, v.mobile, v.language) for v in inventory.volunteers.values()),
    }
    label = _LABEL.format(villages=len(inventory.villages), seed=country.plan.seed)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "SYNTHETIC.txt").write_text(label, encoding="utf-8")
        for name, header in COLUMNS.items():
            with (directory / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(header.split(","))
                writer.writerows(rows[name])
    except OSError as trouble:
        raise InputError(f"the inventory cannot be written to {directory}: {trouble.strerror}") from trouble


def _village(one: Village) -> Row:
    place = (one.tambon, one.amphoe, one.province, one.centre, one.lat, one.lon)
    return (one.id, one.name, one.kind.value, *place, one.place, one.opening_hours, one.contact)


def _device(one: Device) -> Row:
    via = f"{one.observed_via.device}#{one.observed_via.key}" if one.observed_via else ""
    where = (one.address, one.village or "", one.parent or "", via)
    return (
        one.id,
        one.role.value,
        *where,
        one.lifecycle.value,
        one.name,
        one.centre or "",
        one.profile,
        one.credential,
    )


def _technicians(inventory: Inventory) -> Iterable[Row]:
    return ((t.id, t.name, t.centre, t.email, t.mobile, t.language) for t in inventory.technicians)

"""The villages of a large fault as a table for Excel: UTF-8 with a byte order mark, CRLF, one row each.

Names come from an inventory that people type, and a cell that begins like a formula is one for Excel, also behind
blanks; such a cell gets an apostrophe in front. Times are ISO 8601 in Thailand's time.
"""

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Sequence

from netmon.model.inventory import Village
from netmon.model.notices import Letter
from netmon.notifiers.particulars import failed_at, recovered_at
from netmon.notifiers.rendering import clean
from netmon.notifiers.thai import local_time

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_HEADINGS = (
    "ใบงาน/ticket",
    "รหัสหมู่บ้าน/village",
    "ชื่อ/name",
    "หมู่ที่/moo",
    "ตำบล/tambon",
    "อำเภอ/amphoe",
    "จังหวัด/province",
    "สถานที่/place",
    "ละติจูด/lat",
    "ลองจิจูด/lon",
    "ขัดข้องตั้งแต่/down since",
    "กลับมาแล้วเมื่อ/back since",
    "อุปกรณ์/devices",
)


def village_table(letters: Sequence[Letter]) -> bytes:
    """The letters' villages, of each in the order of their codes; each letter must carry a fault and a ticket."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(_HEADINGS)
    for letter in letters:
        for village in sorted(letter.villages, key=lambda one: one.id):
            rows.writerow([safe_cell(cell) for cell in _cells(letter, village)])
    return BOM_UTF8 + text.getvalue().encode()


def safe_cell(text: str) -> str:
    """One line that Excel takes for text."""
    line = clean(text)
    return f"'{line}" if line.lstrip().startswith(_FORMULA) else line


def _cells(letter: Letter, village: Village) -> tuple[str, ...]:
    if letter.fault is None or letter.ticket is None:
        raise ValueError(f"a notice of stage {letter.notice.stage} has no villages to list")
    back = recovered_at(letter.fault, village.id)
    return (
        letter.ticket.number,
        village.id,
        village.name,
        str(village.moo or ""),
        village.tambon,
        village.amphoe,
        village.province,
        village.place,
        "" if village.lat is None else f"{village.lat:.6f}",
        "" if village.lon is None else f"{village.lon:.6f}",
        _time(failed_at(letter.fault, [village.id])),
        "" if back is None else _time(back),
        " ".join(device.id for device in letter.devices if device.village == village.id),
    )


def _time(wall: float) -> str:
    return local_time(wall).isoformat(sep=" ", timespec="seconds")

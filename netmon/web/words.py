"""The words of the pages: what people read, Thai with the English term beside it."""

from typing import NamedTuple

from netmon.model.faults import Cause
from netmon.model.health import Health
from netmon.model.regions import Region
from netmon.model.tickets import TicketStatus


class Words(NamedTuple):
    """The same thing in both languages."""

    th: str
    en: str


HEALTH: dict[Health, Words] = {
    Health.UP: Words("ใช้งานได้", "up"),
    Health.DOWN: Words("ใช้งานไม่ได้", "down"),
    Health.UNREACHABLE: Words("เข้าไม่ถึง", "unreachable"),
    Health.SUSPECT: Words("กำลังตรวจสอบ", "suspect"),
    Health.RECOVERING: Words("กำลังกลับมา", "recovering"),
    Health.BLIND: Words("netmon มองไม่เห็น", "blind"),
    Health.UNKNOWN: Words("ยังไม่ทราบ", "unknown"),
}
"""In the order of interest."""

CAUSE: dict[Cause, Words] = {
    Cause.POWER: Words("ไฟฟ้าดับ", "power"),
    Cause.FEEDER: Words("อุปกรณ์ต้นทางขัดข้อง", "feeder"),
    Cause.UPLINK: Words("สายสัญญาณหรืออุปกรณ์ปลายสายขัดข้อง", "uplink"),
    Cause.ACCESS_POINT: Words("อุปกรณ์กระจายสัญญาณขัดข้อง", "access point"),
    Cause.AGENT: Words("อุปกรณ์ไม่ตอบการตรวจวัด", "agent"),
    Cause.DEGRADED: Words("คุณภาพสัญญาณลดลง", "degraded"),
    Cause.UNUSED: Words("ไม่มีผู้ใช้งาน", "unused"),
    Cause.UNKNOWN: Words("ยังไม่ทราบสาเหตุ", "unknown"),
}

STATUS: dict[TicketStatus, Words] = {
    TicketStatus.ACKNOWLEDGED: Words("รอรับงาน", "acknowledged"),
    TicketStatus.IN_PROGRESS: Words("กำลังดำเนินการ", "inProgress"),
    TicketStatus.PENDING: Words("รอข้อมูล", "pending"),
    TicketStatus.HELD: Words("พักงานไว้", "held"),
    TicketStatus.RESOLVED: Words("แก้ไขแล้ว", "resolved"),
    TicketStatus.CLOSED: Words("ปิดงานแล้ว", "closed"),
    TicketStatus.CANCELLED: Words("ยกเลิก", "cancelled"),
    TicketStatus.REJECTED: Words("ปฏิเสธงาน", "rejected"),
}

REGION: dict[Region, Words] = {
    Region.NORTH: Words("ภาคเหนือ", "north"),
    Region.NORTHEAST: Words("ภาคตะวันออกเฉียงเหนือ", "northeast"),
    Region.CENTRAL: Words("ภาคกลาง", "central"),
    Region.BANGKOK: Words("กรุงเทพฯ และปริมณฑล", "Bangkok"),
    Region.EAST: Words("ภาคตะวันออก", "east"),
    Region.SOUTH: Words("ภาคใต้", "south"),
}
"""From north to south, as on the map."""

BANGKOK = "10"
"""The province whose districts are called khet and khwaeng, not amphoe and tambon."""

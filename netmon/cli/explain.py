"""`netmon explain`: what netmon holds true of a village or a device, and on what evidence, in Thai and English."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from netmon.cli.common import clock_time, config_option, with_store
from netmon.errors import InputError
from netmon.model.cases import Case
from netmon.model.chronicle import DeviceChange, DeviceEvent
from netmon.model.ids import DeviceId, VillageId
from netmon.model.inventory import Inventory
from netmon.ports import Store
from netmon.rules.places import device_name, village_name
from netmon.rules.wording import evidence_lines, sentence
from netmon.settings import load_inventory, load_settings

LANGUAGES = ("th", "en")
EVENTS_SHOWN = 12
_NO_FAULT = {"th": "ไม่มีเหตุขัดข้องที่ยังเปิดอยู่", "en": "No fault is open."}
_BACK = {
    "th": "หมู่บ้านนี้กลับมาใช้งานได้แล้ว แต่เหตุขัดข้องยังไม่สิ้นสุด",
    "en": "This village answers again; the fault goes on elsewhere.",
}
_TICKETS = {"th": "ใบงาน", "en": "Tickets"}
_HISTORY = {"th": "ประวัติอุปกรณ์", "en": "History of its devices"}
_CHANGES = {
    "th": {
        DeviceChange.MET: "ตอบ SNMP เป็นครั้งแรก: {now}",
        DeviceChange.REPLACED: "เปลี่ยนเครื่อง: หมายเลขเครื่อง {now} แทน {was} ที่ IP {address}",
        DeviceChange.MODEL: "เปลี่ยนรุ่น: {now} แทน {was}",
        DeviceChange.FIRMWARE: "เปลี่ยนเฟิร์มแวร์: {now} แทน {was}",
    },
    "en": {
        DeviceChange.MET: "spoke SNMP for the first time: {now}",
        DeviceChange.REPLACED: "was replaced: serial number {now} instead of {was} at {address}",
        DeviceChange.MODEL: "is another model: {now} instead of {was}",
        DeviceChange.FIRMWARE: "has other firmware: {now} instead of {was}",
    },
}


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is explained: a village with its devices, or one device."""

    village: VillageId | None
    devices: frozenset[DeviceId]

    def is_in(self, case: Case) -> bool:
        if self.village is not None and self.village in case.fault.villages:
            return True
        return self.village is None and any(member.device in self.devices for member in case.fault.members)


@click.command()
@config_option
@click.argument("target", metavar="VILLAGE|DEVICE")
def explain(config: Path, target: str) -> None:
    """Say why netmon believes what it says about a village (its code, such as 34010101) or a device (its id)."""
    settings = load_settings(config)
    inventory = load_inventory(settings.inventory.directory, settings.credentials).inventory
    subject = _find(target, inventory)

    async def read(store: Store) -> tuple[tuple[Case, ...], tuple[DeviceEvent, ...]]:
        return await store.open_cases(), await store.device_events(sorted(subject.devices), EVENTS_SHOWN)

    cases, events = with_store(config, read)
    found = [case for case in cases if subject.is_in(case)]
    for number, language in enumerate(LANGUAGES):
        if number:
            click.echo()
        for line in (*_lines(subject, found, inventory, language), *_history(events, inventory, language)):
            click.echo(line)


def _find(target: str, inventory: Inventory) -> _Subject:
    if (village := VillageId(target)) in inventory.villages:
        own = frozenset(device.id for device in inventory.devices if device.village == village)
        return _Subject(village, own)
    if (device := DeviceId(target)) in inventory.index_of:
        return _Subject(None, frozenset({device}))
    raise InputError(
        f"There is no village {target!r} in the inventory, nor a device of that id; a village's code looks like "
        "34010101 or 34010101-2."
    )


def _lines(subject: _Subject, cases: Sequence[Case], inventory: Inventory, language: str) -> Iterator[str]:
    """The village or device and its open faults in one language."""
    village = subject.village
    if village is not None:
        yield f"{village}  {village_name(inventory.villages[village], language)}"
    else:
        yield from (f"{device}  {device_name(device, inventory)}" for device in subject.devices)
    if not cases:
        yield _NO_FAULT[language]
    for case in cases:
        yield sentence(case.fault, inventory, language)
        for line in evidence_lines(case.fault, inventory, language):
            yield f"  - {line}"
        if village is not None and village not in case.fault.dark_villages:
            yield _BACK[language]
        if numbers := [one.number for one in case.tickets if village is None or village in one.villages]:
            yield f"{_TICKETS[language]}: {' '.join(numbers)}"


def _history(events: Sequence[DeviceEvent], inventory: Inventory, language: str) -> Iterator[str]:
    """What has become of the devices, the latest last."""
    if events:
        yield f"{_HISTORY[language]}:"
    for event in events:
        words = _CHANGES[language][event.what].format(now=event.now or "-", was=event.was, address=event.address)
        yield f"  {clock_time(event.at)}  {device_name(event.device, inventory)} {words}"

"""`netmon explain`: what netmon holds true of a village, and on what evidence, in Thai and English."""

from collections.abc import Iterator
from pathlib import Path

import click

from netmon.cli.common import config_option, with_store
from netmon.errors import InputError
from netmon.model.cases import Case
from netmon.model.ids import VillageId
from netmon.model.inventory import Inventory
from netmon.ports import Store
from netmon.rules.places import village_name
from netmon.rules.wording import evidence_lines, sentence
from netmon.settings import load_inventory, load_settings

LANGUAGES = ("th", "en")
_NO_FAULT = {"th": "ไม่มีเหตุขัดข้องที่ยังเปิดอยู่", "en": "No fault is open."}
_BACK = {
    "th": "หมู่บ้านนี้กลับมาใช้งานได้แล้ว แต่เหตุขัดข้องยังไม่สิ้นสุด",
    "en": "This village answers again; the fault goes on elsewhere.",
}
_TICKETS = {"th": "ใบงาน", "en": "Tickets"}


@click.command()
@config_option
@click.argument("village", metavar="VILLAGE")
def explain(config: Path, village: str) -> None:
    """Say why netmon believes what it says about VILLAGE (its code, such as 34010101)."""
    settings = load_settings(config)
    inventory = load_inventory(settings.inventory.directory, settings.credentials).inventory
    code = VillageId(village)
    if code not in inventory.villages:
        raise InputError(f"There is no village {village} in the inventory; a code looks like 34010101 or 34010101-2.")

    async def read(store: Store) -> tuple[Case, ...]:
        return await store.open_cases()

    cases = [case for case in with_store(config, read) if code in case.fault.villages]
    for number, language in enumerate(LANGUAGES):
        if number:
            click.echo()
        for line in lines(code, cases, inventory, language):
            click.echo(line)


def lines(code: VillageId, cases: list[Case], inventory: Inventory, language: str) -> Iterator[str]:
    """The village and its open faults in one language."""
    yield f"{code}  {village_name(inventory.villages[code], language)}"
    if not cases:
        yield _NO_FAULT[language]
    for case in cases:
        yield sentence(case.fault, inventory, language)
        for line in evidence_lines(case.fault, inventory, language):
            yield f"  - {line}"
        if code not in case.fault.dark_villages:
            yield _BACK[language]
        if numbers := [ticket.number for ticket in case.tickets if code in ticket.villages]:
            yield f"{_TICKETS[language]}: {' '.join(numbers)}"

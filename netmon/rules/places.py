"""How villages, districts and devices are called in messages. Place names are Thai in both languages."""

from collections.abc import Iterable

from netmon.model.faults import COUNTRY
from netmon.model.ids import DeviceId, VillageId
from netmon.model.inventory import Inventory, Village

_BANGKOK = "10"
_NAMED, _PAIR = 3, 2
"""Amphoes that are named; of more the rest is counted."""


def village_name(village: Village, language: str) -> str:
    """Name with moo, tambon, amphoe and province; Bangkok's districts have words of their own."""
    if language != "th":
        moo = f" moo {village.moo}" if village.moo else ""
        return f"{village.name}{moo}, tambon {village.tambon}, {district_name(village, language)}"
    moo = f" หมู่ {village.moo}" if village.moo else ""
    if village.province_code == _BANGKOK:
        return f"{village.name}{moo} แขวง{village.tambon} {district_name(village, language)}"
    return f"{village.name}{moo} ต.{village.tambon} อ.{village.amphoe} จ.{village.province}"


def district_name(village: Village, language: str) -> str:
    """Amphoe and province of a village."""
    if language != "th":
        return f"amphoe {village.amphoe}, {village.province}"
    if village.province_code == _BANGKOK:
        return f"เขต{village.amphoe} {village.province}"
    return f"อำเภอ{village.amphoe} จังหวัด{village.province}"


def villages_name(villages: Iterable[VillageId], inventory: Inventory, language: str) -> str:
    """One village by its full name, several by the first and how many more; '' where none is known."""
    known = [inventory.villages[one] for one in villages if one in inventory.villages]
    if not known:
        return ""
    first = village_name(known[0], language)
    if len(known) == 1:
        return first
    rest = len(known) - 1
    return f"{first} และอีก {rest} จุด" if language == "th" else f"{first} and {rest} more"


def amphoe_name(code: str, villages: Iterable[VillageId], inventory: Inventory, language: str) -> str:
    """An amphoe by its 4-digit code, named after any of the villages that lies in it; the code where none does."""
    for one in villages:
        if one.startswith(code) and one in inventory.villages:
            return district_name(inventory.villages[one], language)
    return f"อำเภอรหัส {code}" if language == "th" else f"amphoe {code}"


def amphoes_name(villages: Iterable[VillageId], inventory: Inventory, language: str) -> str:
    """The amphoes of these villages: two or three by name, of more the first two and how many more."""
    found = {one[:4]: inventory.villages[one] for one in villages if one in inventory.villages}
    own = [found[code] for code in sorted(found)]
    if not own:
        return ""
    named = own if len(own) <= _NAMED else own[: _NAMED - 1]
    rest, province = len(own) - len(named), own[0].province
    if language != "th":
        names = [*(one.amphoe for one in named), *([f"{rest} more"] if rest else [])]
        listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        return f"{'amphoe' if len(own) == 1 else 'amphoes'} {listed}, {province}"
    in_bangkok = own[0].province_code == _BANGKOK
    kind = "เขต" if in_bangkok else "อำเภอ"
    names = [*(f"{kind}{one.amphoe}" for one in named), *([f"อีก {rest} {kind}"] if rest else [])]
    # Two are joined without a gap; more stand apart from each other.
    last = "และ" if len(names) == _PAIR else " และ"
    listed = last.join(filter(None, (" ".join(names[:-1]), names[-1])))
    return f"{listed} {province if in_bangkok else f'จังหวัด{province}'}"


def area_name(key: str, inventory: Inventory, language: str) -> str:
    """Where: in a province (2-digit code), or in the whole country; with its preposition."""
    if key == COUNTRY:
        return "ทั่วประเทศ" if language == "th" else "in the whole country"
    found = next((one.province for one in inventory.villages.values() if one.province_code == key), None)
    if language != "th":
        return f"in {found or f'province {key}'}"
    return f"ในจังหวัด{found or f'รหัส {key}'}" if key != _BANGKOK else "ในกรุงเทพมหานคร"


def device_name(device: str, inventory: Inventory) -> str:
    """The device's name from the inventory, else its id."""
    index = inventory.index_of.get(DeviceId(device))
    return (inventory.devices[index].name if index is not None else "") or device

"""devices.csv: one row per device."""

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from netmon.model.ids import CentreId, DeviceId, VillageId
from netmon.model.inventory import Device, Lifecycle, ObservedVia, Role
from netmon.settings.complaints import Page, did_you_mean, quote
from netmon.settings.sheets import DEVICES, Sheet, arabic, choice, shape_of_id, take_id
from netmon.settings.tables import Texts, read_rows
from netmon.settings.values import ip_address

_ROLES = tuple(role.value for role in Role)
_LIFECYCLES = tuple(one.value for one in Lifecycle)
_ROLE_OF = {role.value: role for role in Role}
_LIFECYCLE_OF = {one.value: one for one in Lifecycle}
_NEEDS_VILLAGE = (Role.AP, Role.UPLINK)
_NO_HOSTS_V4 = {0, *range(224, 256)}  # this network, multicast, reserved (RFC 6890)


def read_devices(directory: Path, page: Page, texts: Texts) -> Sheet[Device]:
    """Read devices.csv; references are as given, an address that is none is ''."""
    sheet: Sheet[Device] = Sheet(DEVICES)
    for row, cells in read_rows(directory, DEVICES, page, texts):
        if take_id(sheet, cells[0], row, page):
            device = _device(cells, row, page, texts)
            if device is not None:
                sheet.add(device, row)
    return sheet


def _device(cells: list[str], row: int, page: Page, texts: Texts) -> Device | None:
    own, role_text, address, village, parent, via, life, name, centre, profile, credential = cells
    role = choice(role_text, _ROLES, "")
    if role is None:
        what = f"{quote(role_text)} is no role" if role_text else "is empty"
        page.wrong(row, "role", what, did_you_mean(role_text, _ROLES))
        return None
    lifecycle = choice(life, _LIFECYCLES, Lifecycle.ACTIVE)
    if lifecycle is None:
        page.wrong(row, "lifecycle", f"{quote(life)} is no lifecycle", did_you_mean(life, _LIFECYCLES))
    village = arabic(village)
    _check_village(_ROLE_OF[role], village, row, page)
    if not address and not via:
        page.wrong(row, "address", "is empty", "give the device's IP address, or observed_via for one never probed")
    return Device(
        id=DeviceId(own),
        role=_ROLE_OF[role],
        address=_address(address, row, page) if address else "",
        village=VillageId(village) if village else None,
        parent=DeviceId(parent) if parent else None,
        observed_via=_observed_via(via, row, page, texts) if via else None,
        lifecycle=_LIFECYCLE_OF[lifecycle or Lifecycle.ACTIVE],
        name=name,
        centre=CentreId(centre) if centre else None,
        profile=profile,
        credential=credential,
    )


def _check_village(role: Role, village: str, row: int, page: Page) -> None:
    if role in _NEEDS_VILLAGE and not village:
        page.wrong(row, "village", f"is empty, but the role is {role}", "name the village it serves")
    elif role is Role.FEEDER and village:
        page.warn(
            row, "village", "a feeder serves the villages of the devices below it", "leave it empty unless it is so"
        )


def _address(text: str, row: int, page: Page) -> str:
    text = arabic(text)
    try:
        address = ip_address(text)
    except ValueError:
        page.wrong(row, "address", f"{quote(text)} is no IP address", "write it in numbers, e.g. 10.64.0.7")
        return ""
    if not _is_of_one_host(address):
        page.wrong(row, "address", f"{address} is not the address of one device", "write the device's own address")
        return ""
    return str(address)


def _is_of_one_host(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.packed[0] not in _NO_HOSTS_V4
    return not address.is_multicast and not address.is_unspecified


def _observed_via(text: str, row: int, page: Page, texts: Texts) -> ObservedVia | None:
    device, mark, key = text.partition("#")
    device, key = device.strip(), key.strip()
    if not mark or not key or shape_of_id(device) is not None:
        page.wrong(row, "observed_via", f"{quote(text)} is not DEVICE#KEY", "write e.g. OLT-UBN-01#ZTEGC1234567")
        return None
    return ObservedVia(DeviceId(texts.setdefault(device, device)), key)

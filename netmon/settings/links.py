"""Whether the five files agree with each other: references, addresses, parents."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TypeVar

from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Lifecycle
from netmon.settings.complaints import Kind, Page, did_you_mean, quote
from netmon.settings.sheets import Draft, Sheet

T = TypeVar("T")
_CIRCLE_SHOWN = 6


def check_links(draft: Draft, credentials: Collection[str] | None) -> None:
    """Complain of everything in one file that another (or netmon.yaml) contradicts.

    Args:
        draft: the files; complaints go to its notes.
        credentials: names that a device may give; None leaves them unchecked.
    """
    refer = _References(draft.unreadable())
    _check_people(draft, refer)
    page = draft.notes.page(draft.devices.columns.file)
    _check_device_references(draft, refer, page)
    _check_addresses(draft.devices, page)
    _check_parents(draft.devices, page)
    if credentials is not None:
        _check_credentials(draft.devices, credentials, page)


@dataclass(frozen=True, slots=True)
class _References:
    """Complains of references to what is not there, except into files of which rows are missing: that is noise."""

    unreadable: frozenset[str]

    def check(self, sheet: Sheet[T], text: str | None, page: Page, place: tuple[int, str]) -> None:
        if text and text not in sheet.first_row and sheet.columns.file not in self.unreadable:
            page.wrong(*place, f"{quote(text)} is not in {sheet.columns.file}", sheet.near(text))


def _check_people(draft: Draft, refer: _References) -> None:
    page = draft.notes.page(draft.villages.columns.file)
    for village, row in zip(draft.villages.items, draft.villages.rows, strict=True):
        refer.check(draft.centres, village.centre, page, (row, "service_centre"))
    page = draft.notes.page(draft.technicians.columns.file)
    for technician, row in zip(draft.technicians.items, draft.technicians.rows, strict=True):
        if not technician.centre:
            page.wrong(row, "service_centre", "is empty", "name the service centre the technician works at")
        refer.check(draft.centres, technician.centre, page, (row, "service_centre"))
    page = draft.notes.page(draft.volunteers.columns.file)
    for volunteer, row in zip(draft.volunteers.items, draft.volunteers.rows, strict=True):
        refer.check(draft.villages, volunteer.village, page, (row, "village"))


def _check_device_references(draft: Draft, refer: _References, page: Page) -> None:
    retired = {device.id for device in draft.devices.items if device.lifecycle is Lifecycle.RETIRED}
    for device, row in zip(draft.devices.items, draft.devices.rows, strict=True):
        refer.check(draft.villages, device.village, page, (row, "village"))
        refer.check(draft.centres, device.centre, page, (row, "service_centre"))
        refer.check(draft.devices, device.parent, page, (row, "parent"))
        via = device.observed_via
        if via is not None:
            refer.check(draft.devices, via.device, page, (row, "observed_via"))
            if via.device == device.id:
                page.wrong(row, "observed_via", "the device is observed via itself", "name the OLT it hangs on")
        if device.parent in retired and device.lifecycle is not Lifecycle.RETIRED:
            page.warn(row, "parent", f"'{device.parent}' is retired", "name the device that took its place")


def _check_addresses(sheet: Sheet[Device], page: Page) -> None:
    first: dict[str, tuple[str, int]] = {}
    for device, row in zip(sheet.items, sheet.rows, strict=True):
        if not device.is_watched:
            continue
        other, other_row = first.setdefault(device.address, (device.id, row))
        if other_row != row:
            page.wrong(
                row,
                "address",
                f"{device.address} is also the address of '{other}' in row {other_row}",
                "correct one of them, or retire the old device",
                kind=Kind.DUPLICATE_ADDRESS,
            )


def _check_parents(sheet: Sheet[Device], page: Page) -> None:
    above = {device.id: device.parent for device in sheet.items}
    for circle in _circles(above):
        row = sheet.first_row[circle[0]]
        shown = [*circle, circle[0]] if len(circle) <= _CIRCLE_SHOWN else [*circle[:_CIRCLE_SHOWN], "..."]
        page.wrong(
            row,
            "parent",
            f"parents go in a circle: {' -> '.join(shown)}",
            "the topmost device, the feeder, has no parent",
            kind=Kind.PARENT_CIRCLE,
        )


def _circles(above: dict[DeviceId, DeviceId | None]) -> Iterator[list[DeviceId]]:
    """Each circle once, beginning with the member that stands first."""
    settled: set[DeviceId] = set()
    for start in above:
        trail: dict[DeviceId, None] = {}
        at: DeviceId | None = start
        while at is not None and at in above and at not in settled and at not in trail:
            trail[at] = None
            at = above[at]
        if at is not None and at in trail:
            members = list(trail)
            yield members[members.index(at) :]
        settled.update(trail)


def _check_credentials(sheet: Sheet[Device], credentials: Collection[str], page: Page) -> None:
    for device, row in zip(sheet.items, sheet.rows, strict=True):
        if device.credential and device.credential not in credentials:
            fix = did_you_mean(device.credential, credentials) or "name it under 'credentials:' in netmon.yaml"
            # What stands here may be the secret itself, put in the wrong place.
            page.wrong(row, "credential", "names no credential of netmon.yaml", fix)

"""Five CSV files -> Inventory. Everything wrong is gathered before anything is refused."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from netmon.errors import ComplaintsError
from netmon.model.inventory import Inventory
from netmon.settings.complaints import Complaint, Notes, listing
from netmon.settings.devices import read_devices
from netmon.settings.links import check_links
from netmon.settings.people import read_centres, read_technicians, read_volunteers
from netmon.settings.sheets import CENTRES, DEVICES, TECHNICIANS, VILLAGES, VOLUNTEERS, Draft
from netmon.settings.tables import Texts
from netmon.settings.villages import read_villages


@dataclass(frozen=True, slots=True)
class LoadedInventory:
    """What netmon works with, and what somebody should look at all the same."""

    inventory: Inventory
    warnings: tuple[Complaint, ...] = ()


def load_inventory(directory: Path, credentials: Collection[str] | None = None) -> LoadedInventory:
    """Read the five CSV files of a folder.

    Args:
        directory: the folder.
        credentials: names devices may give in `credential`; None leaves them unchecked.

    Raises:
        ComplaintsError: everything that is wrong with the files; nothing was taken.
    """
    draft = draft_inventory(directory, credentials)
    if draft.notes.complaints:
        raise ComplaintsError(listing(draft.notes.complaints))
    return accept(draft)


def draft_inventory(directory: Path, credentials: Collection[str] | None = None) -> Draft:
    """Read the files as far as they can be read; what is wrong is in the draft's notes, by file and row."""
    notes, texts = Notes(), Texts()
    draft = Draft(
        villages=read_villages(directory, notes.page(VILLAGES.file), texts),
        devices=read_devices(directory, notes.page(DEVICES.file), texts),
        centres=read_centres(directory, notes.page(CENTRES.file), texts),
        technicians=read_technicians(directory, notes.page(TECHNICIANS.file), texts),
        volunteers=read_volunteers(directory, notes.page(VOLUNTEERS.file), texts),
        notes=notes,
    )
    check_links(draft, credentials)
    for gathered in (notes.complaints, notes.warnings):
        gathered.sort(key=_as_in_the_files)
    return draft


def accept(draft: Draft) -> LoadedInventory:
    """Make an inventory of a draft that has no complaints."""
    return LoadedInventory(
        Inventory(
            villages={village.id: village for village in draft.villages.items},
            devices=tuple(draft.devices.items),
            centres={centre.id: centre for centre in draft.centres.items},
            technicians=tuple(draft.technicians.items),
            volunteers={volunteer.village: volunteer for volunteer in draft.volunteers.items},
        ),
        tuple(draft.notes.warnings),
    )


_FILES = [columns.file for columns in (VILLAGES, DEVICES, CENTRES, TECHNICIANS, VOLUNTEERS)]


def _as_in_the_files(complaint: Complaint) -> tuple[int, int]:
    return _FILES.index(complaint.file), complaint.line

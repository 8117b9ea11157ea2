"""What a new inventory changes: a pure difference, and the guard against retiring half the country by a slip."""

from dataclasses import dataclass
from enum import StrEnum

from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Lifecycle


@dataclass(frozen=True, slots=True)
class InventoryDiff:
    """What a reload does to devices; ids in the order of their file.

    `retired` are gone or now marked retired. `changed` differ in anything and go on. `kept` pairs (new index, old
    index) name the rows whose history still speaks of the same device at the same address.
    """

    added: tuple[DeviceId, ...] = ()
    retired: tuple[DeviceId, ...] = ()
    changed: tuple[DeviceId, ...] = ()
    kept: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ReloadPolicy:
    """Share of the active devices that a reload may retire without being asked to."""

    retired_share: float = 0.05


class ReloadVerdict(StrEnum):
    """Whether a reload may take effect."""

    GO_AHEAD = "go_ahead"
    ACCEPTED = "accepted"
    """It retires more than the policy's share, and the operator said so."""
    NEEDS_ACCEPT = "needs_accept"


def diff(old: Inventory, new: Inventory) -> InventoryDiff:
    """What changes from `old` to `new`, by device id."""
    added, changed, kept = [], [], []
    for index, device in enumerate(new.devices):
        old_index = old.index_of.get(device.id, -1)
        before = old.devices[old_index] if old_index >= 0 else None
        if device.lifecycle is Lifecycle.RETIRED:
            continue
        if before is None or before.lifecycle is Lifecycle.RETIRED:
            added.append(device.id)
            continue
        if device != before:
            changed.append(device.id)
        if device.address == before.address and (device.address or device.observed_via == before.observed_via):
            kept.append((index, old_index))
    retired = tuple(device.id for device in old.devices if _is_live(device) and not _lives_on(device, new))
    return InventoryDiff(tuple(added), retired, tuple(changed), tuple(kept))


def retired_share(change: InventoryDiff, old: Inventory) -> float:
    """Share of the devices active before that the change retires, 0 where none was active."""
    active = {device.id for device in old.devices if device.lifecycle is Lifecycle.ACTIVE}
    return len(active.intersection(change.retired)) / len(active) if active else 0.0


def judge_reload(change: InventoryDiff, old: Inventory, policy: ReloadPolicy, *, accepted: bool) -> ReloadVerdict:
    """Whether the change may take effect; `accepted` is the operator's `--accept`."""
    if retired_share(change, old) <= policy.retired_share:
        return ReloadVerdict.GO_AHEAD
    return ReloadVerdict.ACCEPTED if accepted else ReloadVerdict.NEEDS_ACCEPT


def _is_live(device: Device) -> bool:
    return device.lifecycle is not Lifecycle.RETIRED


def _lives_on(device: Device, new: Inventory) -> bool:
    index = new.index_of.get(device.id)
    return index is not None and _is_live(new.devices[index])

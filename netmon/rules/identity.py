"""What a device says it is, compared with what it said before."""

from collections.abc import Iterator
from dataclasses import replace

from netmon.model.chronicle import DeviceChange, DeviceEvent, DeviceRecord
from netmon.model.readings import Identity


def compare(before: DeviceRecord | None, seen: DeviceRecord, at: float) -> tuple[DeviceRecord, tuple[DeviceEvent, ...]]:
    """The record to keep from now on, and what has happened; `at` is in Unix seconds.

    A device that does not tell its serial number this time has not been replaced.
    """
    if before is None:
        words = ", ".join(filter(None, (seen.identity.model, seen.identity.serial, seen.identity.firmware)))
        return seen, (DeviceEvent(seen.device, at, DeviceChange.MET, words, address=seen.address),)
    old, new = before.identity, seen.identity
    kept = Identity(new.model or old.model, new.serial or old.serial, new.firmware or old.firmware)
    return replace(seen, identity=kept), tuple(_changes(before, replace(seen, identity=kept), at))


def _changes(before: DeviceRecord, after: DeviceRecord, at: float) -> Iterator[DeviceEvent]:
    old, new = before.identity, after.identity
    for what, is_now, was in (
        (DeviceChange.REPLACED, new.serial, old.serial),
        (DeviceChange.MODEL, new.model, old.model),
        (DeviceChange.FIRMWARE, new.firmware, old.firmware),
    ):
        if was and is_now != was:
            yield DeviceEvent(after.device, at, what, is_now, was, after.address)

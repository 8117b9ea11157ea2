"""What a device said it was, and what became of that: a device's own history, beside that of its tickets."""

from dataclasses import dataclass, field
from enum import StrEnum

from netmon.model.ids import DeviceId
from netmon.model.readings import Identity


class DeviceChange(StrEnum):
    """What can happen to a device's identity."""

    MET = "met"
    """It spoke SNMP for the first time."""
    REPLACED = "replaced"
    """Another serial number answers in its place."""
    MODEL = "model"
    FIRMWARE = "firmware"


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What a device last said it was; an identity's fields keep their last word where it says nothing any more."""

    device: DeviceId
    address: str
    identity: Identity = field(default_factory=Identity)


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """One line of a device's append-only history: when (Unix seconds), what, and in words, `was` what it was before."""

    device: DeviceId
    at: float
    what: DeviceChange
    now: str = ""
    was: str = ""
    address: str = ""

"""The whiteboard: what netmon holds true now, for whoever shows it. One writer (the engine), many readers."""

from collections.abc import Sequence
from dataclasses import dataclass

from netmon.model.cases import Case
from netmon.model.fleet import Fleet
from netmon.model.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Isolation:
    """netmon itself is cut off since `since` (Unix seconds), because of `reason`."""

    since: float
    reason: str


@dataclass(slots=True)
class Country:
    """Inventory and Fleet change together at a reload (the Fleet's generation tells); cases are the open ones."""

    inventory: Inventory
    fleet: Fleet
    cases: Sequence[Case] = ()
    isolation: Isolation | None = None

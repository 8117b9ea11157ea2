"""Who stands above and beneath whom, counting only devices that can say something.

An uplink without an address speaks through its OLT's tables alone. While those say nothing of it, or where it is
planned and was never seen, it says nothing. The access point behind it is then directly behind the feeder: a dead
feeder must still explain it, and it must still be able to refute the feeder's death.
"""

from collections.abc import Iterator

from netmon.model.country import Country
from netmon.model.inventory import Lifecycle
from netmon.model.onus import RowState

_TELLING = (RowState.ONLINE, RowState.OFFLINE)
_PLANNED = Lifecycle.PLANNED  # naming it through its class is slow before Python 3.12, and this is asked very often


def is_on_paper(country: Country, index: int) -> bool:
    """Planned, and never seen: its silence means nothing."""
    return country.inventory.devices[index].lifecycle is _PLANNED and not country.fleet.answered_at[index] > 0


def can_speak(country: Country, index: int) -> bool:
    """Probed, or told of by its OLT now, and more than a plan."""
    device = country.inventory.devices[index]
    is_heard = device.is_watched or (device.is_told_of and country.fleet.row_state[index] in _TELLING)
    return is_heard and not is_on_paper(country, index)


def ancestors(country: Country, index: int) -> Iterator[int]:
    """Every speaking device above, the nearest first."""
    above = country.wiring.parent_of(index)
    while above >= 0:
        if can_speak(country, above):
            yield above
        above = country.wiring.parent_of(above)


def parent(country: Country, index: int) -> int:
    """The nearest speaking device above, -1 where there is none."""
    return next(ancestors(country, index), -1)


def children(country: Country, index: int) -> Iterator[int]:
    """The nearest speaking devices beneath."""
    waiting = list(reversed(country.wiring.children_of(index)))
    while waiting:
        one = waiting.pop()
        if can_speak(country, one):
            yield one
        else:
            waiting.extend(reversed(country.wiring.children_of(one)))

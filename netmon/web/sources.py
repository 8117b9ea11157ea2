"""What the pages look at, handed over by the daemon."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from netmon.model.chronicle import DeviceEvent
from netmon.model.country import Country
from netmon.model.faults import Fault
from netmon.model.ids import DeviceId
from netmon.ports import Clock, Exporter, TakeReport

Explain = Callable[[Fault, str], str]
"""The sentence that says why netmon believes in a fault, in a language (`th` or `en`)."""


DeviceEvents = Callable[[Collection[DeviceId], int], Awaitable[tuple[DeviceEvent, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSources:
    """The whiteboard, the clock, and what else the pages show.

    `not_ready` gives one sentence per reason why netmon cannot be relied on now; it is asked on every `/readyz` and
    must answer at once. `device_events` are the latest of these devices' histories, oldest first; it raises StoreError
    where they cannot be read now. `take_report` takes delivery reports in; without it there is no page for them.
    """

    country: Country
    clock: Clock
    not_ready: Callable[[], Sequence[str]]
    explain: Explain
    device_events: DeviceEvents
    exporters: Sequence[Exporter] = ()
    take_report: TakeReport | None = None

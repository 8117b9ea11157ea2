"""How people are told, and what gateways say afterwards."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from netmon.model.notices import (
    Channel,
    Delivery,
    Letter,
    Receipt,
    Report,
)

Parting = Callable[[], Awaitable[None]]
"""Awaited right before a gateway could have the message; raises what keeps it from leaving."""


async def parting_unrecorded() -> None:
    """For whoever keeps no book of what is on the wire."""


class Notifier(Protocol):
    """Delivers letters over one channel. Trouble is a Delivery, never an exception but for those of `parting`."""

    @property
    def channel(self) -> Channel:
        """The channel served."""
        ...

    async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
        """Render and send one letter; a second call with the same `Letter.key` is recognisable as the same message.

        `parting` is awaited once, as late as can be, before anything is done that cannot be taken back; what it
        raises is passed on, and nothing has left then.
        """
        ...


class ReportReader(Protocol):
    """Understands what a gateway calls back with."""

    def read_report(self, said: object) -> Report | None:
        """The report; None where it says nothing that netmon knows.

        `said` came from outside: a mapping of texts (query, form), or whatever JSON can hold.
        """
        ...

    def reference_in(self, said: object) -> str:
        """The gateway's own id of the message; '' where that is not how its reports tell what they are about."""
        ...


class StatusAsker(Protocol):
    """A gateway that can be asked what became of a message."""

    async def ask(self, reference: str) -> Report | None:
        """What has become of the message with this id of the gateway's; None where it does not say. Never raises."""
        ...


TakeReport = Callable[[str, object], Awaitable[Receipt]]
"""(token, what was said) -> what became of it; raises StoreError where it cannot be recorded now."""

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


class Notifier(Protocol):
    """Delivers letters over one channel. Never raises: trouble is a Delivery."""

    @property
    def channel(self) -> Channel:
        """The channel served."""
        ...

    async def deliver(self, letter: Letter) -> Delivery:
        """Render and send one letter; a second call with the same notice key is recognisable as the same message."""
        ...


class ReportReader(Protocol):
    """Understands what a gateway calls back with."""

    def read_report(self, said: object) -> Report | None:
        """The report; None where it says nothing that netmon knows.

        `said` came from outside: a mapping of texts (query, form), or whatever JSON can hold.
        """
        ...


TakeReport = Callable[[str, object], Awaitable[Receipt]]
"""(token, what was said) -> what became of it; raises StoreError where it cannot be recorded now."""

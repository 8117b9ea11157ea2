"""The service centres' desk in a drill: notes every state of every ticket at the moment it could first be read.

It reads as `netmon tickets` does, beside the running daemon and without disturbing it; what it notes is all that the
score knows of netmon's tickets.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Self, TextIO

from netmon.cli.common import NoVitals
from netmon.lab.scoring.kept import TicketState
from netmon.model.faults import Fault
from netmon.model.ids import TicketNumber
from netmon.model.tickets import Ticket
from netmon.ports import Store
from netmon.stores import open_store

News = Callable[[TicketState, TicketState | None], None]
"""Told of each new state, with the one before it."""


class Desk:
    """Made by `open`. Every `look` reads what has changed since the last one."""

    def __init__(self, store: Store, journal: TextIO, news: News) -> None:
        self._store = store
        self._journal = journal
        self._news = news
        self._known: dict[TicketNumber, TicketState] = {}
        self._is_new = True

    @classmethod
    async def open(cls, database: Path, journal: Path, news: News) -> Self:
        """A desk at the daemon's database, which the daemon has made already."""
        return cls(
            await open_store(f"sqlite:///{database}", vitals=NoVitals()), journal.open("a", encoding="utf-8"), news
        )

    async def look(self) -> None:
        """Note what is new."""
        if not (await self._store.changed_elsewhere() or self._is_new):
            return
        self._is_new = False
        cases = await self._store.open_cases()
        found = {ticket.number: (ticket, case.fault) for case in cases for ticket in case.tickets}
        for ticket in await self._store.tickets(only_open=False):
            if ticket.number not in found and self._is_news(ticket):
                case = await self._store.case(ticket.fault)
                if case is not None:
                    found[ticket.number] = (ticket, case.fault)
        at = time.time()
        for number in sorted(found):
            self._note(ticket_state(*found[number], at))
        self._journal.flush()

    async def close(self) -> None:
        """Leave the database and finish the journal."""
        await self._store.close()
        self._journal.close()

    def _is_news(self, ticket: Ticket) -> bool:
        known = self._known.get(ticket.number)
        return known is None or known.status is not ticket.status or known.villages != ticket.villages

    def _note(self, state: TicketState) -> None:
        before = self._known.get(state.number)
        if before is not None and replace(before, at=state.at) == state:
            return
        self._known[state.number] = state
        self._journal.write(state.line())
        self._news(state, before)


def ticket_state(ticket: Ticket, fault: Fault, at: float) -> TicketState:
    """A ticket as a desk sees it at that time (Unix seconds)."""
    dark = frozenset(fault.dark_villages)
    return TicketState(
        at=at,
        number=ticket.number,
        centre=ticket.centre,
        status=ticket.status,
        cause=fault.cause,
        confidence=fault.confidence,
        opened_at=ticket.opened_at,
        villages=ticket.villages,
        dark=tuple(village for village in ticket.villages if village in dark),
    )

"""A case: a fault with its tickets, as the store keeps them and the engine works on them."""

from dataclasses import dataclass

from netmon.model.faults import Fault
from netmon.model.tickets import Ticket, TicketEvent


@dataclass(frozen=True, slots=True)
class Case:
    """A fault, its tickets (one per service centre concerned) and, where asked for, their history."""

    fault: Fault
    tickets: tuple[Ticket, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketFile:
    """A ticket with its fault and whole history, oldest first."""

    ticket: Ticket
    fault: Fault
    history: tuple[TicketEvent, ...] = ()

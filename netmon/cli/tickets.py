"""`netmon tickets`: list, show, ack, note and resolve, beside a running daemon or without one."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from netmon.cli.common import LONGEST_NOTE, Line, author_option, clock_time, config_option, login_name, with_store
from netmon.engine.clock import SystemClock
from netmon.errors import InputError
from netmon.model.cases import TicketFile
from netmon.model.ids import TicketNumber
from netmon.model.tickets import Ticket, TicketStatus
from netmon.ports import Store, TicketAction

number_argument = click.argument("number", metavar="NUMBER")
note_option = click.option("--note", "-m", type=Line(LONGEST_NOTE), help="A note for the ticket's history.")


@click.group()
def tickets() -> None:
    """See and work tickets."""


@tickets.command("list")
@config_option
@click.option("--all", "every", is_flag=True, help="Resolved and ended ones too.")
def list_tickets(config: Path, *, every: bool) -> None:
    """Open tickets, newest first."""

    async def read(store: Store) -> tuple[Ticket, ...]:
        return await store.tickets(only_open=not every)

    found = with_store(config, read)
    if not found:
        click.echo("No tickets." if every else "No open tickets.")
        return
    table = Table("number", "status", "centre", "villages", "since", "accepted by", box=None)
    for ticket in found:
        table.add_row(
            ticket.number,
            ticket.status,
            ticket.centre,
            str(len(ticket.villages)),
            clock_time(ticket.opened_at),
            ticket.accepted_by,
        )
    Console(width=None if Console().is_terminal else 160).print(table)


@tickets.command()
@config_option
@number_argument
def show(config: Path, number: str) -> None:
    """One ticket with its villages and history."""

    async def read(store: Store) -> TicketFile | None:
        return await store.ticket(TicketNumber(number))

    file = with_store(config, read)
    if file is None:
        raise InputError(f"There is no ticket {number!r}; 'netmon tickets list --all' shows them all.")
    ticket, fault = file.ticket, file.fault
    click.echo(f"{ticket.number}  {ticket.status}  centre {ticket.centre}  since {clock_time(ticket.opened_at)}")
    click.echo(f"cause {fault.cause} (confidence {fault.confidence:.0%})  priority {fault.priority}")
    click.echo(f"accepted by {ticket.accepted_by or 'nobody'}")
    click.echo(f"villages ({len(ticket.villages)}): {' '.join(ticket.villages)}")
    for event in file.history:
        click.echo(f"{clock_time(event.at)}  {event.author}: {event.what}{' - ' + event.text if event.text else ''}")


@tickets.command()
@config_option
@number_argument
@author_option
@note_option
def ack(config: Path, number: str, author: str | None, note: str | None) -> None:
    """Accept a ticket: somebody is working on it now."""
    _act(config, number, author, status=TicketStatus.IN_PROGRESS, note=note)


@tickets.command()
@config_option
@number_argument
@author_option
@click.argument("text", type=Line(LONGEST_NOTE))
def note(config: Path, number: str, author: str | None, text: str) -> None:
    """Write TEXT into a ticket's history."""
    _act(config, number, author, status=None, note=text)


@tickets.command()
@config_option
@number_argument
@author_option
@note_option
def resolve(config: Path, number: str, author: str | None, note: str | None) -> None:
    """Say that the work on a ticket is done."""
    _act(config, number, author, status=TicketStatus.RESOLVED, note=note)


def _act(config: Path, number: str, author: str | None, *, status: TicketStatus | None, note: str | None) -> None:
    action = TicketAction(number=TicketNumber(number), author=author or login_name(), status=status, note=note or "")

    async def carry_out(store: Store) -> Ticket:
        return await store.act(action, SystemClock().now())

    ticket = with_store(config, carry_out)
    click.echo(f"{ticket.number} is {ticket.status}.")

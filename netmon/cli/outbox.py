"""`netmon outbox`: list, show, retry and drop notices, beside a running daemon or without one."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from netmon.cli.common import WholeNumber, author_option, clock_time, config_option, login_name, with_store
from netmon.engine.clock import SystemClock
from netmon.engine.reception import ReportAddresses, Seal
from netmon.errors import InputError
from netmon.model.notices import NoticeFile, NoticeState, OutboxLine
from netmon.ports import Store
from netmon.settings import load_settings, state_directory

GIVEN_UP = (NoticeState.DEAD, NoticeState.UNKNOWN, NoticeState.FAILED)
SHOWN = 200
MOST = 2**63 - 1

ids_argument = click.argument("ids", metavar="[ID]...", nargs=-1, type=WholeNumber(1, MOST))


@click.group()
def outbox() -> None:
    """See what has not been delivered, and try it again or drop it."""


@outbox.command("list")
@config_option
@click.option("--waiting", is_flag=True, help="What still waits, too, and not only what was given up.")
def list_outbox(config: Path, *, waiting: bool) -> None:
    """Notices that were given up, or that the gateway could not deliver, oldest first."""
    states = (*GIVEN_UP, NoticeState.WAITING) if waiting else GIVEN_UP

    async def read(store: Store) -> tuple[OutboxLine, ...]:
        return await store.notices(states, SHOWN + 1)

    found = with_store(config, read)
    if not found:
        click.echo("Nothing waits and nothing was given up." if waiting else "Nothing was given up.")
        return
    table = Table("id", "state", "ticket", "stage", "channel", "to", "tries", "since", "why", box=None)
    for line in found[-SHOWN:]:
        notice = line.notice
        to = f"{notice.recipient.audience} {notice.recipient.id}"
        words = (line.state, line.ticket or "", notice.stage, notice.channel, to, str(line.attempt))
        table.add_row(str(line.id), *words, clock_time(line.created_at), line.reason)
    Console(width=None if Console().is_terminal else 200).print(table)
    if len(found) > SHOWN:
        click.echo(f"These are the latest {SHOWN}; there are more.")


@outbox.command()
@config_option
@click.argument("notice", metavar="ID", type=int)
def show(config: Path, notice: int) -> None:
    """All that became of one notice: each try, and what the gateway reported afterwards."""

    async def read(store: Store) -> NoticeFile | None:
        return await store.notice(notice)

    found = with_store(config, read)
    if found is None:
        raise InputError(f"There is no notice {notice}.")
    line, one = found.line, found.line.notice
    to = f"{one.recipient.audience} {one.recipient.id}"
    click.echo(f"{one.channel} to {to}, {one.stage}, {line.ticket or 'no ticket'}")
    click.echo(f"{line.state}{f', {line.progress}' if line.progress else ''}, tried {line.attempt} times; id {one.key}")
    for event in found.history:
        click.echo(f"{clock_time(event.at)}  {event.what}{f': {event.text}' if event.text else ''}")


@outbox.command()
@config_option
def callback(config: Path) -> None:
    """The address for delivery reports, for an SMS gateway that calls one fixed address (`report.id`).

    Treat it as a password: whoever knows it can report.
    """
    from netmon.daemon.report_secret import report_secret

    settings = load_settings(config)
    web, sms = settings.web, settings.sms
    if not getattr(getattr(sms, "report", None), "id", ""):
        raise InputError("No SMS gateway that reports to one fixed address is set up: that is `report.id` under `sms`.")
    own = f"{'http' if web.tls_certificate is None else 'https'}://{web.listen}:{web.port}"
    addresses = ReportAddresses(Seal(report_secret(state_directory())), getattr(sms, "report_to", ""), lambda: own)
    click.echo(addresses.fixed())


@outbox.command()
@config_option
@ids_argument
@click.option("--all", "every", is_flag=True, help="Everything that was given up.")
def retry(config: Path, ids: Sequence[int], *, every: bool) -> None:
    """Send notices again: by ID, or all that were given up."""
    now = SystemClock().now()

    async def again(store: Store, notice: int) -> OutboxLine:
        return await store.resend(notice, now)

    _each(config, ids, again, every=every, done="leaves now")


@outbox.command()
@config_option
@ids_argument
@click.option("--all", "every", is_flag=True, help="Everything that was given up.")
@author_option
def drop(config: Path, ids: Sequence[int], author: str | None, *, every: bool) -> None:
    """Never send notices: by ID, or all that were given up."""
    now, who = SystemClock().now(), author or login_name()

    async def away(store: Store, notice: int) -> OutboxLine:
        return await store.drop(notice, who, now)

    _each(config, ids, away, every=every, done="is dropped")


def _each(
    config: Path,
    ids: Sequence[int],
    act: Callable[[Store, int], Awaitable[OutboxLine]],
    *,
    every: bool,
    done: str,
) -> None:
    if bool(ids) == every:
        raise InputError("Name the notices by their ids, or give --all; 'netmon outbox list' shows them.")

    async def carry_out(store: Store) -> None:
        chosen = ids
        if every:
            chosen = [line.id for line in await store.notices(GIVEN_UP, 1_000_000)]
        refusals = []
        for one in chosen:
            try:
                line = await act(store, one)
            except InputError as error:  # the others are none the worse for it
                refusals.append(str(error))
            else:
                notice = line.notice
                click.echo(f"{line.id} {done}: {notice.channel} to {notice.recipient.id}, {notice.stage}")
        if not chosen:
            click.echo("Nothing was given up.")
        if refusals:
            raise InputError("\n".join(refusals))

    with_store(config, carry_out)

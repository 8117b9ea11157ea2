"""`ports.Store` on a database: one thread writes, two read, and asyncio waits for none of their disks."""

import asyncio
import secrets
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from netmon.model.cases import Case, TicketFile
from netmon.model.chronicle import DeviceEvent, DeviceRecord
from netmon.model.decisions import StoredDecision
from netmon.model.ids import DeviceId, FaultId, TicketNumber
from netmon.model.notices import (
    Channel,
    Delivery,
    NoticeFile,
    NoticeState,
    OutboxEntry,
    OutboxLine,
    Report,
    SentNotice,
)
from netmon.model.paths import PathTrace
from netmon.model.tickets import Ticket
from netmon.model.time import Now
from netmon.ports import OutboxState, TicketAction, Vitals
from netmon.stores import desk, devices, faults, outbox, reading, reports, retention, schema, shifting, tickets
from netmon.stores.database import Use, look_for_damage, make_engine, parse_url
from netmon.stores.migrating import migrate
from netmon.stores.trouble import store_error
from netmon.stores.worker import Worker

_NAMED_AT_ONCE = 500
"""Ids in one statement; SQLite took no more than 999 for long."""
_CHANGE = sa.select(schema.change)


class SqlStore:
    """Faults, tickets and outbox in SQLite or PostgreSQL. Made by `open_store`."""

    def __init__(self, url: URL, vitals: Vitals) -> None:
        self._name = secrets.token_hex(8)
        self._seen = -1
        timer = asyncio.get_running_loop().time
        self._writer = Worker(
            make_engine(url, Use.WRITE), "netmon-store-writer", before=self._sign, vitals=vitals, timer=timer
        )
        self._reader = Worker(make_engine(url, Use.READ), "netmon-store-reader", timer=timer)
        # Whole lists are for pages and commands; the engine's and the courier's small questions do not queue behind.
        self._lister = Worker(make_engine(url, Use.READ), "netmon-store-lister", timer=timer)

    def _sign(self, connection: sa.Connection) -> None:
        """Say who writes. PostgreSQL locks the row, so writers of several processes take turns there, too."""
        row = schema.change.c
        mine = sa.case((row.writer == self._name, row.began), else_=row.serial + 1)
        connection.execute(schema.change.update().values(serial=row.serial + 1, writer=self._name, began=mine))

    def _written_elsewhere(self, connection: sa.Connection) -> int:
        """The serial of the last write that was not ours."""
        row = connection.execute(_CHANGE).one()
        return int(row.began) - 1 if row.writer == self._name else int(row.serial)

    def stuck(self) -> float:
        return self._writer.busy_for()

    async def changed_elsewhere(self) -> bool:
        last = await self._reader.call(self._written_elsewhere)
        changed, self._seen = last != self._seen, last
        return changed

    async def open_cases(self) -> tuple[Case, ...]:
        condition = schema.fault.c.resolved_at.is_(None)
        return await self._reader.call(lambda connection: reading.read_cases(connection, condition))

    async def cases(self, faults: Collection[FaultId]) -> tuple[Case, ...]:
        wanted = list(faults)

        def read(connection: sa.Connection) -> list[Case]:
            parts = (wanted[start : start + _NAMED_AT_ONCE] for start in range(0, len(wanted), _NAMED_AT_ONCE))
            return [case for part in parts for case in reading.read_cases(connection, schema.fault.c.id.in_(part))]

        found = await self._reader.call(read)
        return tuple(sorted(found, key=lambda case: (case.fault.opened_at, case.fault.id)))

    async def case(self, fault: FaultId) -> Case | None:
        condition = schema.fault.c.id == fault
        found = await self._reader.call(lambda connection: reading.read_cases(connection, condition))
        return found[0] if found else None

    async def tickets(self, *, only_open: bool) -> tuple[Ticket, ...]:
        condition = schema.ticket.c.status.in_(reading.OPEN_STATUSES) if only_open else sa.true()
        return await self._lister.call(lambda connection: reading.read_tickets(connection, condition))

    async def ticket(self, number: TicketNumber) -> TicketFile | None:
        return await self._reader.call(lambda connection: reading.read_ticket_file(connection, number))

    async def outbox(self, now: Now, channel: Channel | None = None) -> OutboxState:
        return await self._reader.call(lambda connection: outbox.state(connection, now, channel))

    async def report(self, key: str, report: Report, now: Now) -> bool:
        return await self._writer.call(lambda connection: reports.report(connection, key, report, now))

    async def key_of(self, reference: str) -> str | None:
        return await self._reader.call(lambda connection: reports.key_of(connection, reference))

    async def in_delivery(self, since: float, limit: int) -> tuple[SentNotice, ...]:
        return await self._lister.call(lambda connection: reports.in_delivery(connection, since, limit))

    async def notice(self, notice: int) -> NoticeFile | None:
        return await self._lister.call(lambda connection: desk.file_of(connection, notice))

    async def notices(self, states: Collection[NoticeState], limit: int) -> tuple[OutboxLine, ...]:
        return await self._lister.call(lambda connection: desk.lines(connection, states, limit))

    async def resend(self, notice: int, now: Now) -> OutboxLine:
        return await self._writer.call(lambda connection: desk.resend(connection, notice, now))

    async def drop(self, notice: int, author: str, now: Now) -> OutboxLine:
        return await self._writer.call(lambda connection: desk.drop(connection, notice, author, now))

    async def commit(self, decisions: Sequence[StoredDecision], now: Now) -> None:
        batch = tuple(decisions)
        if batch:
            await self._writer.call(lambda connection: faults.carry_out(connection, batch, now))

    async def act(self, action: TicketAction, now: Now) -> Ticket:
        return await self._writer.call(lambda connection: tickets.act(connection, action, now))

    async def close_resolved(self, before: float, now: Now) -> int:
        return await self._writer.call(lambda connection: tickets.close_resolved(connection, before, now))

    async def shift(self, seconds: float) -> None:
        await self._writer.call(lambda connection: shifting.shift(connection, seconds))

    async def forget(self, before: float, limit: int) -> int:
        return await self._writer.call(lambda connection: retention.forget(connection, before, limit))

    async def note_path(self, fault: FaultId, path: PathTrace) -> None:
        await self._writer.call(lambda connection: faults.note_path(connection, fault, path))

    async def note_devices(self, records: Sequence[DeviceRecord], events: Sequence[DeviceEvent], now: Now) -> None:
        await self._writer.call(lambda connection: devices.note(connection, records, events, now.wall))

    async def device_records(self) -> tuple[DeviceRecord, ...]:
        return await self._lister.call(devices.records)

    async def device_events(self, of: Collection[DeviceId], limit: int) -> tuple[DeviceEvent, ...]:
        return await self._lister.call(lambda connection: devices.events(connection, of, limit))

    async def claim(
        self, now: Now, limit: int, lease: float, channel: Channel | None = None
    ) -> tuple[OutboxEntry, ...]:
        # Looked up first where it costs nothing: a courier asks every second, and a write is a flush to disk.
        if not await self._reader.call(lambda connection: outbox.is_anything_due(connection, now, channel)):
            return ()
        return await self._writer.call(
            lambda connection: outbox.claim(connection, now, limit, lease=lease, channel=channel)
        )

    async def claim_rest(self, now: Now, claimed: Sequence[OutboxEntry], lease: float) -> tuple[OutboxEntry, ...]:
        wanted = outbox.rest_of(now, claimed)
        if await self._reader.call(lambda connection: connection.execute(wanted.limit(1)).first()) is None:
            return ()
        return await self._writer.call(lambda connection: outbox.take(connection, wanted, now, lease))

    async def settle(self, entry: OutboxEntry, delivery: Delivery, now: Now, retry_at: float | None) -> None:
        await self._writer.call(lambda connection: outbox.settle(connection, entry, delivery, now, retry_at=retry_at))

    async def part_with(self, entries: Sequence[OutboxEntry], message: str, now: Now) -> bool:
        return await self._writer.call(lambda connection: outbox.part_with(connection, entries, message, now))

    async def release_leases(self, now: Now, *, rest: float, resends: int) -> None:
        await self._writer.call(lambda connection: outbox.release_leases(connection, now, rest=rest, resends=resends))

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()
        await self._lister.close()


async def open_store(url: str, *, vitals: Vitals, check: bool = False) -> SqlStore:
    """Open the database (`sqlite:///path` or `postgresql://...`), creating or updating its tables.

    Several processes may hold the same database open. With `check` all of it is read first, some 100 MB in a second:
    damage in a corner may not be met for months, while everything else is written around it.

    Raises:
        InputError: the URL is no database URL.
        StoreError: the database cannot be used, or is newer than this program; it was left as it is.
    """
    parsed = parse_url(url)
    try:
        if check:
            await asyncio.to_thread(look_for_damage, parsed)
        await asyncio.to_thread(migrate, parsed)
        store = SqlStore(parsed, vitals)
    except SQLAlchemyError as error:
        raise store_error(error) from error
    try:
        await store.changed_elsewhere()  # what was written before this is nobody's news
    except BaseException:
        await store.close()
        raise
    return store

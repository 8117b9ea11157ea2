"""Writes and reads what devices said they are, and their append-only history, in the caller's transaction."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from netmon.model.chronicle import DeviceChange, DeviceEvent, DeviceRecord
from netmon.model.ids import DeviceId
from netmon.model.readings import Identity
from netmon.stores.schema import device, device_event


def note(connection: sa.Connection, records: Sequence[DeviceRecord], events: Sequence[DeviceEvent], at: float) -> None:
    """Replace the records and append the events."""
    if records:
        connection.execute(device.delete().where(device.c.id.in_([one.device for one in records])))
        connection.execute(
            device.insert(),
            [
                {
                    "id": one.device,
                    "address": one.address,
                    "model": one.identity.model,
                    "serial": one.identity.serial,
                    "firmware": one.identity.firmware,
                    "seen_at": at,
                }
                for one in records
            ],
        )
    if events:
        connection.execute(
            device_event.insert(),
            [
                {
                    "device": one.device,
                    "at": one.at,
                    "what": one.what.value,
                    "now": one.now,
                    "was": one.was,
                    "address": one.address,
                }
                for one in events
            ],
        )


def records(connection: sa.Connection) -> tuple[DeviceRecord, ...]:
    """All records."""
    return tuple(
        DeviceRecord(DeviceId(row.id), row.address, Identity(row.model, row.serial, row.firmware))
        for row in connection.execute(sa.select(device).order_by(device.c.id))
    )


def events(connection: sa.Connection, devices: Collection[DeviceId], limit: int) -> tuple[DeviceEvent, ...]:
    """The latest events of these devices, oldest first."""
    query = (
        sa.select(device_event)
        .where(device_event.c.device.in_(list(devices)))
        .order_by(device_event.c.id.desc())
        .limit(limit)
    )
    return tuple(
        DeviceEvent(DeviceId(row.device), row.at, DeviceChange(row.what), row.now, row.was, row.address)
        for row in reversed(connection.execute(query).all())
    )

"""Faults, tickets, history and outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_OPEN_FAULT = sa.text("resolved_at IS NULL")
_OPEN_TICKET = sa.text("status NOT IN ('closed', 'cancelled', 'rejected')")
_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    """Create the first tables."""
    _create_faults()
    _create_tickets()
    _create_outbox()
    _create_counters()


def _create_faults() -> None:
    op.create_table(
        "fault",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.Column("resolved_at", sa.Double),
        sa.Column("resolution", sa.String),
        sa.Column("merged_into", sa.String, sa.ForeignKey("fault.id", deferrable=True, initially="DEFERRED")),
        sa.Column("overruled_by", sa.String, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
    )
    op.create_index(
        "one_open_fault_per_key",
        "fault",
        ["scope", "key"],
        unique=True,
        sqlite_where=_OPEN_FAULT,
        postgresql_where=_OPEN_FAULT,
    )
    op.create_table(
        "member",
        sa.Column("fault", sa.String, sa.ForeignKey("fault.id"), primary_key=True),
        sa.Column("device", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("failed_at", sa.Double, nullable=False),
        sa.Column("recovered_at", sa.Double),
        sa.Column("villages", sa.JSON, nullable=False),
    )


def _create_tickets() -> None:
    op.create_table(
        "ticket",
        sa.Column("number", sa.String, primary_key=True),
        sa.Column("running", sa.Integer, nullable=False, unique=True),
        sa.Column("fault", sa.String, sa.ForeignKey("fault.id"), nullable=False, index=True),
        sa.Column("centre", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False, index=True),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.Column("accepted_at", sa.Double),
        sa.Column("accepted_by", sa.String, nullable=False),
        sa.Column("resolved_at", sa.Double),
        sa.Column("closed_at", sa.Double),
    )
    op.create_index(
        "one_open_ticket_per_centre",
        "ticket",
        ["fault", "centre"],
        unique=True,
        sqlite_where=_OPEN_TICKET,
        postgresql_where=_OPEN_TICKET,
    )
    op.create_table(
        "ticket_village",
        sa.Column("ticket", sa.String, sa.ForeignKey("ticket.number"), primary_key=True),
        sa.Column("village", sa.String, primary_key=True, index=True),
        sa.Column("added_at", sa.Double, nullable=False),
    )
    op.create_table(
        "ticket_event",
        sa.Column("ticket", sa.String, sa.ForeignKey("ticket.number"), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("lane", sa.String, nullable=False),
        sa.Column("fault", sa.String, sa.ForeignKey("fault.id"), index=True),
        sa.Column("ticket", sa.String, sa.ForeignKey("ticket.number")),
        sa.Column("centre", sa.String),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("audience", sa.String, nullable=False),
        sa.Column("recipient", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("not_before", sa.Double, nullable=False),
        sa.Column("next_try", sa.Double, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("doubts", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.Double),
        sa.Column("stale_at", sa.Double),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("finished_at", sa.Double),
    )
    for name, columns in {"waiting_lane": ["lane", "id"], "waiting_due": ["next_try", "id"]}.items():
        op.create_index(name, "outbox", columns, sqlite_where=_WAITING, postgresql_where=_WAITING)


def _create_counters() -> None:
    counter = op.create_table(
        "counter",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )
    change = op.create_table(
        "change",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("writer", sa.String, nullable=False),
        sa.Column("began", sa.Integer, nullable=False),
    )
    op.bulk_insert(counter, [{"name": "ticket", "value": 0}])
    op.bulk_insert(change, [{"id": 1, "serial": 0, "writer": "", "began": 0}])

"""The tables, as they are now. How they came to be is in `migrations`; a test holds both against each other.

Times are Unix seconds. What is a tuple of small values (evidence, a member's villages) is JSON, because nothing asks
for its parts; a ticket's villages are rows, because reports do.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

TERMINAL_WORDS = "('closed', 'cancelled', 'rejected')"

fault = sa.Table(
    "fault",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("key", sa.String, nullable=False),
    sa.Column("cause", sa.String, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("opened_at", sa.Double, nullable=False),
    sa.Column("resolved_at", sa.Double, index=True),
    sa.Column("resolution", sa.String),
    # Deferred: one batch may merge a fault into another that it opens only afterwards.
    sa.Column("merged_into", sa.String, sa.ForeignKey("fault.id", deferrable=True, initially="DEFERRED"), index=True),
    sa.Column("overruled_by", sa.String, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    # How far the way to its device went when somebody looked.
    sa.Column("path", sa.JSON(none_as_null=True)),
)
sa.Index(
    "one_open_fault_per_key",
    fault.c.scope,
    fault.c.key,
    unique=True,
    sqlite_where=fault.c.resolved_at.is_(None),
    postgresql_where=fault.c.resolved_at.is_(None),
)

member = sa.Table(
    "member",
    metadata,
    sa.Column("fault", sa.String, sa.ForeignKey("fault.id"), primary_key=True),
    sa.Column("device", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("failed_at", sa.Double, nullable=False),
    sa.Column("recovered_at", sa.Double),
    sa.Column("villages", sa.JSON, nullable=False),
)

ticket = sa.Table(
    "ticket",
    metadata,
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
sa.Index(
    "one_open_ticket_per_centre",
    ticket.c.fault,
    ticket.c.centre,
    unique=True,
    sqlite_where=sa.text(f"status NOT IN {TERMINAL_WORDS}"),
    postgresql_where=sa.text(f"status NOT IN {TERMINAL_WORDS}"),
)

ticket_village = sa.Table(
    "ticket_village",
    metadata,
    sa.Column("ticket", sa.String, sa.ForeignKey("ticket.number"), primary_key=True),
    sa.Column("village", sa.String, primary_key=True, index=True),
    sa.Column("added_at", sa.Double, nullable=False),
)

ticket_event = sa.Table(
    "ticket_event",
    metadata,
    sa.Column("ticket", sa.String, sa.ForeignKey("ticket.number"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("author", sa.String, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String, nullable=False, unique=True),
    # One person, one channel, one fault: the notices of a lane leave one after the other.
    sa.Column("lane", sa.String, nullable=False),
    sa.Column("fault", sa.String, sa.ForeignKey("fault.id"), index=True),
    sa.Column("ticket", sa.String, sa.ForeignKey("ticket.number"), index=True),
    sa.Column("centre", sa.String),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("channel", sa.String, nullable=False),
    sa.Column("audience", sa.String, nullable=False),
    sa.Column("recipient", sa.String, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    # When it became due never changes (the age of the oldest is watched); next_try moves with every failed try.
    sa.Column("not_before", sa.Double, nullable=False),
    sa.Column("next_try", sa.Double, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("doubts", sa.Integer, nullable=False),
    sa.Column("lease_until", sa.Double),
    # Since when a gateway may have it, until its answer is written down.
    sa.Column("parted_at", sa.Double),
    # Superseded while a courier held it: it may be on the wire, but it is not tried again.
    sa.Column("stale_at", sa.Double),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reference", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("finished_at", sa.Double),
    # How far the message has got, as the gateway says now or afterwards.
    sa.Column("progress", sa.String, nullable=False, server_default=""),
    # Villages on its ticket when it was written: the most affected are told first.
    sa.Column("weight", sa.Integer, nullable=False, server_default="0"),
    # The key of the notice in whose message this one left.
    sa.Column("told_with", sa.String, nullable=False, server_default=""),
    # Whether it leaves only to whom something was told before, or was not.
    sa.Column("telling", sa.String, nullable=False, server_default=""),
    # The key of the message in which it left, or may have left.
    sa.Column("message", sa.String),
)
_LEFT = sa.text("message IS NOT NULL")
sa.Index("of_message", outbox.c.message, sqlite_where=_LEFT, postgresql_where=_LEFT)
sa.Index("of_lane", outbox.c.lane, outbox.c.id)
_BY_SMS = sa.text("channel = 'sms' AND state IN ('sent', 'failed')")
sa.Index("by_reference", outbox.c.reference, sqlite_where=_BY_SMS, postgresql_where=_BY_SMS)
sa.Index("sms_sent", outbox.c.finished_at, sqlite_where=_BY_SMS, postgresql_where=_BY_SMS)
_WAITING = sa.text("state = 'waiting'")
sa.Index("waiting_lane", outbox.c.lane, outbox.c.id, sqlite_where=_WAITING, postgresql_where=_WAITING)
sa.Index(
    "waiting_order",
    outbox.c.weight.desc(),
    outbox.c.next_try,
    outbox.c.id,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)

notice_event = sa.Table(
    "notice_event",
    metadata,
    sa.Column("notice", sa.Integer, sa.ForeignKey("outbox.id"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
)

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
)

device = sa.Table(
    "device",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("address", sa.String, nullable=False),
    sa.Column("model", sa.String, nullable=False),
    sa.Column("serial", sa.String, nullable=False),
    sa.Column("firmware", sa.String, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),
)
"""What a device last said it was."""

device_event = sa.Table(
    "device_event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("device", sa.String, nullable=False, index=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("now", sa.String, nullable=False),
    sa.Column("was", sa.String, nullable=False),
    sa.Column("address", sa.String, nullable=False),
)

change = sa.Table(
    "change",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("serial", sa.Integer, nullable=False),
    sa.Column("writer", sa.String, nullable=False),
    sa.Column("began", sa.Integer, nullable=False),
)
"""One row. Every write counts `serial` up; `began` is the serial at which the present `writer`'s unbroken run began."""

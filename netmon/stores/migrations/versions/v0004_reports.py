"""Delivery reports: how far each message has got, and a history of every notice."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """A column and a table; what was sent before has at least been accepted."""
    op.add_column("outbox", sa.Column("progress", sa.String, nullable=False, server_default=""))
    op.execute("UPDATE outbox SET progress = 'accepted' WHERE state = 'sent'")
    op.create_table(
        "notice_event",
        sa.Column("notice", sa.Integer, sa.ForeignKey("outbox.id"), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
    )

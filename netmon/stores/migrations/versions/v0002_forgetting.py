"""Indexes for forgetting: without them each ticket deleted would be looked for in the whole outbox (foreign keys)."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Index what points at a ticket or a fault, and when a fault ended."""
    op.create_index("ix_outbox_ticket", "outbox", ["ticket"])
    op.create_index("ix_fault_merged_into", "fault", ["merged_into"])
    op.create_index("ix_fault_resolved_at", "fault", ["resolved_at"])

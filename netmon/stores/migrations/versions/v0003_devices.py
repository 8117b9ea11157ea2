"""What devices said they are, and a history of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Two tables more."""
    op.create_table(
        "device",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("serial", sa.String, nullable=False),
        sa.Column("firmware", sa.String, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
    )
    op.create_table(
        "device_event",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("device", sa.String, nullable=False, index=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("now", sa.String, nullable=False),
        sa.Column("was", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
    )

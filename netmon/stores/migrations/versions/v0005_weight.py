"""How much hangs on each notice, so that the most affected are told first while a gateway is slow."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A column; what waits already is weighed by the villages on its ticket now."""
    op.add_column("outbox", sa.Column("weight", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "UPDATE outbox SET weight = (SELECT count(*) FROM ticket_village WHERE ticket_village.ticket = outbox.ticket) "
        "WHERE state = 'waiting'"
    )

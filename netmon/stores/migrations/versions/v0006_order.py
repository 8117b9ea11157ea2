"""An index in the order in which notices leave: with a country's notices waiting, ten are found without the rest."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    """Put the new index in the place of the one by time alone."""
    columns = [sa.text(one) for one in ("weight DESC", "next_try", "id")]
    op.create_index("waiting_order", "outbox", columns, sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.drop_index("waiting_due", "outbox")

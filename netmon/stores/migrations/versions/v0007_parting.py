"""What is on the wire, who was told of what, SMS by the ids of their gateways, and the way to a dead device."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_TOGETHER = "told together with "


def upgrade() -> None:
    """Columns; what an older program had claimed counts as not on the wire, as it did there."""
    op.add_column("fault", sa.Column("path", sa.JSON))
    op.add_column("outbox", sa.Column("parted_at", sa.Double))
    for name in ("told_with", "telling"):
        op.add_column("outbox", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.execute(
        f"UPDATE outbox SET told_with = substr(reason, {len(_TOGETHER) + 1}) "  # noqa: S608 - our own words
        f"WHERE state = 'superseded' AND reason LIKE '{_TOGETHER}%'"
    )
    op.create_index("of_lane", "outbox", ["lane", "id"])
    by_sms = sa.text("channel = 'sms' AND state IN ('sent', 'failed')")
    for name, column in (("by_reference", "reference"), ("sms_sent", "finished_at")):
        op.create_index(name, "outbox", [column], sqlite_where=by_sms, postgresql_where=by_sms)

"""In which message a notice left, or may have left."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_WIRE = sa.text(
    "SELECT id, key, fault, stage, channel, audience, recipient, parted_at FROM outbox "
    "WHERE state = 'waiting' AND parted_at IS NOT NULL ORDER BY id"
)
_ALARMS = ("opened", "extended", "relabelled")


def upgrade() -> None:
    """A column. What is on the wire left together with what parted at the same moment for the same person.

    What was in doubt before is not known to have left in company: it is sent again as the older program would have.
    """
    op.add_column("outbox", sa.Column("message", sa.String))
    left = sa.text("message IS NOT NULL")
    op.create_index("of_message", "outbox", ["message"], sqlite_where=left, postgresql_where=left)
    together: defaultdict[object, list[Any]] = defaultdict(list)
    for row in op.get_bind().execute(_WIRE).all():
        together[row.channel, row.audience, row.recipient, row.parted_at].append(row)
    for rows in together.values():
        values = [{"message": _key(rows), "id": row.id} for row in rows]
        op.get_bind().execute(sa.text("UPDATE outbox SET message = :message WHERE id = :id"), values)


def _key(rows: Sequence[Any]) -> str:
    """The key that the older program gave to a message of these, oldest first."""
    faults: defaultdict[object, list[Any]] = defaultdict(list)
    for row in rows:
        faults[row.fault].append(row)
    last = max(faults.values(), key=lambda group: group[-1].id)
    opened = [row for row in last if row.stage == "opened"]
    key = str((opened[0] if opened and last[-1].stage in _ALARMS else last[-1]).key)
    if len(faults) == 1 or rows[0].channel == "sms":
        return key
    return f"digest.{hashlib.sha256(key.encode()).hexdigest()[:32]}"

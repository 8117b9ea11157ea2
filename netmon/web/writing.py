"""How the JSON API writes its answers."""

import math
from datetime import UTC, datetime

from fastapi import Response
from pydantic import BaseModel

JSON = "application/json"
NOT_KEPT = {"Cache-Control": "no-store"}


def written(answer: BaseModel) -> Response:
    """An answer as it goes out."""
    # Written here: FastAPI would check and convert every field once more, at several times the cost.
    return Response(answer.model_dump_json(), media_type=JSON, headers=NOT_KEPT)


def moment_of(at: float) -> datetime:
    """Unix seconds as the answers' models want them."""
    return datetime.fromtimestamp(at, UTC)


def time_or_none(at: float | None) -> datetime | None:
    """The same where it may be missing."""
    return None if at is None or math.isnan(at) else moment_of(at)

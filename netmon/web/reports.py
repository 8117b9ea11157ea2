"""Delivery reports in: where SMS gateways tell what became of a message.

The address is the login: it carries a seal of its own (`engine.reception`), so a gateway on another machine needs no
token of the pages. A gateway that is answered 503 comes again; one that is answered 202 has done its part.
"""

import json
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from netmon.errors import StoreError
from netmon.model.notices import REPORTS_PATH, Receipt
from netmon.ports import TakeReport

LARGEST = 8 * 1024
"""Bytes of a report's body."""
_MOST_FIELDS = 64
_STATUS = {Receipt.TAKEN: 202, Receipt.FORGED: 404, Receipt.UNREADABLE: 400}
_TOO_LARGE, _LATER = 413, 503


def reports_router(take: TakeReport) -> APIRouter:
    """The one page that gateways call, by GET with a query or by POST with a form or JSON."""
    router = APIRouter()

    @router.api_route(REPORTS_PATH + "{token}", methods=["GET", "POST"], include_in_schema=False)
    async def report(token: str, request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return Response(status_code=_TOO_LARGE)
        try:
            receipt = await take(token, _said(request, body))
        except StoreError:
            return Response(status_code=_LATER, headers={"Retry-After": "10"})
        return Response(status_code=_STATUS[receipt])

    return router


async def _body(request: Request) -> bytes | None:
    """The body; None where it is too large, and then the rest of it is not read."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            return None
    return body


def _said(request: Request, body: bytes) -> object:
    """What the gateway says: JSON as it is, else the fields of query and form; None where it is neither."""
    fields: dict[str, object] = dict(request.query_params)
    if not body:
        return fields
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
            return json.loads(body)
        return fields | dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))
    except (ValueError, RecursionError):
        return None

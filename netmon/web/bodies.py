"""No request brings more than it needs to: what netmon is sent are a few lines, never files."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 64 * 1024
"""Bytes of a request's body."""
_TOO_LARGE, _BAD_REQUEST = 413, 400
_SENTENCE = f"A request may bring {LARGEST // 1024} KiB at most.\n"
_AMBIGUOUS = "A request has a length or comes in chunks, not both.\n"


class BodyLimit:
    """ASGI middleware: refuses a body of doubtful length or too large a one, and stops reading one that becomes so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "transfer-encoding" in headers and "content-length" in headers:
            # A proxy may see another request end here than netmon does (RFC 9112, section 6.1).
            await PlainTextResponse(_AMBIGUOUS, _BAD_REQUEST, {"Connection": "close"})(scope, receive, send)
            return
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared[:12]) > LARGEST:
            await PlainTextResponse(_SENTENCE, _TOO_LARGE)(scope, receive, send)
            return
        brought = 0

        async def counted() -> Message:
            nonlocal brought
            message = await receive()
            brought += len(message.get("body", b""))
            if brought > LARGEST:
                raise HTTPException(_TOO_LARGE, _SENTENCE)
            return message

        await self._app(scope, counted, send)

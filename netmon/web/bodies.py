"""No request brings more than it needs to: what netmon is sent are a few lines, never files."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 64 * 1024
"""Bytes of a request's body."""
_TOO_LARGE = 413
_SENTENCE = f"A request may bring {LARGEST // 1024} KiB at most.\n"


class BodyLimit:
    """ASGI middleware: refuses a body that says it is too large, and stops reading one that becomes so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
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

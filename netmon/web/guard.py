"""Who may look at the pages: anybody on this machine, from elsewhere whoever has the token or a certificate (`tls`).

A token crosses the network only where TLS protects it, or the operator has said that something else does. The settings
hold its SHA-256 only; a token of 32 random bytes needs no slow hash. It is taken as a bearer token
(RFC 6750: Prometheus, scripts) or as the password of basic authentication (RFC 7617: browsers), whatever the user.
"""

import base64
import binascii
import hmac
import secrets
import socket
from hashlib import sha256

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from netmon.errors import InputError
from netmon.model.notices import REPORTS_PATH
from netmon.web.bodies import BodyLimit
from netmon.web.patience import is_loopback
from netmon.web.tls import CERTIFIED

_OPEN = frozenset({"/healthz"})
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="netmon", charset="UTF-8"'}


def new_token() -> tuple[str, str]:
    """A token, and what stands in the settings for it."""
    token = secrets.token_urlsafe(32)
    return token, digest_of(token)


def digest_of(token: str) -> str:
    """SHA-256 in hexadecimal."""
    return sha256(token.encode()).hexdigest()


def guard(
    app: FastAPI, listening: socket.socket, digest: str, *, certificates: bool = False, protected: bool = False
) -> FastAPI:
    """Let strangers in by the token only, or by a certificate where `certificates` are checked.

    `protected` says that nobody on the way can read the token.

    Raises:
        InputError: the socket is open to the network, and no stranger can show who they are, or only in the clear.
    """
    host = listening.getsockname()[0]
    if not digest and not certificates and not is_loopback(host):
        raise InputError(
            f"The pages on {host} would be open to the whole network: set web.token_sha256 ('netmon token' makes one) "
            "or web.client_ca, or listen on 127.0.0.1."
        )
    if not protected and not is_loopback(host):
        raise InputError(
            f"The token for the pages on {host} would cross the network in the clear: give web.tls_certificate and "
            "web.tls_key, or say web.insecure: true where a proxy or a VPN protects the way."
        )
    app.add_middleware(BodyLimit)
    app.add_middleware(Guard, digest=digest)
    return app


class Guard:
    """ASGI middleware; without a digest no stranger gets in at all."""

    def __init__(self, app: ASGIApp, digest: str) -> None:
        self._app = app
        self._digest = digest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or ask for the token."""
        if scope["type"] != "http" or _is_open(scope["path"]) or self._admits(scope):
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("This needs netmon's token.\n", 401, _CHALLENGE)(scope, receive, send)

    def _admits(self, scope: Scope) -> bool:
        client = scope.get("client")
        if (client is not None and is_loopback(client[0])) or scope.get("state", {}).get(CERTIFIED):
            return True
        token = _token_in(Headers(scope=scope).get("authorization", ""))
        return bool(self._digest) and hmac.compare_digest(digest_of(token), self._digest)


def _is_open(path: str) -> bool:
    # A delivery report's address is sealed, each for itself.
    return path in _OPEN or path.startswith(REPORTS_PATH)


def _token_in(authorization: str) -> str:
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""

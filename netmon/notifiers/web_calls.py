"""One HTTP call to an SMS gateway, and what its failure means.

Before the request is out nothing can have been sent: `retry`. After it, a lost answer leaves it `unknown`. Each
message has a connection of its own, because on a kept one a gateway that hangs up between two messages looks just
like a gateway whose answer was lost.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from netmon.model.notices import Delivery, Verdict

# They log every address they call, and a gateway's address has the phone number in it.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_LONGEST_ANSWER = 65536
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_OPERATORS = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    }
)
"""What only the operator can mend: a password, a bill, an address. The letters wait."""
_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_LOST_BETWEEN = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
"""A proxy heard nothing from the gateway behind it, which may have sent the message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway answered with a code in the 200s."""

    content: bytes

    @property
    def text(self) -> str:
        """As UTF-8; what is none is replaced."""
        return self.content.decode(errors="replace")


class Web:
    """A client for one gateway."""

    def __init__(self, timeout: float) -> None:
        """Make it; `timeout` is seconds for the connection, and again for the answer."""
        self._client = httpx.AsyncClient(
            timeout=timeout,
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
        )

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **request: object
    ) -> Answer | Delivery:
        """The gateway's answer, or what became of the message without a good one."""
        call = self._client.build_request(method, url, headers=headers, **request)  # type: ignore[arg-type]
        try:
            response = await self._client.send(call, stream=True)
            try:
                return Answer(await _read(response)) if response.is_success else _refusal(response.status_code)
            finally:
                await response.aclose()
        except _NOT_SENT as error:
            return Delivery(Verdict.RETRY, reason=f"no connection to the SMS gateway: {type(error).__name__}")
        except httpx.HTTPError as error:
            return Delivery(Verdict.UNKNOWN, reason=f"the SMS gateway's answer was lost: {type(error).__name__}")

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()


async def _read(response: httpx.Response) -> bytes:
    """The beginning of the answer; whoever answers more is no SMS gateway."""
    content = b""
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > _LONGEST_ANSWER:
            break
    return content[:_LONGEST_ANSWER]


def _refusal(code: int) -> Delivery:
    reason = f"the SMS gateway answered HTTP {code}"
    if code in _LOST_BETWEEN:
        return Delivery(Verdict.UNKNOWN, reason=reason)
    client_error = HTTPStatus.BAD_REQUEST <= code < HTTPStatus.INTERNAL_SERVER_ERROR
    if client_error and code not in _OPERATORS | _BUSY:
        return Delivery(Verdict.PERMANENT, reason=reason)
    return Delivery(Verdict.RETRY, reason=reason)

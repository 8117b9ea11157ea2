"""SMS through any gateway that is asked over HTTP, as declared in the settings.

The request is the declared fields with {to}, {text} and {key} filled in; the answer's paths say what became of it. A
status word that the settings do not know leaves it `unknown`: it may well have gone out.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter
from typing import Any

from netmon.model.notices import Delivery, Verdict
from netmon.notifiers.numbers import NumberForm
from netmon.notifiers.rendering import clean
from netmon.notifiers.sms import SmsRenderer
from netmon.notifiers.web_calls import Answer
from netmon.notifiers.web_sms import WebSms

_LONGEST_ID = 100


class Body(StrEnum):
    """How the fields travel."""

    JSON = "json"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpGateway:
    """A gateway as declared. Paths into the answer are like `messages.0.id`; '' where it has none.

    With a user the secret is its password (Basic, RFC 7617), without one it is a token (Bearer, RFC 6750).
    """

    url: str
    fields: Mapping[str, Any]
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    secret: str = field(default="", repr=False)
    body: Body = Body.JSON
    number: NumberForm = NumberForm.E164
    id_path: str = ""
    status_path: str = ""
    statuses: Mapping[str, Verdict] = field(default_factory=dict)
    timeout: float = 20.0

    def all_headers(self) -> dict[str, str]:
        """The declared ones and the login."""
        login = {}
        if self.user:
            login["Authorization"] = f"Basic {base64.b64encode(f'{self.user}:{self.secret}'.encode()).decode()}"
        elif self.secret:
            login["Authorization"] = f"Bearer {self.secret}"
        return {**self.headers, **login}


class HttpSms(WebSms):
    """Sends each letter as one SMS."""

    def __init__(self, gateway: HttpGateway, renderer: SmsRenderer) -> None:
        super().__init__(renderer, gateway.timeout)
        self._gateway = gateway
        self.number_form = gateway.number

    async def send(self, number: str, text: str, key: str) -> Delivery:
        gateway = self._gateway
        fields = _filled(gateway.fields, {"to": number, "text": text, "key": key})
        request = {"json": fields} if gateway.body is Body.JSON else {"data": fields}
        answer = await self._web.call(gateway.method, gateway.url, headers=gateway.all_headers(), **request)
        return answer if isinstance(answer, Delivery) else self._delivery(answer, key)

    def _delivery(self, answer: Answer, key: str) -> Delivery:
        gateway = self._gateway
        try:
            content = json.loads(answer.content)
        except (ValueError, RecursionError):
            content = None
        reference = clean(str(_at(content, gateway.id_path) or ""))[:_LONGEST_ID] or key
        if not gateway.status_path:
            return Delivery(Verdict.SENT, reference=reference)
        status = clean(str(_at(content, gateway.status_path)))[:_LONGEST_ID]
        verdict = gateway.statuses.get(status, Verdict.UNKNOWN)
        return Delivery(verdict, reference=reference, reason=f"the SMS gateway's status is {status}")


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """The template with the places of all its texts filled in."""
    if isinstance(template, Mapping):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    return Formatter().vformat(template, (), values) if isinstance(template, str) else template


def _at(content: Any, path: str) -> Any:
    """What stands at `messages.0.id`; None where nothing does."""
    for step in path.split(".") if path else ():
        if isinstance(content, Mapping):
            content = content.get(step)
        elif isinstance(content, list) and step.isdecimal() and int(step) < len(content):
            content = content[int(step)]
        else:
            return None
    return content if path else None

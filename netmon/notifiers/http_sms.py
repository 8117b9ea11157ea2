"""SMS through any gateway that is asked over HTTP, as declared in the settings.

The request is the declared fields with {to}, {text}, {key} and {report} filled in; the answer's paths say what became
of it. A status word that the settings do not know leaves it `unknown`: it may well have gone out. What became of
the message afterwards is told in words that the settings declare, too: at {report}, an address of its own for each
message; at one fixed address, by the gateway's id; or only to whoever asks.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter
from typing import Any
from urllib.parse import quote

from netmon.model.notices import Delivery, Progress, Report, Verdict
from netmon.notifiers.numbers import NumberForm, masked_digits
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
class Question:
    """How the gateway is asked what became of a message; {id} is filled in."""

    url: str
    status_path: str
    statuses: Mapping[str, Progress]
    method: str = "GET"
    fields: Mapping[str, Any] = field(default_factory=dict)
    reason_path: str = ""


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
    queued: frozenset[str] = frozenset()
    """Of the statuses that mean sent, those of a message that only the gateway has as yet."""
    report_id_path: str = ""
    report_path: str = ""
    report_reason_path: str = ""
    reports: Mapping[str, Progress] = field(default_factory=dict)
    question: Question | None = None
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

    def __init__(
        self, gateway: HttpGateway, renderer: SmsRenderer, *, report_to: Callable[[str], str] | None = None
    ) -> None:
        """Make it; `report_to` gives the address for reports about a key, '' for none."""
        super().__init__(renderer, gateway.timeout)
        self._gateway = gateway
        self._report_to = report_to
        self.number_form = gateway.number

    async def send(self, number: str, text: str, key: str) -> Delivery:
        gateway = self._gateway
        report = "" if self._report_to is None else self._report_to(key)
        fields = _filled(gateway.fields, {"to": number, "text": text, "key": key, "report": report})
        request = {"json": fields} if gateway.body is Body.JSON else {"data": fields}
        answer = await self._web.call(gateway.method, gateway.url, headers=gateway.all_headers(), **request)
        return answer if isinstance(answer, Delivery) else self._delivery(answer, key)

    def read_report(self, said: object) -> Report | None:
        gateway = self._gateway
        return _report(said, gateway.report_path, gateway.report_reason_path, gateway.reports)

    def reference_in(self, said: object) -> str:
        return _word(said, self._gateway.report_id_path)

    async def ask(self, reference: str) -> Report | None:
        question, gateway = self._gateway.question, self._gateway
        if question is None:
            return None
        url, fields = (
            _filled(question.url, {"id": quote(reference, safe="")}),
            _filled(question.fields, {"id": reference}),
        )
        how = "params" if question.method == "GET" else "json" if gateway.body is Body.JSON else "data"
        request = {how: fields} if fields else {}
        answer = await self._web.call(question.method, url, headers=gateway.all_headers(), **request)
        if isinstance(answer, Delivery):
            return None
        return _report(_content(answer), question.status_path, question.reason_path, question.statuses)

    def _delivery(self, answer: Answer, key: str) -> Delivery:
        gateway, content = self._gateway, _content(answer)
        reference = clean(str(_at(content, gateway.id_path) or ""))[:_LONGEST_ID] or key
        if not gateway.status_path:
            return Delivery(Verdict.SENT, reference=reference)
        status = _word(content, gateway.status_path) or str(None)
        verdict = gateway.statuses.get(status, Verdict.UNKNOWN)
        reason = f"the SMS gateway's status is {status}"
        return Delivery(verdict, reference=reference, reason=reason, is_queued=status in gateway.queued)


def _content(answer: Answer) -> Any:
    """The answer's JSON; None where it is none."""
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return None


def _report(said: object, path: str, reason_path: str, statuses: Mapping[str, Progress]) -> Report | None:
    progress = statuses.get(_word(said, path))
    return None if progress is None else Report(progress, masked_digits(_word(said, reason_path)))


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """The template with the places of all its texts filled in."""
    if isinstance(template, Mapping):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    return Formatter().vformat(template, (), values) if isinstance(template, str) else template


def _word(content: object, path: str) -> str:
    """What stands there as one short line; '' where nothing does."""
    found = _at(content, path)
    return "" if found is None else clean(str(found))[:_LONGEST_ID]


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

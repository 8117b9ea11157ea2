"""SMS through a gateway declared in the settings, against a real HTTP server."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from netmon.model.notices import Channel, Person, Progress, Report, Verdict
from netmon.notifiers import SmsRenderer, Templates
from netmon.notifiers.http_sms import Body, HttpGateway, HttpSms, Question
from netmon.notifiers.numbers import NumberForm
from netmon.ports import Notifier
from tests.notifiers.kannel_peer import free_ports
from tests.notifiers.letters import letter
from tests.notifiers.makers import CONTACT
from tests.notifiers.notifier_contract import NotifierContract
from tests.notifiers.web_sink import Sink, listening

RENDERER = SmsRenderer(Templates(), CONTACT)
FIELDS = {"sender": "NETPRACHA", "messages": [{"msisdn": "{to}", "message": "{text}", "ref": "{key}", "flash": False}]}
LETTER = replace(letter(channel=Channel.SMS), person=Person("บัวลา", mobile="+66812345678"))
STATUSES = {"ACCEPTED": Verdict.SENT, "BUSY": Verdict.RETRY, "INVALID": Verdict.PERMANENT}


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with listening(Sink()) as sink:
        yield sink


def driver(url: str, **other: Any) -> HttpSms:
    return HttpSms(replace(HttpGateway(url=url, fields=FIELDS, timeout=5.0), **other), RENDERER)


def reporting(sink: Sink, content: object) -> HttpSms:
    """A driver of a gateway that says what became of the message."""
    sink.body = json.dumps(content).encode()
    return driver(sink.url, id_path="messages.0.id", status_path="messages.0.status", statuses=STATUSES)


class TestHttpSms(NotifierContract):
    @pytest.fixture
    def channel(self) -> Channel:
        return Channel.SMS

    @pytest.fixture
    def notifier(self, sink: Sink) -> Notifier:
        return driver(sink.url)

    @pytest.fixture
    def troubled(self) -> Notifier:
        return driver(f"http://127.0.0.1:{free_ports(1)[0]}/")


async def test_the_declared_request_goes_out_with_number_text_and_key(sink: Sink) -> None:
    headers = {"X-Account": "42"}
    gateway = driver(sink.url, secret="t0ken-canary", headers=headers, number=NumberForm.DIGITS)
    assert (await gateway.deliver(LETTER)).verdict is Verdict.SENT
    (call,) = sink.calls
    assert call.line == "POST /v1/messages HTTP/1.1"
    assert call.headers["authorization"] == "Bearer t0ken-canary"
    assert call.headers["x-account"] == "42"
    message = {"msisdn": "66812345678", "message": RENDERER.render(LETTER), "ref": LETTER.notice.key, "flash": False}
    assert json.loads(call.body) == {"sender": "NETPRACHA", "messages": [message]}


async def test_a_form_with_a_user_and_national_numbers_goes_out_too(sink: Sink) -> None:
    fields = {"to": "{to}", "text": "{text}", "unicode": "1"}
    form = driver(sink.url, user="netmon", secret="p:w", body=Body.FORM, fields=fields, number=NumberForm.NATIONAL)
    await form.deliver(LETTER)
    (call,) = sink.calls
    assert base64.b64decode(call.headers["authorization"].removeprefix("Basic ")) == b"netmon:p:w"
    assert parse_qs(call.body.decode()) == {"to": ["0812345678"], "text": [RENDERER.render(LETTER)], "unicode": ["1"]}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("ACCEPTED", Verdict.SENT),
        ("BUSY", Verdict.RETRY),
        ("INVALID", Verdict.PERMANENT),
        ("WHATEVER", Verdict.UNKNOWN),
    ],
)
async def test_the_gateways_own_word_decides(sink: Sink, status: str, verdict: Verdict) -> None:
    delivery = await reporting(sink, {"messages": [{"id": 77123, "status": status}]}).deliver(LETTER)
    assert (delivery.verdict, delivery.reference) == (verdict, "77123")
    assert delivery.reason == f"the SMS gateway's status is {status}"


@pytest.mark.parametrize("content", [{}, [], {"messages": []}, {"messages": [7]}, "x", None])
async def test_an_answer_without_the_status_leaves_it_unknown(sink: Sink, content: object) -> None:
    assert (await reporting(sink, content).deliver(LETTER)).verdict is Verdict.UNKNOWN


async def test_an_answer_that_is_no_json_leaves_it_unknown(sink: Sink) -> None:
    gateway = reporting(sink, {})
    sink.body = b"<html>" + b"[" * 100_000
    assert (await gateway.deliver(LETTER)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("400 Bad Request", Verdict.PERMANENT),
        ("401 Unauthorized", Verdict.RETRY),
        ("402 Payment Required", Verdict.RETRY),
        ("404 Not Found", Verdict.RETRY),
        ("422 Unprocessable", Verdict.PERMANENT),
        ("429 Too Many Requests", Verdict.RETRY),
        ("302 Found", Verdict.RETRY),
        ("500 Oops", Verdict.RETRY),
        ("503 Busy", Verdict.RETRY),
        ("502 Bad Gateway", Verdict.UNKNOWN),
        ("504 Gateway Timeout", Verdict.UNKNOWN),
    ],
)
async def test_http_has_its_say_first(sink: Sink, status: str, verdict: Verdict) -> None:
    sink.status = status
    delivery = await driver(sink.url).deliver(LETTER)
    assert (delivery.verdict, delivery.reason) == (verdict, f"the SMS gateway answered HTTP {status[:3]}")


async def test_a_gateway_silent_after_the_request_leaves_it_unknown(sink: Sink) -> None:
    gate = asyncio.Event()

    async def wait(_: asyncio.StreamWriter) -> None:
        await gate.wait()

    sink.instead = wait
    delivery = await driver(sink.url, timeout=0.2).deliver(LETTER)
    assert (delivery.verdict, delivery.reason) == (Verdict.UNKNOWN, "the SMS gateway's answer was lost: ReadTimeout")
    assert len(sink.calls) == 1
    gate.set()


async def test_a_gateway_that_hangs_up_after_the_request_leaves_it_unknown(sink: Sink) -> None:
    async def hang_up(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    sink.instead = hang_up
    assert (await driver(sink.url).deliver(LETTER)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("mobile", ["", "021234567x", "12", "ไม่มี", "+66812"])
async def test_a_number_that_is_none_is_refused_without_a_call(sink: Sink, mobile: str) -> None:
    delivery = await driver(sink.url).deliver(replace(LETTER, person=Person("x", mobile=mobile)))
    assert delivery.verdict is Verdict.PERMANENT
    assert sink.calls == []


async def test_a_gateway_that_repeats_the_number_is_not_quoted_with_it(
    sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for text in ("no route to 66812345678", "0812345678 refused", "+66812345678"):
        delivery = await reporting(sink, {"messages": [{"id": text, "status": text}]}).deliver(LETTER)
        assert "12345678" not in repr(delivery) + caplog.text
        assert "***" in delivery.reason


ASKING: dict[str, Any] = {
    "status_path": "data.state",
    "reason_path": "data.why",
    "statuses": {"DELIVRD": Progress.DELIVERED},
}


def asking(url: str, **question: Any) -> HttpSms:
    return driver("http://127.0.0.1:1/", question=Question(url=url, **ASKING, **question), secret="t0ken")


async def test_a_gateway_is_asked_about_a_message_by_its_id(sink: Sink) -> None:
    sink.body = json.dumps({"data": {"state": "DELIVRD", "why": "for 0812345678"}}).encode()
    gateway = asking(sink.url + "/{id}", fields={"which": "{id}"})
    assert await gateway.ask("a/b?c#d") == Report(Progress.DELIVERED, "for ***")
    (call,) = sink.calls
    assert call.line == "GET /v1/messages/a%2Fb%3Fc%23d?which=a%2Fb%3Fc%23d HTTP/1.1"
    assert call.headers["authorization"] == "Bearer t0ken"


async def test_a_question_may_be_a_body_too(sink: Sink) -> None:
    await asking(sink.url, method="POST", fields={"ids": ["{id}"]}).ask("77")
    (call,) = sink.calls
    assert (call.line, json.loads(call.body)) == ("POST /v1/messages HTTP/1.1", {"ids": ["77"]})


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": {"state": "ENROUTE"}}', b"<html>"])
async def test_an_answer_that_tells_nothing_is_no_report(sink: Sink, body: bytes) -> None:
    sink.body = body
    assert await asking(sink.url).ask("77") is None


async def test_a_gateway_that_cannot_be_asked_just_now_tells_nothing(sink: Sink) -> None:
    sink.status = "503 Busy"
    assert await asking(sink.url).ask("77") is None
    assert await asking("http://127.0.0.1:1/").ask("77") is None
    assert await driver(sink.url).ask("77") is None


def test_a_report_names_its_message_where_the_settings_say() -> None:
    gateway = driver("http://127.0.0.1:1/", report_id_path="data.id")
    assert gateway.reference_in({"data": {"id": 77}}) == "77"
    assert gateway.reference_in({"data": {}}) == driver("http://127.0.0.1:1/").reference_in({"data": {"id": 7}}) == ""

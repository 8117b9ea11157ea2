"""An SMS through a real Kannel, and what Kannel says of it afterwards, on netmon's own pages."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from netmon.cli.common import NoVitals
from netmon.daemon.notifying import notifiers_for, report_reader, status_asker
from netmon.daemon.policies import courier_policy
from netmon.daemon.report_secret import NAME, report_secret
from netmon.engine.clock import SystemClock
from netmon.engine.courier import Courier
from netmon.engine.inquiry import Inquiry
from netmon.engine.reception import Reception, ReportAddresses, Seal
from netmon.errors import InputError, StoreError
from netmon.model.country import Country
from netmon.model.decisions import OpenFault, OpenTicket, SendNotice
from netmon.model.fleet import Fleet
from netmon.model.notices import Channel, Notice, NoticeState, Progress, Receipt
from netmon.ports import Notifier
from netmon.settings import load_settings
from netmon.stores import SqlStore, open_store
from netmon.web.app import create_app
from netmon.web.sources import PageSources
from tests.engine.office import FAULT, INVENTORY, T0, UBON, V1, V2, VOLUNTEER, note
from tests.notifiers.kannel_peer import PASSWORD, USER, Kannel
from tests.notifiers.web_sink import Sink, listening
from tests.web.conftest import served

pytestmark = pytest.mark.peer("bearerbox", "smsbox", "fakesmsc")
NOTICE = note(VOLUNTEER, channel=Channel.SMS)


@dataclass
class Post:
    """A courier, its outbox, and the page that reports come to; `trouble` makes the page refuse them for now."""

    store: SqlStore
    courier: Courier
    reception: Reception
    drivers: Mapping[Channel, Notifier]
    address: str = ""
    trouble: int = 0
    refused: int = 0

    async def take(self, token: str, said: object) -> Receipt:
        if self.trouble:
            self.trouble -= 1
            self.refused += 1
            raise StoreError("not just now")
        return await self.reception.take(token, said)

    async def send(self, notice: Notice) -> None:
        now = SystemClock().now()
        await self.store.commit([OpenFault(FAULT), OpenTicket(FAULT.id, UBON, (V1, V2), T0)], now)
        await self.store.commit([SendNotice(notice, now.wall)], now)
        await self.courier.deliver_due(SystemClock().now())

    async def story(self) -> list[str]:
        file = await self.store.notice(1)
        assert file is not None
        return [event.what for event in file.history]

    async def stands(self) -> tuple[NoticeState, Progress]:
        file = await self.store.notice(1)
        assert file is not None
        return file.line.state, file.line.progress

    async def until_delivered(self) -> None:
        async with asyncio.timeout(40):
            while await self.stands() != (NoticeState.SENT, Progress.DELIVERED):  # noqa: ASYNC110 - a row, no event
                await asyncio.sleep(0.05)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def kannel(tmp_path: Path) -> Iterator[Kannel]:
    (tmp_path / "kannel").mkdir()
    kannel = Kannel(tmp_path / "kannel")
    try:
        kannel.start()
        yield kannel
    finally:
        kannel.stop()


async def office(tmp_path: Path, stack: AsyncExitStack, sms: str) -> Post:
    """netmon's parts between outbox and gateway, as the daemon puts them together, pages on a loopback port."""
    (tmp_path / "secret").write_text(f"{PASSWORD}\n", encoding="utf-8")
    path = tmp_path / "netmon.yaml"
    path.write_text(f"sms: {sms}\ncredentials: {{sms: ./secret}}\n", encoding="utf-8")
    settings = load_settings(path, {"STATE_DIRECTORY": str(tmp_path)})
    country, clock = Country(INVENTORY, Fleet(0, 1)), SystemClock()
    store = await open_store(settings.store.url, vitals=NoVitals())
    stack.push_async_callback(store.close)
    seal = Seal(report_secret(tmp_path))
    addresses = ReportAddresses(seal, getattr(settings.sms, "report_to", ""), lambda: f"http://{post.address}")
    drivers = notifiers_for(settings, country, stack, addresses.of)
    courier = Courier(store, country, drivers, vitals=NoVitals(), clock=clock, policy=courier_policy(settings))
    reception = Reception(store, report_reader(drivers), seal, vitals=NoVitals(), clock=clock)
    post = Post(store, courier, reception, drivers)
    pages = PageSources(
        country=country,
        clock=clock,
        not_ready=tuple,
        explain=lambda *_: "",
        device_events=store.device_events,
        take_report=post.take,
    )
    post.address = await stack.enter_async_context(served(create_app(pages)))
    return post


def by_kannel(kannel: Kannel) -> str:
    return f"{{driver: kannel, url: '{kannel.url}', user: {USER}, credential: sms}}"


async def test_kannel_says_when_the_phone_has_it(tmp_path: Path, stack: AsyncExitStack, kannel: Kannel) -> None:
    kannel.start_network()
    post = await office(tmp_path, stack, by_kannel(kannel))
    await post.send(NOTICE)
    await post.until_delivered()
    assert sorted(await post.story()) == ["accepted", "accepted", "delivered"]  # the answer, the network, the phone
    assert [one.key for one in kannel.handed()] == [NOTICE.key]
    assert len(kannel.received(1)) == 1, "the answer to a report is no message"


async def test_what_is_queued_is_told_from_what_was_sent_and_a_page_in_trouble_is_asked_again(
    tmp_path: Path, stack: AsyncExitStack, kannel: Kannel
) -> None:
    post = await office(tmp_path, stack, by_kannel(kannel))
    await post.send(NOTICE)
    assert await post.stands() == (NoticeState.SENT, Progress.QUEUED)
    assert await post.story() == ["queued"]
    post.trouble = 3
    kannel.start_network()
    await post.until_delivered()
    assert post.refused == 3
    assert (await post.story())[0] == "queued"
    assert "delivered" in await post.story()


async def test_a_gateway_over_http_reports_to_the_address_it_was_given(tmp_path: Path, stack: AsyncExitStack) -> None:
    sink = await stack.enter_async_context(listening(Sink(body=b'{"state": "QUEUED"}')))
    sms = (
        f"{{driver: http, url: '{sink.url}', body: form, fields: {{to: '{{to}}', text: '{{text}}', cb: '{{report}}'}},"
        " answer: {status: state}, statuses: {QUEUED: queued}, report_to: 'http://127.0.0.1:1/',"
        " report: {status: data.status, reason: data.error, statuses: {DELIVRD: delivered, UNDELIV: failed}}}"
    )
    post = await office(tmp_path, stack, sms)
    await post.send(NOTICE)
    assert await post.stands() == (NoticeState.SENT, Progress.QUEUED)
    (call,) = sink.calls
    given = httpx.QueryParams(call.body.decode())["cb"]
    assert given.startswith("http://127.0.0.1:1/hooks/sms/")
    page = given.replace("127.0.0.1:1/", f"{post.address}/")
    async with httpx.AsyncClient(trust_env=False) as gateway:
        failed = {"data": {"status": "UNDELIV", "error": "absent subscriber +66812345678"}}
        assert (await gateway.post(page, json=failed)).status_code == 202
        assert await post.stands() == (NoticeState.FAILED, Progress.FAILED)
        assert (await gateway.post(page, json={"data": {"status": "WHATEVER"}})).status_code == 400
        assert (await gateway.post(f"{page}x", json=failed)).status_code == 404
        assert (await gateway.post(page, json={"data": {"status": "DELIVRD"}})).status_code == 202
    assert await post.stands() == (NoticeState.SENT, Progress.DELIVERED)
    file = await post.store.notice(1)
    assert file is not None
    assert [(one.what, one.text) for one in file.history] == [
        ("queued", "the SMS gateway's status is QUEUED"),
        ("failed", "absent subscriber ***"),
        ("delivered", ""),
    ]


async def test_a_gateway_with_one_fixed_address_reports_there_and_one_that_is_asked_answers(
    tmp_path: Path, stack: AsyncExitStack
) -> None:
    sink = await stack.enter_async_context(listening(Sink(body=b'{"id": 4711, "state": "OK"}')))
    sms = (
        f"{{driver: http, url: '{sink.url}', answer: {{id: id, status: state}}, statuses: {{OK: queued}},"
        " report: {id: msg, status: state, statuses: {SENT: accepted}},"
        f" poll: {{url: '{sink.url}/{{id}}', status: state, statuses: {{DELIVRD: delivered}}, every: 1s}}}}"
    )
    post = await office(tmp_path, stack, sms)
    await post.send(NOTICE)
    assert await post.stands() == (NoticeState.SENT, Progress.QUEUED)
    fixed = ReportAddresses(Seal(report_secret(tmp_path)), f"http://{post.address}", lambda: "").fixed()
    async with httpx.AsyncClient(trust_env=False) as gateway:
        assert (await gateway.get(fixed, params={"msg": "4711", "state": "SENT"})).status_code == 202
        assert (await gateway.get(fixed[:-1], params={"msg": "4711", "state": "SENT"})).status_code == 404
    assert await post.stands() == (NoticeState.SENT, Progress.ACCEPTED)
    sink.body = b'{"state": "DELIVRD"}'
    asking = status_asker(load_settings(tmp_path / "netmon.yaml", {"STATE_DIRECTORY": str(tmp_path)}), post.drivers)
    assert asking is not None
    inquiry = Inquiry(post.store, *asking, vitals=NoVitals(), clock=SystemClock())
    async with asyncio.timeout(20):
        while not await inquiry.tick():  # noqa: ASYNC110 - time must pass, nothing happens
            await asyncio.sleep(0.1)
    assert await post.stands() == (NoticeState.SENT, Progress.DELIVERED)
    assert sink.calls[-1].line == "GET /v1/messages/4711 HTTP/1.1"


def test_the_secret_stays_the_same_and_is_nobody_elses(tmp_path: Path) -> None:
    secret = report_secret(tmp_path)
    assert len(secret) == 32
    assert report_secret(tmp_path) == secret
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    (tmp_path / NAME).write_text("garbage")
    with pytest.raises(InputError, match="remove it"):
        report_secret(tmp_path)

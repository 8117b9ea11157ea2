"""The page that SMS gateways report to: what they may say, how much, and who they must be."""

import httpx
import pytest

from netmon.errors import StoreError
from netmon.model.notices import Receipt
from netmon.web.guard import guard, new_token
from netmon.web.reports import LARGEST
from netmon.web.server import listen
from tests.web.conftest import House

PAGE = "/hooks/sms/token.seal"


class Desk:
    """Keeps what comes in; answers `receipt`."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, object]] = []
        self.receipt: Receipt | StoreError = Receipt.TAKEN

    async def take(self, token: str, said: object) -> Receipt:
        self.taken.append((token, said))
        if isinstance(self.receipt, StoreError):
            raise self.receipt
        return self.receipt


@pytest.fixture
def desk(house: House) -> Desk:
    desk = Desk()
    house.take_report = desk.take
    return desk


def asking(house: House, client: str = "127.0.0.1") -> httpx.AsyncClient:
    with listen("127.0.0.1", 0) as listening:
        app = guard(house.app(), listening, new_token()[1])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(client, 1)), base_url="http://netmon")


async def test_a_report_comes_as_query_form_or_json(house: House, desk: Desk) -> None:
    async with asking(house) as web:
        answers = [
            await web.get(f"{PAGE}?type=1&said=%E0%B8%81"),
            await web.post(f"{PAGE}?account=7", data={"status": "DELIVRD", "n": "1"}),
            await web.post(PAGE, json={"messages": [{"status": "DELIVERED"}]}),
        ]
    assert [(one.status_code, one.content) for one in answers] == [(202, b"")] * 3
    assert desk.taken == [
        ("token.seal", {"type": "1", "said": "ก"}),
        ("token.seal", {"account": "7", "status": "DELIVRD", "n": "1"}),
        ("token.seal", {"messages": [{"status": "DELIVERED"}]}),
    ]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b"[" * 8000, "application/json"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"a=1&" * 100, "application/x-www-form-urlencoded"),
    ],
)
async def test_what_is_no_report_is_handed_on_as_nothing(house: House, desk: Desk, content: bytes, kind: str) -> None:
    desk.receipt = Receipt.UNREADABLE
    async with asking(house) as web:
        answer = await web.post(PAGE, content=content, headers={"content-type": kind})
    assert answer.status_code == 400
    assert desk.taken == [("token.seal", None)]


async def test_a_body_that_is_too_large_is_refused_unread(house: House, desk: Desk) -> None:
    async with asking(house) as web:
        assert (await web.post(PAGE, content=b"x" * (LARGEST + 1))).status_code == 413
    assert desk.taken == []


@pytest.mark.parametrize(
    ("receipt", "status"), [(Receipt.FORGED, 404), (Receipt.UNREADABLE, 400), (StoreError("full"), 503)]
)
async def test_the_answer_says_whether_to_come_again(
    house: House, desk: Desk, receipt: Receipt | StoreError, status: int
) -> None:
    desk.receipt = receipt
    async with asking(house) as web:
        assert (await web.get(f"{PAGE}?type=1")).status_code == status


async def test_a_gateway_elsewhere_needs_no_token_of_the_pages_but_sees_nothing_else(house: House, desk: Desk) -> None:
    async with asking(house, "192.0.2.7") as stranger:
        assert (await stranger.get(f"{PAGE}?type=1")).status_code == 202
        assert (await stranger.get("/hooks/sms/")).status_code == 404
        for path in ("/", "/hooks/", "/hooks/smsx", "/api/v1/overview"):
            assert (await stranger.get(path)).status_code == 401
        # What the path means is decided after it is normalised, by guard and pages alike.
        assert (await stranger.get("/hooks/sms/../../api/v1/overview")).status_code in {401, 404}


async def test_without_anybody_to_take_reports_there_is_no_such_page(house: House) -> None:
    async with asking(house) as web:
        assert (await web.get(f"{PAGE}?type=1")).status_code == 404

"""The status page in a real browser: an open page follows netmon, and says so when netmon is gone."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response

from netmon.web.page import REFRESH_SECONDS
from tests.kit.cases import make_case
from tests.kit.country import NOON
from tests.web.conftest import House, served

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--dump-dom",
)  # fmt: skip
BUDGET = 1_000 * (REFRESH_SECONDS + 5)
"""Milliseconds of the browser's own time, which runs as fast as the page lets it."""
Next = Callable[[Request], Awaitable[Response]]


async def _shown(address: str, profile: Path) -> str:
    """The page's markup after it has refreshed itself once."""
    browser = await asyncio.create_subprocess_exec(
        "chromium", *FLAGS, f"--user-data-dir={profile}", f"--virtual-time-budget={BUDGET}", f"http://{address}/",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    markup, _ = await browser.communicate()
    return markup.decode()


def _after_the_first_page(app: FastAPI, event: Callable[[], Response | None]) -> None:
    """Let something happen before the page is asked for again."""
    asked: list[str] = []

    @app.middleware("http")
    async def count(request: Request, call_next: Next) -> Response:
        if request.url.path == "/":
            asked.append(request.url.path)
        instead = event() if len(asked) > 1 else None
        return await call_next(request) if instead is None else instead


@pytest.mark.peer("chromium")
async def test_open_page_follows_what_happens(house: House, tmp_path: Path) -> None:
    app = house.app()
    villages = list(house.country.inventory.villages)

    def break_something() -> None:
        house.country.cases = [make_case(7, villages[:3], house.country.inventory, failed_at=NOON.wall)]
        house.clock.move(REFRESH_SECONDS)

    _after_the_first_page(app, break_something)
    async with served(app) as address:
        markup = await _shown(address, tmp_path)
    assert "<h1>เหตุขัดข้อง 1 เหตุ กระทบ 3 หมู่บ้าน</h1>" in markup
    assert re.search(r'id="stale"[^>]* hidden', markup)


@pytest.mark.peer("chromium")
async def test_open_page_says_that_netmon_no_longer_answers(house: House, tmp_path: Path) -> None:
    app = house.app()
    _after_the_first_page(app, lambda: Response(status_code=502))
    async with served(app) as address:
        markup = await _shown(address, tmp_path)
    assert "<h1>ใช้งานได้ทุกหมู่บ้าน</h1>" in markup
    assert re.search(r'id="stale" role="alert">', markup)

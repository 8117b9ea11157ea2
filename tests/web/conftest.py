"""A country of fifty villages and netmon's pages for it, asked without a network or served on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from netmon.model.country import Country
from netmon.model.faults import Fault
from netmon.ports import Exporter, TakeReport
from netmon.web.app import create_app
from netmon.web.server import WebServer, address_of, listen
from netmon.web.sources import PageSources
from tests.kit.country import StillClock, make_country
from tests.kit.fake_store import FakeStore

VILLAGES = 50


@dataclass(slots=True)
class House:
    """The pages with everything behind them in a test's hands."""

    country: Country = field(default_factory=lambda: make_country(VILLAGES))
    clock: StillClock = field(default_factory=StillClock)
    reasons: list[str] = field(default_factory=list)
    exporters: list[Exporter] = field(default_factory=list)
    take_report: TakeReport | None = None
    store: FakeStore = field(default_factory=FakeStore)

    def sources(self) -> PageSources:
        return PageSources(
            country=self.country,
            clock=self.clock,
            not_ready=lambda: self.reasons,
            explain=self.explain,
            device_events=self.store.device_events,
            exporters=self.exporters,
            take_report=self.take_report,
        )

    def explain(self, fault: Fault, language: str) -> str:
        return f"<{language}> {fault.id} & so on"

    def app(self) -> FastAPI:
        return create_app(self.sources())

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app())
        return httpx.AsyncClient(transport=transport, base_url="http://netmon")


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client() as one:
        yield one


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The pages on a free port of this machine: host:port."""
    listening = listen("127.0.0.1", 0)
    address = address_of(listening)
    running = asyncio.create_task(WebServer(app, listening).run())
    try:
        yield address
    finally:
        running.cancel()
        await asyncio.wait([running])

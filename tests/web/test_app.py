"""Health pages and what exporters hand over."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest

from netmon.errors import InputError, RouteNotFoundError
from netmon.ports import Route
from netmon.web.app import create_app
from tests.web.conftest import House


@dataclass(slots=True)
class OneRoute:
    """An exporter with a single page."""

    path: str
    render: Callable[[Mapping[str, str]], Iterator[bytes]]
    name: str = "one"

    def routes(self) -> list[Route]:
        return [Route(self.path, "text/x-test", self.render)]


def _nothing(_parameters: Mapping[str, str]) -> Iterator[bytes]:
    return iter(())


async def test_process_is_alive_even_while_not_ready(house: House, client: httpx.AsyncClient) -> None:
    house.reasons.append("The store does not answer.")
    assert (await client.get("/healthz")).status_code == 200


async def test_ready_says_every_reason_why_not(house: House, client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": []})
    house.reasons += ["The store does not answer.", "No sweep has gone round yet."]
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "reasons": house.reasons})


async def test_exporters_page_arrives_whole_with_its_type(house: House) -> None:
    def render(parameters: Mapping[str, str]) -> Iterator[bytes]:
        yield b""
        yield parameters["code"].encode()
        yield b""
        yield b" done"

    house.exporters.append(OneRoute("/x/{code}", render))
    async with house.client() as client:
        answer = await client.get("/x/65")
    assert (answer.status_code, answer.text) == (200, "65 done")
    assert answer.headers["content-type"].startswith("text/x-test")


async def test_loop_gets_a_turn_between_chunks(house: House) -> None:
    turns: list[str] = []

    def render(_parameters: Mapping[str, str]) -> Iterator[bytes]:
        for _ in range(5):
            turns.append("chunk")
            yield b"x"

    async def other() -> None:
        while turns.count("chunk") < 5:
            turns.append("other")
            await asyncio.sleep(0)

    house.exporters.append(OneRoute("/x", render))
    async with house.client() as client:
        await asyncio.gather(client.get("/x"), other())
    assert "chunk chunk" not in " ".join(turns)


async def test_page_that_an_exporter_has_not_is_404_with_its_sentence(house: House) -> None:
    def render(_parameters: Mapping[str, str]) -> Iterator[bytes]:
        raise RouteNotFoundError("There is no such page.")
        yield b""

    house.exporters.append(OneRoute("/x", render))
    async with house.client() as client:
        answer = await client.get("/x")
    assert (answer.status_code, answer.json()) == (404, {"detail": "There is no such page."})


async def test_exporter_with_nothing_to_say_gives_an_empty_page(house: House) -> None:
    house.exporters.append(OneRoute("/x", _nothing))
    async with house.client() as client:
        assert (await client.get("/x")).content == b""


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/overview", "/tmf-api/troubleTicket/v5/troubleTicket"])
def test_exporter_cannot_take_netmons_own_pages(house: House, path: str) -> None:
    house.exporters.append(OneRoute(path, _nothing))
    with pytest.raises(InputError, match="is netmon's already"):
        create_app(house.sources())


def test_two_exporters_cannot_have_the_same_page(house: House) -> None:
    house.exporters += [OneRoute("/x", _nothing, name="first"), OneRoute("/x", _nothing, name="second")]
    with pytest.raises(InputError, match="'second' wants '/x', which is first's already"):
        create_app(house.sources())

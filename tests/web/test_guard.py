"""Who may look: this machine, and elsewhere whoever has the token."""

import base64

import httpx
import pytest

from netmon.cli.app import run_command
from netmon.errors import InputError
from netmon.web.guard import digest_of, guard
from netmon.web.server import listen
from tests.web.conftest import House, served

TOKEN = "the-token-that-only-this-test-knows-of"
DIGEST = digest_of(TOKEN)
STRANGERS = ("192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7", "not an address")


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def asked_from(house: House, client: str, path: str = "/api/v1/overview", **headers: str) -> int:
    """Status of a request that comes from that address."""
    with listen("127.0.0.1", 0) as listening:
        app = guard(house.app(), listening, DIGEST)
    transport = httpx.ASGITransport(app, client=(client, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://netmon", headers=headers) as asking:
        return (await asking.get(path)).status_code


@pytest.mark.parametrize("client", STRANGERS)
async def test_a_stranger_needs_the_token(house: House, client: str) -> None:
    assert await asked_from(house, client) == 401
    assert await asked_from(house, client, "/metrics") == 401
    assert await asked_from(house, client, "/healthz") == 200
    assert await asked_from(house, client, authorization=f"Bearer {TOKEN}") == 200
    assert await asked_from(house, client, authorization=basic("prometheus", TOKEN)) == 200


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
async def test_this_machine_needs_none(house: House, client: str) -> None:
    assert await asked_from(house, client) == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {DIGEST}",
        f"Digest {TOKEN}",
        basic(TOKEN, ""),
        basic("u", "p"),
        "Basic %%%",
        "Basic /w==",
        f"Bearer {'x' * 10_000}",
    ],
)
async def test_anything_else_is_refused(house: House, authorization: str) -> None:
    assert await asked_from(house, "192.0.2.7", authorization=authorization) == 401


def test_pages_open_to_the_network_without_a_token_are_refused(house: House) -> None:
    with listen("0.0.0.0", 0) as everywhere, pytest.raises(InputError, match="netmon token"):
        guard(house.app(), everywhere, "")
    with listen("::", 0) as everywhere, pytest.raises(InputError, match=r"web\.token_sha256"):
        guard(house.app(), everywhere, "")


def test_a_token_crosses_the_network_only_where_something_protects_it(house: House) -> None:
    with listen("0.0.0.0", 0) as everywhere:
        with pytest.raises(InputError, match=r"would cross the network in the clear: give web\.tls_certificate"):
            guard(house.app(), everywhere, DIGEST)
        guard(house.app(), everywhere, DIGEST, protected=True)


async def test_whoever_comes_through_a_proxy_on_this_machine_is_a_stranger_still(
    house: House,
) -> None:
    with listen("127.0.0.1", 0) as listening:
        app = guard(house.app(), listening, DIGEST)
    async with served(app) as address, httpx.AsyncClient(trust_env=False) as asking:
        assert (await asking.get(f"http://{address}/")).status_code == 200
        # uvicorn takes a proxy's word for whom it asks, if the proxy is on this machine.
        asked = await asking.get(f"http://{address}/", headers={"X-Forwarded-For": "192.0.2.7"})
        assert asked.status_code == 401
        assert asked.headers["www-authenticate"].startswith("Basic")


def test_the_command_makes_a_token_that_fits_its_line_for_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["token"]) == 0
    token_line, settings_line = capsys.readouterr().out.splitlines()
    token = token_line.rpartition(" ")[2]
    assert len(token) >= 43
    assert settings_line.endswith(f"web: {{token_sha256: {digest_of(token)}}}")

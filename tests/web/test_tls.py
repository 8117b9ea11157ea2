"""Pages by https, and strangers that are let in for the certificate they show. The strangers are curl."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from netmon.errors import InputError
from netmon.probes.namespace import open_in_namespace
from netmon.web.guard import guard, new_token
from netmon.web.server import WebServer, address_of, listen
from netmon.web.tls import Tls, TlsFiles
from tests.kit.wire import Network
from tests.web.certificates import Authority, Pair, authority
from tests.web.conftest import House

TOKEN, DIGEST = new_token()
ELSEWHERE = "192.0.2.1"
"""An address that is not loopback; who comes from there is a stranger, on the same machine too."""

pytestmark = [pytest.mark.network, pytest.mark.peer("curl", "nsenter", "ip")]


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    network.ip(f"address add {ELSEWHERE}/32 dev lo")
    yield network
    network.close()


@pytest.fixture
def own(tmp_path: Path) -> Authority:
    return authority(tmp_path)


@dataclass
class Pages:
    """The pages at `address` in a network, and how a client with an authority's certificates asks for them."""

    network: Network
    address: str
    own: Authority

    async def asked(self, shown: Pair | None = None, *options: str, scheme: str = "https") -> str:
        """The status that curl gets, 000 where there is no answer."""
        command = ["nsenter", f"--net={self.network.path}", "curl", "--silent", "--noproxy", "*", "--max-time", "10"]
        command += ["--output", "/dev/null", "--write-out", "%{http_code}", "--cacert", str(self.own.pair.certificate)]
        if shown is not None:
            command += ["--cert", str(shown.certificate), "--key", str(shown.key)]
        url = f"{scheme}://{self.address}/api/v1/overview"
        done = await asyncio.to_thread(
            subprocess.run, [*command, *options, url], capture_output=True, text=True, check=False
        )
        return done.stdout


@asynccontextmanager
async def served(network: Network, own: Authority, tls: Tls, digest: str = "") -> AsyncIterator[Pages]:
    listening = open_in_namespace(network.path, lambda: listen(ELSEWHERE, 0))
    pages = Pages(network, address_of(listening), own)
    app = guard(House().app(), listening, digest, certificates=tls.knows_clients, protected=True)
    running = asyncio.create_task(WebServer(app, listening, tls.context).run())
    try:
        yield pages
    finally:
        running.cancel()
        await asyncio.wait([running])


def files(own: Authority, server: Pair, *, clients: bool = True) -> TlsFiles:
    return TlsFiles(server.certificate, server.key, own.pair.certificate if clients else None)


async def test_a_stranger_is_let_in_for_a_certificate_and_for_nothing_less(
    network: Network, own: Authority, tmp_path: Path
) -> None:
    server = own.issue("server", purpose="serverAuth")
    tls = Tls(files(own, server))
    async with served(network, own, tls) as pages:
        assert await pages.asked(own.issue("prometheus")) == "200"
        assert await pages.asked() == "401"
        assert await pages.asked(authority(tmp_path, "forger").issue("prometheus")) == "000"
        assert await pages.asked(server) == "000"  # made for a server, not for a client
        assert await pages.asked(None, "--header", f"Authorization: Bearer {TOKEN}") == "401"
        assert await pages.asked(None, "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0") == "000"
        assert await pages.asked(scheme="http") == "000"


async def test_token_and_certificate_stand_beside_each_other(network: Network, own: Authority) -> None:
    tls = Tls(files(own, own.issue("server", purpose="serverAuth")))
    async with served(network, own, tls, DIGEST) as pages:
        assert await pages.asked(None, "--header", f"Authorization: Bearer {TOKEN}") == "200"
        assert await pages.asked(own.issue("prometheus")) == "200"
        assert await pages.asked() == "401"


async def test_without_an_authority_for_clients_a_certificate_opens_nothing(network: Network, own: Authority) -> None:
    tls = Tls(files(own, own.issue("server", purpose="serverAuth"), clients=False))
    async with served(network, own, tls, DIGEST) as pages:
        assert await pages.asked(own.issue("prometheus")) == "401"
    with (
        open_in_namespace(network.path, lambda: listen(ELSEWHERE, 0)) as listening,
        pytest.raises(InputError, match=r"web\.client_ca"),
    ):
        guard(House().app(), listening, "", certificates=tls.knows_clients)


async def test_a_renewed_certificate_is_shown_without_a_restart_and_a_bad_one_changes_nothing(
    network: Network, own: Authority, tmp_path: Path
) -> None:
    server = authority(tmp_path, "expired").issue("server", purpose="serverAuth")
    tls, client = Tls(files(own, server)), own.issue("prometheus")
    async with served(network, own, tls) as pages:
        assert await pages.asked(client) == "000"  # curl does not trust who issued it
        renewed = own.issue("renewed", purpose="serverAuth")
        server.certificate.write_bytes(renewed.certificate.read_bytes())
        with pytest.raises(InputError, match="are no pair"):
            tls.renew()
        assert await pages.asked(client) == "000"
        server.key.write_bytes(renewed.key.read_bytes())
        tls.renew()
        assert await pages.asked(client) == "200"


def test_files_that_are_not_what_they_should_be_are_told_in_a_sentence(own: Authority, tmp_path: Path) -> None:
    server = own.issue("server", purpose="serverAuth")
    locked = tmp_path / "locked.key"
    sealing = ["openssl", "pkey", "-in", str(server.key), "-aes256", "-passout", "pass:secret", "-out", str(locked)]
    subprocess.run(sealing, check=True, capture_output=True)
    for key, sentence in (
        (tmp_path / "none", "tls_key .*none cannot be used: No such file"),
        (server.certificate, "are no pair"),
        (locked, "without a passphrase"),
    ):
        with pytest.raises(InputError, match=sentence):
            Tls(TlsFiles(server.certificate, key))
    for ca, sentence in ((server.key, "holds no certificate"), (tmp_path / "none", "client_ca .* No such file")):
        with pytest.raises(InputError, match=sentence):
            Tls(TlsFiles(server.certificate, server.key, ca))

"""Who can reach the pages of a daemon, and what they can make it do."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from select import select

import pytest

from netmon.daemon import run_daemon
from netmon.daemon.assembly import Daemon
from netmon.probes.namespace import open_in_namespace
from netmon.web.guard import digest_of
from netmon.web.server import listen
from tests.kit.running import Site, eventually, running
from tests.kit.wire import Network
from tests.web.certificates import Pair, authority

BAD_INPUT = 2
ELSEWHERE = "192.0.2.1"
SETTINGS = "web: {{tls_certificate: {0.certificate}, tls_key: {0.key}, client_ca: {1.certificate}}}\n"


@pytest.mark.network
def test_pages_open_to_the_network_want_a_token_or_a_certificate(tmp_path: Path, netmon) -> None:
    site = Site(folder=tmp_path, more_settings="web: {listen: 0.0.0.0, port: 0}\n")
    code, _, complaint = netmon(site, "run")
    assert code == BAD_INPUT
    assert complaint.startswith("The pages on 0.0.0.0 would be open to the whole network: set web.token_sha256")
    code, _, complaint = netmon(site, "check")
    assert code == BAD_INPUT
    assert "web.listen: opens the pages to the whole network; set web.token_sha256" in complaint


@pytest.mark.network
def test_a_token_in_the_clear_is_refused_unless_the_operator_says_that_the_way_is_protected(
    tmp_path: Path, netmon
) -> None:
    token = digest_of("a token")
    site = Site(folder=tmp_path, more_settings=f"web: {{listen: 0.0.0.0, port: 0, token_sha256: {token}}}\n")
    code, _, complaint = netmon(site, "run")
    assert code == BAD_INPUT
    assert complaint.startswith("The token for the pages on 0.0.0.0 would cross the network in the clear")
    code, _, complaint = netmon(site, "check")
    assert code == BAD_INPUT
    assert "web.listen: lets the token and all pages cross the network in the clear; give web.tls_cert" in complaint
    site.settings.write_text(site.settings.read_text().replace("port: 0", "port: 0, insecure: true"))
    code, said, complaint = netmon(site, "check")
    assert code == 0
    assert "web.listen: lets the token and all pages cross the network in the clear" in said + complaint


@pytest.mark.network
@pytest.mark.peer("nsenter", "ip")
def test_a_machine_that_boots_without_its_address_yet_is_watched_from_once_it_has_it(tmp_path: Path) -> None:
    pages = f"web: {{listen: {ELSEWHERE}, port: 9870, insecure: true, token_sha256: {digest_of('a token')}}}\n"
    network = Network()
    site, log = Site(folder=tmp_path, namespace=network.path, more_settings=pages), tmp_path / "netmon.log"
    with log.open("wb") as out:
        command = ["nsenter", f"--net={network.path}", *site.command("run")]
        daemon = subprocess.Popen(command, env=site.environment(), stdout=out, stderr=out)
    try:
        eventually(lambda: "pages=waiting" in log.read_text() or daemon.poll() is not None, 60, log.read_text)
        assert f"{ELSEWHERE} is not an address of this machine" in log.read_text()
        network.ip(f"address add {ELSEWHERE}/32 dev lo")
        eventually(lambda: "pages=unprotected" in log.read_text(), 20, log.read_text)
        assert f"pages=http://{ELSEWHERE}:9870" in log.read_text()
        assert log.read_text().count("pages=waiting") == 1
        daemon.terminate()
        assert daemon.wait(20) == 0
    finally:
        daemon.kill()
        daemon.wait()
        network.close()


async def asked(network: Network, url: str, ca: Pair, shown: Pair | None) -> str:
    """What curl in that network is answered."""
    command = ["nsenter", f"--net={network.path}", "curl", "--silent", "--max-time", "10", "--noproxy", "*"]
    command += ["--write-out", " %{http_code}", "--cacert", str(ca.certificate)]
    if shown is not None:
        command += ["--cert", str(shown.certificate), "--key", str(shown.key)]
    return (
        await asyncio.to_thread(subprocess.run, [*command, url], capture_output=True, text=True, check=False)
    ).stdout


@pytest.mark.network
@pytest.mark.peer("curl", "nsenter", "ip")
async def test_prometheus_of_another_machine_comes_in_by_its_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = authority(tmp_path)
    server, client = own.issue("server", purpose="serverAuth"), own.issue("prometheus")
    site = Site(folder=tmp_path, more_settings=SETTINGS.format(server, own.pair))
    monkeypatch.setenv("STATE_DIRECTORY", str(site.state))
    network, found = Network(), asyncio.Queue[Daemon]()
    network.ip(f"address add {ELSEWHERE}/32 dev lo")
    http = open_in_namespace(network.path, lambda: listen(ELSEWHERE, 0))
    daemon_task = asyncio.create_task(run_daemon(site.settings, http=http, started=found.put_nowait))
    try:
        url = (await asyncio.wait_for(found.get(), 20)).pages
        assert url == f"https://{ELSEWHERE}:{http.getsockname()[1]}"
        assert (await asked(network, f"{url}/metrics", own.pair, client)).endswith(" 200")
        assert (await asked(network, f"{url}/metrics", own.pair, None)).endswith(" 401")
        said = await asked(network, f"{url}/discovery/prometheus", own.pair, client)
        assert '"__scheme__": "https"' in said
    finally:
        daemon_task.cancel()
        await asyncio.gather(daemon_task, return_exceptions=True)
        network.close()


@pytest.mark.network
async def test_a_renewed_certificate_comes_with_the_next_reload_and_half_of_one_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = authority(tmp_path)
    first, second = own.issue("first", purpose="serverAuth"), own.issue("second", purpose="serverAuth")
    before, after = (one.certificate.read_text() for one in (first, second))
    site = Site(folder=tmp_path, more_settings=SETTINGS.format(first, own.pair))
    monkeypatch.setenv("STATE_DIRECTORY", str(site.state))
    found = asyncio.Queue[Daemon]()
    daemon_task = asyncio.create_task(run_daemon(site.settings, http=listen("127.0.0.1", 0), started=found.put_nowait))
    try:
        daemon = await asyncio.wait_for(found.get(), 20)
        assert await shown_by(daemon) == before
        first.certificate.write_text(after)
        assert "are no pair" in await said_by_reload(site)
        assert await shown_by(daemon) == before
        first.key.write_text(second.key.read_text())
        assert "0 devices added" in await said_by_reload(site)
        assert await shown_by(daemon) == after
    finally:
        daemon_task.cancel()
        await asyncio.gather(daemon_task, return_exceptions=True)


async def shown_by(daemon: Daemon) -> str:
    """The certificate in PEM that a new client is shown."""
    host, _, port = daemon.address.rpartition(":")
    shown = await asyncio.to_thread(ssl.get_server_certificate, (host, int(port)))
    return shown.strip() + "\n"


async def said_by_reload(site: Site) -> str:
    """What the daemon answers to SIGHUP."""
    report = site.state / "reload.json"
    report.unlink(missing_ok=True)
    os.kill(os.getpid(), signal.SIGHUP)
    async with asyncio.timeout(20):
        while not report.exists():  # noqa: ASYNC110 - the daemon writes it, and sets no event of ours
            await asyncio.sleep(0.05)
    return report.read_text()


BAIT = "127.5.5.5"
"""Nobody in settings or inventory has this address; a question to it was asked for by a request."""
NAMES = ("target", "url", "host", "address", "device", "callback", "next", "href", "province", "language", "health")


@pytest.mark.network
def test_no_request_makes_netmon_ask_an_address_of_the_askers_choice(tmp_path: Path) -> None:
    """A server that probes or fetches what it is told to is a way into the network behind it."""
    with (
        running(Site(folder=tmp_path)) as daemon,
        listen(BAIT, 0) as bait,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as snmp,
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as echo,
    ):
        snmp.bind((BAIT, 161))
        echo.bind((BAIT, 0))
        port = bait.getsockname()[1]
        documented = daemon.get("/api/openapi.json").json()["paths"]
        paths = [re.sub(r"{\w+}", BAIT, path) for path in documented]
        paths += ["/", "/metrics", f"/metrics/province/{BAIT}", "/discovery/prometheus", "/probe", "/snmp", f"/{BAIT}"]
        paths += [f"http://{BAIT}:{port}/"]  # as a proxy is asked
        headers = dict.fromkeys(("Host", "X-Forwarded-Host", "Forwarded", "Referer", "Origin"), f"{BAIT}:{port}")
        for value in (BAIT, f"http://{BAIT}:{port}/"):
            query = "&".join(f"{name}={value}" for name in NAMES)
            for path in paths:
                for method in ("GET", "POST", "CONNECT"):
                    ask_raw(daemon.address, f"{method} {path}?{query} HTTP/1.1", headers)
        heard, _, _ = select([bait, snmp, echo], [], [], 3)
        assert heard == []


def ask_raw(address: str, line: str, headers: Mapping[str, str]) -> None:
    """One request exactly as written."""
    host, _, port = address.rpartition(":")
    lines = [line, *(f"{name}: {value}" for name, value in headers.items()), "Connection: close", "", ""]
    with socket.create_connection((host, int(port)), timeout=5) as asking:
        asking.sendall("\r\n".join(lines).encode())
        with contextlib.suppress(ConnectionError):
            while asking.recv(4096):
                pass

"""Secrets and telephone numbers planted in settings and inventory must be found nowhere that others read.

They are used in earnest: to log in at a mail server, and in the address of a smsbox, which refuses and repeats all of
it in its answer. What these two were sent is the only place not searched, mails aside.
"""

import base64
import email
import email.policy
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from tests.kit.gateways import Gateways, gateways
from tests.kit.running import (
    ADDRESSES,
    VILLAGES,
    RunningDaemon,
    Site,
    eventually,
    network_with_firewall,
    running,
    silence,
)
from tests.kit.wire import Network
from tests.notifiers.mail_server import PASSWORD

IN_FILE, IN_ENVIRONMENT, FROM_SYSTEMD = "Zq4x-file-canary-93", PASSWORD, "Jx9p-systemd-canary-77"
PASTED, IN_URL = "Qz8w-pasted-canary-52", "Kj3v-url-canary-68"
OF_USER, WRONG_KEY = "Wm5r-passphrase-canary-41", "Vb6n-wrong-key-canary-29"
SECRETS = (IN_FILE, IN_ENVIRONMENT, FROM_SYSTEMD, PASTED, IN_URL, OF_USER, WRONG_KEY)
TECHNICIAN, VOLUNTEER, CENTRE = "0861357924", "089-753-1846", "045-628-4917"
PAGES = (
    "/", "/readyz", "/metrics", "/metrics/province/34", "/discovery/prometheus", "/api/openapi.json",
    "/api/v1/overview", "/api/v1/villages", "/api/v1/faults", "/api/v1/faults?language=en", "/api/v1/tickets",
    "/api/v1/villages?province=x", "/metrics/province/99", "/nothing/there",
)  # fmt: skip
LOG_LINE = re.compile(
    r"\d{4}-\d\d-\d\d [\d:]{8},\d{3} (?:DEBUG|INFO|WARNING|ERROR) netmon[\w.]*"  # when, how serious, who
    r"(?: [A-Za-z,]+)*"  # a fixed text
    r"(?: \w+=(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s'\"]+))+"  # key=value, quoted where it has blanks
)
COMMANDS = ("tickets list", f"explain {VILLAGES[0]}", "outbox list")
SETTINGS = """\
log: {{level: debug}}
credentials:
  village-read: {file}
  smtp-password: environment
  gateway: systemd
  olt-v3: {{source: environment, user: netmon, auth: sha256, priv: aes128}}
"""
BAD_SETTINGS = f"""\
credentials: {{village-read: {PASTED}}}
store: {{url: 'postgresql://netmon:{IN_URL}@db.example.org/netmon'}}
mail: {{driver: smtp, password: {WRONG_KEY}, host: '{VOLUNTEER}', port: {WRONG_KEY}}}
sms: {{driver: http, url: 'https://netmon:{WRONG_KEY}@sms.example.org/', auth: {WRONG_KEY}}}
web: {{token_sha256: {WRONG_KEY}}}
"""


def in_base64(text: str) -> Iterator[str]:
    """How it looks inside a longer base64 text, at each of the three places it may begin."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + text.encode()).decode()
        yield coded[-(-before * 8 // 6) : (before + len(text)) * 8 // 6]


def traces_of_secret(secret: str) -> re.Pattern[str]:
    """It, any beginning of four or more characters, and the same in hexadecimal and base64."""
    start = secret[:6]
    forms = [re.escape(secret[:4]), f"(?i:{secret[:4].encode().hex()})", *map(re.escape, in_base64(start))]
    return re.compile("|".join(forms))


def traces_of_number(number: str) -> re.Pattern[str]:
    """Its last seven digits, also in hexadecimal and base64, and its nine digits however they are grouped."""
    digits = re.sub(r"\D", "", number)
    grouped = r"[\s().-]*".join(digits[-9:] if len(digits) > 9 else digits[-8:])
    last = digits[-7:]
    return re.compile("|".join([last, last.encode().hex(), *map(re.escape, in_base64(last)), grouped]))


def found(places: dict[str, str], canaries: dict[str, re.Pattern[str]]) -> list[str]:
    return [
        f"{canary} in {place}: ...{text[max(0, hit.start() - 60) : hit.end() + 20]!r}"
        for place, text in places.items()
        for canary, pattern in canaries.items()
        for hit in [pattern.search(text)]
        if hit
    ]


def parts_of(mail: bytes) -> str:
    """A mail as it travels and as it is read."""
    message = email.message_from_bytes(mail, policy=email.policy.default)
    bodies = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    headers = [f"{name}: {value}" for name, value in message.items()]
    return "\n".join([mail.decode("utf-8", "replace"), *headers, *bodies])


@dataclass
class Planted:
    """A site, its network, the environment of its daemon, and whom the daemon talks to."""

    site: Site
    network: Network
    environment: dict[str, str]
    peers: Gateways


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Planted]:
    """A site full of canaries, its network, and the environment of its daemon."""
    secret, systemd = tmp_path / "secret", tmp_path / "credentials"
    secret.write_text(IN_FILE + "\n")
    systemd.mkdir()
    (systemd / "gateway").write_text(FROM_SYSTEMD + "\n")
    environment = {
        "NETMON_CREDENTIAL_SMTP_PASSWORD": IN_ENVIRONMENT,
        "NETMON_CREDENTIAL_OLT_V3": OF_USER,
        "CREDENTIALS_DIRECTORY": str(systemd),
    }
    with network_with_firewall() as network, gateways(tmp_path, status="400 Bad Request") as peers:
        site = Site(
            folder=tmp_path,
            namespace=network.path,
            more_settings=SETTINGS.format(file=secret) + peers.settings,
            phone=CENTRE,
            technician=TECHNICIAN,
            volunteer=VOLUNTEER,
            credential="village-read",
        )
        devices = site.folder / "inventory" / "devices.csv"
        devices.write_text(devices.read_text().replace(f"{VILLAGES[2]},village-read", f"{VILLAGES[2]},olt-v3"))
        yield Planted(site, network, environment, peers)


@pytest.mark.network
@pytest.mark.peer("nft")
@pytest.mark.timeout(240)
def test_no_planted_secret_or_number_is_found_anywhere(planted: Planted, netmon) -> None:
    site, environment, peers = planted.site, planted.environment, planted.peers
    places: dict[str, str] = {}
    with running(site, **environment) as daemon:
        silence(planted.network, ADDRESSES[0])
        eventually(lambda: bool(peers.mailbox.mails and peers.smsbox.calls), 30, daemon.said)
        eventually(lambda: "notice=" in daemon.said(), 10, daemon.said)
        places |= pages_of(daemon)
        places |= {command: str(netmon(site, *command.split())) for command in COMMANDS}
        for count, mistake in ((3, numbers_in_wrong_columns), (5, secrets_pasted)):
            mistake(site)
            places[f"netmon check of {mistake.__name__}"] = str(site.netmon("check", **environment))
            daemon.signal(signal.SIGHUP)
            wait_for_refusal(daemon, count)
            places[f"report of {mistake.__name__}"] = (site.state / "reload.json").read_text()
        places |= {f"{name} after bad reloads": text for name, text in pages_of(daemon).items()}
    places |= {
        "log": daemon.said(),
        "database": "".join(path.read_bytes().decode("latin-1") for path in site.state.glob("netmon.db*")),
    }
    used = unquote_plus(peers.smsbox.calls[0].line)
    assert FROM_SYSTEMD in used
    assert traces_of_number(VOLUNTEER).search(used)
    mails = {f"mail {number}": parts_of(mail) for number, mail in enumerate(peers.mailbox.mails)}
    secrets = {secret: traces_of_secret(secret) for secret in SECRETS}
    people = {number: traces_of_number(number) for number in (TECHNICIAN, VOLUNTEER)}
    assert [line for line in places["log"].splitlines() if not LOG_LINE.fullmatch(line)] == []
    for change in (
        "device=AP-34010101 health=down",
        " state=open cause=",
        " ticket=opened centre=UBN",
        " verdict=sent",
    ):
        assert places["log"].count(change) >= 1, change
    assert found({**places, **mails}, {**secrets, **people}) == []
    assert found(places, {CENTRE: traces_of_number(CENTRE)}) == []


def pages_of(daemon: RunningDaemon) -> dict[str, str]:
    """Every page, headers and all."""
    answers = {path: daemon.get(path) for path in PAGES}
    assert answers["/api/v1/tickets"].json()["tickets"]
    return {path: f"{answer.headers}\n{answer.text}" for path, answer in answers.items()}


def wait_for_refusal(daemon: RunningDaemon, complaints: int) -> None:
    eventually(lambda: daemon.said().count("reload=refused") >= complaints, 10, daemon.said)


def numbers_in_wrong_columns(site: Site) -> None:
    folder = site.folder / "inventory"
    volunteers = f"village,name,mobile,language\n{VOLUNTEER},{VILLAGES[0]},อาสา,th\n"
    technicians = f"id,name,service_centre,email,mobile,language\nT1,ช่าง,{CENTRE},{TECHNICIAN},t@example.org,th\n"
    (folder / "volunteers.csv").write_text(volunteers, encoding="utf-8")
    (folder / "technicians.csv").write_text(technicians, encoding="utf-8")


def secrets_pasted(site: Site) -> None:
    """Where only the name of their place belongs."""
    site.settings.write_text(BAD_SETTINGS)


@pytest.mark.parametrize("secret", SECRETS)
def test_the_search_would_find_a_secret(secret: str) -> None:
    pattern = traces_of_secret(secret)
    coded = [base64.b64encode(b"community " + b"x" * n + secret.encode()).decode() for n in range(3)]
    for text in (secret, f"...{secret[:4]}***", secret.encode().hex().upper(), *coded):
        assert pattern.search(text), text
    assert not pattern.search("device=AP-34010101 health=down was=suspect")


@pytest.mark.parametrize("number", [TECHNICIAN, VOLUNTEER, CENTRE])
def test_the_search_would_find_a_number(number: str) -> None:
    pattern, digits = traces_of_number(number), re.sub(r"\D", "", number)
    grouped = [f"{digits[:3]}-{digits[3:6]}-{digits[6:]}", f"+66 {digits[1:3]} {digits[3:]}"]
    written = [digits, f"+66{digits[1:]}", *grouped]
    coded = [base64.b64encode(b"tel:" + b"x" * n + digits.encode()).decode() for n in range(3)]
    for text in (*written, digits.encode().hex(), *coded):
        assert pattern.search(text), text

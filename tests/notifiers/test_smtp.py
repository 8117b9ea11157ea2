"""Mail over SMTP, against a real server with TLS: what it takes, what it refuses, and what is lost on the way."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from netmon.errors import InputError
from netmon.model.notices import Channel, Letter, Person, Stage, Verdict
from netmon.notifiers.smtp import MailServer, Security, SmtpMail
from netmon.ports import Notifier
from tests.notifiers.letters import NINE_FIFTEEN, letter, village
from tests.notifiers.mail_server import PASSWORD, USER, Mailbox, hang_up, mail_server, make_certificate
from tests.notifiers.makers import mail_composer
from tests.notifiers.notifier_contract import NotifierContract

Office = Callable[..., SmtpMail]
TO = "somchai@technicians.invalid"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def port(mailbox: Mailbox, certificate: tuple[Path, Path], stack: AsyncExitStack) -> int:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return await stack.enter_async_context(mail_server(mailbox, context))


@pytest.fixture
def office(port: int, certificate: tuple[Path, Path], stack: AsyncExitStack) -> Office:
    def make(**other: object) -> SmtpMail:
        server = MailServer(
            host="127.0.0.1",
            port=port,
            security=Security.STARTTLS,
            sender="netmon@example.invalid",
            user=USER,
            password=PASSWORD,
            ca_file=certificate[0],
            timeout=2.0,
        )
        driver = SmtpMail(replace(server, **other), mail_composer())  # type: ignore[arg-type]
        stack.push_async_callback(driver.close)
        return driver

    return make


async def closed_port() -> int:
    """A port nobody listens on any more."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


class TestSmtpMail(NotifierContract):
    @pytest.fixture
    def channel(self) -> Channel:
        return Channel.MAIL

    @pytest.fixture
    def notifier(self, office: Office) -> Notifier:
        return office()

    @pytest.fixture
    async def troubled(self, office: Office) -> Notifier:
        return office(port=await closed_port())


async def test_a_mail_arrives_whole_over_starttls(office: Office, mailbox: Mailbox) -> None:
    driver = office()
    delivery = await driver.deliver(letter())
    assert (delivery.verdict, delivery.reason) == (Verdict.SENT, "250 OK queued as 4cX1")
    await driver.deliver(letter(Stage.RESOLVED))
    opened, resolved = mailbox.received
    assert mailbox.envelopes[0] == ("netmon@example.invalid", [TO])
    assert mailbox.mails[0].isascii()
    assert opened["To"] == f"สมชาย ใจดี <{TO}>"
    assert opened["Subject"] == "บ้านหนองแวง ม.5 อ.ปทุมราชวงศา: AP ขัดข้อง [T-2569-000123]"
    assert opened["Date"].endswith("+0700")
    assert opened["Date"].datetime.timestamp() == NINE_FIFTEEN + 240
    assert resolved["References"] == resolved["In-Reply-To"] == opened["Message-ID"]
    text = opened.get_body(("plain",))
    assert text is not None
    assert "บ้านหนองแวง" in text.get_content()
    assert mailbox.connections == 1, "the second mail took the same connection"


async def test_a_message_is_the_composers_byte_for_byte(office: Office, mailbox: Mailbox) -> None:
    await office().deliver(letter())
    assert mailbox.mails == [mail_composer().compose(letter()).as_bytes()]


async def test_tls_from_the_first_byte_works_too(
    mailbox: Mailbox, certificate: tuple[Path, Path], stack: AsyncExitStack, office: Office
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    port = await stack.enter_async_context(mail_server(mailbox, context, starttls=False))
    assert (await office(port=port, security=Security.TLS).deliver(letter())).verdict is Verdict.SENT


async def test_an_unprotected_server_on_this_machine_needs_no_login(
    mailbox: Mailbox, stack: AsyncExitStack, office: Office
) -> None:
    port = await stack.enter_async_context(mail_server(mailbox, None))
    driver = office(port=port, security=Security.NONE, user="", password="")
    assert (await driver.deliver(letter())).verdict is Verdict.SENT


async def test_a_certificate_nobody_vouches_for_gets_no_mail_and_no_password(office: Office, mailbox: Mailbox) -> None:
    delivery = await office(ca_file=None).deliver(letter())
    assert delivery.verdict is Verdict.RETRY
    assert "SSLCertVerificationError" in delivery.reason
    assert mailbox.mails == []


def test_certificates_that_cannot_be_read_are_named(office: Office, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.pem cannot be used as certificates to trust"):
        office(ca_file=tmp_path / "none.pem")


async def test_a_server_without_starttls_gets_no_mail(mailbox: Mailbox, stack: AsyncExitStack, office: Office) -> None:
    port = await stack.enter_async_context(mail_server(mailbox, None))
    assert (await office(port=port).deliver(letter())).verdict is Verdict.RETRY
    assert mailbox.mails == []


async def test_a_wrong_password_is_a_retry_that_does_not_repeat_it(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "aiosmtplib")
    driver = office(password="wr0ng-canary")
    delivery = await driver.deliver(letter())
    assert (delivery.verdict, delivery.reason) == (Verdict.RETRY, "the mail server refuses the login (535)")
    assert "canary" not in repr(driver._server) + caplog.text + repr(delivery)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("451 4.7.1 greylisted, try later", Verdict.RETRY),
        ("452 4.2.2 mailbox full", Verdict.RETRY),
        ("550 5.1.1 no such user", Verdict.PERMANENT),
    ],
)
async def test_what_is_said_of_one_recipient_does_not_touch_the_others(
    office: Office, mailbox: Mailbox, answer: str, verdict: Verdict
) -> None:
    mailbox.by_recipient[TO] = answer
    driver = office()
    other = replace(letter(), person=Person("นิภา", "nipa@technicians.invalid"))
    refused, taken = await driver.deliver(letter()), await driver.deliver(other)
    assert (refused.verdict, refused.reason) == (verdict, answer)
    assert taken.verdict is Verdict.SENT
    assert [to for _, to in mailbox.envelopes] == [["nipa@technicians.invalid"]]
    assert mailbox.connections == 1, "a refusal is no reason to hang up"


@pytest.mark.parametrize(("answer", "verdict"), [("452 disk full", Verdict.RETRY), ("554 spam", Verdict.PERMANENT)])
async def test_a_message_may_be_refused_at_its_end(
    office: Office, mailbox: Mailbox, answer: str, verdict: Verdict
) -> None:
    mailbox.after_data = lambda _: answer
    delivery = await office().deliver(letter())
    assert (delivery.verdict, delivery.reason) == (verdict, answer)


async def test_a_sender_the_server_does_not_want_costs_nobody_a_mail(office: Office, mailbox: Mailbox) -> None:
    mailbox.at_mail = lambda _: "550 5.7.1 sender not allowed"
    delivery = await office().deliver(letter())
    assert (delivery.verdict, delivery.reason) == (Verdict.RETRY, "550 5.7.1 sender not allowed")


async def test_a_server_lost_before_the_message_is_a_retry(office: Office, mailbox: Mailbox) -> None:
    mailbox.at_mail = hang_up
    driver = office()
    delivery = await driver.deliver(letter())
    assert delivery.verdict is Verdict.RETRY
    assert "lost before the message" in delivery.reason
    mailbox.at_mail = lambda _: "250 OK"
    assert (await driver.deliver(letter())).verdict is Verdict.SENT


async def test_a_server_lost_after_the_message_leaves_it_unknown(office: Office, mailbox: Mailbox) -> None:
    mailbox.after_data = hang_up
    driver = office()
    assert (await driver.deliver(letter())).verdict is Verdict.UNKNOWN
    assert len(mailbox.mails) == 1, "it has it, and only we do not know"
    mailbox.after_data = lambda _: None
    assert (await driver.deliver(letter())).verdict is Verdict.SENT
    first, again = mailbox.received
    assert first["Message-ID"] == again["Message-ID"]


async def test_a_server_silent_after_the_message_leaves_it_unknown(office: Office, mailbox: Mailbox) -> None:
    mailbox.hang = asyncio.Event()
    delivery = await office(timeout=0.3).deliver(letter())
    assert (delivery.verdict, delivery.reason) == (
        Verdict.UNKNOWN,
        "the mail server gave no answer to the message: TimeoutError",
    )
    mailbox.hang.set()


async def test_a_server_that_never_greets_is_a_retry_for_everybody_in_time(office: Office) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    driver = office(port=server.sockets[0].getsockname()[1], timeout=0.3, connections=2)
    async with asyncio.timeout(5):
        deliveries = await asyncio.gather(*(driver.deliver(letter()) for _ in range(8)))
    assert {one.verdict for one in deliveries} == {Verdict.RETRY}
    server.close()


async def test_a_connection_the_server_hung_up_meanwhile_costs_nothing(office: Office, mailbox: Mailbox) -> None:
    seen: list[SMTP] = []

    def remember(server: SMTP) -> str:
        seen.append(server)
        return "250 OK"

    mailbox.at_mail = remember
    driver = office()
    await driver.deliver(letter())
    hang_up(seen[0])
    assert (await driver.deliver(letter(Stage.RESOLVED))).verdict is Verdict.SENT
    assert mailbox.connections == 2


async def test_many_mails_share_a_few_connections_each_with_one_at_a_time(office: Office, mailbox: Mailbox) -> None:
    driver = office(connections=2)
    letters = [replace(letter(revision=n), person=Person("x", f"t{n}@technicians.invalid")) for n in range(8)]
    deliveries = await asyncio.gather(*map(driver.deliver, letters))
    assert {one.verdict for one in deliveries} == {Verdict.SENT}
    assert mailbox.busiest == mailbox.connections == 2
    assert sorted(to for _, (to,) in mailbox.envelopes) == [f"t{n}@technicians.invalid" for n in range(8)]


async def test_an_address_that_is_none_is_refused_without_a_call(office: Office, mailbox: Mailbox) -> None:
    sample: Letter = replace(letter(), person=Person("x", "x@y.invalid\r\nRCPT TO:<z@y.invalid>"))
    assert (await office().deliver(sample)).verdict is Verdict.PERMANENT
    assert mailbox.connections == 0


async def test_a_large_fault_arrives_with_its_table(office: Office, mailbox: Mailbox) -> None:
    many = [village(number) for number in range(1, 61)]
    await office().deliver(letter(villages=many))
    (mail,) = mailbox.received
    (table,) = mail.iter_attachments()
    assert table.get_filename() == "T-2569-000123-villages.csv"
    assert table.get_content_type() == "text/csv"

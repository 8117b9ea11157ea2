"""The drivers that settings ask for, made with the secrets that settings only name."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from netmon.daemon.notifying import notifiers_for
from netmon.daemon.policies import courier_policy
from netmon.errors import InputError
from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.inventory import Inventory
from netmon.model.notices import Channel, Verdict
from netmon.notifiers import FileMail, FileSms
from netmon.notifiers.http_sms import HttpSms
from netmon.notifiers.kannel import KannelSms
from netmon.notifiers.smtp import SmtpMail
from netmon.ports import Notifier
from netmon.rules.repetition import Rate
from netmon.settings import Settings, load_settings
from tests.notifiers.letters import letter
from tests.notifiers.web_sink import Sink, listening

CANARY = "canary-t0ken"


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


def settings(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "secret").write_text(f"{CANARY}\n")
    path = tmp_path / "netmon.yaml"
    path.write_text(f"{text}\ncredentials: {{gateway: ./secret, absent: ./none}}\n")
    return load_settings(path, {"STATE_DIRECTORY": str(tmp_path / "state")})


def drivers(chosen: Settings, stack: AsyncExitStack) -> dict[Channel, Notifier]:
    return dict(notifiers_for(chosen, Country(Inventory(), Fleet(0, 1)), stack))


async def test_without_a_word_everything_goes_into_files(tmp_path: Path, stack: AsyncExitStack) -> None:
    made = drivers(settings(tmp_path, "log: {}"), stack)
    assert isinstance(made[Channel.MAIL], FileMail)
    assert isinstance(made[Channel.SMS], FileSms)
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["mail", "sms"]


async def test_mail_servers_and_kannel_are_made_with_their_secrets_and_show_none(
    tmp_path: Path, stack: AsyncExitStack
) -> None:
    text = (
        "mail: {driver: smtp, user: netmon, credential: gateway}\nsms: {driver: kannel, user: n, credential: gateway}"
    )
    made = drivers(settings(tmp_path, text), stack)
    mail, sms = made[Channel.MAIL], made[Channel.SMS]
    assert isinstance(mail, SmtpMail)
    assert isinstance(sms, KannelSms)
    assert mail._server.password == sms._smsbox.password == CANARY
    assert CANARY not in repr(mail._server) + repr(sms._smsbox)


async def test_a_gateway_of_the_settings_is_asked_as_declared(tmp_path: Path, stack: AsyncExitStack) -> None:
    sink = await stack.enter_async_context(listening(Sink(body=b'{"state": "OK", "id": "7"}')))
    text = (
        f"sms: {{driver: http, url: '{sink.url}', auth: bearer, credential: gateway, number: digits,"
        " fields: {msisdn: '{to}', body: '{text}'}, answer: {id: id, status: state}, statuses: {OK: sent}}"
    )
    sms = drivers(settings(tmp_path, text), stack)[Channel.SMS]
    assert isinstance(sms, HttpSms)
    delivery = await sms.deliver(letter(channel=Channel.SMS))
    assert (delivery.verdict, delivery.reference) == (Verdict.SENT, "7")
    (call,) = sink.calls
    assert call.headers["authorization"] == f"Bearer {CANARY}"
    assert b'"msisdn":"66610000005"' in call.body


async def test_a_secret_that_is_not_there_stops_the_start_with_a_sentence(
    tmp_path: Path, stack: AsyncExitStack
) -> None:
    chosen = settings(tmp_path, "mail: {driver: smtp, user: netmon, credential: absent}")
    with pytest.raises(InputError, match=r"credential 'absent': cannot read .*none: No such file"):
        drivers(chosen, stack)


async def test_limits_and_patience_become_the_couriers_policy(tmp_path: Path) -> None:
    text = (
        "mail: {driver: smtp, timeout: 60s}\nnotices: {limits: {mail_per_hour: 4, sms_per_day: 2, sms_per_minute: 30}}"
    )
    policy = courier_policy(settings(tmp_path, text))
    assert policy.limits.person == {Channel.MAIL: Rate(4, 3600.0), Channel.SMS: Rate(2, 86_400.0)}
    assert policy.limits.gateway == {Channel.SMS: Rate(30, 60.0)}
    assert policy.patience == 130.0
    assert courier_policy(Settings()).patience == 60.0

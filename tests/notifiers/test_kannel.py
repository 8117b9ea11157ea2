"""SMS through a real Kannel: boxes that queue and accept, with fakesmsc in place of the phone network."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.notices import Channel, Person, Progress, Report, Stage, Verdict
from netmon.notifiers import SmsRenderer, Templates
from netmon.notifiers.kannel import KannelSms, Smsbox, account_of
from netmon.notifiers.sms import LONGEST, units
from netmon.ports import Notifier
from tests.notifiers.kannel_peer import PASSWORD, USER, Kannel, Sms, free_ports
from tests.notifiers.letters import ADDRESSES, letter, village
from tests.notifiers.makers import CONTACT
from tests.notifiers.notifier_contract import NotifierContract

pytestmark = pytest.mark.peer("bearerbox", "smsbox", "fakesmsc")
RENDERER = SmsRenderer(Templates(), CONTACT)


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    kannel = Kannel(tmp_path_factory.mktemp("kannel"))
    try:
        kannel.start()
        kannel.start_network()
        yield kannel
    finally:
        kannel.stop()


def driver(url: str, **other: str) -> KannelSms:
    return KannelSms(replace(Smsbox(url=url, user=USER, password=PASSWORD), **other), RENDERER)  # type: ignore[arg-type]


class TestKannelSms(NotifierContract):
    @pytest.fixture
    def channel(self) -> Channel:
        return Channel.SMS

    @pytest.fixture
    def notifier(self, kannel: Kannel) -> Notifier:
        return driver(kannel.url)

    @pytest.fixture
    def troubled(self) -> Notifier:
        (port,) = free_ports(1)
        return driver(f"http://127.0.0.1:{port}/cgi-bin/sendsms")


async def test_a_thai_text_reaches_the_network_as_one_ucs2_message(kannel: Kannel) -> None:
    before = len(kannel.received(0))
    told = replace(letter(channel=Channel.SMS), person=Person("x", mobile="+66812345678"))
    delivery = await driver(kannel.url).deliver(told)
    assert (delivery.verdict, delivery.reason) == (Verdict.SENT, "0: Accepted for delivery")
    text = RENDERER.render(told)
    assert text.startswith("เน็ตประชารัฐ บ.หนองแวง ม.5 ขัดข้อง")
    assert kannel.received(before + 1)[before:] == [Sms("1100", "+66812345678", "ucs-2", text)]


async def test_the_longest_text_is_still_one_message_and_a_named_sender_stays(kannel: Kannel) -> None:
    before = len(kannel.received(0))
    place = village(name="บ้าน" + "กำแพงน้ำผึ้ง" * 4)
    told = letter(Stage.RESOLVED, Channel.SMS, villages=[place])
    assert (await driver(kannel.url, sender="NETPRACHA").deliver(told)).verdict is Verdict.SENT
    (sms,) = kannel.received(before + 1)[before:]
    assert (sms.sender, sms.text) == ("NETPRACHA", RENDERER.render(told))
    assert units(sms.text) <= LONGEST


async def test_a_wrong_password_waits_for_the_operator_and_is_told_to_nobody(
    kannel: Kannel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = driver(kannel.url, password="wr0ng-canary")
    delivery = await wrong.deliver(letter(channel=Channel.SMS))
    assert (delivery.verdict, delivery.reason) == (Verdict.RETRY, "the SMS gateway answered HTTP 403")
    said = caplog.text + repr(delivery) + repr(wrong._smsbox)
    assert "canary" not in said
    assert ADDRESSES[Channel.SMS].mobile.removeprefix("+66") not in said


@pytest.mark.parametrize(
    ("said", "report"),
    [
        ({"type": "1", "said": ""}, Report(Progress.DELIVERED)),
        ({"type": "8", "said": "ACK/"}, Report(Progress.ACCEPTED, "the phone network has it")),
        ({"type": "4"}, Report(Progress.BUFFERED, "the phone does not answer yet")),
        ({"type": "16", "said": "NACK/8"}, Report(Progress.FAILED, "refused by the phone network")),
        ({"type": "34"}, Report(Progress.FAILED, "expired before the phone answered")),
        (
            {"type": "2", "said": "id:M1 sub:001 dlvrd:000 stat:UNDELIV err:034 text:+66812345678"},
            Report(Progress.FAILED, "not delivered to the phone UNDELIV 034"),
        ),
        ({"type": "66"}, None),
        ({"type": "x"}, None),
        ({}, None),
        (None, None),
        ([{"type": "1"}], None),
        ({"type": ["1"]}, None),
    ],
)
def test_each_step_that_kannel_reports_is_understood_and_nothing_else(said: object, report: Report | None) -> None:
    assert driver("http://127.0.0.1:1/").read_report(said) == report


@given(st.recursive(st.none() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_nothing_from_outside_breaks_the_reader(said: object) -> None:
    driver("http://127.0.0.1:1/").read_report(said)


def test_a_key_too_long_for_kannel_is_still_recognisable() -> None:
    short, long = "f1.tot-3706.opened.0.sms.volunteer.37060105", f"{'f' * 40}.tot-3706.opened.0.sms.volunteer.37060105"
    assert account_of(short) == short
    assert len(account_of(long)) == len(account_of("a[b]")) == 64
    assert account_of(long) != account_of(long.replace("opened", "resolved"))


async def test_without_a_network_kannel_queues_and_sends_later(tmp_path_factory: pytest.TempPathFactory) -> None:
    kannel = Kannel(tmp_path_factory.mktemp("kannel"))
    try:
        kannel.start()
        delivery = await driver(kannel.url).deliver(letter(channel=Channel.SMS))
        assert (delivery.verdict, delivery.reason) == (Verdict.SENT, "3: Queued for later delivery")
        kannel.start_network()
        (sms,) = kannel.received(1)
        assert sms.to == ADDRESSES[Channel.SMS].mobile
        kannel.stop()
        assert (await driver(kannel.url).deliver(letter(channel=Channel.SMS))).verdict is Verdict.RETRY
    finally:
        kannel.stop()

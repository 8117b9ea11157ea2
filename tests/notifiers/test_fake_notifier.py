"""The fake keeps the port's promises too."""

import pytest

from netmon.model.notices import Channel, Delivery, Verdict
from netmon.ports import Notifier
from tests.kit.fake_notifier import FakeNotifier
from tests.notifiers.letters import letter
from tests.notifiers.notifier_contract import NotifierContract


class TestFakeNotifier(NotifierContract):
    @pytest.fixture(params=Channel)
    def channel(self, request: pytest.FixtureRequest) -> Channel:
        return Channel(request.param)

    @pytest.fixture
    def notifier(self, channel: Channel) -> Notifier:
        return FakeNotifier(channel)

    @pytest.fixture
    def troubled(self, channel: Channel) -> Notifier:
        return FakeNotifier(channel, [Delivery(Verdict.RETRY, reason="busy")])


async def test_the_script_is_followed_and_then_everything_is_sent() -> None:
    fake = FakeNotifier(Channel.MAIL, [Delivery(Verdict.UNKNOWN), Delivery(Verdict.PERMANENT)])
    verdicts = [(await fake.deliver(letter())).verdict for _ in range(3)]
    assert verdicts == [Verdict.UNKNOWN, Verdict.PERMANENT, Verdict.SENT]
    assert len(fake.letters) == 3

"""What every Notifier promises. A subclass gives a working one, one in trouble, and the channel."""

import logging
from dataclasses import replace

import pytest

from netmon.model.faults import Cause
from netmon.model.notices import Channel, Letter, Person, Stage, Verdict
from netmon.ports import Notifier
from tests.notifiers.letters import ADDRESSES, fault_of, letter, noc_letter, village

MOBILE = ADDRESSES[Channel.SMS].mobile
TICKET_STAGES = [stage for stage in Stage if stage not in {Stage.BLIND, Stage.SIGHTED}]


class NotifierContract:
    """Inherit and give the fixtures `channel`, `notifier` (which works) and `troubled` (which does not)."""

    @pytest.fixture
    def sample(self, channel: Channel) -> Letter:
        return letter(channel=channel)

    def test_it_serves_its_channel(self, notifier: Notifier, channel: Channel) -> None:
        assert notifier.channel is channel

    @pytest.mark.parametrize("stage", TICKET_STAGES)
    async def test_a_letter_of_every_ticket_stage_is_sent(
        self, notifier: Notifier, channel: Channel, stage: Stage
    ) -> None:
        delivery = await notifier.deliver(letter(stage, channel))
        assert delivery.verdict is Verdict.SENT, delivery.reason
        assert delivery.reference

    @pytest.mark.parametrize("stage", [Stage.BLIND, Stage.SIGHTED])
    async def test_a_letter_without_a_fault_is_sent(self, notifier: Notifier, channel: Channel, stage: Stage) -> None:
        assert (await notifier.deliver(noc_letter(stage, channel))).verdict is Verdict.SENT

    @pytest.mark.parametrize("cause", Cause)
    async def test_a_letter_about_every_cause_is_sent(self, notifier: Notifier, channel: Channel, cause: Cause) -> None:
        about = fault_of([village()], cause=cause)
        assert (await notifier.deliver(letter(channel=channel, fault=about))).verdict is Verdict.SENT

    async def test_a_second_delivery_is_recognisable_as_the_same(self, notifier: Notifier, sample: Letter) -> None:
        first = await notifier.deliver(sample)
        later = await notifier.deliver(replace(sample, at=sample.at + 7200))
        assert later == first

    async def test_different_notices_have_different_references(self, notifier: Notifier, channel: Channel) -> None:
        letters = [letter(stage, channel, revision=revision) for stage in TICKET_STAGES for revision in (0, 1, 2)]
        letters += [noc_letter(stage, channel) for stage in (Stage.BLIND, Stage.SIGHTED)]
        references = {(await notifier.deliver(one)).reference for one in letters}
        assert len(references) == len(letters)

    async def test_a_person_without_an_address_is_a_permanent_refusal(self, notifier: Notifier, sample: Letter) -> None:
        delivery = await notifier.deliver(replace(sample, person=Person("สมหมาย")))
        assert delivery.verdict is Verdict.PERMANENT
        assert delivery.reason

    async def test_trouble_is_a_retry_with_a_reason_and_no_exception(self, troubled: Notifier, sample: Letter) -> None:
        delivery = await troubled.deliver(sample)
        assert delivery.verdict is Verdict.RETRY
        assert delivery.reason

    async def test_no_phone_number_shows_in_references_reasons_or_the_log(
        self, notifier: Notifier, troubled: Notifier, sample: Letter, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        told = replace(sample, person=replace(sample.person, mobile=MOBILE))
        deliveries = [await one.deliver(told) for one in (notifier, troubled)]
        digits = MOBILE.removeprefix("+66")
        assert digits not in repr(deliveries) + caplog.text

"""The courier's promises: at least once, in order, no flood, nothing lost, nobody's mistake stops the others."""

import asyncio
import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.engine.backoff import LONGEST, SHORTEST, delay
from netmon.errors import StoreError
from netmon.model.decisions import SendNotice, SupersedeNotices
from netmon.model.fleet import Fleet
from netmon.model.inventory import Device, Inventory, Role
from netmon.model.notices import Audience, Channel, Delivery, Letter, Notice, Person, Recipient, Stage, Tried, Verdict
from netmon.model.vitals import Vital
from netmon.ports import Parting, parting_unrecorded
from tests.engine.office import (
    FAULT,
    INVENTORY,
    NOC,
    RETRY,
    SENT,
    T0,
    TECHNICIAN,
    UBON,
    UNKNOWN,
    V1,
    V2,
    VOLUNTEER,
    Office,
    ScriptedNotifier,
    note,
    until,
)


@pytest.fixture
def office() -> Office:
    return Office()


async def test_a_technicians_letter_carries_all_that_a_mail_needs(office: Office) -> None:
    await office.post(note())
    assert await office.courier().deliver_due(office.clock.now()) == 1
    (letter,) = office.mail.letters
    assert letter.person == Person("สมชาย", "somchai@example.th", "", "th")
    assert letter.fault == FAULT
    assert letter.ticket is not None
    assert letter.ticket.number == "T-2569-000001"
    assert letter.centre == INVENTORY.centres[UBON]
    assert [village.id for village in letter.villages] == [V1, V2]
    assert [event.what for event in letter.history] == ["opened"]
    assert letter.at == T0
    assert office.states == ["sent"]
    assert office.vitals.counts == {(Vital.NOTICES, "sent"): 1, (Vital.MAILS, "sent"): 1}


async def test_a_letter_tells_when_the_dead_devices_were_last_asked_and_last_answered(office: Office) -> None:
    tried = Tried(tries=3, within=12.0, every=20.0)
    office.policy = replace(office.policy, tried=tried)
    device = Device(id=FAULT.members[0].device, role=Role.FEEDER, address="10.64.0.1")
    office.country.inventory = Inventory(
        villages=INVENTORY.villages, devices=(device,), centres=INVENTORY.centres, technicians=INVENTORY.technicians
    )
    office.country.fleet = Fleet(1, 2)
    office.clock.wall = T0 - 100
    office.country.fleet.record([0], [0.01], [], office.clock.now())
    office.clock.wall = T0 - 40
    office.country.fleet.record([], [], [0], office.clock.now())
    office.clock.wall = T0
    await office.post(note())
    await office.courier().deliver_due(office.clock.now())
    (letter,) = office.mail.letters
    assert letter.tried == replace(tried, last_try=T0 - 40, last_answer=T0 - 100)


async def test_a_volunteers_letter_is_about_the_own_village(office: Office) -> None:
    await office.post(note(VOLUNTEER, Channel.SMS))
    await office.courier().deliver_due(office.clock.now())
    (letter,) = office.sms.letters
    assert letter.person == Person("มาลี", "", "+66812345678", "en")
    assert [village.id for village in letter.villages] == [V2]


async def test_the_noc_is_told_of_blindness_which_has_no_fault(office: Office) -> None:
    blind = Notice(stage=Stage.BLIND, channel=Channel.MAIL, recipient=NOC, revision=int(T0))
    await office.store.commit([SendNotice(blind, T0)], office.clock.now())
    await office.courier().deliver_due(office.clock.now())
    (letter,) = office.mail.letters
    assert (letter.person, letter.fault, letter.ticket) == (office.policy.noc, None, None)


async def test_a_corrected_inventory_is_used_at_once(office: Office) -> None:
    office.mail.answer = lambda _: RETRY
    await office.post(note())
    courier = office.courier()
    await courier.deliver_due(office.clock.now())
    moved = replace(INVENTORY.technicians[0], email="new@example.th")
    office.country.inventory = Inventory(technicians=(moved,))
    await office.work(courier, hours=0.05)
    assert [letter.person.email for letter in office.mail.letters[:2]] == ["somchai@example.th", "new@example.th"]


@pytest.mark.parametrize(
    ("notice", "channels", "reason"),
    [
        (note(Recipient(Audience.TECHNICIAN, "gone")), (Channel.MAIL,), "this person is not in the inventory"),
        (note(Recipient(Audience.VOLUNTEER, V1), Channel.SMS), (Channel.SMS,), "this person is not in the inventory"),
        (note(TECHNICIAN, Channel.SMS), (Channel.SMS,), "no mobile number"),
        (note(VOLUNTEER, Channel.MAIL), (Channel.MAIL,), "no e-mail address"),
        (note(VOLUNTEER, Channel.SMS), (Channel.MAIL,), "no gateway is set up for this channel"),
    ],
)
async def test_whoever_cannot_be_reached_is_given_up_with_the_reason(
    office: Office, notice: Notice, channels: tuple[Channel, ...], reason: str
) -> None:
    await office.post(notice)
    await office.courier(*channels).deliver_due(office.clock.now())
    assert (office.states, office.reasons) == (["dead"], [reason])
    assert office.mail.letters == office.sms.letters == []
    (history,) = office.store.history.values()
    assert history[-1].what == "undelivered"


async def test_what_the_gateway_refuses_for_good_is_tried_once(office: Office) -> None:
    office.mail.answer = lambda _: Delivery(Verdict.PERMANENT, reason="550 no such user")
    await office.post(note())
    await office.work(office.courier(), hours=1)
    assert len(office.mail.letters) == 1
    assert (office.states, office.reasons) == (["dead"], ["550 no such user"])


async def test_a_gateway_down_for_hours_loses_nothing_and_is_not_flooded(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.mail.answer = lambda letter: SENT if letter.at >= T0 + 6 * 3600 else RETRY
    people = [note(Recipient(Audience.TECHNICIAN, name)) for name in ("somchai", "nipa")]
    await office.post(*people, note(VOLUNTEER, Channel.SMS))
    courier = office.courier()
    with caplog.at_level(logging.INFO):
        await office.work(courier, hours=5.9)
        assert office.vitals.by_label[Vital.OUTBOX_WAITING, "mail"] == 2
        assert office.vitals.by_label[Vital.OUTBOX_OLDEST, "mail"] == pytest.approx(5.9 * 3600, abs=6)
        tries = len(office.mail.letters)
        assert tries <= 2 * (6 * 3600 / (LONGEST / 2) + 5)
        await office.work(courier, hours=0.5)
    assert office.states == ["sent"] * 3
    assert len(office.sms.letters) == 1, "the SMS gateway was never in trouble"
    for vital in (Vital.OUTBOX_WAITING, Vital.OUTBOX_OLDEST):
        assert office.vitals.by_label[vital, "mail"] == office.vitals.by_label[vital, "sms"] == 0
    said = [record.getMessage().split(" channel")[0] for record in caplog.records]
    assert [line for line in said if line.startswith("gateway")] == ["gateway in trouble", "gateway works again"]


async def test_an_alarm_is_given_up_after_two_days_but_news_of_recovery_is_not(office: Office) -> None:
    office.mail.answer = lambda _: RETRY
    await office.post(note(), note(Recipient(Audience.TECHNICIAN, "nipa"), stage=Stage.RESOLVED))
    courier = office.courier()
    await office.work(courier, hours=47.5, step=60)
    assert office.states == ["waiting", "waiting"]
    await office.work(courier, hours=1, step=60)
    assert office.states == ["dead", "waiting"]
    assert office.reasons[0] == "given up after 48 h: 451 try later"


async def test_an_unknown_outcome_rests_and_is_then_sent_once_more(office: Office) -> None:
    office.sms.answer = lambda _: UNKNOWN
    await office.post(note(VOLUNTEER, Channel.SMS))
    await office.work(office.courier(), hours=3)
    first, second = office.sms.letters
    assert second.at - first.at >= 600
    assert first.notice.key == second.notice.key
    assert (office.states, office.reasons) == (["unknown"], ["cut off"])


async def test_what_was_on_the_wire_at_a_kill_rests_and_is_then_sent_once_more_and_no_third_time(
    office: Office,
) -> None:
    await office.post(note(VOLUNTEER, Channel.SMS))
    await office.die_while_the_gateway_thinks(Channel.SMS)
    await office.work(office.courier(), hours=0.15)
    assert (len(office.sms.letters), office.states) == (1, ["waiting"])
    office.clock.wall += 120
    await office.die_while_the_gateway_thinks(Channel.SMS)
    await office.work(office.courier(), hours=3)
    assert (len(office.sms.letters), office.states) == (2, ["unknown"])
    (history,) = office.store.history.values()
    assert history[-1].what == "undelivered"
    assert history[-1].text.endswith("netmon ended before it knew whether the gateway had taken it")


async def test_what_was_only_claimed_at_a_kill_is_sent_at_once(office: Office) -> None:
    await office.post(note(VOLUNTEER, Channel.SMS))
    await office.store.claim(office.clock.now(), 10, 900.0)
    await office.start_anew()
    await office.courier().deliver_due(office.clock.now())
    assert (len(office.sms.letters), office.states) == (1, ["sent"])


async def test_a_delivery_under_way_when_netmon_stops_is_waited_for_and_written_down(office: Office) -> None:
    answer = asyncio.Event()

    class Slow(ScriptedNotifier):
        async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
            delivery = await super().deliver(letter, parting)
            await answer.wait()
            return delivery

    office.sms = Slow(Channel.SMS)
    await office.post(note(VOLUNTEER, Channel.SMS))
    courier = asyncio.create_task(office.courier().deliver_due(office.clock.now()))
    await until(lambda: bool(office.sms.letters))
    courier.cancel()
    await asyncio.sleep(0)
    answer.set()
    with pytest.raises(asyncio.CancelledError):
        await courier
    assert office.states == ["sent"]


async def test_a_down_that_is_over_before_it_is_handed_over_is_not_sent(office: Office) -> None:
    class Busy(ScriptedNotifier):
        async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
            over = SupersedeNotices(FAULT.id, (Stage.OPENED,), office.clock.wall)
            await office.store.commit([over], office.clock.now())
            return await super().deliver(letter, parting)

    office.sms = Busy(Channel.SMS)
    await office.post(note(VOLUNTEER, Channel.SMS))
    await office.courier().deliver_due(office.clock.now())
    assert (office.sms.letters, office.states) == ([], ["superseded"])


async def test_nothing_leaves_that_cannot_be_written_down_before(office: Office) -> None:
    class Filling(ScriptedNotifier):
        async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
            office.store.trouble = "The disk of the database is full."
            return await super().deliver(letter, parting)

    office.sms = Filling(Channel.SMS)
    await office.post(note(VOLUNTEER, Channel.SMS))
    courier = office.courier()
    with pytest.raises(StoreError, match="full"):
        await courier.deliver_due(office.clock.now())
    office.store.trouble, office.sms.letters = "", []
    await courier.deliver_due(office.clock.now())
    assert (office.sms.letters, office.states, office.reasons) == (
        [],
        ["waiting"],
        ["The disk of the database is full."],
    )


async def test_after_a_time_without_a_watch_nothing_is_told_before_fresh_probes_have_had_their_say(
    office: Office,
) -> None:
    office.policy = replace(office.policy, look_first=52.0)
    await office.post(note())
    courier = office.courier()
    courier.look_first()
    running = asyncio.create_task(courier.run())
    await until(lambda: office.clock.wall >= T0 + 50)
    assert office.mail.letters == []
    await until(lambda: office.states == ["sent"])
    assert office.mail.letters[0].at >= T0 + 52
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_doubts_are_counted_even_with_refusals_between_them(office: Office) -> None:
    answers = iter([UNKNOWN, RETRY, UNKNOWN])
    office.sms.answer = lambda _: next(answers)
    await office.post(note(VOLUNTEER, Channel.SMS))
    await office.work(office.courier(), hours=3)
    assert office.states == ["unknown"]


async def test_a_notifier_that_breaks_harms_only_its_own_letter(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(letter: Letter) -> Delivery:
        if letter.notice.recipient == TECHNICIAN:
            raise RuntimeError("somchai@example.th +66812345678")
        return SENT

    office.mail.answer = answer
    await office.post(note(), note(Recipient(Audience.TECHNICIAN, "nipa")))
    await office.courier().deliver_due(office.clock.now())
    assert office.states == ["waiting", "sent"]
    assert office.reasons[0] == "the notifier failed with RuntimeError"
    assert "example.th" not in caplog.text
    assert "+66" not in caplog.text


async def test_a_gateway_that_never_answers_is_left_after_a_while(office: Office) -> None:
    class Hanging(ScriptedNotifier):
        async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
            await asyncio.Event().wait()
            raise AssertionError

    office.mail = Hanging(Channel.MAIL)
    office.policy = replace(office.policy, patience=0.01)
    await office.post(note())
    await office.courier().deliver_due(office.clock.now())
    assert office.reasons == ["no answer within 0 s"]
    assert [row.doubts for row in office.store.rows] == [1]


async def test_a_letter_sent_but_not_recorded_is_recorded_later_and_not_sent_again(office: Office) -> None:
    def fill_the_disk(_: Letter) -> Delivery:
        office.store.trouble = "The disk of the database is full."
        return SENT

    office.mail.answer = fill_the_disk
    await office.post(note())
    courier = office.courier()
    for _ in range(3):
        with pytest.raises(StoreError, match="full"):
            await courier.deliver_due(office.clock.now())
        office.clock.wall += 1000
    office.store.trouble = ""
    await courier.deliver_due(office.clock.now())
    assert len(office.mail.letters) == 1
    assert office.states == ["sent"]


async def test_the_loop_outlives_a_full_disk_and_goes_on(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    await office.post(note(), note(stage=Stage.RESOLVED), note(VOLUNTEER, Channel.SMS))
    office.store.trouble = "The disk of the database is full."
    running = asyncio.create_task(office.courier().run())
    await until(lambda: office.clock.wall >= T0 + 20)
    assert office.mail.letters == []
    office.store.trouble = ""
    await until(lambda: office.states == ["superseded", "sent", "sent"])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [letter.notice.stage for letter in office.mail.letters] == ["resolved"], "the end tells the beginning, too"
    assert caplog.text.count("outbox cannot be used") == len(Channel), "one line per channel and streak"


async def test_a_slow_sms_gateway_holds_up_no_mail(office: Office) -> None:
    gate = asyncio.Event()

    class Slow(ScriptedNotifier):
        async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
            await gate.wait()
            return await super().deliver(letter, parting)

    office.sms = Slow(Channel.SMS)
    await office.post(note(VOLUNTEER, Channel.SMS))
    running = asyncio.create_task(office.courier().run())
    for number in range(20):
        await office.store.commit([SendNotice(note(revision=number, stage=Stage.EXTENDED), T0)], office.clock.now())
        await until(lambda: office.states[-1] == "sent")
    assert office.states == ["waiting"] + ["sent"] * 20
    assert office.sms.letters == []
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@given(attempt=st.integers(0, 10_000), key=st.text())
def test_a_wait_is_bounded_and_always_the_same_for_the_same_try(attempt: int, key: str) -> None:
    assert SHORTEST <= delay(attempt, key) <= LONGEST
    assert delay(attempt, key) == delay(attempt, key)


def test_waits_grow_and_keys_spread_them() -> None:
    means = [sum(delay(attempt, str(key)) for key in range(300)) / 300 for attempt in range(6)]
    assert means == sorted(means)
    last = [delay(9, str(key)) for key in range(300)]
    assert max(last) - min(last) > 0.9 * (LONGEST / 2)

"""Nobody is flooded and nothing is lost: digests, the latest SMS only, resting gateways, a day without a gateway."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from netmon.engine.allowance import Limits
from netmon.model.decisions import OpenFault, OpenTicket, ResolveFault, SendNotice, StoredDecision, SupersedeNotices
from netmon.model.faults import Member, Resolution
from netmon.model.ids import DeviceId, FaultId, TechnicianId, VillageId
from netmon.model.inventory import Inventory, Technician
from netmon.model.notices import Audience, Channel, Delivery, Letter, Notice, Recipient, Stage, Verdict
from netmon.model.vitals import Vital
from netmon.rules.repetition import Rate
from tests.engine.office import (
    FAULT,
    INVENTORY,
    NOC,
    RETRY,
    SENT,
    T0,
    TECHNICIAN,
    UBON,
    V1,
    V2,
    VOLUNTEER,
    Office,
    note,
)

DOWN = (Stage.OPENED, Stage.EXTENDED, Stage.RELABELLED)
HOUR = 3600.0
DOUBT_HOLD = 600.0
MANY = tuple(Recipient(Audience.TECHNICIAN, f"t{number}") for number in range(30))


@pytest.fixture
def office() -> Office:
    return Office()


def crew(office: Office) -> None:
    """Thirty technicians more."""
    people = (Technician(id=TechnicianId(one.id), name=one.id, centre=UBON, email=f"{one.id}@a.th") for one in MANY)
    office.country.inventory = Inventory(
        villages=INVENTORY.villages,
        centres=INVENTORY.centres,
        technicians=(*INVENTORY.technicians, *people),
        volunteers=INVENTORY.volunteers,
    )


def began(
    number: int, at: float, *recipients: tuple[Recipient, Channel], villages: tuple[VillageId, ...] = (V2,)
) -> list[StoredDecision]:
    """A fault of its own, its ticket, and whom it is told to."""
    fault = replace(
        FAULT,
        id=FaultId(f"g{number}"),
        key=f"ap-{number}",
        opened_at=at,
        members=(Member(DeviceId(f"ap-{number}"), villages, at),),
    )
    notices = [replace(note(who, channel), fault=fault.id) for who, channel in recipients]
    return [OpenFault(fault), OpenTicket(fault.id, UBON, villages, at), *(SendNotice(one, at) for one in notices)]


def ended(number: int, at: float, *recipients: tuple[Recipient, Channel]) -> list[StoredDecision]:
    """What the ticket policy answers to a recovery."""
    fault = FaultId(f"g{number}")
    notices = [replace(note(who, channel, Stage.RESOLVED), fault=fault) for who, channel in recipients]
    return [
        SupersedeNotices(fault, DOWN, at),
        ResolveFault(fault, Resolution.RECOVERED, at),
        *(SendNotice(one, at) for one in notices),
    ]


def numbers(letters: Sequence[Letter]) -> Iterator[str]:
    """Ticket numbers, as they reached their reader."""
    for letter in letters:
        for one in letter.folded or (letter,):
            assert one.ticket is not None
            yield one.ticket.number


async def test_ten_mails_come_singly_and_what_is_more_in_a_digest_that_names_it(office: Office) -> None:
    courier = office.courier()
    for number in range(30):
        await office.store.commit(began(number, office.clock.wall, (TECHNICIAN, Channel.MAIL)), office.clock.now())
        await office.work(courier, hours=10 / HOUR)  # one in ten seconds
    await office.work(courier, hours=0.5)
    assert [len(letter.folded) for letter in office.mail.letters[:10]] == [0] * 10
    assert len(office.mail.letters) <= 10 + 0.6 * 10
    assert sum(len(letter.folded) for letter in office.mail.letters) >= 18
    assert sorted(numbers(office.mail.letters)) == sorted(office.store.by_number)
    assert set(office.states) == {"sent", "superseded"}
    assert office.states.count("sent") == len(office.mail.letters), "one for each message"


async def test_a_rush_leaves_at_once_in_a_single_digest(office: Office) -> None:
    for number in range(30):
        await office.store.commit(began(number, T0, (TECHNICIAN, Channel.MAIL)), office.clock.now())
    await office.courier().deliver_due(office.clock.now())
    (letter,) = office.mail.letters
    assert len(letter.folded) == 30
    assert letter.notice == letter.folded[-1].notice
    assert {row.reference for row in office.store.rows} == {"id-1"}


async def test_a_digest_that_fails_is_sent_again_whole(office: Office) -> None:
    office.mail.answer = lambda _: RETRY
    for number in range(30):
        await office.store.commit(began(number, T0, (TECHNICIAN, Channel.MAIL)), office.clock.now())
    courier = office.courier()
    await courier.deliver_due(office.clock.now())
    assert office.states == ["waiting"] * 30
    office.mail.answer = lambda _: SENT
    office.mail.letters.clear()
    await office.work(courier, hours=1)
    assert set(office.states) == {"sent", "superseded"}
    assert sorted(numbers(office.mail.letters)) == sorted(office.store.by_number)


async def test_a_digest_in_doubt_is_sent_again_as_that_digest_and_news_in_another(office: Office) -> None:
    mail = (TECHNICIAN, Channel.MAIL)
    office.mail.answer = lambda _: Delivery(Verdict.UNKNOWN, reason="cut off")
    for number in range(30):
        await office.store.commit(began(number, T0, mail), office.clock.now())
    courier = office.courier()
    await courier.deliver_due(office.clock.now())
    (in_doubt,) = office.mail.letters
    office.mail.answer = lambda _: SENT
    office.mail.letters.clear()
    await office.store.commit(ended(3, office.clock.wall, mail), office.clock.now())
    office.clock.wall += DOUBT_HOLD + 1
    for number in range(30, 50):
        await office.store.commit(began(number, office.clock.wall, mail), office.clock.now())
    await office.work(courier, hours=1)
    again = next(one for one in office.mail.letters if one.key == in_doubt.key)
    assert {*numbers([again])} < {*numbers([in_doubt])}
    assert len(again.folded) == 29
    news = [one for one in office.mail.letters if one is not again]
    assert not {*numbers([again])} & {*numbers(news)}
    assert sorted(numbers(office.mail.letters)) == sorted(office.store.by_number)


async def test_a_fault_that_grew_while_the_gateway_was_away_is_one_mail_about_what_it_is_now(office: Office) -> None:
    office.mail.answer = lambda _: RETRY
    await office.post(note())
    courier = office.courier()
    for number in range(20):
        grown = note(stage=Stage.EXTENDED, revision=number)
        await office.store.commit([SendNotice(grown, office.clock.wall)], office.clock.now())
        await office.work(courier, hours=0.2, step=60)
    office.mail.answer = lambda _: SENT
    office.mail.letters.clear()
    await office.work(courier, hours=0.5)
    (letter,) = office.mail.letters
    assert (letter.notice.stage, letter.folded) == (Stage.OPENED, ())
    assert office.states == ["sent"] + ["superseded"] * 20


async def test_the_noc_is_told_of_every_blindness_at_once(office: Office) -> None:
    blind = [Notice(stage=Stage.BLIND, channel=Channel.MAIL, recipient=NOC, revision=number) for number in range(20)]
    for one in blind:
        await office.store.commit([SendNotice(one, T0)], office.clock.now())
        await office.courier().deliver_due(office.clock.now())
    assert [letter.notice for letter in office.mail.letters] == blind


async def test_of_several_texts_for_one_number_only_the_latest_is_sent(office: Office) -> None:
    told = (VOLUNTEER, Channel.SMS)
    for number in range(5):
        await office.store.commit(began(number, T0, told), office.clock.now())
    await office.store.commit(ended(4, T0 + 60, told), office.clock.now())
    office.clock.wall += 60
    await office.courier().deliver_due(office.clock.now())
    (letter,) = office.sms.letters
    assert (letter.notice.stage, letter.notice.fault) == (Stage.RESOLVED, "g4")
    assert office.states == ["superseded"] * 5 + ["sent"]


async def test_a_number_gets_no_more_than_its_share_and_then_the_latest(office: Office) -> None:
    office.policy = replace(office.policy, limits=Limits(person={Channel.SMS: Rate(6, 24 * HOUR)}))
    courier, told = office.courier(), (VOLUNTEER, Channel.SMS)
    for number in range(12):
        await office.store.commit(began(number, office.clock.wall, told), office.clock.now())
        await office.work(courier, hours=0.1, step=60)
    assert len(office.sms.letters) == 6
    assert set(office.states[6:]) == {"waiting"}
    await office.work(courier, hours=4, step=60)
    assert len(office.sms.letters) == 7
    assert office.sms.letters[-1].notice.fault == "g11"
    assert office.states == ["sent"] * 6 + ["superseded"] * 5 + ["sent"]


async def test_new_limits_hold_at_once_and_forget_nobody(office: Office) -> None:
    courier = office.courier()
    for number in range(3):
        await office.store.commit(began(number, T0, (TECHNICIAN, Channel.MAIL)), office.clock.now())
    await courier.deliver_due(office.clock.now())
    courier.adopt(replace(office.policy, limits=Limits(person={Channel.MAIL: Rate(2, HOUR)})))
    await office.store.commit(began(9, T0, (TECHNICIAN, Channel.MAIL)), office.clock.now())
    await courier.deliver_due(office.clock.now())
    assert len(office.mail.letters) == 4, "the bucket of ten had seven left, of which two fit the new one"
    await office.store.commit(began(10, T0, (TECHNICIAN, Channel.MAIL)), office.clock.now())
    await courier.deliver_due(office.clock.now())
    await office.store.commit(began(11, T0, (TECHNICIAN, Channel.MAIL)), office.clock.now())
    await courier.deliver_due(office.clock.now())
    assert len(office.mail.letters) == 5


async def test_the_sms_gateway_is_fed_at_its_rate(office: Office) -> None:
    crew(office)
    office.policy = replace(office.policy, limits=Limits(gateway={Channel.MAIL: Rate(10, 60.0)}))
    await office.store.commit(began(0, T0, *((one, Channel.MAIL) for one in MANY)), office.clock.now())
    courier = office.courier()
    await office.work(courier, hours=1 / HOUR, step=1)
    assert len(office.mail.letters) == 10
    await office.work(courier, hours=60 / HOUR, step=1)
    assert len(office.mail.letters) == 20
    await office.work(courier, hours=60 / HOUR, step=1)
    assert len(office.mail.letters) == 30


async def test_in_a_mass_outage_the_most_affected_are_told_first_at_the_gateways_rate(office: Office) -> None:
    crew(office)
    office.policy = replace(office.policy, limits=Limits(gateway={Channel.MAIL: Rate(10, 60.0)}))
    small = began(0, T0 - 300, *((one, Channel.MAIL) for one in MANY[:10]))
    large = began(1, T0, *((one, Channel.MAIL) for one in MANY[10:]), villages=(V1, V2))
    await office.store.commit([*small, *large], office.clock.now())
    courier = office.courier()
    await office.work(courier, hours=130 / HOUR, step=1)
    assert [len(letter.villages) for letter in office.mail.letters] == [2] * 20 + [1] * 10


async def test_a_gateway_that_fails_everybody_is_left_alone_and_then_asked_with_one_letter(office: Office) -> None:
    crew(office)
    office.mail.answer = lambda _: RETRY
    await office.store.commit(began(0, T0, *((one, Channel.MAIL) for one in MANY)), office.clock.now())
    courier = office.courier()
    await courier.deliver_due(office.clock.now())
    first = len(office.mail.letters)
    assert first <= office.policy.at_once + 2
    assert office.vitals.by_label[Vital.GATEWAY_RESTS, "mail"] == 1
    await office.work(courier, hours=2)
    assert len(office.mail.letters) - first <= 2 * HOUR / 300 + 5, "one letter in five minutes"
    office.mail.answer = lambda _: SENT
    await office.work(courier, hours=0.35)
    assert office.states == ["sent"] * 30
    assert office.vitals.by_label[Vital.GATEWAY_RESTS, "mail"] == 0


async def test_a_day_without_gateways_loses_nothing_and_ends_with_the_state_of_now(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """Sixty faults in a day, most of them over when mail and SMS work again; three technicians, one volunteer."""
    caplog.set_level(logging.INFO)
    crew(office)
    people = [(TECHNICIAN, Channel.MAIL), (MANY[0], Channel.MAIL), (MANY[1], Channel.MAIL), (VOLUNTEER, Channel.SMS)]
    office.policy = replace(
        office.policy, limits=Limits(person={Channel.MAIL: Rate(10, HOUR), Channel.SMS: Rate(6, 24 * HOUR)})
    )

    def away(letter: Letter) -> Delivery:
        return Delivery(Verdict.RETRY, reason="no connection") if letter.at < T0 + 24 * HOUR else SENT

    office.mail.answer = office.sms.answer = away
    courier = office.courier()
    for number in range(60):
        at = office.clock.wall
        await office.store.commit(began(number, at, *people), office.clock.now())
        if 0 <= number - 10 < 48:  # each of these lasts four hours
            await office.store.commit(ended(number - 10, at, *people), office.clock.now())
        await office.work(courier, hours=0.4, step=30)
    tries = len(office.mail.letters)
    assert tries <= 24 * HOUR / 300 + 20, "an absent gateway is not hammered"
    office.mail.letters.clear()
    office.sms.letters.clear()
    await office.work(courier, hours=3, step=30)

    assert set(office.states) == {"sent", "superseded"}, "nothing waits, nothing is lost"
    still_dark = {f"g{number}" for number in range(60) if not office.store.faults[FaultId(f"g{number}")].resolved_at}
    assert len(still_dark) == 12
    for who, _ in people[:3]:
        mails = [letter for letter in office.mail.letters if letter.notice.recipient == who]
        assert len(mails) <= 12, "a day of trouble is a handful of mails"
        told = [one.notice for letter in mails for one in (letter.folded or (letter,))]
        assert len({one.fault for one in told}) == len(told) == 60, "every ticket once"
        assert {one.fault for one in told if one.stage is Stage.OPENED} == still_dark, "no stale alarm"
    assert len(office.sms.letters) <= 3, "one number gets the latest, not the day"
    assert caplog.text.count("gateway in trouble channel=mail") == 1
    assert caplog.text.count("gateway works again channel=mail") == 1

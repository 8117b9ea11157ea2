"""A gateway that reports nothing by itself is asked, at growing intervals, until what became of a message is known."""

from netmon.engine.inquiry import PER_ROUND, Inquiry, InquiryPolicy
from netmon.model.notices import Audience, Channel, Delivery, Progress, Recipient, Report, Verdict
from netmon.model.vitals import Vital
from tests.engine.office import T0, VOLUNTEER, Office, note

POLICY = InquiryPolicy(every=60.0, within=6 * 3600.0)


class Gateway:
    """Answers every question with `says`."""

    def __init__(self, office: Office) -> None:
        self.says: Report | None = None
        self.asked: list[tuple[float, str]] = []
        self._office = office

    async def ask(self, reference: str) -> Report | None:
        self.asked.append((self._office.clock.wall - T0, reference))
        return self.says


async def sent(count: int = 1) -> tuple[Office, Gateway, Inquiry]:
    """An office whose SMS have left, and an inquiry about them."""
    office = Office()
    people = [VOLUNTEER, *(Recipient(Audience.VOLUNTEER, f"v{number}") for number in range(1, count))]
    await office.post(*(note(one, Channel.SMS) for one in people))
    for entry in await office.store.claim(office.clock.now(), count, 60.0):
        answer = Delivery(Verdict.SENT, reference=f"id-{entry.notice.recipient.id}", is_queued=True)
        await office.store.settle(entry, answer, office.clock.now(), None)
    gateway = Gateway(office)
    return office, gateway, Inquiry(office.store, gateway, POLICY, vitals=office.vitals, clock=office.clock)


async def pass_time(office: Office, inquiry: Inquiry, hours: float) -> None:
    end = office.clock.wall + hours * 3600
    while office.clock.wall < end:
        await inquiry.tick()
        office.clock.wall += 15.0


async def test_waits_between_questions_grow_and_end_with_the_time_that_a_message_matters() -> None:
    office, gateway, inquiry = await sent()
    await pass_time(office, inquiry, hours=12)
    moments = [round(at / 60) for at, _ in gateway.asked]
    assert moments == [1, 3, 7, 15, 31, 63, 123, 183, 243, 303]
    assert {reference for _, reference in gateway.asked} == {"id-34010102"}


async def test_what_has_arrived_or_failed_is_asked_about_no_more() -> None:
    for progress in (Progress.DELIVERED, Progress.FAILED):
        office, gateway, inquiry = await sent()
        gateway.says = Report(progress, "034")
        await pass_time(office, inquiry, hours=1)
        assert len(gateway.asked) == 1
        assert office.store.rows[0].progress is progress
        assert office.vitals.counts[Vital.SMS_REPORTS, progress.value] == 1


async def test_what_is_on_its_way_is_asked_about_again() -> None:
    office, gateway, inquiry = await sent()
    gateway.says = Report(Progress.BUFFERED)
    await pass_time(office, inquiry, hours=0.5)
    assert len(gateway.asked) == 4
    assert office.states == ["sent"]


async def test_many_messages_are_asked_about_a_few_at_a_time_and_none_is_left_out() -> None:
    office, gateway, inquiry = await sent(PER_ROUND + 20)
    office.clock.wall += POLICY.every
    gateway.says = Report(Progress.DELIVERED)
    assert [await inquiry.tick() for _ in range(3)] == [PER_ROUND, 20, 0]
    assert len({reference for _, reference in gateway.asked}) == PER_ROUND + 20

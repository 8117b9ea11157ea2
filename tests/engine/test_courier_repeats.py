"""What may have left is sent again as what it was: with all that left in the same message, under the same key."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from netmon.engine.allowance import Limits
from netmon.errors import StoreError
from netmon.model.cases import Case
from netmon.model.decisions import SendNotice
from netmon.model.ids import FaultId
from netmon.model.notices import Channel, Delivery, Letter, Progress, Report, Stage, Verdict
from netmon.rules.repetition import Rate
from tests.engine.office import RETRY, SENT, TECHNICIAN, UNKNOWN, VOLUNTEER, Office, note
from tests.engine.test_courier_floods import began, ended

MAIL = (TECHNICIAN, Channel.MAIL)
SMS = (VOLUNTEER, Channel.SMS)
DOUBT_HOLD = 600.0


@pytest.fixture
def office() -> Office:
    """Two mails at once, then one in five minutes; what is more is folded."""
    made = Office()
    made.policy = replace(made.policy, limits=Limits(person={Channel.MAIL: Rate(2, DOUBT_HOLD)}))
    return made


async def begin(office: Office, *numbers: int, told: tuple = MAIL) -> None:
    for number in numbers:
        await office.store.commit(began(number, office.clock.wall, told), office.clock.now())


async def end(office: Office, number: int, told: tuple = MAIL) -> None:
    await office.store.commit(ended(number, office.clock.wall, told), office.clock.now())


async def rest(office: Office) -> list[Letter]:
    """Until what is in doubt is due; returns the letters of that round."""
    office.clock.wall += DOUBT_HOLD + 1
    before = len(office.mail.letters), len(office.sms.letters)
    await office.courier().deliver_due(office.clock.now())
    return [*office.mail.letters[before[0] :], *office.sms.letters[before[1] :]]


def told(letter: Letter) -> list[str]:
    """The faults that a letter's reader is told of."""
    return [str(one.notice.fault) for one in letter.folded or (letter,)]


async def test_a_digest_on_the_wire_at_a_kill_stays_one_though_there_is_room_for_single_mails_now(
    office: Office,
) -> None:
    await begin(office, 1, 2, 3)
    await office.die_while_the_gateway_thinks(Channel.MAIL)
    (digest,) = office.mail.letters
    office.policy = replace(office.policy, limits=Limits())
    (again,) = await rest(office)
    assert (again.key, told(again)) == (digest.key, ["g1", "g2", "g3"])
    assert office.states == ["superseded", "superseded", "sent"]


async def test_single_mails_in_doubt_stay_single_though_there_is_no_room_for_them_at_once(office: Office) -> None:
    office.mail.answer = lambda _: UNKNOWN
    await begin(office, 1, 2)
    courier = office.courier()
    await courier.deliver_due(office.clock.now())
    office.mail.answer = lambda _: SENT
    office.clock.wall += DOUBT_HOLD / 2
    await begin(office, 3)
    await courier.deliver_due(office.clock.now())
    office.clock.wall += DOUBT_HOLD / 2 + 1
    await courier.deliver_due(office.clock.now())
    await office.work(courier, hours=0.5)
    first, second, new, *again = office.mail.letters
    assert [one.key for one in again] == [first.key, second.key]
    assert [told(one) for one in (first, second, new)] == [["g1"], ["g2"], ["g3"]]
    assert again[1].at - again[0].at < DOUBT_HOLD, "held for its turn, not dropped"


@pytest.mark.parametrize("over", [(1, 2), (1, 3), (2, 3), (3,)])
async def test_a_digest_of_which_some_is_over_is_that_digest_still(office: Office, over: tuple[int, ...]) -> None:
    await begin(office, 1, 2, 3)
    await office.die_while_the_gateway_thinks(Channel.MAIL)
    (digest,) = office.mail.letters
    for number in over:
        await end(office, number)
    again, *news = await rest(office)
    assert (again.key, told(again)) == (digest.key, [f"g{one}" for one in (1, 2, 3) if one not in over])
    assert {name for one in news for name in told(one)} == {f"g{one}" for one in over}
    assert digest.key not in {one.key for one in news}
    assert {one.notice.stage for one in news} == {Stage.RESOLVED}


async def test_news_about_a_fault_in_doubt_comes_after_it_in_a_mail_of_its_own(office: Office) -> None:
    office.mail.answer = lambda _: UNKNOWN
    await begin(office, 1)
    await office.courier().deliver_due(office.clock.now())
    office.mail.answer = lambda _: RETRY
    grown = replace(note(stage=Stage.EXTENDED), fault=FaultId("g1"))
    await office.store.commit([SendNotice(grown, office.clock.wall)], office.clock.now())
    assert [one.notice.stage for one in await rest(office)] == [Stage.OPENED], "the older first, also if refused"
    office.mail.answer = lambda _: SENT
    office.mail.letters.clear()
    await office.work(office.courier(), hours=0.5)
    assert [one.notice.stage for one in office.mail.letters] == [Stage.OPENED, Stage.EXTENDED]
    assert office.states == ["sent", "sent"]


async def test_one_mail_about_several_notices_of_a_fault_keeps_its_key(office: Office) -> None:
    grown = replace(note(stage=Stage.EXTENDED), fault=FaultId("g1"))
    await begin(office, 1)
    await office.store.commit([SendNotice(grown, office.clock.wall)], office.clock.now())
    await office.die_while_the_gateway_thinks(Channel.MAIL)
    (first,) = office.mail.letters
    opened, _ = office.store.rows
    opened.state = "superseded"
    (again,) = await rest(office)
    assert (again.key, again.notice, again.folded) == (first.key, grown, ())


async def test_a_fault_that_cannot_be_read_keeps_back_the_whole_message_it_left_in(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(office, 1, 2, 3)
    await office.die_while_the_gateway_thinks(Channel.MAIL)
    read = office.store.case

    async def case(fault: FaultId) -> Case | None:
        if fault == "g2":
            raise StoreError("The database is busy.")
        return await read(fault)

    monkeypatch.setattr(office.store, "case", case)
    assert await rest(office) == []
    monkeypatch.undo()
    (again,) = await rest(office)
    assert told(again) == ["g1", "g2", "g3"]


async def test_a_text_in_doubt_is_repeated_as_the_one_it_was(office: Office) -> None:
    await begin(office, 1, 2, 3, told=SMS)
    await office.die_while_the_gateway_thinks(Channel.SMS)
    await begin(office, 4, told=SMS)
    first, again, new = *office.sms.letters, *await rest(office)
    assert (first.notice.fault, new.notice.fault) == ("g3", "g4")
    assert (again.key, again.notice) == (first.key, first.notice)
    assert office.states == ["superseded", "superseded", "sent", "sent"]


async def test_what_a_text_in_doubt_left_out_is_told_as_news_once_that_text_is_over(office: Office) -> None:
    await begin(office, 1, 2, 3, told=SMS)
    await office.die_while_the_gateway_thinks(Channel.SMS)
    office.store.rows[2].state = "superseded"
    (text,) = await rest(office)
    assert (text.notice.fault, text.key) == ("g2", text.notice.key), "under no key of a text it never was"


async def test_a_report_that_a_text_has_left_ends_the_doubt_about_all_that_it_spoke_for(office: Office) -> None:
    await begin(office, 1, 2, told=SMS)
    await office.die_while_the_gateway_thinks(Channel.SMS)
    (text,) = office.sms.letters
    await office.store.report(text.key, Report(Progress.DELIVERED), office.clock.now())
    assert await rest(office) == []
    assert office.states == ["superseded", "sent"]


class AnyTrouble(RuleBasedStateMachine):
    """Kills, silence, refusals and recoveries in any order, as one reader's mail server sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.office = Office()
        limits = Limits(person={Channel.MAIL: Rate(2, DOUBT_HOLD)})
        self.office.policy = replace(self.office.policy, limits=limits, resends=2)
        self.courier = self.office.courier()
        self.begun = 0
        self.first: dict[str, set[str]] = {}
        self.key_of: dict[str, str] = {}
        self.over: set[str] = set()

    def do(self, work: Coroutine[None, None, object]) -> None:
        asyncio.run(work)

    def taken(self, verdict: Verdict) -> None:
        """What the mail server may have got since, and has answered like this."""
        letters, self.office.mail.letters = self.office.mail.letters, []
        for letter in letters if verdict is not Verdict.RETRY else ():
            notices = {one.notice.key for one in letter.folded or (letter,)}
            assert letter.key not in self.over, "sent again without any doubt"
            assert notices <= self.first.setdefault(letter.key, notices), "a known key, and news in it"
            for one in notices:
                assert self.key_of.setdefault(one, letter.key) == letter.key, "the same news under another key"
            if verdict is Verdict.SENT:
                self.over.add(letter.key)

    @rule(count=st.integers(1, 4))
    def faults_begin(self, count: int) -> None:
        self.do(begin(self.office, *range(self.begun, self.begun + count)))
        self.begun += count

    @rule(which=st.integers(0, 20))
    def one_is_over(self, which: int) -> None:
        if which < self.begun and self.office.store.faults[FaultId(f"g{which}")].is_open:
            self.do(end(self.office, which))

    @rule(which=st.integers(0, 20))
    def one_grows(self, which: int) -> None:
        if which < self.begun:
            grown = replace(note(stage=Stage.EXTENDED), fault=FaultId(f"g{which}"))
            self.do(self.office.store.commit([SendNotice(grown, self.office.clock.wall)], self.office.clock.now()))

    @rule(verdict=st.sampled_from([Verdict.SENT, Verdict.RETRY, Verdict.UNKNOWN]))
    def work(self, verdict: Verdict) -> None:
        self.office.mail.answer = lambda _: Delivery(verdict, reason="because")
        self.do(self.courier.deliver_due(self.office.clock.now()))
        self.taken(verdict)

    @rule()
    def be_killed(self) -> None:
        self.do(self.office.die_while_the_gateway_thinks(Channel.MAIL))
        self.taken(Verdict.UNKNOWN)
        self.courier = self.office.courier()

    @rule(seconds=st.sampled_from([1.0, 20.0, 120.0, DOUBT_HOLD + 1, 3 * DOUBT_HOLD]))
    def time_goes_on(self, seconds: float) -> None:
        self.office.clock.wall += seconds


TestAnyTrouble = AnyTrouble.TestCase
TestAnyTrouble.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

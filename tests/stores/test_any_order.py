"""Whatever happens in whatever order: the database keeps its invariants, and does exactly what the small fake does."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from netmon.errors import NetmonError
from netmon.model.decisions import (
    AddVillages,
    ChangeFault,
    OpenFault,
    OpenTicket,
    ResolveFault,
    SendNotice,
    StoredDecision,
    SupersedeNotices,
)
from netmon.model.faults import Cause, Resolution
from netmon.model.ids import FaultId, TicketNumber
from netmon.model.notices import (
    Channel,
    Delivery,
    NoticeState,
    OutboxEntry,
    OutboxLine,
    Progress,
    Report,
    Stage,
    Telling,
    Verdict,
)
from netmon.model.tickets import TicketStatus
from netmon.model.time import Now
from netmon.ports import Store, TicketAction
from netmon.stores import SqlStore, open_store
from tests.kit.fake_store import FakeStore
from tests.stores.sample import UBON, VILLAGES, YASO, RememberedVitals, at, fault, notice

NAMES = st.sampled_from(["f1", "f2", "f3"])
KEYS = st.sampled_from(["olt-1", "olt-2"])
CENTRES = st.sampled_from([UBON, YASO])
SOME_VILLAGES = st.lists(st.sampled_from(VILLAGES), min_size=1, unique=True).map(tuple)
STAGES = st.lists(st.sampled_from([Stage.OPENED, Stage.EXTENDED, Stage.RESOLVED]), min_size=1, unique=True).map(tuple)
NOTICES = st.builds(
    notice,
    NAMES,
    stage=st.sampled_from([Stage.OPENED, Stage.EXTENDED, Stage.RESOLVED]),
    channel=st.sampled_from(Channel),
    recipient=st.sampled_from(["somchai", "nipa"]),
    revision=st.integers(0, 1),
)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # what a power cut leaves is not asked here
# A batch keeps this order of kinds, as the engine's batches do; only then can it be done twice.
ORDER = (OpenFault, ChangeFault, OpenTicket, AddVillages, ResolveFault, SupersedeNotices, SendNotice)


@st.composite
def batches(draw: st.DrawFn, wall: float) -> list[StoredDecision]:
    """A few decisions made at that time."""
    names = NAMES.map(FaultId)
    changed = st.builds(
        lambda name, cause, villages: replace(fault(name, villages=villages), cause=cause),
        NAMES,
        st.sampled_from(Cause),
        SOME_VILLAGES,
    )
    kinds = st.one_of(
        st.builds(lambda name, key: OpenFault(fault(name, key=key)), NAMES, KEYS),
        st.builds(ChangeFault, changed, st.sampled_from(["", "cause changed"])),
        st.builds(OpenTicket, names, CENTRES, SOME_VILLAGES, st.just(wall)),
        st.builds(AddVillages, names, CENTRES, SOME_VILLAGES, st.just(wall)),
        st.sampled_from([one for one in Resolution if one is not Resolution.MERGED]).flatmap(
            lambda how: st.builds(ResolveFault, names, st.just(how), st.just(wall))
        ),
        st.builds(ResolveFault, names, st.just(Resolution.MERGED), st.just(wall), names),
        st.builds(SupersedeNotices, names, STAGES, st.just(wall)),
        st.builds(SendNotice, NOTICES, st.floats(wall, wall + 30), st.sampled_from(Telling)),
    )
    drawn = draw(st.lists(kinds, min_size=1, max_size=6))
    return sorted(drawn, key=lambda decision: ORDER.index(type(decision)))


class AnyOrder(RuleBasedStateMachine):
    """Both stores get every call; what they answer and hold must be the same."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.file = Path(self.folder.name) / "netmon.db"
        self.real = self.open()
        self.fake = FakeStore()
        self.clock = 0.0
        self.claimed: list[tuple[OutboxEntry, OutboxEntry]] = []

    def open(self) -> SqlStore:
        return self.loop.run_until_complete(open_store(f"sqlite:///{self.file}", vitals=RememberedVitals()))

    def ask(self, call: Awaitable[object]) -> object:
        async def answer() -> object:
            try:
                return await call
            except NetmonError as error:
                return type(error)

        return self.loop.run_until_complete(answer())

    def tick(self) -> Now:
        self.clock += 7
        return at(self.clock)

    @rule(data=st.data())
    def commit_twice(self, data: st.DataObject) -> None:
        now = self.tick()
        batch = data.draw(batches(now.wall))
        assert self.ask(self.real.commit(batch, now)) == self.ask(self.fake.commit(batch, now))
        before = self.ask(shown(self.real, now))
        self.ask(self.real.commit(batch, self.tick()))
        assert self.ask(shown(self.real, now)) == before

    @rule(
        running=st.integers(1, 4), status=st.sampled_from([None, *TicketStatus]), note=st.sampled_from(["", "โทรแล้ว"])
    )
    def act(self, running: int, status: TicketStatus | None, note: str) -> None:
        now = self.tick()
        number = TicketNumber(f"T-2569-{running:06d}")
        action = TicketAction(number=number, author="desk", status=status, note=note)
        assert self.ask(self.real.act(action, now)) == self.ask(self.fake.act(action, now))

    @rule(age=st.sampled_from([0, 20, 100]))
    def close_resolved(self, age: float) -> None:
        now = self.tick()
        before = now.wall - age
        assert self.ask(self.real.close_resolved(before, now)) == self.ask(self.fake.close_resolved(before, now))

    @rule(limit=st.integers(1, 5), channel=st.sampled_from([None, *Channel]), lease=st.sampled_from([5, 50]))
    def claim(self, limit: int, channel: Channel | None, lease: float) -> None:
        now = self.tick()
        real = self.loop.run_until_complete(self.real.claim(now, limit, lease, channel))
        fake = self.loop.run_until_complete(self.fake.claim(now, limit, lease, channel))
        assert [replace(one, id=0) for one in real] == [replace(one, id=0) for one in fake]
        self.claimed.extend(zip(real, fake, strict=True))

    @rule(first=st.integers(0, 9), count=st.integers(1, 3))
    def part(self, first: int, count: int) -> None:
        together = self.claimed[first : first + count]
        if together:
            now, key = self.tick(), together[-1][0].notice.key
            real, fake = ([pair[side] for pair in together] for side in (0, 1))
            assert self.ask(self.real.part_with(real, key, now)) == self.ask(self.fake.part_with(fake, key, now))

    @rule(
        which=st.integers(0, 9),
        verdict=st.sampled_from(Verdict),
        wait=st.sampled_from([None, 10.0, 60.0]),
    )
    def settle(self, which: int, verdict: Verdict, wait: float | None) -> None:
        if which < len(self.claimed):
            now = self.tick()
            real, fake = self.claimed[which]
            retry_at = None if wait is None else now.wall + wait
            delivery = Delivery(verdict, reason="because")
            self.ask(self.real.settle(real, delivery, now, retry_at))
            self.ask(self.fake.settle(fake, delivery, now, retry_at))

    @rule(which=st.integers(0, 5), progress=st.sampled_from(list(Progress)[1:]), reason=st.sampled_from(["", "034"]))
    def hear_from_the_gateway(self, which: int, progress: Progress, reason: str) -> None:
        now, report = self.tick(), Report(progress, reason)
        lines = self.loop.run_until_complete(self.fake.notices(list(NoticeState), 100))
        key = lines[which].notice.key if which < len(lines) else "no such notice"
        known = [self.ask(one.report(key, report, now)) for one in (self.real, self.fake)]
        assert known == [which < len(lines)] * 2

    @rule(limit=st.integers(1, 3), channel=st.sampled_from(Channel))
    def claim_with_the_rest(self, limit: int, channel: Channel) -> None:
        now = self.tick()
        real = self.loop.run_until_complete(self.real.claim(now, limit, 50, channel))
        fake = self.loop.run_until_complete(self.fake.claim(now, limit, 50, channel))
        real += self.loop.run_until_complete(self.real.claim_rest(now, real, 50))
        fake += self.loop.run_until_complete(self.fake.claim_rest(now, fake, 50))
        assert [replace(one, id=0) for one in real] == [replace(one, id=0) for one in fake]
        self.claimed.extend(zip(real, fake, strict=True))

    @rule(which=st.integers(0, 5), again=st.booleans())
    def move_by_hand(self, which: int, again: bool) -> None:
        now = self.tick()
        real = self.loop.run_until_complete(self.real.notices(list(NoticeState), 100))
        fake = self.loop.run_until_complete(self.fake.notices(list(NoticeState), 100))
        if which >= len(real):
            return
        ids = ((self.real, real[which].id), (self.fake, fake[which].id))
        answers = [self.ask(one.resend(id_, now) if again else one.drop(id_, "anong", now)) for one, id_ in ids]
        assert [replace(one, id=0) if isinstance(one, OutboxLine) else one for one in answers[:1]] == [
            replace(one, id=0) if isinstance(one, OutboxLine) else one for one in answers[1:]
        ]

    @rule()
    def restart(self) -> None:
        now = self.tick()
        self.loop.run_until_complete(self.real.close())
        self.real = self.open()
        self.ask(self.real.release_leases(now, rest=30, resends=1))
        self.ask(self.fake.release_leases(now, rest=30, resends=1))

    @invariant()
    def both_show_the_same(self) -> None:
        now = at(self.clock)
        assert self.ask(shown(self.real, now)) == self.ask(shown(self.fake, now))

    @invariant()
    def what_must_be_one_is_one(self) -> None:
        connection = sqlite3.connect(self.file)
        for doubled in (
            "SELECT scope, key FROM fault WHERE resolved_at IS NULL GROUP BY scope, key HAVING count(*) > 1",
            "SELECT fault, centre FROM ticket WHERE status NOT IN ('closed', 'cancelled', 'rejected') "
            "GROUP BY fault, centre HAVING count(*) > 1",
            "SELECT key FROM outbox GROUP BY key HAVING count(*) > 1",
            "SELECT ticket FROM ticket_event GROUP BY ticket HAVING count(*) <> max(sequence)",
            "SELECT number FROM ticket WHERE number NOT IN (SELECT ticket FROM ticket_event WHERE sequence = 1)",
        ):
            assert connection.execute(doubled).fetchall() == [], doubled
        connection.close()

    def teardown(self) -> None:
        self.loop.run_until_complete(self.real.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.folder.cleanup()


async def shown(store: Store, now: Now) -> object:
    """All that the port shows of a store."""
    tickets = await store.tickets(only_open=False)
    files = [await store.ticket(ticket.number) for ticket in tickets]
    lines = await store.notices(list(NoticeState), 100)
    stories = [one.history for line in lines if (one := await store.notice(line.id)) is not None]
    notices = [[replace(line, id=0) for line in lines], stories, await store.outbox(now, Channel.SMS)]
    return await store.open_cases(), await store.tickets(only_open=True), files, await store.outbox(now), notices


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)

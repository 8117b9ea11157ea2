"""What every `ports.Store` promises. A test module subclasses this with a fixture `store`."""

from dataclasses import replace

import pytest

from netmon.errors import InputError, StoreError
from netmon.model.chronicle import DeviceChange, DeviceEvent, DeviceRecord
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
from netmon.model.faults import Cause, Evidence, EvidenceKind, Member, Resolution
from netmon.model.ids import DeviceId, FaultId, TicketNumber
from netmon.model.notices import (
    Audience,
    Channel,
    Delivery,
    Notice,
    NoticeFile,
    NoticeState,
    OutboxEntry,
    Progress,
    Recipient,
    Report,
    SentNotice,
    Stage,
    Telling,
    Verdict,
)
from netmon.model.paths import PathTrace
from netmon.model.readings import Identity
from netmon.model.tickets import Ticket, TicketStatus
from netmon.ports import OutboxState, Store, TicketAction
from tests.stores.sample import T0, UBON, VILLAGES, YASO, at, fault, notice, opening

SENT = Delivery(Verdict.SENT, reference="250 queued as 1")
RETRY = Delivery(Verdict.RETRY, reason="451 try later")
UNKNOWN = Delivery(Verdict.UNKNOWN, reason="connection lost after DATA")
F1 = FaultId("f1")
DAY = 86400.0


async def only_ticket(store: Store, name: str = "f1") -> Ticket:
    case = await store.case(FaultId(name))
    assert case is not None
    (ticket,) = case.tickets
    return ticket


async def history(store: Store, number: TicketNumber) -> list[tuple[str, str, str]]:
    file = await store.ticket(number)
    assert file is not None
    return [(event.author, event.what, event.text) for event in file.history]


async def everything(store: Store) -> object:
    """All that the port shows."""
    tickets = await store.tickets(only_open=False)
    files = [await store.ticket(ticket.number) for ticket in tickets]
    return await store.open_cases(), tickets, files, await store.outbox(at(0)), await store.outbox(at(1e6))


class DevicesContract:
    """What devices said they are, and their histories."""

    async def test_a_record_takes_the_place_of_its_devices_last_one_and_events_only_ever_come_on_top(
        self, store: Store
    ) -> None:
        one, other = DeviceId("ap-1"), DeviceId("ap-2")
        met = DeviceEvent(one, T0, DeviceChange.MET, "R500, A", address="10.0.0.1")
        replaced = DeviceEvent(one, T0 + DAY, DeviceChange.REPLACED, "B", "A", "10.0.0.1")
        first = [DeviceRecord(name, "10.0.0.1", Identity("R500", "A", "1.0")) for name in (one, other)]
        await store.note_devices(first, [met], at(0))
        second = DeviceRecord(one, "10.0.0.1", Identity("R500", "B", "1.0"))
        await store.note_devices([second], [replaced], at(DAY))
        assert await store.device_records() == (second, first[1])
        assert await store.device_events([one, other], 10) == (met, replaced)
        assert await store.device_events([one], 1) == (replaced,)
        assert await store.device_events([other], 10) == ()


class FaultsContract(DevicesContract):
    async def test_a_new_store_is_empty(self, store: Store) -> None:
        assert await store.open_cases() == ()
        assert await store.tickets(only_open=False) == ()
        assert await store.case(F1) is None
        assert await store.ticket(TicketNumber("T-2569-000001")) is None
        assert await store.outbox(at(0)) == OutboxState(0, None)

    async def test_a_fault_comes_back_exactly_as_it_was_given(self, store: Store) -> None:
        one = replace(fault(), overruled_by="นิภา").with_recovered([DeviceId(f"ap-{VILLAGES[0]}")], T0 + 7.7)
        await store.commit([OpenFault(one)], at(1))
        (case,) = await store.open_cases()
        assert case.fault == one
        assert case.tickets == ()

    async def test_open_cases_come_oldest_first(self, store: Store) -> None:
        young, old = replace(fault("a"), opened_at=T0 + 5), replace(fault("b"), opened_at=T0)
        await store.commit([OpenFault(young), OpenFault(old)], at(9))
        assert [case.fault.id for case in await store.open_cases()] == ["b", "a"]

    async def test_named_cases_come_oldest_first_whether_or_not_they_are_over(self, store: Store) -> None:
        young, old = replace(fault("a"), opened_at=T0 + 5), replace(fault("b"), opened_at=T0)
        await store.commit([OpenFault(young), OpenFault(old), OpenFault(fault("c"))], at(9))
        await store.commit([ResolveFault(old.id, Resolution.RECOVERED, T0 + 60)], at(60))
        found = await store.cases([young.id, old.id, FaultId("nobody")])
        assert [(case.fault.id, case.fault.is_open) for case in found] == [("b", False), ("a", True)]
        assert await store.cases([]) == ()

    async def test_of_many_members_those_that_changed_came_or_went_are_as_the_change_says(self, store: Store) -> None:
        await store.commit([OpenFault(fault(villages=VILLAGES[:4]))], at(0))
        (case,) = await store.open_cases()
        gone, back, *rest = case.fault.members
        new = Member(DeviceId("ap-new"), (VILLAGES[4],), T0 + 3)
        changed = replace(case.fault, members=(rest[1], replace(back, recovered_at=T0 + 9), rest[0], new))
        assert gone not in changed.members
        await store.commit([ChangeFault(changed, "")], at(10))
        again = replace(changed, members=(*changed.members, gone))
        await store.commit([ChangeFault(changed, ""), ChangeFault(again, "")], at(11))
        (case,) = await store.open_cases()
        assert case.fault == again

    async def test_the_way_to_a_faults_device_is_kept_with_it_and_no_change_takes_it_away(self, store: Store) -> None:
        path = PathTrace(device=DeviceId("ap-1"), at=T0 + 1 / 3, hops=("10.0.0.1", "", "10.0.0.3"), reached=True)
        await store.note_path(F1, path)
        await store.commit(opening(), at(0))
        await store.note_path(F1, replace(path, last_device=DeviceId("olt-1")))
        changed = replace(fault(), cause=Cause.POWER)
        await store.commit([ChangeFault(changed, "cause power")], at(1))
        (case,) = await store.open_cases()
        assert case.fault == replace(changed, path=replace(path, last_device=DeviceId("olt-1")))

    async def test_a_second_open_fault_of_one_key_is_refused_and_nothing_of_its_batch_is_kept(
        self, store: Store
    ) -> None:
        await store.commit(opening(), at(0))
        before = await everything(store)
        rival = fault("rival", key="olt-f1")
        with pytest.raises(StoreError):
            await store.commit([*opening("other"), OpenFault(rival)], at(1))
        assert await everything(store) == before

    async def test_a_key_is_free_again_once_its_fault_is_resolved(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        again = fault("again", key="olt-f1")
        await store.commit([ResolveFault(F1, Resolution.RECOVERED, T0 + 60), OpenFault(again)], at(60))
        assert [case.fault.id for case in await store.open_cases()] == ["again"]

    async def test_a_change_is_recorded_and_noted_on_the_ticket(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        said = Evidence(EvidenceKind.OPERATOR_SAID, "olt-f1", T0 + 9, note="ไฟดับ")
        changed = replace(fault(villages=VILLAGES[:3]), cause=Cause.POWER, confidence=0.9, evidence=(said,))
        await store.commit([ChangeFault(changed, "cause is power")], at(10))
        (case,) = await store.open_cases()
        assert case.fault == changed
        assert (await history(store, case.tickets[0].number))[-1] == ("netmon", "changed", "cause is power")

    async def test_a_change_without_a_note_leaves_the_history_alone(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        await store.commit([ChangeFault(replace(fault(), confidence=0.5), "")], at(10))
        assert len(await history(store, (await only_ticket(store)).number)) == 1

    async def test_a_fault_that_grows_into_an_amphoes_takes_over_its_identity_from_the_one_merged_into_it(
        self, store: Store
    ) -> None:
        await store.commit(opening(), at(0))
        await store.commit(opening("f2"), at(5))
        theirs = (await store.open_cases())[1].fault
        grown = replace(fault(), scope=theirs.scope, key=theirs.key, cause=Cause.POWER)
        merged = ResolveFault(theirs.id, Resolution.MERGED, T0 + 20, F1)
        batch: list[StoredDecision] = [ChangeFault(grown, "3 villages of one amphoe"), merged]
        await store.commit(batch, at(20))
        await store.commit(batch, at(21))
        (case,) = await store.open_cases()
        assert (case.fault.id, case.fault.scope, case.fault.key) == (F1, theirs.scope, theirs.key)

    async def test_a_change_never_reopens_nor_renames_a_fault(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        await store.commit([ResolveFault(F1, Resolution.RECOVERED, T0 + 60)], at(60))
        renamed = replace(fault(), cause=Cause.POWER, key="else", opened_at=0.0)
        await store.commit([ChangeFault(renamed, "restarted, so it was power")], at(90))
        case = await store.case(F1)
        assert case is not None
        assert case.fault == replace(fault(), cause=Cause.POWER, resolved_at=T0 + 60, resolution=Resolution.RECOVERED)

    @pytest.mark.parametrize(
        "decision",
        [
            ChangeFault(fault("ghost"), "?"),
            ResolveFault(FaultId("ghost"), Resolution.RECOVERED, T0),
            ResolveFault(F1, Resolution.MERGED, T0, FaultId("ghost")),
            OpenTicket(FaultId("ghost"), UBON, VILLAGES, T0),
            SendNotice(notice("ghost"), T0),
        ],
        ids=lambda decision: type(decision).__name__,
    )
    async def test_a_decision_about_a_fault_that_is_not_there_undoes_its_whole_batch(
        self, store: Store, decision: StoredDecision
    ) -> None:
        with pytest.raises(StoreError):
            await store.commit([*opening(), decision], at(0))
        assert await store.open_cases() == ()
        assert await store.tickets(only_open=False) == ()

    async def test_any_batch_twice_changes_nothing_the_second_time(self, store: Store) -> None:
        power = replace(fault(), cause=Cause.POWER)
        batches: list[list[StoredDecision]] = [
            opening(notices=(notice(), notice(channel=Channel.SMS))),
            [*opening("f2"), AddVillages(F1, UBON, VILLAGES, T0 + 5), OpenTicket(F1, YASO, VILLAGES[2:], T0 + 5)],
            [ChangeFault(power, "power"), ChangeFault(replace(power, confidence=0.9), "surely power")],
            [SendNotice(notice(stage=Stage.EXTENDED), T0 + 7)],
            [
                SupersedeNotices(F1, (Stage.OPENED, Stage.EXTENDED), T0 + 8),
                SendNotice(notice(stage=Stage.EXTENDED, revision=1), T0 + 8),
            ],
            [ResolveFault(FaultId("f2"), Resolution.MERGED, T0 + 9, F1)],
            [ResolveFault(F1, Resolution.RECOVERED, T0 + 10)],
        ]
        for second, batch in enumerate(batches):
            await store.commit(batch, at(second))
            once = await everything(store)
            await store.commit(batch, at(second + 0.5))
            assert await everything(store) == once, batch


class TicketsContract:
    async def test_a_ticket_is_born_acknowledged_with_a_running_number_in_the_buddhist_year(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        ticket = await only_ticket(store)
        assert ticket == Ticket(
            number=TicketNumber("T-2569-000001"),
            fault=F1,
            centre=UBON,
            status=TicketStatus.ACKNOWLEDGED,
            villages=VILLAGES[:2],
            opened_at=fault().opened_at,
        )
        assert await history(store, ticket.number) == [("netmon", "opened", "")]

    async def test_the_running_number_goes_on_over_new_year_in_thailand(self, store: Store) -> None:
        new_year = 1_798_736_400.0  # 2027-01-01 00:00 +07:00
        both: list[StoredDecision] = [
            OpenFault(fault()),
            OpenTicket(F1, UBON, (), new_year - 1),
            OpenTicket(F1, YASO, (), new_year),
        ]
        await store.commit(both, at(0))
        assert [ticket.number for ticket in await store.tickets(only_open=True)] == ["T-2570-000002", "T-2569-000001"]

    async def test_a_fault_has_one_open_ticket_per_centre_whoever_asks_for_more(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        more: list[StoredDecision] = [OpenTicket(F1, UBON, VILLAGES, T0 + 50), OpenTicket(F1, YASO, VILLAGES, T0 + 50)]
        await store.commit(more * 2, at(50))
        case = await store.case(F1)
        assert case is not None
        assert [(ticket.centre, ticket.villages) for ticket in case.tickets] == [(UBON, VILLAGES[:2]), (YASO, VILLAGES)]

    async def test_a_rejected_ticket_makes_room_for_another_but_not_for_itself(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        first = await only_ticket(store)
        await store.act(TicketAction(number=first.number, author="desk", status=TicketStatus.REJECTED), at(5))
        await store.commit(opening(), at(6))
        assert len(await store.tickets(only_open=False)) == 1
        await store.commit([OpenTicket(F1, UBON, VILLAGES, T0 + 7)], at(7))
        assert [ticket.status for ticket in await store.tickets(only_open=False)] == ["acknowledged", "rejected"]

    async def test_villages_join_the_open_ticket_once(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        await store.commit([AddVillages(F1, UBON, VILLAGES[1:4], T0 + 5)], at(5))
        ticket = await only_ticket(store)
        assert ticket.villages == VILLAGES[:4]
        assert (await history(store, ticket.number))[1:] == [("netmon", "extended", "34010103, 34010104")]

    async def test_recovery_resolves_what_is_open_and_leaves_what_a_person_ended(self, store: Store) -> None:
        await store.commit([*opening(), OpenTicket(F1, YASO, VILLAGES[2:], T0)], at(0))
        ubon, yaso = sorted(await store.tickets(only_open=True), key=lambda ticket: ticket.number)
        await store.act(TicketAction(number=yaso.number, author="desk", status=TicketStatus.REJECTED), at(5))
        await store.commit([ResolveFault(F1, Resolution.RECOVERED, T0 + 60)], at(61))
        case = await store.case(F1)
        assert case is not None
        assert (case.fault.resolved_at, case.fault.resolution) == (T0 + 60, Resolution.RECOVERED)
        assert [ticket.status for ticket in case.tickets] == ["resolved", "rejected"]
        assert case.tickets[0].resolved_at == T0 + 60
        assert (await history(store, ubon.number))[-1] == ("netmon", "resolved", "recovered")
        assert await store.open_cases() == ()

    @pytest.mark.parametrize("survivor_opens_in_the_same_batch", [False, True])
    async def test_a_merged_fault_gives_its_ticket_up_to_the_survivor(
        self, store: Store, survivor_opens_in_the_same_batch: bool
    ) -> None:
        merge: list[StoredDecision] = [ResolveFault(F1, Resolution.MERGED, T0 + 9, FaultId("old"))]
        await store.commit(opening(), at(0))
        if survivor_opens_in_the_same_batch:
            await store.commit([*merge, *opening("old")], at(9))
        else:
            await store.commit(opening("old"), at(1))
            await store.commit(merge, at(9))
        gone, kept = await only_ticket(store), await only_ticket(store, "old")
        assert (gone.status, gone.closed_at, kept.status) == ("cancelled", T0 + 9, "acknowledged")
        assert (await history(store, gone.number))[-1] == ("netmon", "cancelled", f"merged into {kept.number}")
        assert (await history(store, kept.number))[-1] == ("netmon", "merged", f"{gone.number} merged into this")
        case = await store.case(F1)
        assert case is not None
        assert case.fault.merged_into == "old"

    async def test_a_retired_device_closes_its_ticket(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        await store.commit([ResolveFault(F1, Resolution.INVENTORY, T0 + 9)], at(9))
        ticket = await only_ticket(store)
        assert (ticket.status, ticket.resolved_at, ticket.closed_at) == ("closed", T0 + 9, T0 + 9)
        assert (await history(store, ticket.number))[-1] == ("netmon", "closed", "inventory")

    async def test_whoever_takes_a_ticket_up_first_has_accepted_it(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        number = (await only_ticket(store)).number
        for second, author, status in [
            (5, "นิภา", TicketStatus.IN_PROGRESS),
            (6, "นิภา", TicketStatus.HELD),
            (7, "somchai", TicketStatus.IN_PROGRESS),
        ]:
            ticket = await store.act(TicketAction(number=number, author=author, status=status), at(second))
            assert ticket.status is status
        assert ticket == await only_ticket(store)
        assert (ticket.accepted_at, ticket.accepted_by) == (T0 + 5, "นิภา")

    async def test_a_person_resolves_a_ticket_without_ending_the_fault_and_may_take_it_back(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        number = (await only_ticket(store)).number
        done = TicketAction(number=number, author="somchai", status=TicketStatus.RESOLVED, note="เปลี่ยน ONU แล้ว")
        assert (await store.act(done, at(5))).resolved_at == T0 + 5
        assert (await history(store, number))[-1] == ("somchai", "resolved", "เปลี่ยน ONU แล้ว")
        assert len(await store.open_cases()) == 1
        assert await store.tickets(only_open=True) == ()
        back = TicketAction(number=number, author="somchai", status=TicketStatus.IN_PROGRESS)
        assert (await store.act(back, at(6))).resolved_at is None

    async def test_a_note_changes_only_the_history(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        before = await only_ticket(store)
        assert await store.act(TicketAction(number=before.number, author="ก", note="โทรแล้ว"), at(5)) == before
        assert (await history(store, before.number))[-1] == ("ก", "note", "โทรแล้ว")

    async def test_what_a_ticket_does_not_allow_is_refused_in_a_sentence(self, store: Store) -> None:
        await store.commit(opening(), at(0))
        number = (await only_ticket(store)).number
        before = await everything(store)
        with pytest.raises(InputError, match="There is no ticket 'T-2569-999999'"):
            await store.act(TicketAction(number=TicketNumber("T-2569-999999"), author="a", note="x"), at(1))
        with pytest.raises(InputError, match="is acknowledged, it cannot become closed"):
            await store.act(TicketAction(number=number, author="a", status=TicketStatus.CLOSED), at(1))
        with pytest.raises(InputError, match="Nothing was asked"):
            await store.act(TicketAction(number=number, author="a"), at(1))
        assert await everything(store) == before

    async def test_resolved_tickets_close_once_their_time_is_over(self, store: Store) -> None:
        await store.commit([*opening(), *opening("f2"), *opening("f3")], at(0))
        await store.commit([ResolveFault(F1, Resolution.RECOVERED, T0 + 10)], at(10))
        await store.commit([ResolveFault(FaultId("f2"), Resolution.OPERATOR, T0 + 20)], at(20))
        assert await store.close_resolved(T0 + 20, at(30)) == 1
        closed = await only_ticket(store)
        assert (closed.status, closed.closed_at) == ("closed", T0 + 30)
        assert [(await only_ticket(store, name)).status for name in ("f2", "f3")] == ["resolved", "acknowledged"]
        assert await store.close_resolved(T0 + 20, at(31)) == 0


class OutboxContract:
    async def test_a_notice_leaves_when_it_is_due_and_only_once(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),), due=T0 + 120), at(0))
        assert await store.claim(at(119), 10, 60) == ()
        (entry,) = await store.claim(at(120), 10, 60)
        assert (entry.notice, entry.attempt, entry.doubts, entry.due_at) == (notice(), 0, 0, T0 + 120)
        assert await store.claim(at(121), 10, 60) == ()
        await store.settle(entry, SENT, at(122), None)
        assert await store.claim(at(9999), 10, 60) == ()
        assert await store.outbox(at(9999)) == OutboxState(0, None)

    async def test_a_notice_without_a_fault_keeps_its_identity(self, store: Store) -> None:
        blind = Notice(
            stage=Stage.BLIND, channel=Channel.SMS, recipient=Recipient(Audience.NOC, "noc"), revision=1795150800
        )
        await store.commit([SendNotice(blind, T0)], at(0))
        (entry,) = await store.claim(at(0), 10, 60)
        assert entry.notice == blind

    async def test_one_persons_notices_leave_one_by_one_in_order_even_while_the_first_must_wait(
        self, store: Store
    ) -> None:
        stages = [notice(stage=stage) for stage in (Stage.OPENED, Stage.EXTENDED, Stage.RESOLVED)]
        await store.commit(opening(notices=tuple(stages)), at(0))
        (first,) = await store.claim(at(0), 10, 60)
        await store.settle(first, RETRY, at(1), T0 + 100)
        assert await store.claim(at(50), 10, 60) == ()
        left = []
        for second in (100, 101, 102):
            (entry,) = await store.claim(at(second), 10, 60)
            left.append(entry.notice)
            assert await store.claim(at(second), 10, 60) == ()
            await store.settle(entry, SENT, at(second), None)
        assert left == stages

    async def test_other_people_channels_and_faults_do_not_wait_for_each_other(self, store: Store) -> None:
        mail, sms = notice(), notice(channel=Channel.SMS)
        nipa, other = notice(recipient="nipa"), notice("f2")
        await store.commit([*opening(notices=(mail, sms, nipa)), *opening("f2", notices=(other,))], at(0))
        assert [entry.notice for entry in await store.claim(at(0), 10, 60)] == [mail, sms, nipa, other]

    async def test_claims_take_the_longest_due_first_and_respect_limit_and_channel(self, store: Store) -> None:
        people = [notice(recipient=name) for name in ("a", "b", "c")]
        text = notice(recipient="d", channel=Channel.SMS)
        await store.commit(opening(), at(0))
        for due, one in zip((3.0, 1.0, 2.0, 0.0), (*people, text), strict=True):
            await store.commit([SendNotice(one, T0 + due)], at(0))
        claimed = await store.claim(at(5), 2, 60, Channel.MAIL)
        assert [entry.notice.recipient.id for entry in claimed] == ["b", "c"]
        assert [entry.notice for entry in await store.claim(at(5), 9, 60, Channel.SMS)] == [text]

    async def test_what_else_waits_for_a_person_can_be_had_with_it_even_before_its_next_try(self, store: Store) -> None:
        mine, later, doubted, coming = notice(), notice("f2"), notice("f3"), notice("f4")
        others = (notice("f2", recipient="nipa"), notice("f2", channel=Channel.SMS))
        await store.commit([*opening(notices=(mine,)), *opening("f2", notices=(later, *others))], at(0))
        await store.commit([*opening("f3", notices=(doubted,)), *opening("f4", notices=(coming,), due=T0 + 999)], at(0))
        for entry in await store.claim(at(1), 10, 60):
            delivery = UNKNOWN if entry.notice == doubted else RETRY
            await store.settle(entry, delivery, at(2), T0 + (20 if entry.notice == mine else 900))
        (first,) = await store.claim(at(20), 10, 60)
        assert first.notice == mine
        rest = await store.claim_rest(at(20), [first], 60)
        assert [(entry.notice, entry.attempt, entry.due_at) for entry in rest] == [(later, 1, T0)]
        assert await store.claim_rest(at(21), [], 60) == ()
        assert await store.claim_rest(at(21), [first], 60) == ()
        assert await store.claim(at(79), 10, 60) == ()

    async def test_what_stands_behind_a_notice_can_leave_with_it(self, store: Store) -> None:
        stages = [notice(stage=stage) for stage in (Stage.OPENED, Stage.EXTENDED, Stage.RELABELLED)]
        await store.commit(opening(notices=tuple(stages[:2])), at(0))
        await store.commit([SendNotice(stages[2], T0 + 500)], at(0))
        (head,) = await store.claim(at(0), 10, 60)
        (behind,) = await store.claim_rest(at(0), [head], 60)
        assert (head.notice, behind.notice) == (stages[0], stages[1])
        for entry in (head, behind):
            await store.settle(entry, SENT, at(1), None)
        assert [entry.notice for entry in await store.claim(at(500), 10, 60)] == [stages[2]]

    async def test_nothing_leaves_with_the_rest_before_what_is_in_doubt(self, store: Store) -> None:
        stages = [notice(stage=stage) for stage in (Stage.OPENED, Stage.RESOLVED)]
        await store.commit([*opening(notices=tuple(stages)), *opening("f2", notices=(notice("f2"),))], at(0))
        doubted, other = await store.claim(at(0), 10, 60)
        assert [one.notice.fault for one in (doubted, other)] == ["f1", "f2"]
        assert await store.claim_rest(at(0), [other], 60) == (), "the first is in somebody's hands"
        await store.settle(doubted, UNKNOWN, at(1), T0 + 600)
        assert await store.claim_rest(at(2), [other], 60) == ()

    async def test_a_try_put_back_comes_again_with_its_count_and_keeps_its_age(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, RETRY, at(2), T0 + 30)
        assert await store.outbox(at(3)) == OutboxState(1, T0)
        assert await store.claim(at(29), 10, 60) == ()
        (entry,) = await store.claim(at(30), 10, 60)
        await store.settle(entry, UNKNOWN, at(31), T0 + 600)
        (entry,) = await store.claim(at(600), 10, 60)
        assert (entry.attempt, entry.doubts, entry.due_at) == (2, 1, T0)

    async def test_what_left_within_anothers_message_is_superseded_by_that(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        within = Delivery(Verdict.SENT, reference="id-1", reason="told together with k", told_with="k")
        await store.settle(entry, within, at(2), None)
        (line,) = await store.notices(list(NoticeState), 10)
        assert (line.state, line.reason) == (NoticeState.SUPERSEDED, "told together with k")

    async def test_a_try_settled_twice_counts_once(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, RETRY, at(2), T0 + 30)
        await store.settle(entry, SENT, at(3), None)
        (again,) = await store.claim(at(30), 10, 60)
        assert again.attempt == 1

    @pytest.mark.parametrize("delivery", [Delivery(Verdict.PERMANENT, reason="550 no such user"), RETRY, UNKNOWN])
    async def test_a_notice_given_up_is_seen_in_its_tickets_history(self, store: Store, delivery: Delivery) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, delivery, at(2), None)
        assert await store.outbox(at(3)) == OutboxState(0, None)
        last = (await history(store, (await only_ticket(store)).number))[-1]
        assert last == ("netmon", "undelivered", f"mail to technician somchai (opened): {delivery.reason}")

    async def test_a_lease_that_ran_out_may_be_claimed_again(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (first,) = await store.claim(at(1), 10, 60)
        assert await store.claim(at(60), 10, 60) == ()
        assert await store.claim(at(61), 10, 60) == (first,)

    async def test_whoever_is_affected_most_is_told_first_and_the_noc_before_all(self, store: Store) -> None:
        small, large = fault("small", villages=VILLAGES[:1]), fault("large", villages=VILLAGES)
        for one in (small, large):
            told = SendNotice(notice(one.id), T0 if one is large else T0 - 60)
            await store.commit([OpenFault(one), OpenTicket(one.id, UBON, one.villages, one.opened_at), told], at(0))
        blind = Notice(stage=Stage.BLIND, channel=Channel.MAIL, recipient=Recipient(Audience.NOC, "noc"), revision=1)
        await store.commit([SendNotice(blind, T0)], at(0))
        order = [(await store.claim(at(1), 1, 60))[0].notice.fault for _ in range(3)]
        assert order == [None, "large", "small"]

    async def test_a_start_gives_back_what_the_last_run_had_claimed(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        claimed = await store.claim(at(1), 10, 60)
        await store.release_leases(at(2), rest=30, resends=1)
        assert await store.claim(at(2), 10, 60) == claimed

    async def test_what_a_courier_that_died_had_parted_with_rests_is_sent_once_more_and_then_given_up(
        self, store: Store
    ) -> None:
        await store.commit(opening(notices=(notice(), notice(recipient="nipa"))), at(0))
        parted, kept = await store.claim(at(1), 10, 60)
        assert await store.part_with([parted], "m", at(1))
        await store.release_leases(at(2), rest=30, resends=1)
        assert await store.claim(at(3), 10, 60) == (kept,)
        assert [event.what for event in (await shown_notice(store, parted)).history] == ["unknown"]
        (again,) = await store.claim(at(33), 10, 60)
        assert (again.notice, again.attempt, again.doubts, again.message) == (parted.notice, 1, 1, "m")
        await store.part_with([again], again.message, at(34))
        await store.release_leases(at(35), rest=30, resends=1)
        assert (await shown_notice(store, parted)).line.state is NoticeState.UNKNOWN
        (ticket,) = await store.tickets(only_open=True)
        file = await store.ticket(ticket.number)
        assert file is not None
        assert file.history[-1].what == "undelivered"

    async def test_what_was_settled_is_no_doubt_at_the_next_start(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.part_with([entry], "m", at(1))
        await store.settle(entry, RETRY, at(2), T0 + 3)
        await store.release_leases(at(4), rest=30, resends=1)
        (again,) = await store.claim(at(5), 10, 60)
        assert (again.attempt, again.doubts, again.message) == (1, 0, "")

    async def test_what_may_have_left_in_one_message_is_had_whole_or_not_at_all(self, store: Store) -> None:
        several = [notice(name) for name in ("f1", "f2", "f3")]
        for one in several:
            await store.commit(opening(str(one.fault), notices=(one,)), at(0))
        entries = await store.claim(at(1), 10, 60)
        await store.part_with(entries, "m", at(1))
        await store.settle(entries[0], UNKNOWN, at(2), T0 + 602)
        await store.release_leases(at(100), rest=600, resends=1)
        news = notice("f1", stage=Stage.EXTENDED)
        await store.commit([*opening("f4", notices=(notice("f4"),), due=T0 + 602), SendNotice(news, T0 + 602)], at(601))
        assert await store.claim(at(601), 10, 60) == ()
        (first, *others) = await store.claim(at(602), 1, 60)
        assert [one.notice for one in (first, *others)] == several
        assert {one.message for one in (first, *others)} == {"m"}
        assert [one.notice.fault for one in await store.claim_rest(at(602), [first, *others], 60)] == ["f4"]
        for entry in (first, *others):
            await store.settle(entry, SENT, at(603), None)
        assert [one.notice for one in await store.claim(at(603), 10, 60)] == [news], "in a message of its own"

    async def test_what_is_over_by_then_leaves_the_rest_of_its_message_to_be_sent_again(self, store: Store) -> None:
        for name in ("f1", "f2"):
            await store.commit(opening(name, notices=(notice(name),)), at(0))
        entries = await store.claim(at(1), 10, 60)
        await store.part_with(entries, "m", at(1))
        for one in entries:
            await store.settle(one, UNKNOWN, at(2), T0 + 602)
        await store.commit([SupersedeNotices(F1, (Stage.OPENED,), T0 + 5)], at(5))
        (again,) = await store.claim(at(602), 10, 60)
        assert (again.notice.fault, again.message) == ("f2", "m")

    async def test_a_refusal_takes_no_earlier_doubt_away(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.part_with([entry], "m", at(1))
        await store.settle(entry, UNKNOWN, at(2), T0 + 602)
        (entry,) = await store.claim(at(602), 10, 60)
        await store.part_with([entry], "m", at(602))
        await store.settle(entry, RETRY, at(603), T0 + 700)
        (entry,) = await store.claim(at(700), 10, 60)
        assert entry.message == "m"

    async def test_what_an_operator_sends_again_is_a_message_of_its_own(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.part_with([entry], "m", at(1))
        await store.settle(entry, UNKNOWN, at(2), None)
        (line,) = await store.notices([NoticeState.UNKNOWN], 10)
        await store.resend(line.id, at(3))
        (entry,) = await store.claim(at(3), 10, 60)
        assert (entry.doubts, entry.message) == (0, "")

    async def test_a_report_that_a_message_has_left_ends_the_doubts_about_all_that_was_in_it(
        self, store: Store
    ) -> None:
        several = [notice(name, channel=Channel.SMS) for name in ("f1", "f2")]
        for one in several:
            await store.commit(opening(str(one.fault), notices=(one,)), at(0))
        entries = await store.claim(at(1), 10, 60)
        await store.part_with(entries, several[1].key, at(1))
        for entry in entries:
            await store.settle(entry, UNKNOWN, at(2), T0 + 602)
        assert await store.report(several[1].key, Report(Progress.DELIVERED), at(3))
        assert await store.outbox(at(4)) == OutboxState(0, None)
        within, own = await store.notices(list(NoticeState), 10)
        assert (own.state, own.progress) == (NoticeState.SENT, Progress.DELIVERED)
        assert (within.state, within.reason) == (NoticeState.SUPERSEDED, f"told together with {several[1].key}")
        up = replace(several[0], stage=Stage.RESOLVED)
        await store.commit([SendNotice(up, T0 + 5, Telling.IF_TOLD)], at(5))
        assert [one.notice for one in await store.claim(at(6), 10, 60)] == [up], "that person was told"

    async def test_nothing_parts_that_is_over_or_is_known_to_have_left(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(), notice(recipient="nipa"))), at(0))
        over, left = await store.claim(at(1), 10, 60)
        await store.commit([SupersedeNotices(F1, (Stage.OPENED,), T0 + 2, (over.notice.recipient,))], at(2))
        await store.report(left.notice.key, Report(Progress.DELIVERED), at(2))
        assert not await store.part_with([over, left], "m", at(3))
        await store.settle(over, RETRY, at(4), T0 + 5)
        assert (await shown_notice(store, over)).line.state is NoticeState.SUPERSEDED

    async def test_superseded_notices_never_leave(self, store: Store) -> None:
        down, sms, up = notice(), notice(channel=Channel.SMS), notice(stage=Stage.RESOLVED)
        await store.commit(opening(notices=(down, sms)), at(0))
        superseded = SupersedeNotices(F1, (Stage.OPENED, Stage.EXTENDED), T0 + 5)
        await store.commit([superseded, SendNotice(up, T0 + 5)], at(5))
        assert [entry.notice for entry in await store.claim(at(6), 10, 60)] == [up]
        assert await store.outbox(at(6)) == OutboxState(1, T0 + 5)

    async def test_only_the_named_recipients_notices_are_superseded(self, store: Store) -> None:
        mine, theirs = notice(), notice(recipient="nipa")
        await store.commit(opening(notices=(mine, theirs)), at(0))
        await store.commit([SupersedeNotices(F1, (Stage.OPENED,), T0 + 5, (mine.recipient,))], at(5))
        assert [entry.notice for entry in await store.claim(at(6), 10, 60)] == [theirs]

    async def test_a_notice_in_flight_is_left_to_its_courier_but_not_tried_again(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(), notice(recipient="nipa"))), at(0))
        good, bad = await store.claim(at(1), 10, 60)
        await store.commit([SupersedeNotices(F1, (Stage.OPENED,), T0 + 5)], at(5))
        assert (await store.outbox(at(6))).waiting == 2
        await store.settle(good, SENT, at(7), None)
        await store.settle(bad, RETRY, at(7), T0 + 30)
        assert (await store.outbox(at(8))).waiting == 0
        assert await store.claim(at(99), 10, 60) == ()

    async def test_a_notice_superseded_in_the_hands_of_a_courier_that_died_is_dropped(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        assert await store.claim(at(1), 10, 60)
        await store.commit([SupersedeNotices(F1, (Stage.OPENED,), T0 + 5)], at(5))
        assert await store.claim(at(100), 10, 60) == ()
        assert (await store.outbox(at(100))).waiting == 0


class ToldContract:
    """Who is told of an end, or of a beginning, by what that person was told before."""

    @staticmethod
    async def end(store: Store, seconds: float, *, about: str = "f1") -> None:
        told = notice(about, stage=Stage.RESOLVED)
        over: list[StoredDecision] = [
            SupersedeNotices(FaultId(about), (Stage.OPENED, Stage.EXTENDED), T0 + seconds),
            ResolveFault(FaultId(about), Resolution.RECOVERED, T0 + seconds),
            SendNotice(told, T0 + seconds, Telling.IF_TOLD),
        ]
        await store.commit(over, at(seconds))

    async def stages(self, store: Store, seconds: float) -> list[Stage]:
        return [entry.notice.stage for entry in await store.claim(at(seconds), 10, 60)]

    async def test_whoever_was_told_of_the_beginning_is_told_of_the_end(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, SENT, at(2), None)
        await self.end(store, 5)
        assert await self.stages(store, 6) == [Stage.RESOLVED]

    async def test_whose_message_never_left_is_not_told_of_the_end(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, RETRY, at(2), T0 + 60)
        await self.end(store, 5)
        assert await self.stages(store, 1000) == []
        assert (await store.outbox(at(1000))).waiting == 0

    @pytest.mark.parametrize(("answer", "told"), [(SENT, [Stage.RESOLVED]), (RETRY, []), (UNKNOWN, [Stage.RESOLVED])])
    async def test_what_is_in_the_air_when_it_ends_decides_once_it_has_come_down(
        self, store: Store, answer: Delivery, told: list[Stage]
    ) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await self.end(store, 5)
        assert await self.stages(store, 6) == []
        await store.settle(entry, answer, at(7), T0 + 8)
        assert await self.stages(store, 9) == told
        assert (await store.outbox(at(9))).waiting == len(told)

    async def test_who_may_have_been_told_is_told_of_the_end(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, UNKNOWN, at(2), T0 + 600)
        await self.end(store, 5)
        assert await self.stages(store, 6) == [Stage.RESOLVED]

    async def test_who_was_told_within_another_message_is_told_of_the_end(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, replace(SENT, told_with="another.notice"), at(2), None)
        await self.end(store, 5)
        assert await self.stages(store, 6) == [Stage.RESOLVED]

    async def test_nobody_is_told_of_one_end_twice(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, SENT, at(2), None)
        await self.end(store, 5)
        (entry,) = await store.claim(at(6), 10, 60)
        await store.settle(entry, SENT, at(7), None)
        again = notice(stage=Stage.RESOLVED, revision=1)
        await store.commit([SendNotice(again, T0 + 8, Telling.IF_TOLD)], at(8))
        assert await self.stages(store, 9) == []

    @pytest.mark.parametrize(
        ("answer", "told_now"), [(SENT, []), (RETRY, [Stage.OPENED]), (UNKNOWN, [Stage.OPENED]), (None, [Stage.OPENED])]
    )
    async def test_a_survivor_tells_those_whom_the_merged_fault_did_not(
        self, store: Store, answer: Delivery | None, told_now: list[Stage]
    ) -> None:
        await store.commit([*opening("f1"), *opening("f2", notices=(notice("f2"),))], at(0))
        if answer is not None:
            (entry,) = await store.claim(at(1), 10, 60)
            await store.settle(entry, answer, at(2), T0 + 600)
        f2 = FaultId("f2")
        merger: list[StoredDecision] = [
            SupersedeNotices(f2, (Stage.OPENED,), T0 + 5),
            ResolveFault(f2, Resolution.MERGED, T0 + 5, F1),
            SendNotice(notice("f1"), T0 + 5, Telling.UNLESS_TOLD),
        ]
        await store.commit(merger, at(5))
        assert await self.stages(store, 6) == told_now

    async def test_who_was_told_by_a_merged_fault_is_told_of_the_survivors_end(self, store: Store) -> None:
        await store.commit([*opening("f1"), *opening("f2", notices=(notice("f2"),))], at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, SENT, at(2), None)
        await store.commit([ResolveFault(FaultId("f2"), Resolution.MERGED, T0 + 5, F1)], at(5))
        await self.end(store, 9)
        assert await self.stages(store, 10) == [Stage.RESOLVED]


async def shown_notice(store: Store, entry: OutboxEntry) -> NoticeFile:
    file = await store.notice(entry.id)
    assert file is not None
    return file


ENDED = (NoticeState.DEAD, NoticeState.UNKNOWN)


class DeskContract:
    """What an operator does to the outbox by hand."""

    async def test_the_operator_sees_what_was_given_up_and_why(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(), notice(recipient="nipa"))), at(0))
        dead, _ = await store.claim(at(1), 10, 60)
        await store.settle(dead, Delivery(Verdict.PERMANENT, reason="550 no such user"), at(2), None)
        (line,) = await store.notices(ENDED, 10)
        ticket = (await only_ticket(store)).number
        assert (line.id, line.notice, line.state, line.ticket) == (dead.id, notice(), NoticeState.DEAD, ticket)
        assert (line.attempt, line.created_at, line.reason) == (1, T0, "550 no such user")
        (other,) = await store.notices((NoticeState.WAITING,), 10)
        assert (other.notice.recipient.id, other.attempt, other.next_try) == ("nipa", 0, T0)

    async def test_the_latest_of_many_are_listed_oldest_first(self, store: Store) -> None:
        await store.commit(opening(notices=tuple(notice(recipient=name) for name in "abc")), at(0))
        assert [line.notice.recipient.id for line in await store.notices((NoticeState.WAITING,), 2)] == ["b", "c"]
        assert await store.notices((), 2) == ()

    @pytest.mark.parametrize("delivery", [Delivery(Verdict.PERMANENT, reason="550"), UNKNOWN])
    async def test_what_was_given_up_leaves_again_as_if_new(self, store: Store, delivery: Delivery) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, delivery, at(2), None)
        line = await store.resend(entry.id, at(90_000))
        assert (line.state, line.attempt, line.next_try) == (NoticeState.WAITING, 0, T0 + 90_000)
        (again,) = await store.claim(at(90_000), 10, 60)
        assert (again.notice, again.attempt, again.doubts, again.due_at) == (notice(), 0, 0, T0 + 90_000)
        await store.settle(again, SENT, at(90_001), None)
        assert await store.notices(ENDED, 10) == ()

    async def test_nothing_overtakes_a_notice_that_is_being_sent_to_the_same_person(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(), notice(stage=Stage.RESOLVED))), at(0))
        (opened,) = await store.claim(at(1), 10, 60)
        await store.settle(opened, UNKNOWN, at(2), None)
        (resolved,) = await store.claim(at(3), 10, 60)
        with pytest.raises(InputError, match="being sent just now"):
            await store.resend(opened.id, at(4))
        await store.settle(resolved, SENT, at(5), None)
        await store.resend(opened.id, at(6))
        assert [entry.notice for entry in await store.claim(at(6), 10, 60)] == [opened.notice]

    async def test_what_waits_for_a_busy_gateway_may_be_tried_at_once(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, RETRY, at(2), T0 + 900)
        await store.resend(entry.id, at(10))
        assert len(await store.claim(at(10), 10, 60)) == 1

    @pytest.mark.parametrize("given_up", [True, False])
    async def test_what_is_dropped_never_leaves_and_the_ticket_says_who_did_it(
        self, store: Store, given_up: bool
    ) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, RETRY, at(2), None if given_up else T0 + 3)
        line = await store.drop(entry.id, "anong", at(5))
        assert line.state is NoticeState.DROPPED
        assert await store.claim(at(99), 10, 60) == ()
        last = (await history(store, (await only_ticket(store)).number))[-1]
        assert last == ("anong", "undelivered", "mail to technician somchai (opened): dropped")

    async def test_what_cannot_be_done_by_hand_is_refused_in_a_sentence(self, store: Store) -> None:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        with pytest.raises(InputError, match="being sent just now"):
            await store.drop(entry.id, "anong", at(2))
        await store.settle(entry, SENT, at(3), None)
        with pytest.raises(InputError, match="is sent; nothing can be done"):
            await store.resend(entry.id, at(4))
        with pytest.raises(InputError, match="There is no notice 4711"):
            await store.resend(4711, at(4))


class ForgettingContract:
    """What ended on day 0 is forgotten on day 2, if nothing still hangs on it."""

    async def ended(self, store: Store, name: str = "f1") -> None:
        """A fault whose ticket is closed and whose notice has left, all on day 0."""
        await store.commit(opening(name, notices=(notice(name),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, SENT, at(2), None)
        await store.commit([ResolveFault(FaultId(name), Resolution.RECOVERED, T0 + 60)], at(60))
        await store.close_resolved(T0 + 61, at(61))

    async def test_an_old_case_is_forgotten_whole(self, store: Store) -> None:
        await self.ended(store)
        number = (await only_ticket(store)).number
        assert await store.forget(T0 + DAY, 10) == 1
        assert await store.case(F1) is None
        assert await store.ticket(number) is None
        assert await store.tickets(only_open=False) == ()
        assert await store.forget(T0 + DAY, 10) == 0

    async def test_ticket_numbers_go_on_after_forgetting(self, store: Store) -> None:
        await self.ended(store)
        await store.forget(T0 + DAY, 10)
        await store.commit(opening("f2"), at(2 * DAY))
        assert (await only_ticket(store, "f2")).number.endswith("-000002")

    async def test_what_is_young_open_or_still_to_be_told_is_kept(self, store: Store) -> None:
        await self.ended(store, "old")
        await store.commit(opening("open"), at(0))
        await store.commit(opening("not closed"), at(0))
        await store.commit([ResolveFault(FaultId("not closed"), Resolution.RECOVERED, T0 + 60)], at(60))
        await store.commit(opening("young"), at(0))
        await store.commit([ResolveFault(FaultId("young"), Resolution.INVENTORY, T0 + DAY)], at(DAY))
        await store.commit(opening("untold", notices=(notice("untold"),)), at(0))
        await store.commit([ResolveFault(FaultId("untold"), Resolution.INVENTORY, T0 + 60)], at(60))
        assert await store.forget(T0 + DAY, 10) == 1
        for name in ("open", "not closed", "young", "untold"):
            assert await store.case(FaultId(name)) is not None
        assert (await store.outbox(at(DAY))).waiting == 1

    async def test_a_fault_outlives_those_that_were_merged_into_it(self, store: Store) -> None:
        for name in ("survivor", "merged"):
            await store.commit(opening(name), at(0))
        survivor = FaultId("survivor")
        await store.commit([ResolveFault(FaultId("merged"), Resolution.MERGED, T0 + 9, survivor)], at(9))
        await store.commit([ResolveFault(survivor, Resolution.INVENTORY, T0 + 60)], at(60))
        assert await store.forget(T0 + DAY, 10) == 1
        assert await store.case(survivor) is not None
        assert await store.forget(T0 + DAY, 10) == 1
        assert await store.case(survivor) is None

    async def test_forgetting_goes_slice_by_slice_and_takes_lone_notices_along(self, store: Store) -> None:
        for number in range(5):
            await self.ended(store, f"f{number}")
        blind = Notice(stage=Stage.BLIND, channel=Channel.MAIL, recipient=Recipient(Audience.NOC, "noc"), revision=1)
        await store.commit([SendNotice(blind, T0)], at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, SENT, at(2), None)
        gone = [await store.forget(T0 + DAY, 2) for _ in range(4)]
        assert gone == [3, 2, 1, 0]
        assert await store.tickets(only_open=False) == ()


DELIVERED, ACCEPTED = Report(Progress.DELIVERED), Report(Progress.ACCEPTED)
FAILED = Report(Progress.FAILED, "UNDELIV 001")


class ReportsContract:
    """What gateways say afterwards, in whatever order it comes."""

    async def claimed(self, store: Store) -> OutboxEntry:
        await store.commit(opening(notices=(notice(),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        return entry

    async def sent(self, store: Store) -> OutboxEntry:
        entry = await self.claimed(store)
        await store.settle(entry, SENT, at(2), None)
        return entry

    async def stands(self, store: Store, entry: OutboxEntry) -> tuple[NoticeState, Progress]:
        file = await store.notice(entry.id)
        assert file is not None
        return file.line.state, file.line.progress

    async def story(self, store: Store, entry: OutboxEntry) -> list[tuple[float, str, str]]:
        file = await store.notice(entry.id)
        assert file is not None
        return [(event.at - T0, event.what, event.text) for event in file.history]

    async def test_the_history_of_a_notice_shows_each_step_once(self, store: Store) -> None:
        entry = await self.claimed(store)
        await store.settle(entry, RETRY, at(2), T0 + 3)
        for attempt, moment in ((1, 3), (2, 5)):
            (entry,) = await store.claim(at(moment), 10, 60)
            assert entry.attempt == attempt
            delivery = Delivery(Verdict.SENT, reason="3: Queued", is_queued=True) if attempt == 2 else RETRY
            await store.settle(entry, delivery, at(moment + 1), T0 + 5 if attempt == 1 else None)
        assert await self.stands(store, entry) == (NoticeState.SENT, Progress.QUEUED)
        assert await store.report(entry.notice.key, ACCEPTED, at(60))
        assert await store.report(entry.notice.key, DELIVERED, at(70))
        assert await self.stands(store, entry) == (NoticeState.SENT, Progress.DELIVERED)
        assert await self.story(store, entry) == [
            (2, "retry", "451 try later"),
            (6, "queued", "3: Queued"),
            (60, "accepted", ""),
            (70, "delivered", ""),
        ]

    async def test_reports_out_of_order_or_twice_never_go_back(self, store: Store) -> None:
        entry = await self.sent(store)
        for moment, one in enumerate((DELIVERED, ACCEPTED, DELIVERED, FAILED), start=10):
            assert await store.report(entry.notice.key, one, at(moment))
        assert await self.stands(store, entry) == (NoticeState.SENT, Progress.DELIVERED)
        assert [what for _, what, _ in await self.story(store, entry)] == [
            "accepted",  # as the answer to the sending
            "delivered",
            "failed",
        ]

    async def test_what_failed_is_seen_by_the_operator_and_in_the_tickets_history(self, store: Store) -> None:
        entry = await self.sent(store)
        for moment in (10, 11):
            assert await store.report(entry.notice.key, FAILED, at(moment))
        (line,) = await store.notices((NoticeState.FAILED,), 10)
        assert (line.id, line.progress) == (entry.id, Progress.FAILED)
        lines = await history(store, (await only_ticket(store)).number)
        assert [one for one in lines if one[1] == "undelivered"] == [
            ("netmon", "undelivered", "mail to technician somchai (opened): not delivered UNDELIV 001")
        ]
        await store.resend(entry.id, at(20))
        (again,) = await store.claim(at(20), 10, 60)
        await store.settle(again, SENT, at(21), None)
        assert await self.stands(store, entry) == (NoticeState.SENT, Progress.ACCEPTED)

    @pytest.mark.parametrize("given_up", [True, False])
    async def test_a_report_ends_the_doubt_and_the_notice_is_not_sent_again(self, store: Store, given_up: bool) -> None:
        entry = await self.claimed(store)
        await store.settle(entry, UNKNOWN, at(2), None if given_up else T0 + 600)
        assert await store.report(entry.notice.key, ACCEPTED, at(10))
        assert await self.stands(store, entry) == (NoticeState.SENT, Progress.ACCEPTED)
        assert await store.claim(at(700), 10, 60) == ()

    async def test_that_one_copy_failed_does_not_end_the_doubt(self, store: Store) -> None:
        entry = await self.claimed(store)
        await store.settle(entry, UNKNOWN, at(2), T0 + 600)
        assert await store.report(entry.notice.key, FAILED, at(10))
        assert await self.stands(store, entry) == (NoticeState.WAITING, Progress.NONE)
        assert len(await store.claim(at(700), 10, 60)) == 1

    @pytest.mark.parametrize("answer", [SENT, UNKNOWN, RETRY])
    async def test_a_report_may_come_before_the_answer_to_the_sending(self, store: Store, answer: Delivery) -> None:
        entry = await self.claimed(store)
        assert await store.report(entry.notice.key, DELIVERED, at(2))
        assert await self.stands(store, entry) == (NoticeState.SENT, Progress.DELIVERED)
        await store.settle(entry, answer, at(3), None if answer is SENT else T0 + 600)
        assert await self.stands(store, entry) == (NoticeState.SENT, Progress.DELIVERED)

    async def test_a_failure_reported_before_the_answer_is_a_failure(self, store: Store) -> None:
        entry = await self.claimed(store)
        assert await store.report(entry.notice.key, FAILED, at(2))
        await store.settle(entry, SENT, at(3), None)
        assert await self.stands(store, entry) == (NoticeState.FAILED, Progress.FAILED)

    async def test_a_courier_that_dies_after_the_report_and_before_the_answer_sends_nothing_again(
        self, store: Store
    ) -> None:
        entry = await self.claimed(store)
        assert await store.report(entry.notice.key, ACCEPTED, at(2))
        await store.release_leases(at(5), rest=30, resends=1)
        assert await store.claim(at(7), 10, 60) == ()

    async def test_a_report_after_a_crash_proves_that_it_had_left(self, store: Store) -> None:
        entry = await self.claimed(store)
        await store.release_leases(at(5), rest=30, resends=1)
        assert await store.report(entry.notice.key, DELIVERED, at(6))
        assert await store.claim(at(7), 10, 60) == ()

    async def test_an_sms_is_found_by_its_gateways_id_and_is_in_delivery_until_it_has_arrived_or_failed(
        self, store: Store
    ) -> None:
        text, mail, other = notice(channel=Channel.SMS), notice(), notice(channel=Channel.SMS, recipient="nipa")
        await store.commit(opening(notices=(text, mail, other)), at(0))
        for entry in await store.claim(at(1), 10, 60):
            reference = f"id-{entry.notice.channel}-{entry.notice.recipient.id}"
            await store.settle(entry, Delivery(Verdict.SENT, reference=reference), at(2), None)
        assert await store.key_of("id-sms-nipa") == other.key
        assert await store.key_of("id-mail-somchai") is None
        assert await store.key_of("") is None
        both = [SentNotice(other.key, "id-sms-nipa", T0 + 2), SentNotice(text.key, "id-sms-somchai", T0 + 2)]
        assert sorted(await store.in_delivery(T0, 10), key=lambda one: one.key) == sorted(both, key=lambda one: one.key)
        assert len(await store.in_delivery(T0, 1)) == 1
        assert await store.in_delivery(T0 + 3, 10) == ()
        await store.report(text.key, DELIVERED, at(3))
        await store.report(other.key, FAILED, at(3))
        assert await store.in_delivery(T0, 10) == ()

    async def test_a_report_about_nothing_changes_nothing(self, store: Store) -> None:
        await self.sent(store)
        before = await everything(store)
        assert not await store.report("no.such.notice", DELIVERED, at(9))
        assert await store.notice(4711) is None
        assert await everything(store) == before

    async def test_forgetting_takes_the_history_of_notices_along(self, store: Store) -> None:
        entry = await self.sent(store)
        await store.report(entry.notice.key, DELIVERED, at(9))
        await store.commit([ResolveFault(F1, Resolution.INVENTORY, T0 + 60)], at(60))
        assert await store.forget(T0 + DAY, 10) == 1
        assert not await store.report(entry.notice.key, DELIVERED, at(DAY))


class ClockContract:
    async def test_a_step_of_the_clock_moves_all_that_is_not_over(self, store: Store) -> None:
        step = -3 * 3600.0
        one = fault().with_recovered([DeviceId(f"ap-{VILLAGES[0]}")], T0 + 7)
        notices = (notice(), notice(recipient="nipa"))
        held: list[StoredDecision] = [OpenFault(one), OpenTicket(one.id, UBON, one.villages, one.opened_at)]
        await store.commit([*held, *(SendNotice(each, T0 + 300) for each in notices)], at(0))
        number = (await only_ticket(store)).number
        await store.act(TicketAction(number=number, author="nipa", status=TicketStatus.IN_PROGRESS), at(9))
        await store.shift(step)
        (case,) = await store.open_cases()
        assert case.fault.opened_at == one.opened_at + step
        assert case.fault.failed_at == one.failed_at + step
        assert {member.recovered_at for member in case.fault.members} == {None, T0 + 7 + step}
        (ticket,) = case.tickets
        assert (ticket.opened_at, ticket.accepted_at) == (one.opened_at + step, T0 + 9 + step)
        assert await store.claim(at(step + 299), 10, 60) == ()
        assert [entry.due_at for entry in await store.claim(at(step + 300), 10, 60)] == [T0 + 300 + step] * 2
        assert await store.claim(at(step + 301), 10, 60) == ()
        await store.shift(-step)
        assert await store.claim(at(359), 10, 60) == ()
        assert len(await store.claim(at(361), 10, 60)) == 2

    async def test_a_step_of_the_clock_leaves_what_is_over_as_it_was_written_down(self, store: Store) -> None:
        await store.commit(opening("f1", notices=(notice("f1"),)), at(0))
        (entry,) = await store.claim(at(1), 10, 60)
        await store.settle(entry, SENT, at(2), None)
        await store.commit([ResolveFault(F1, Resolution.INVENTORY, T0 + 60)], at(60))
        before = await everything(store), await store.notices(list(NoticeState), 10)
        await store.shift(7 * 3600.0)
        assert (await everything(store), await store.notices(list(NoticeState), 10)) == before


class StoreContract(
    ToldContract,
    FaultsContract,
    TicketsContract,
    OutboxContract,
    DeskContract,
    ReportsContract,
    ForgettingContract,
    ClockContract,
):
    """The whole promise."""

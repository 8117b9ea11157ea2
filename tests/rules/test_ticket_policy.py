"""What a fault's change makes netmon do: records, tickets, mails, SMS."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from netmon.model.faults import Cause, Fault, Member, Resolution, Scope
from netmon.model.ids import CentreId, DeviceId, FaultId, TechnicianId, VillageId
from netmon.model.inventory import Device, Inventory, Role, ServiceCentre, Technician, Village, Volunteer
from netmon.model.notices import Channel, Stage, Telling
from netmon.model.time import Now
from netmon.rules.routing import centres_of
from netmon.rules.ticket_policy import NoticePolicy, case_decisions

T = 1_700_000_000.0
POLICY = NoticePolicy()
WARIN, DET = CentreId("TOT-3415"), CentreId("TOT-3407")
V = [VillageId(f"341501{number:02d}") for number in range(1, 5)] + [VillageId("34070101"), VillageId("34070102")]


def village(one: VillageId) -> Village:
    centre = WARIN if one.startswith("3415") else DET
    amphoe = "วารินชำราบ" if centre == WARIN else "เดชอุดม"
    return Village(id=one, name=f"บ้าน{one[6:]}", tambon="ธาตุ", amphoe=amphoe, province="อุบลราชธานี", centre=centre)


INVENTORY = Inventory(
    villages={one: village(one) for one in V},
    devices=[
        *(Device(id=DeviceId(f"onu-{one}"), role=Role.UPLINK, village=one) for one in V),
        Device(id=DeviceId("olt-lonely"), role=Role.FEEDER, centre=DET),
    ],
    centres={one: ServiceCentre(id=one, name=one) for one in (WARIN, DET)},
    technicians=[
        Technician(id=TechnicianId("somchai"), name="สมชาย", centre=WARIN, email="somchai@example.org"),
        Technician(id=TechnicianId("malee"), name="มาลี", centre=WARIN, email=""),
        Technician(id=TechnicianId("prasit"), name="ประสิทธิ์", centre=DET, email="prasit@example.org"),
    ],
    # The fourth village has no volunteer, the second one's has no number.
    volunteers={
        one: Volunteer(village=one, name="อาสา", mobile="" if one == V[1] else "+66800000000")
        for one in V
        if one != V[3]
    },
)


def fault(*villages: VillageId, cause: Cause = Cause.POWER, failed_at: float = T - 30, name: str = "F1") -> Fault:
    return Fault(
        id=FaultId(name),
        scope=Scope.AMPHOE,
        key="3415",
        cause=cause,
        confidence=0.9,
        opened_at=T,
        members=tuple(Member(DeviceId(f"onu-{one}"), (one,), failed_at) for one in villages),
    )


def decide(before: Fault | None, after: Fault, at: float, merged: Sequence[Fault] = ()) -> tuple[StoredDecision, ...]:
    return case_decisions(before, after, INVENTORY, POLICY, Now(monotonic=at - T, wall=at), merged)


def notices(decisions: Sequence[StoredDecision]) -> list[tuple[str, str, str, float]]:
    """(stage, channel, recipient, seconds after T) of every notice."""
    sent = [one for one in decisions if isinstance(one, SendNotice)]
    return [(s.notice.stage.value, s.notice.channel.value, s.notice.recipient.id, s.not_before - T) for s in sent]


def tellings(decisions: Sequence[StoredDecision], stage: Stage) -> set[Telling]:
    return {one.telling for one in decisions if isinstance(one, SendNotice) and one.notice.stage is stage}


def recovered(one: Fault, villages: Sequence[VillageId], at: float) -> Fault:
    after = one.with_recovered([DeviceId(f"onu-{village}") for village in villages], at)
    return after if after.dark_villages else replace(after, resolved_at=at, resolution=Resolution.RECOVERED)


def test_new_fault_opens_a_ticket_per_centre_at_once_and_holds_every_message() -> None:
    decisions = decide(None, fault(V[0], V[1], V[4]), T)
    assert decisions[0] == OpenFault(fault(V[0], V[1], V[4]))
    assert [one for one in decisions if isinstance(one, OpenTicket)] == [
        OpenTicket(FaultId("F1"), DET, (V[4],), T),
        OpenTicket(FaultId("F1"), WARIN, (V[0], V[1]), T),
    ]
    assert notices(decisions) == [
        ("opened", "mail", "prasit", 120.0),
        ("opened", "mail", "somchai", 120.0),
        ("opened", "sms", V[4], 300.0),
        ("opened", "sms", V[0], 300.0),
    ]


def test_blip_inside_the_hold_resolves_silently() -> None:
    before = fault(V[0], V[4])
    decisions = decide(before, recovered(before, [V[0], V[4]], T + 60), T + 60)
    assert [type(one) for one in decisions[:3]] == [ChangeFault, SupersedeNotices, ResolveFault]
    assert tellings(decisions, Stage.RESOLVED) == {Telling.IF_TOLD}, "and nobody has been told"
    assert decisions[1] == SupersedeNotices(FaultId("F1"), (Stage.OPENED, Stage.EXTENDED, Stage.RELABELLED), T + 60)


def test_recovery_tells_everybody_who_was_told_whenever_it_comes() -> None:
    before = fault(V[0], V[1], V[3])
    for seconds in (60, 200, 900):  # before the holds, between them, after them
        decisions = decide(before, recovered(before, [V[0], V[1], V[3]], T + seconds), T + seconds)
        assert notices(decisions) == [("resolved", "mail", "somchai", seconds), ("resolved", "sms", V[0], seconds)]
        assert tellings(decisions, Stage.RESOLVED) == {Telling.IF_TOLD}


def test_village_back_before_the_rest_is_told_then_and_not_again() -> None:
    before = fault(V[0], V[2])
    part = recovered(before, [V[0]], T + 900)
    decisions = decide(before, part, T + 900)
    assert notices(decisions) == [("resolved", "sms", V[0], 900)]
    rest = decide(part, recovered(part, [V[2]], T + 1000), T + 1000)
    assert notices(rest) == [("resolved", "mail", "somchai", 1000), ("resolved", "sms", V[2], 1000)]


@pytest.mark.parametrize("seconds", [100, 900])
def test_village_that_is_back_loses_only_its_own_unsent_message(seconds: float) -> None:
    before = fault(V[0], V[2])
    decisions = decide(before, recovered(before, [V[0]], T + seconds), T + seconds)
    superseded = [one for one in decisions if isinstance(one, SupersedeNotices)]
    assert [(one.stages, [who.id for who in one.recipients]) for one in superseded] == [((Stage.OPENED,), [V[0]])]
    assert tellings(decisions, Stage.RESOLVED) == {Telling.IF_TOLD}


def test_village_added_inside_the_hold_is_covered_by_the_first_mail() -> None:
    decisions = decide(fault(V[0]), fault(V[0], V[2]), T + 60)
    assert AddVillages(FaultId("F1"), WARIN, (V[2],), T + 60) in decisions
    assert notices(decisions) == [("opened", "sms", V[2], 300.0)]


def test_villages_added_after_the_first_mail_share_one_further_mail_per_period() -> None:
    one, two, three = fault(V[0]), fault(V[0], V[1]), fault(V[0], V[1], V[3])
    first, second = decide(one, two, T + 150), decide(two, three, T + 400)
    assert notices(first) == [("extended", "mail", "somchai", 420.0)]
    keys = {s.notice.key for s in (*first, *second) if isinstance(s, SendNotice)}
    assert len(keys) == 1
    later = decide(two, three, T + 430)
    assert notices(later) == [("extended", "mail", "somchai", 720.0)]


def test_village_that_failed_later_waits_its_own_hold() -> None:
    late = Member(DeviceId(f"onu-{V[2]}"), (V[2],), T + 500)
    decisions = decide(fault(V[0]), fault(V[0]).with_members([late]), T + 530)
    assert ("opened", "sms", V[2], 800.0) in notices(decisions)


def test_village_that_fails_twice_in_one_fault_is_told_twice() -> None:
    start = fault(V[0], V[2])
    back = recovered(start, [V[0]], T + 900)
    again = back.with_members([Member(DeviceId(f"onu-{V[0]}"), (V[0],), T + 1000)])
    every = [*decide(None, start, T), *decide(start, back, T + 900), *decide(back, again, T + 1030)]
    every += decide(again, recovered(again, [V[0], V[2]], T + 2000), T + 2000)
    texts = [one.notice for one in every if isinstance(one, SendNotice) and one.notice.recipient.id == V[0]]
    assert [one.stage for one in texts] == [Stage.OPENED, Stage.RESOLVED, Stage.OPENED, Stage.RESOLVED]
    assert len({one.key for one in texts}) == 4


def test_fault_that_spreads_to_another_centre_opens_a_ticket_there() -> None:
    decisions = decide(fault(V[0]), fault(V[0], V[4]), T + 200)
    assert OpenTicket(FaultId("F1"), DET, (V[4],), T + 200) in decisions
    assert ("opened", "mail", "prasit", 200.0) in notices(decisions)
    assert not any(recipient == "somchai" for _, _, recipient, _ in notices(decisions))


def test_changed_cause_is_mailed_once_the_first_mail_is_out() -> None:
    before = fault(V[0], cause=Cause.UPLINK)
    assert notices(decide(before, fault(V[0]), T + 60)) == []
    decisions = decide(before, fault(V[0]), T + 600)
    assert notices(decisions) == [("relabelled", "mail", "somchai", 600.0)]
    assert isinstance(decisions[0], ChangeFault)
    assert decisions[0].note == "cause power (was uplink)"


def test_merged_fault_goes_silently_and_its_villages_are_told_only_where_it_has_not_done_so() -> None:
    younger = replace(fault(V[2], name="F2"), opened_at=T + 10, scope=Scope.DEVICE, key="onu")
    for at, due in ((T + 100, 300.0), (T + 310, 310.0)):
        gone = replace(younger, resolved_at=at, resolution=Resolution.MERGED, merged_into=FaultId("F1"))
        assert decide(younger, gone, at) == (
            SupersedeNotices(FaultId("F2"), (Stage.OPENED, Stage.EXTENDED, Stage.RELABELLED), at),
            ResolveFault(FaultId("F2"), Resolution.MERGED, at, FaultId("F1")),
        )
        survivor = decide(fault(V[0]), fault(V[0], V[2]), at, merged=[younger])
        assert AddVillages(FaultId("F1"), WARIN, (V[2],), at) in survivor
        assert [one for one in notices(survivor) if one[1] == "sms"] == [("opened", "sms", V[2], due)]
        assert tellings(survivor, Stage.OPENED) == {Telling.UNLESS_TOLD}


def test_history_says_what_a_rescoped_fault_is_about_now() -> None:
    single = replace(fault(V[0], cause=Cause.UPLINK), scope=Scope.DEVICE, key=f"onu-{V[0]}")
    grown = replace(fault(V[0], V[2]), confidence=0.7)
    change = decide(single, grown, T + 10)[0]
    assert isinstance(change, ChangeFault)
    assert change.note == (
        f"now about amphoe 3415 (was device onu-{V[0]}); cause power (was uplink); villages dark: {V[2]}"
    )
    surer = decide(grown, replace(grown, confidence=0.9), T + 20)
    assert surer == (ChangeFault(replace(grown, confidence=0.9), "confidence 0.90 (was 0.70)"),)


def test_village_that_the_inventory_no_longer_has_gets_neither_ticket_nor_message() -> None:
    stranger = VillageId("50010101")
    decisions = decide(None, fault(stranger), T)
    assert [type(one) for one in decisions] == [OpenFault]


def test_retired_devices_close_the_ticket_without_telling_the_village_it_works() -> None:
    before = fault(V[0])
    after = replace(recovered(before, [V[0]], T + 900), resolution=Resolution.INVENTORY)
    assert notices(decide(before, after, T + 900)) == [("resolved", "mail", "somchai", 900)]


@pytest.mark.parametrize("cause", [Cause.AGENT, Cause.DEGRADED, Cause.UNUSED])
def test_volunteers_are_not_told_of_what_they_cannot_help(cause: Cause) -> None:
    assert {channel for _, channel, _, _ in notices(decide(None, fault(V[0], cause=cause), T))} == {"mail"}
    before = fault(V[0], cause=cause)
    assert ("opened", "sms", V[0], 900.0) in notices(decide(before, fault(V[0]), T + 900))


def test_cause_that_is_no_longer_told_by_sms_does_not_claim_the_village_works() -> None:
    before = fault(V[0], cause=Cause.UPLINK)
    late = decide(before, fault(V[0], cause=Cause.AGENT), T + 900)
    assert {channel for _, channel, _, _ in notices(late)} == {"mail"}
    early = decide(before, fault(V[0], cause=Cause.AGENT), T + 100)
    assert any(isinstance(one, SupersedeNotices) for one in early)


def test_holds_can_be_set_per_cause_and_channel() -> None:
    policy = NoticePolicy(overrides={(Cause.POWER, Channel.SMS): 60.0, (Cause.POWER, Channel.MAIL): None})
    decisions = case_decisions(None, fault(V[0]), INVENTORY, policy, Now(0, T))
    assert notices(decisions) == [("opened", "sms", V[0], 60.0)]


def test_feeder_without_villages_goes_to_its_own_centre() -> None:
    lonely = replace(fault(), members=(Member(DeviceId("olt-lonely"), (), T),))
    assert centres_of(lonely, INVENTORY) == {DET: ()}
    assert ("opened", "mail", "prasit", 120.0) in notices(decide(None, lonely, T))


def test_ended_fault_and_unchanged_fault_decide_nothing() -> None:
    over = recovered(fault(V[0]), [V[0]], T + 1)
    assert decide(over, over, T + 2) == ()
    assert decide(fault(V[0]), fault(V[0]), T + 500) == ()


steps = st.lists(st.tuples(st.sampled_from(["dark", "back"]), st.sampled_from(V), st.integers(1, 400)), max_size=12)


@given(steps)
def test_nobody_is_told_twice_of_one_thing_or_of_an_end_before_its_beginning(
    happenings: list[tuple[str, VillageId, int]],
) -> None:
    at, now_fault = T, fault(V[0])
    decisions = list(decide(None, now_fault, at))
    for what, one, seconds in happenings:
        at += seconds
        device = DeviceId(f"onu-{one}")
        if what == "dark" and one not in now_fault.dark_villages:
            after = now_fault.with_members([Member(device, (one,), at - 1)])
        else:
            after = recovered(now_fault, [one], at)
        decisions += decide(now_fault, after, at)
        now_fault = after
        if not now_fault.is_open:
            break
    keys = Counter(
        one.notice.key for one in decisions if isinstance(one, SendNotice) and one.notice.stage != "extended"
    )
    assert all(number == 1 for number in keys.values())
    for one in V:
        delivered = outbox(decisions, one)
        assert all(a is not b for a, b in pairwise(delivered)), delivered
        assert delivered[:1] in ([], [Stage.OPENED])


def outbox(decisions: Sequence[StoredDecision], one: VillageId) -> list[Stage]:
    """Stages of the SMS that a store would let out for one village, in the order they leave."""
    waiting: list[SendNotice] = []
    left: list[Stage] = []
    for decision in decisions:
        if isinstance(decision, SendNotice) and decision.telling is Telling.IF_TOLD:
            due = [w for w in waiting if w.not_before <= decision.not_before]
            left += [w.notice.stage for w in due]
            waiting = [w for w in waiting if w not in due]
            if left[-1:] != [Stage.OPENED]:
                continue
        if isinstance(decision, SendNotice) and decision.notice.recipient.id == one:
            waiting.append(decision)
        if isinstance(decision, SupersedeNotices) and (
            not decision.recipients or one in [who.id for who in decision.recipients]
        ):
            left += [w.notice.stage for w in waiting if w.not_before <= decision.at]
            waiting = [w for w in waiting if w.not_before > decision.at and w.notice.stage not in decision.stages]
    return left + [w.notice.stage for w in sorted(waiting, key=lambda w: w.not_before)]

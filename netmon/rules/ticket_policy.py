"""A fault's change as decisions: records, tickets, and who is told what when.

Tickets open at once, messages wait a hold, so that a blip resolves silently. A message's hold runs from the fault's
opening, for a village that failed later from that failure. What is still unsent when it no longer holds is
superseded, and only who was told of a failure is told of its end: that is the store's to know (`Telling`), because a
hold that has passed proves nothing where a gateway was away.

    technician, mail    OPENED, one EXTENDED per `coalesce` while villages are added, RELABELLED when the cause
                        changes, RESOLVED. All within the hold are covered by OPENED, whose mail shows the newest state.
    NOC, mail           OPENED and RESOLVED of a fault about an area's agents, which has no ticket.
    volunteer, SMS      OPENED for each village that goes dark, RESOLVED when it is back, also before the rest.

A notice's identity contains its revision, so each rule below gives the same number when asked again: the mail's is
the count of periods since the fault, the SMS's is the seconds from the fault's opening to that village's failure (0
for those that failed first), so a village that fails twice in one fault is told twice.

A fault that is merged away tells nobody: its villages live on in the survivor's tickets.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from netmon.model.faults import MILD, Cause, Fault, Resolution, Scope
from netmon.model.ids import CentreId, VillageId
from netmon.model.inventory import Inventory
from netmon.model.notices import Audience, Channel, Notice, Recipient, Stage, Telling
from netmon.model.time import Now
from netmon.rules.routing import centres_of, technicians, volunteers

_DOWN_STAGES = (Stage.OPENED, Stage.EXTENDED, Stage.RELABELLED)


@dataclass(frozen=True, slots=True)
class NoticePolicy:
    """How long messages wait (seconds).

    `overrides` has holds of its own per cause and channel; None means that cause is never told on that channel.
    `without_sms` are causes that a volunteer can do nothing about. Technicians get at most one mail about further
    villages per `coalesce`.
    """

    mail_hold: float = 120.0
    sms_hold: float = 300.0
    coalesce: float = 300.0
    overrides: Mapping[tuple[Cause, Channel], float | None] = field(default_factory=dict)
    without_sms: frozenset[Cause] = MILD

    def hold(self, cause: Cause, channel: Channel) -> float | None:
        """Seconds to wait before telling of such a fault, None where it is not told at all."""
        if (cause, channel) in self.overrides:
            return self.overrides[cause, channel]
        if channel is Channel.MAIL:
            return self.mail_hold
        return None if cause in self.without_sms else self.sms_hold


@dataclass(frozen=True, slots=True)
class _Change:
    """One fault's change with all that its consequences depend on."""

    before: Fault
    after: Fault
    inventory: Inventory
    policy: NoticePolicy
    wall: float
    inherited: frozenset[VillageId]
    """Dark villages of faults that have just been merged into this one, whose volunteers those may have told."""


def case_decisions(
    before: Fault | None,
    after: Fault,
    inventory: Inventory,
    policy: NoticePolicy,
    now: Now,
    merged: Sequence[Fault] = (),
) -> tuple[StoredDecision, ...]:
    """All decisions that follow from a fault's change, in the order to carry them out.

    Args:
        before: the fault as it is on record, None if it is new.
        after: the fault as it is concluded now.
        inventory: who is responsible, and who is told.
        policy: how long messages wait.
        now: the time of this conclusion.
        merged: the faults as they were on record that this conclusion merged into this one. Their tickets are
            cancelled by their own changes; here they keep a volunteer from being told of the same failure twice.
    """
    if before is not None and not before.is_open:
        return ()
    inherited = frozenset(village for fault in merged for village in fault.dark_villages)
    blank = before or replace(after, members=(), evidence=(), resolved_at=None, resolution=None, merged_into=None)
    change = _Change(blank, after, inventory, policy, now.wall, inherited)
    if not after.is_open:
        return (*_record(before, change), *_end(change))
    return (*_record(before, change), *_tickets(change), *_mails(change), *_messages(change))


def _record(before: Fault | None, change: _Change) -> Iterator[StoredDecision]:
    after = change.after
    standing = replace(after, resolved_at=None, resolution=None, merged_into=None)
    if before is None:
        yield OpenFault(standing)
    elif standing != before:
        yield ChangeFault(standing, _note(before, standing))


def _note(before: Fault, after: Fault) -> str:
    """What changed, for the ticket's history."""
    parts = []
    if (before.scope, before.key) != (after.scope, after.key):
        parts.append(f"now about {after.scope} {after.key} (was {before.scope} {before.key})")
    if before.cause is not after.cause:
        parts.append(f"cause {after.cause} (was {before.cause})")
    was_dark, is_dark = set(before.dark_villages), set(after.dark_villages)
    if is_dark - was_dark:
        parts.append(f"villages dark: {', '.join(sorted(is_dark - was_dark))}")
    if was_dark - is_dark:
        parts.append(f"villages back: {', '.join(sorted(was_dark - is_dark))}")
    return "; ".join(parts) or f"confidence {after.confidence:.2f} (was {before.confidence:.2f})"


def _tickets(change: _Change) -> Iterator[StoredDecision]:
    old = centres_of(change.before, change.inventory)
    for centre, villages in centres_of(change.after, change.inventory).items():
        if centre not in old:
            yield OpenTicket(change.after.id, centre, villages, change.wall)
        elif new := tuple(village for village in villages if village not in old[centre]):
            yield AddVillages(change.after.id, centre, new, change.wall)


def _mails(change: _Change) -> Iterator[StoredDecision]:
    before, after = change.before, change.after
    hold = change.policy.hold(after.cause, Channel.MAIL)
    if hold is None:
        return
    if after.scope is Scope.AREA_AGENTS:
        yield _to_noc(after, Stage.OPENED, max(change.wall, after.opened_at + hold), Telling.ALWAYS)
        return
    old = centres_of(before, change.inventory)
    for centre, villages in centres_of(after, change.inventory).items():
        if centre not in old or change.policy.hold(before.cause, Channel.MAIL) is None:
            due = max(change.wall, _due(after, villages, hold))
            yield from _mail(change, centre, Stage.OPENED, due)
            continue
        due = _due(before, old[centre], hold)
        if change.wall < due:
            continue
        if before.cause is not after.cause:
            revision = int(change.wall - after.opened_at)
            yield from _mail(change, centre, Stage.RELABELLED, change.wall, revision)
        elif set(villages) - set(old[centre]):
            period = 1 + int((change.wall - due) // change.policy.coalesce)
            yield from _mail(change, centre, Stage.EXTENDED, due + period * change.policy.coalesce, period)


def _to_noc(fault: Fault, stage: Stage, not_before: float, telling: Telling) -> SendNotice:
    """What no service centre can mend is told to the NOC."""
    recipient = Recipient(Audience.NOC, "noc")
    notice = Notice(stage=stage, channel=Channel.MAIL, recipient=recipient, fault=fault.id)
    return SendNotice(notice, not_before, telling)


def _mail(
    change: _Change, centre: CentreId, stage: Stage, not_before: float, revision: int = 0
) -> Iterator[SendNotice]:
    for recipient in technicians(centre, change.inventory):
        notice = Notice(
            stage=stage,
            channel=Channel.MAIL,
            recipient=recipient,
            fault=change.after.id,
            centre=centre,
            revision=revision,
        )
        yield SendNotice(notice, not_before, Telling.IF_TOLD if stage is Stage.RESOLVED else Telling.ALWAYS)


def _messages(change: _Change) -> Iterator[StoredDecision]:
    """SMS to volunteers of villages that went dark, or came back while others are still dark."""
    before, after, policy = change.before, change.after, change.policy
    was_dark, is_dark = _dark_for_sms(before, policy), _dark_for_sms(after, policy)
    back = sorted(was_dark - is_dark)
    yield from _unsay(change, back)
    still_dark = set(after.dark_villages)
    yield from _sms(change, before, [one for one in back if one not in still_dark], Stage.RESOLVED)
    yield from _sms(change, after, sorted(is_dark - was_dark), Stage.OPENED)


def _unsay(change: _Change, villages: Sequence[VillageId]) -> Iterator[StoredDecision]:
    recipients = volunteers(villages, change.inventory)
    if recipients:
        yield SupersedeNotices(change.after.id, (Stage.OPENED,), change.wall, recipients)


def _sms(change: _Change, source: Fault, villages: Iterable[VillageId], stage: Stage) -> Iterator[SendNotice]:
    """`source` is the state of the fault in which these villages are dark: it dates their failure."""
    hold = change.policy.hold(source.cause, Channel.SMS) or 0.0
    failures = _failures(source)
    for village in villages:
        if village not in change.inventory.villages:
            continue
        failed_at = failures.get(village, source.opened_at)
        due = change.wall if stage is Stage.RESOLVED else max(change.wall, max(source.opened_at, failed_at) + hold)
        for recipient in volunteers([village], change.inventory):
            notice = _message(change, recipient, stage, max(0, int(failed_at - source.opened_at)))
            yield SendNotice(notice, due, _telling(change, village, stage))


def _telling(change: _Change, village: VillageId, stage: Stage) -> Telling:
    if stage is Stage.RESOLVED:
        return Telling.IF_TOLD
    return Telling.UNLESS_TOLD if village in change.inherited else Telling.ALWAYS


def _message(change: _Change, recipient: Recipient, stage: Stage, revision: int) -> Notice:
    return Notice(
        stage=stage,
        channel=Channel.SMS,
        recipient=recipient,
        fault=change.after.id,
        centre=change.inventory.villages[VillageId(recipient.id)].centre,
        revision=revision,
    )


def _end(change: _Change) -> Iterator[StoredDecision]:
    before, after = change.before, change.after
    yield SupersedeNotices(after.id, _DOWN_STAGES, change.wall)
    resolution = after.resolution or Resolution.RECOVERED
    yield ResolveFault(after.id, resolution, after.resolved_at or change.wall, after.merged_into)
    if resolution is Resolution.MERGED:
        return
    if before.scope is Scope.AREA_AGENTS:
        yield _to_noc(before, Stage.RESOLVED, change.wall, Telling.IF_TOLD)
        return
    for centre in centres_of(before, change.inventory):
        yield from _mail(change, centre, Stage.RESOLVED, change.wall)
    # A village whose devices were retired is not "working again".
    if resolution is not Resolution.INVENTORY:
        yield from _sms(change, before, before.dark_villages, Stage.RESOLVED)


def _due(fault: Fault, villages: Sequence[VillageId], hold: float) -> float:
    """When the first message about these villages is due: the hold runs from opening, or a later failure."""
    wanted = set(villages)
    failed = [member.failed_at for member in fault.members if not wanted or wanted.intersection(member.villages)]
    return max(fault.opened_at, min(failed, default=fault.opened_at)) + hold


def _failures(fault: Fault) -> dict[VillageId, float]:
    """When each village that is dark fell silent."""
    found: dict[VillageId, float] = {}
    for member in fault.members:
        if member.recovered_at is None:
            for village in member.villages:
                found[village] = min(member.failed_at, found.get(village, member.failed_at))
    return found


def _dark_for_sms(fault: Fault, policy: NoticePolicy) -> set[VillageId]:
    return set(fault.dark_villages) if policy.hold(fault.cause, Channel.SMS) is not None else set()

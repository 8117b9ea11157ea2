"""`ports.Store` in memory, held to the same contract as the real one (tests/stores/store_contract.py)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from netmon.errors import InputError, StoreError
from netmon.model.cases import Case, TicketFile
from netmon.model.chronicle import DeviceEvent, DeviceRecord
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
from netmon.model.faults import Fault, Resolution
from netmon.model.ids import CentreId, DeviceId, FaultId, TicketNumber
from netmon.model.notices import (
    Channel,
    Delivery,
    Notice,
    NoticeEvent,
    NoticeFile,
    NoticeState,
    OutboxEntry,
    OutboxLine,
    Progress,
    Report,
    SentNotice,
    Stage,
    Telling,
    Verdict,
)
from netmon.model.paths import PathTrace
from netmon.model.tickets import ALLOWED_MOVES, Ticket, TicketEvent, TicketStatus
from netmon.model.time import Now
from netmon.ports import OutboxState, TicketAction

_THAILAND = timezone(timedelta(hours=7))


@dataclass
class OutboxRow:
    """A notice and where it stands: waiting, sent, superseded, dead or unknown."""

    id: int
    notice: Notice
    ticket: TicketNumber | None
    not_before: float
    next_try: float
    created_at: float
    attempt: int = 0
    doubts: int = 0
    lease_until: float = float("-inf")
    parted_at: float | None = None
    stale: bool = False
    state: str = "waiting"
    reference: str = ""
    reason: str = ""
    finished_at: float = float("inf")
    progress: Progress = Progress.NONE
    history: list[NoticeEvent] = field(default_factory=list)
    weight: int = 0
    told_with: str = ""
    telling: Telling = Telling.ALWAYS
    message: str = ""

    def note(self, event: NoticeEvent) -> None:
        """Unless the last line says the same."""
        if not self.history or (self.history[-1].what, self.history[-1].text) != (event.what, event.text):
            self.history.append(event)

    @property
    def lane(self) -> tuple[object, ...]:
        return (self.notice.channel, self.notice.recipient, self.notice.fault)


class FakeStore:
    """Everything in plain attributes, for tests to look at. `trouble` makes the next writes fail with that sentence."""

    def __init__(self) -> None:
        self.faults: dict[FaultId, Fault] = {}
        self.by_number: dict[TicketNumber, Ticket] = {}
        self.history: dict[TicketNumber, list[TicketEvent]] = {}
        self.rows: list[OutboxRow] = []
        self.records: dict[DeviceId, DeviceRecord] = {}
        self.device_history: list[DeviceEvent] = []
        self.forgotten_tickets = 0
        self._keys: set[str] = set()
        self._lanes: dict[tuple[object, ...], list[OutboxRow]] = {}
        self.trouble = ""
        self.touched_elsewhere = False
        self.closed = False

    async def open_cases(self) -> tuple[Case, ...]:
        found = sorted((f for f in self.faults.values() if f.is_open), key=lambda f: (f.opened_at, f.id))
        return tuple(self._case(one) for one in found)

    async def cases(self, faults: Collection[FaultId]) -> tuple[Case, ...]:
        found = sorted((self.faults[f] for f in faults if f in self.faults), key=lambda f: (f.opened_at, f.id))
        return tuple(self._case(one) for one in found)

    async def case(self, fault: FaultId) -> Case | None:
        return self._case(self.faults[fault]) if fault in self.faults else None

    def _case(self, fault: Fault) -> Case:
        return Case(fault, tuple(t for t in self.by_number.values() if t.fault == fault.id))

    async def tickets(self, *, only_open: bool) -> tuple[Ticket, ...]:
        return tuple(t for t in reversed(self.by_number.values()) if t.is_open or not only_open)

    async def ticket(self, number: TicketNumber) -> TicketFile | None:
        if number not in self.by_number:
            return None
        ticket = self.by_number[number]
        return TicketFile(ticket, self.faults[ticket.fault], tuple(self.history[number]))

    async def outbox(self, now: Now, channel: Channel | None = None) -> OutboxState:
        waiting = [r for r in self.rows if r.state == "waiting" and channel in (None, r.notice.channel)]
        return OutboxState(len(waiting), min((r.not_before for r in waiting if r.not_before <= now.wall), default=None))

    async def note_path(self, fault: FaultId, path: PathTrace) -> None:
        self._check_trouble()
        if fault in self.faults:
            self.faults[fault] = replace(self.faults[fault], path=path)

    async def note_devices(self, records: Sequence[DeviceRecord], events: Sequence[DeviceEvent], now: Now) -> None:
        self._check_trouble()
        self.records.update({one.device: one for one in records})
        self.device_history += events

    async def device_records(self) -> tuple[DeviceRecord, ...]:
        return tuple(self.records[one] for one in sorted(self.records))

    async def device_events(self, of: Collection[DeviceId], limit: int) -> tuple[DeviceEvent, ...]:
        return tuple([one for one in self.device_history if one.device in of][-limit:])

    async def commit(self, decisions: Sequence[StoredDecision], now: Now) -> None:
        self._check_trouble()
        kept = (dict(self.faults), dict(self.by_number), {k: list(v) for k, v in self.history.items()})
        rows = [replace(row) for row in self.rows]
        try:
            self._carry_out(decisions, now)
        except StoreError:
            (self.faults, self.by_number, self.history), self.rows = kept, rows
            self._lanes = {}
            for row in rows:
                self._lanes.setdefault(row.lane, []).append(row)
            raise

    def _check_trouble(self) -> None:
        if self.trouble:
            raise StoreError(self.trouble)

    def _carry_out(self, decisions: Sequence[StoredDecision], now: Now) -> None:
        last = {d.fault.id: d.fault for d in decisions if isinstance(d, ChangeFault)}
        settled = {i for i, new in last.items() if i in self.faults and _changed(self.faults[i], new) == self.faults[i]}
        for decision in decisions:
            if isinstance(decision, ResolveFault) and decision.resolution is Resolution.MERGED:
                if decision.fault in self.faults:
                    self._resolve(decision)
        for position, decision in enumerate(decisions):
            if isinstance(decision, SupersedeNotices):
                later = {d.notice.key for d in decisions[position + 1 :] if isinstance(d, SendNotice)}
                self._supersede(decision, now, later)
            elif not (isinstance(decision, ChangeFault) and decision.fault.id in settled):
                self._carry_out_one(decision, now)
        for decision in decisions:
            if isinstance(decision, ResolveFault) and decision.resolution is Resolution.MERGED:
                self._end_merged(decision)

    def _end_merged(self, decision: ResolveFault) -> None:
        fault = self.faults[decision.fault]
        if fault.resolution is Resolution.MERGED:
            if fault.merged_into is not None:
                self._known(fault.merged_into)
            self._end_tickets(decision)

    def _carry_out_one(self, decision: StoredDecision, now: Now) -> None:
        match decision:
            case OpenFault(fault):
                self._open_fault(fault)
            case ChangeFault(fault, note):
                self._change_fault(fault, note, now)
            case ResolveFault():
                self._resolve(decision)
            case OpenTicket():
                self._open_ticket(decision)
            case AddVillages():
                self._add_villages(decision)
            case SendNotice():
                self._send(decision, now)

    def _open_fault(self, fault: Fault) -> None:
        if fault.id in self.faults:
            return
        self._check_identity(fault)
        self.faults[fault.id] = fault

    def _check_identity(self, fault: Fault) -> None:
        others = [one for one in self.faults.values() if one.is_open and one.id != fault.id]
        if fault.is_open and any((one.scope, one.key) == (fault.scope, fault.key) for one in others):
            raise StoreError(f"A fault of {fault.scope} {fault.key} is open already.")

    def _change_fault(self, fault: Fault, note: str, now: Now) -> None:
        changed = _changed(self._known(fault.id), fault)
        self._check_identity(changed)
        self.faults[fault.id] = changed
        for ticket in self.by_number.values():
            if note and ticket.fault == fault.id and not ticket.status.is_terminal:
                self.history[ticket.number].append(TicketEvent(now.wall, "netmon", "changed", note))

    def _known(self, fault: FaultId) -> Fault:
        if fault not in self.faults:
            raise StoreError(f"Fault {fault} is not in the database.")
        return self.faults[fault]

    def _resolve(self, decision: ResolveFault) -> None:
        fault = self._known(decision.fault)
        if not fault.is_open:
            return
        self.faults[fault.id] = replace(
            fault, resolved_at=decision.at, resolution=decision.resolution, merged_into=decision.merged_into
        )
        if decision.resolution is not Resolution.MERGED:
            self._end_tickets(decision)

    def _end_tickets(self, decision: ResolveFault) -> None:
        by_inventory = decision.resolution is Resolution.INVENTORY
        for ticket in list(self.by_number.values()):
            if ticket.fault != decision.fault:
                continue
            if not ticket.is_open and not (by_inventory and ticket.status is TicketStatus.RESOLVED):
                continue
            if decision.resolution is Resolution.MERGED:
                survivor = self._number_of(decision.merged_into, ticket.centre)
                text = "merged"
                if survivor is not None:
                    text = f"merged into {survivor}"
                    event = TicketEvent(decision.at, "netmon", "merged", f"{ticket.number} merged into this")
                    self.history[survivor].append(event)
                self._move(ticket, TicketStatus.CANCELLED, TicketEvent(decision.at, "netmon", "cancelled", text))
            else:
                status = TicketStatus.CLOSED if by_inventory else TicketStatus.RESOLVED
                self._move(ticket, status, TicketEvent(decision.at, "netmon", status, decision.resolution))

    def _number_of(self, fault: FaultId | None, centre: CentreId | None) -> TicketNumber | None:
        found = [t.number for t in self.by_number.values() if (t.fault, t.centre) == (fault, centre)]
        return next((number for number in found if not self.by_number[number].status.is_terminal), None)

    def _move(self, ticket: Ticket, status: TicketStatus, event: TicketEvent) -> None:
        resolved_at, closed_at = ticket.resolved_at, ticket.closed_at
        if status is TicketStatus.RESOLVED:
            resolved_at = event.at
        elif status is TicketStatus.IN_PROGRESS:
            resolved_at = None
        elif status.is_terminal:
            closed_at = event.at
            if status is TicketStatus.CLOSED and resolved_at is None:
                resolved_at = event.at
        moved = replace(ticket, status=status, resolved_at=resolved_at, closed_at=closed_at)
        self.by_number[ticket.number] = moved
        self.history[ticket.number].append(event)

    def _open_ticket(self, decision: OpenTicket) -> None:
        is_over = not self._known(decision.fault).is_open
        same = [t for t in self.by_number.values() if (t.fault, t.centre) == (decision.fault, decision.centre)]
        if is_over or any(not t.status.is_terminal or t.opened_at == decision.at for t in same):
            return
        year = datetime.fromtimestamp(decision.at, _THAILAND).year + 543
        number = TicketNumber(f"T-{year}-{len(self.by_number) + self.forgotten_tickets + 1:06d}")
        self.by_number[number] = Ticket(
            number=number,
            fault=decision.fault,
            centre=decision.centre,
            status=TicketStatus.ACKNOWLEDGED,
            villages=tuple(sorted(set(decision.villages))),
            opened_at=decision.at,
        )
        self.history[number] = [TicketEvent(decision.at, "netmon", "opened")]

    def _add_villages(self, decision: AddVillages) -> None:
        number = self._number_of(decision.fault, decision.centre)
        if number is None:
            return
        ticket = self.by_number[number]
        new = sorted(set(decision.villages) - set(ticket.villages))
        if new:
            self.by_number[number] = replace(ticket, villages=tuple(sorted({*ticket.villages, *new})))
            self.history[number].append(TicketEvent(decision.at, "netmon", "extended", ", ".join(new)))

    def _send(self, decision: SendNotice, now: Now) -> None:
        notice = decision.notice
        if len(self._keys) != len(self.rows):
            self._keys = {row.notice.key for row in self.rows}
        if notice.key in self._keys or self._verdict(decision.telling, notice, now) is False:
            return
        if notice.fault is not None:
            self._known(notice.fault)
        self._keys.add(notice.key)
        of_centre = [t.number for t in self.by_number.values() if (t.fault, t.centre) == (notice.fault, notice.centre)]
        ticket = of_centre[-1] if of_centre else None
        due = decision.not_before
        weight = 0 if ticket is None else len(self.by_number[ticket].villages)
        row = OutboxRow(len(self.rows) + 1, notice, ticket, due, due, created_at=now.wall)
        row.weight = 1_000_000 if notice.fault is None else weight
        row.telling = decision.telling
        self.rows.append(row)
        self._lanes.setdefault(row.lane, []).append(row)

    def _verdict(self, telling: Telling, notice: Notice, now: Now) -> bool | None:
        """Whether a notice that depends on what was told before may leave; None while that is not decided."""
        if telling is Telling.ALWAYS:
            return True
        known = ""
        for row in sorted(self._earlier(notice), key=lambda row: row.id):
            if row.state == "waiting" and row.lease_until > now.wall:
                return None
            told = "down" if row.state == "sent" or row.told_with else "maybe" if row.doubts else ""
            if told:
                is_end = row.notice.stage in {Stage.RESOLVED, Stage.SIGHTED}
                known = "" if is_end and told == "down" else told
        return bool(known) if telling is Telling.IF_TOLD else known != "down"

    def _earlier(self, notice: Notice) -> list[OutboxRow]:
        family = [notice.fault]
        for one in family:
            merged = [other.id for other in self.faults.values() if other.merged_into == one and one is not None]
            family += [other for other in merged if other not in family]
        found = [row for one in family for row in self._lanes.get((notice.channel, notice.recipient, one), [])]
        return [row for row in found if row.state != "forgotten"]

    def _let_out(self, rows: Sequence[OutboxRow], now: Now, lease: float) -> tuple[OutboxEntry, ...]:
        messages = {row.message for row in rows} - {""}
        waiting = [row for row in self.rows if row.state == "waiting" and row.lease_until <= now.wall]
        rows = [*rows, *(row for row in waiting if row.message in messages and row not in rows)]
        verdicts = [self._verdict(row.telling, row.notice, now) for row in rows]
        for row, verdict in zip(rows, verdicts, strict=True):
            if verdict is False:
                row.state, row.finished_at = "superseded", now.wall
                row.reason = "what this person was told before leaves nothing to say"
        leave = [
            row for row, verdict in zip(rows, verdicts, strict=True) if verdict or (verdict is None and row.message)
        ]
        return _leased(leave, now, lease)

    def _supersede(self, decision: SupersedeNotices, now: Now, spared: set[str]) -> None:
        for row in self.rows:
            meant = row.notice.fault == decision.fault and row.notice.stage in decision.stages
            meant = meant and (not decision.recipients or row.notice.recipient in decision.recipients)
            if row.state == "waiting" and meant and row.notice.key not in spared:
                if row.lease_until > now.wall:
                    row.stale = True
                else:
                    row.state = "superseded"

    async def claim(
        self, now: Now, limit: int, lease: float, channel: Channel | None = None
    ) -> tuple[OutboxEntry, ...]:
        self._check_trouble()
        for row in self.rows:
            if row.state == "waiting" and row.stale and row.lease_until <= now.wall:
                row.state = "superseded"
        due = [r for r in self._free(now) if r.next_try <= now.wall]
        due = [r for r in due if channel is None or r.notice.channel is channel]
        return self._let_out(sorted(due, key=lambda row: (-row.weight, row.next_try, row.id))[:limit], now, lease)

    async def claim_rest(self, now: Now, claimed: Sequence[OutboxEntry], lease: float) -> tuple[OutboxEntry, ...]:
        self._check_trouble()
        ids = {one.id for one in claimed}
        wanted = {(one.notice.recipient, one.notice.channel) for one in claimed}
        taken: list[OutboxRow] = []
        blocked: set[object] = set()
        for row in self.rows:
            if row.state != "waiting" or row.lane in blocked or (row.id in ids and not row.doubts):
                continue
            if row.doubts or row.not_before > now.wall or row.lease_until > now.wall:
                blocked.add(row.lane)
            elif (row.notice.recipient, row.notice.channel) in wanted:
                taken.append(row)
        return self._let_out(taken, now, lease)

    def _free(self, now: Now) -> list[OutboxRow]:
        heads: dict[object, OutboxRow] = {}
        for row in self.rows:
            if row.state == "waiting":
                heads.setdefault(row.lane, row)
        return [row for row in heads.values() if row.lease_until <= now.wall]

    async def settle(self, entry: OutboxEntry, delivery: Delivery, now: Now, retry_at: float | None) -> None:
        self._check_trouble()
        row = self.rows[entry.id - 1]
        if row.state != "waiting" or row.attempt != entry.attempt:
            return
        told = "superseded" if delivery.told_with else delivery.progress or delivery.verdict
        row.note(NoticeEvent(now.wall, str(told), delivery.reason))
        is_sent = delivery.verdict is Verdict.SENT
        row.progress = max(row.progress, delivery.progress, key=lambda p: p.rank) if is_sent else Progress.NONE
        row.attempt += 1
        row.doubts += delivery.verdict is Verdict.UNKNOWN
        row.message = row.message if row.doubts or is_sent else ""
        row.lease_until, row.parted_at = float("-inf"), None
        row.reference, row.reason, row.told_with = delivery.reference, delivery.reason, delivery.told_with
        if delivery.verdict is Verdict.SENT:
            row.state = "superseded" if delivery.told_with else "sent"
            if row.state == "sent" and row.progress is Progress.FAILED:
                row.state = "failed"
                self._note_failed(row, "", now)
        elif row.stale:
            row.state = "superseded"
        elif retry_at is not None:
            row.next_try = retry_at
        else:
            row.state = "unknown" if delivery.verdict is Verdict.UNKNOWN else "dead"
            self._note_undelivered(row, now)
        if row.state != "waiting":
            row.finished_at = now.wall

    def _note_undelivered(self, row: OutboxRow, now: Now) -> None:
        if row.ticket is not None:
            one = row.notice
            text = f"{one.channel} to {one.recipient.audience} {one.recipient.id} ({one.stage}): {row.reason}"
            self.history[row.ticket].append(TicketEvent(now.wall, "netmon", "undelivered", text))

    async def report(self, key: str, report: Report, now: Now) -> bool:
        self._check_trouble()
        row = next((one for one in self.rows if one.notice.key == key and one.state != "forgotten"), None)
        if row is None:
            return False
        self._report(row, report, now)
        in_doubt = [one for one in self.rows if one.message == key and one.state in ("waiting", "unknown")]
        in_doubt = [one for one in in_doubt if one is not row]
        for one in in_doubt if report.progress.proves_it_left else ():
            one.state, one.told_with, one.reason = "superseded", key, f"told together with {key}"
            one.lease_until, one.parted_at, one.finished_at = float("-inf"), None, now.wall
            one.note(NoticeEvent(now.wall, "superseded", one.reason))
        return True

    def _report(self, row: OutboxRow, report: Report, now: Now) -> None:
        event = NoticeEvent(now.wall, report.progress, report.reason)
        if all((one.what, one.text) != (event.what, event.text) for one in row.history):
            row.history.append(event)
        if report.progress.rank <= row.progress.rank:
            return
        if row.state in ("waiting", "unknown") and report.progress.proves_it_left:
            row.progress, row.state, row.finished_at = report.progress, "sent", now.wall
            row.lease_until, row.parted_at = float("-inf"), None
            return
        if row.state in ("waiting", "unknown") and row.lease_until <= now.wall:
            return
        row.progress = report.progress
        if row.state in ("sent", "failed"):
            ended = "failed" if report.progress is Progress.FAILED else "sent"
            if (row.state, ended) == ("sent", "failed"):
                self._note_failed(row, report.reason, now)
            row.state = ended

    async def key_of(self, reference: str) -> str | None:
        found = [row for row in self._sms_sent() if row.reference == reference and not row.told_with]
        return found[-1].notice.key if found else None

    async def in_delivery(self, since: float, limit: int) -> tuple[SentNotice, ...]:
        found = [row for row in self._sms_sent() if row.finished_at >= since and row.reference]
        found = sorted((row for row in found if not row.progress.is_final), key=lambda row: (row.finished_at, row.id))
        return tuple(SentNotice(row.notice.key, row.reference, row.finished_at) for row in found[::-1][:limit])

    def _sms_sent(self) -> list[OutboxRow]:
        return [row for row in self.rows if row.notice.channel is Channel.SMS and row.state in ("sent", "failed")]

    def _note_failed(self, row: OutboxRow, reason: str, now: Now) -> None:
        if row.ticket is not None:
            one = row.notice
            text = f"{one.channel} to {one.recipient.audience} {one.recipient.id} ({one.stage}): not delivered {reason}"
            self.history[row.ticket].append(TicketEvent(now.wall, "netmon", "undelivered", text.rstrip()))

    async def notice(self, notice: int) -> NoticeFile | None:
        row = next((one for one in self.rows if one.id == notice), None)
        return None if row is None else NoticeFile(_line(row), tuple(row.history))

    async def notices(self, states: Collection[NoticeState], limit: int) -> tuple[OutboxLine, ...]:
        return tuple(_line(row) for row in [row for row in self.rows if row.state in states][-limit:])

    async def resend(self, notice: int, now: Now) -> OutboxLine:
        row = self._movable(notice, now)
        row.note(NoticeEvent(now.wall, "again"))
        row.state, row.attempt, row.doubts, row.stale, row.progress = "waiting", 0, 0, False, Progress.NONE
        row.message = ""
        row.next_try = row.not_before = now.wall
        return _line(row)

    async def drop(self, notice: int, author: str, now: Now) -> OutboxLine:
        row = self._movable(notice, now)
        row.note(NoticeEvent(now.wall, "dropped", author))
        row.state = "dropped"
        if row.ticket is not None:
            one = row.notice
            text = f"{one.channel} to {one.recipient.audience} {one.recipient.id} ({one.stage}): dropped"
            self.history[row.ticket].append(TicketEvent(now.wall, author, "undelivered", text))
        return _line(row)

    def _movable(self, notice: int, now: Now) -> OutboxRow:
        self._check_trouble()
        row = next((one for one in self.rows if one.id == notice), None)
        if row is None:
            raise InputError(f"There is no notice {notice}.")
        if row.state not in ("waiting", "dead", "unknown", "failed"):
            raise InputError(f"Notice {notice} is {row.state}; nothing can be done about it any more.")
        if any(one.state == "waiting" and one.lane == row.lane and one.lease_until > now.wall for one in self.rows):
            raise InputError(
                f"Notice {notice}, or the next one to this person, is being sent just now; try in a minute."
            )
        row.lease_until, row.parted_at = float("-inf"), None
        return row

    async def part_with(self, entries: Sequence[OutboxEntry], message: str, now: Now) -> bool:
        self._check_trouble()
        wanted = [self.rows[one.id - 1] for one in entries]
        wanted = [row for row in wanted if row.state == "waiting" and not row.stale]
        for row in wanted:
            row.parted_at, row.message = now.wall, message
        return bool(wanted)

    async def release_leases(self, now: Now, *, rest: float, resends: int) -> None:
        cut_off = Delivery(Verdict.UNKNOWN, reason="netmon ended before it knew whether the gateway had taken it")
        for row in self.rows:
            if row.state == "waiting" and row.parted_at is not None:
                entry = OutboxEntry(row.id, row.notice, row.attempt, row.doubts)
                await self.settle(entry, cut_off, now, now.wall + rest if row.doubts < resends else None)
            row.lease_until = min(row.lease_until, now.wall)

    async def act(self, action: TicketAction, now: Now) -> Ticket:
        self._check_trouble()
        if action.number not in self.by_number:
            raise InputError(f"There is no ticket {action.number!r}.")
        if action.status is None and not action.note:
            raise InputError(f"Nothing was asked of ticket {action.number}.")
        ticket = self.by_number[action.number]
        what = action.status or "note"
        event = TicketEvent(now.wall, action.author, what, action.note)
        if action.status is None:
            self.history[action.number].append(event)
            return ticket
        if action.status not in ALLOWED_MOVES[ticket.status]:
            raise InputError(f"Ticket {action.number} is {ticket.status}, it cannot become {action.status}.")
        if action.status is TicketStatus.IN_PROGRESS and ticket.accepted_at is None:
            ticket = replace(ticket, accepted_at=now.wall, accepted_by=action.author)
        self._move(ticket, action.status, event)
        return self.by_number[action.number]

    async def close_resolved(self, before: float, now: Now) -> int:
        self._check_trouble()
        found = [t for t in self.by_number.values() if t.status is TicketStatus.RESOLVED]
        found = [t for t in found if t.resolved_at is not None and t.resolved_at < before]
        for ticket in found:
            self._move(ticket, TicketStatus.CLOSED, TicketEvent(now.wall, "netmon", "closed"))
        return len(found)

    async def shift(self, seconds: float) -> None:
        self._check_trouble()
        for one in [one for one in self.faults.values() if one.is_open]:
            members = tuple(
                replace(m, failed_at=m.failed_at + seconds, recovered_at=_moved(m.recovered_at, seconds))
                for m in one.members
            )
            self.faults[one.id] = replace(one, opened_at=one.opened_at + seconds, members=members)
        for ticket in [one for one in self.by_number.values() if not one.status.is_terminal]:
            self.by_number[ticket.number] = replace(
                ticket,
                opened_at=ticket.opened_at + seconds,
                accepted_at=_moved(ticket.accepted_at, seconds),
                resolved_at=_moved(ticket.resolved_at, seconds),
            )
        for row in [row for row in self.rows if row.state == "waiting"]:
            for name in ("created_at", "not_before", "next_try", "lease_until"):
                setattr(row, name, getattr(row, name) + seconds)
            row.parted_at = _moved(row.parted_at, seconds)

    async def forget(self, before: float, limit: int) -> int:
        self._check_trouble()
        old = [one for one in self.faults.values() if self._is_forgettable(one, before)][:limit]
        for one in old:
            del self.faults[one.id]
            for number in [t.number for t in self.by_number.values() if t.fault == one.id]:
                del self.by_number[number], self.history[number]
                self.forgotten_tickets += 1
        forgotten = {one.id for one in old}
        for row in self.rows:
            if row.notice.fault in forgotten:
                row.state = "forgotten"
        lone = [row for row in self.rows if row.notice.fault is None and row.finished_at < before][:limit]
        for row in lone:
            row.state, row.finished_at = "forgotten", float("inf")
        return len(old) + len(lone)

    def _is_forgettable(self, one: Fault, before: float) -> bool:
        tickets = [t for t in self.by_number.values() if t.fault == one.id]
        return (
            one.resolved_at is not None
            and one.resolved_at < before
            and all(t.status.is_terminal and t.closed_at is not None and t.closed_at < before for t in tickets)
            and not any(row.state == "waiting" and row.notice.fault == one.id for row in self.rows)
            and not any(other.merged_into == one.id for other in self.faults.values())
        )

    def stuck(self) -> float:
        return 0.0

    async def changed_elsewhere(self) -> bool:
        changed, self.touched_elsewhere = self.touched_elsewhere, False
        return changed

    async def close(self) -> None:
        self.closed = True


def _moved(moment: float | None, seconds: float) -> float | None:
    return None if moment is None else moment + seconds


def _leased(rows: Sequence[OutboxRow], now: Now, lease: float) -> tuple[OutboxEntry, ...]:
    for row in rows:
        row.lease_until = now.wall + lease
    return tuple(
        OutboxEntry(r.id, r.notice, r.attempt, doubts=r.doubts, due_at=r.not_before, message=r.message) for r in rows
    )


def _line(row: OutboxRow) -> OutboxLine:
    return OutboxLine(
        id=row.id,
        notice=row.notice,
        state=NoticeState(row.state),
        ticket=row.ticket,
        attempt=row.attempt,
        created_at=row.created_at,
        next_try=row.next_try,
        reason=row.reason,
        progress=row.progress,
    )


def _changed(old: Fault, new: Fault) -> Fault:
    """What ChangeFault writes: opening and end stay, and so does the identity of what is over."""
    return replace(
        old,
        scope=new.scope if old.is_open else old.scope,
        key=new.key if old.is_open else old.key,
        cause=new.cause,
        confidence=new.confidence,
        overruled_by=new.overruled_by,
        evidence=new.evidence,
        members=new.members,
    )

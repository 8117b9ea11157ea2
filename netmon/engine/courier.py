"""The courier: takes due notices from the outbox, hands them to the notifiers and records what became of each.

At least once, in doubt rather twice: a try is recorded after it was made, so a crash in between repeats it, under the
same key. A gateway that is down keeps its notices in the outbox, each coming back after a growing, jittered wait.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from netmon.engine.backoff import delay
from netmon.errors import StoreError
from netmon.model.country import Country
from netmon.model.ids import VillageId
from netmon.model.inventory import Village
from netmon.model.notices import (
    Audience,
    Channel,
    Delivery,
    Letter,
    Notice,
    OutboxEntry,
    Person,
    Recipient,
    Stage,
    Verdict,
)
from netmon.model.tickets import Ticket, TicketEvent
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Clock, Notifier, Store, Vitals

log = logging.getLogger(__name__)

_ALARMS = frozenset({Stage.OPENED, Stage.EXTENDED, Stage.RELABELLED})


class Undeliverable(StrEnum):
    """Why a notice cannot even be tried."""

    NO_GATEWAY = "no gateway is set up for this channel"
    NO_PERSON = "this person is not in the inventory"
    NO_EMAIL = "no e-mail address"
    NO_MOBILE = "no mobile number"
    NO_FAULT = "its fault is not in the database"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierPolicy:
    """How notices leave; times in seconds."""

    noc: Person
    """Whom notices to the NOC go to."""
    at_once: int = 8
    """Letters on their way at the same time, per channel."""
    poll: float = 1.0
    """How often the outbox is looked at while nothing is due."""
    patience: float = 60.0
    """How long one delivery may take; then its outcome is unknown."""
    lease: float = 300.0
    """How long a notice stays with a courier that never reports back; longer than `patience`."""
    doubt_hold: float = 600.0
    """How long a notice whose outcome is unknown rests before it is sent again."""
    resends: int = 1
    """How often a notice is sent again on doubt."""
    alarm_age: float = 24 * 3600.0
    """How long it is worth telling that something is wrong."""
    news_age: float = 7 * 24 * 3600.0
    """The same for everything else."""

    def age_limit(self, stage: Stage) -> float:
        """Seconds after which a notice that only meets busy gateways is given up."""
        return self.alarm_age if stage in _ALARMS else self.news_age


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A try that was made, to be recorded."""

    entry: OutboxEntry
    delivery: Delivery
    retry_at: float | None


class Courier:
    """Serves every channel on its own, so that a slow SMS gateway holds up no mail."""

    def __init__(
        self,
        store: Store,
        country: Country,
        notifiers: Mapping[Channel, Notifier],
        *,
        vitals: Vitals,
        clock: Clock,
        policy: CourierPolicy,
    ) -> None:
        self._store = store
        self._country = country
        self._notifiers = notifiers
        self._vitals = vitals
        self._clock = clock
        self._policy = policy
        self._unrecorded: dict[Channel, list[_Outcome]] = {channel: [] for channel in Channel}
        self._failing: set[Channel] = set()
        self._trouble: dict[Channel, str] = {}

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            for channel in Channel:
                group.create_task(self._serve(channel), name=f"courier-{channel}")

    async def _serve(self, channel: Channel) -> None:
        while True:
            tried = 0
            try:
                tried = await self._round(channel, self._clock.now())
                self._trouble.pop(channel, None)
            except StoreError as error:
                if str(error) != self._trouble.get(channel):
                    log.warning("outbox cannot be used channel=%s reason=%s", channel, error)
                self._trouble[channel] = str(error)
            if tried < self._policy.at_once:
                await self._clock.sleep(self._policy.poll)

    async def deliver_due(self, now: Now) -> int:
        """One round over all channels; returns how many notices were tried.

        Raises:
            StoreError: the outbox cannot be used; what was tried is recorded in a later round.
        """
        return sum([await self._round(channel, now) for channel in Channel])

    async def _round(self, channel: Channel, now: Now) -> int:
        await self._record(channel)
        entries = await self._store.claim(now, self._policy.at_once, self._policy.lease, channel)
        outcomes = await asyncio.gather(*(self._try(entry) for entry in entries))
        self._unrecorded[channel].extend(outcomes)
        await self._record(channel)
        await self._report()
        return len(entries)

    async def _record(self, channel: Channel) -> None:
        """Write down what was tried. While that fails nothing new is claimed, or it would be sent again and again."""
        unrecorded = self._unrecorded[channel]
        while unrecorded:
            one = unrecorded[0]
            await self._store.settle(one.entry, one.delivery, self._clock.now(), one.retry_at)
            unrecorded.pop(0)

    async def _report(self) -> None:
        now = self._clock.now()
        state = await self._store.outbox(now)
        self._vitals.gauge(Vital.OUTBOX_WAITING, state.waiting)
        self._vitals.gauge(Vital.OUTBOX_OLDEST, 0.0 if state.oldest_due is None else now.wall - state.oldest_due)

    async def _try(self, entry: OutboxEntry) -> _Outcome:
        try:
            letter = await self._letter(entry.notice)
        except StoreError as error:
            delivery = Delivery(Verdict.RETRY, reason=str(error))
        else:
            if isinstance(letter, Undeliverable):
                delivery = Delivery(Verdict.PERMANENT, reason=letter.value)
            else:
                delivery = await self._hand_over(letter)
                self._announce(entry.notice.channel, delivery.verdict)
        self._vitals.count(Vital.NOTICES, label=delivery.verdict.value)
        return self._outcome(entry, delivery, self._clock.now())

    async def _hand_over(self, letter: Letter) -> Delivery:
        notifier = self._notifiers[letter.notice.channel]
        try:
            async with asyncio.timeout(self._policy.patience):
                return await notifier.deliver(letter)
        except TimeoutError:
            return Delivery(Verdict.UNKNOWN, reason=f"no answer within {self._policy.patience:.0f} s")
        except Exception as error:  # a notifier's mistake must not stop the others' letters
            # Only its kind is told: the text may quote an address.
            log.error("notifier failed notice=%s error=%s", letter.notice.key, type(error).__name__)
            return Delivery(Verdict.UNKNOWN, reason=f"the notifier failed with {type(error).__name__}")

    def _outcome(self, entry: OutboxEntry, delivery: Delivery, now: Now) -> _Outcome:
        policy = self._policy
        retry_at = None
        if delivery.verdict is Verdict.RETRY:
            retry_at = now.wall + delay(entry.attempt, entry.notice.key)
            limit = policy.age_limit(entry.notice.stage)
            if retry_at - entry.due_at > limit:
                retry_at = None
                delivery = replace(delivery, reason=f"given up after {limit / 3600:.0f} h: {delivery.reason}")
        elif delivery.verdict is Verdict.UNKNOWN and entry.doubts < policy.resends:
            retry_at = now.wall + policy.doubt_hold
        if retry_at is None and delivery.verdict is not Verdict.SENT:
            log.warning("notice given up notice=%s verdict=%s", entry.notice.key, delivery.verdict)
        return _Outcome(entry, delivery, retry_at)

    def _announce(self, channel: Channel, verdict: Verdict) -> None:
        """One line when a gateway stops taking letters and one when it takes them again."""
        if verdict in {Verdict.RETRY, Verdict.UNKNOWN} and channel not in self._failing:
            self._failing.add(channel)
            log.warning("gateway in trouble channel=%s verdict=%s", channel, verdict)
        elif verdict is Verdict.SENT and channel in self._failing:
            self._failing.remove(channel)
            log.info("gateway works again channel=%s", channel)

    async def _letter(self, notice: Notice) -> Letter | Undeliverable:
        person = self._person(notice.recipient)
        obstacle = self._obstacle(notice.channel, person)
        if person is None or obstacle is not None:
            return obstacle or Undeliverable.NO_PERSON
        letter = Letter(notice=notice, person=person, at=self._clock.now().wall)
        if notice.fault is None:
            return letter
        case = await self._store.case(notice.fault)
        if case is None:
            return Undeliverable.NO_FAULT
        ticket = next((one for one in reversed(case.tickets) if one.centre == notice.centre), None)
        inventory = self._country.inventory
        return replace(
            letter,
            fault=case.fault,
            ticket=ticket,
            centre=None if notice.centre is None else inventory.centres.get(notice.centre),
            villages=self._villages(notice.recipient, case.fault.villages if ticket is None else ticket.villages),
            devices=tuple(
                inventory.devices[inventory.index_of[member.device]]
                for member in case.fault.members
                if member.device in inventory.index_of
            ),
            history=await self._history(ticket),
        )

    async def _history(self, ticket: Ticket | None) -> tuple[TicketEvent, ...]:
        file = None if ticket is None else await self._store.ticket(ticket.number)
        return () if file is None else file.history

    def _obstacle(self, channel: Channel, person: Person | None) -> Undeliverable | None:
        if channel not in self._notifiers:
            return Undeliverable.NO_GATEWAY
        if person is None:
            return Undeliverable.NO_PERSON
        if channel is Channel.MAIL and not person.email:
            return Undeliverable.NO_EMAIL
        if channel is Channel.SMS and not person.mobile:
            return Undeliverable.NO_MOBILE
        return None

    def _person(self, recipient: Recipient) -> Person | None:
        inventory = self._country.inventory
        if recipient.audience is Audience.NOC:
            return self._policy.noc
        if recipient.audience is Audience.VOLUNTEER:
            volunteer = inventory.volunteers.get(VillageId(recipient.id))
            if volunteer is None:
                return None
            return Person(volunteer.name, mobile=volunteer.mobile, language=volunteer.language)
        found = next((one for one in inventory.technicians if one.id == recipient.id), None)
        return None if found is None else Person(found.name, found.email, found.mobile, found.language)

    def _villages(self, recipient: Recipient, ids: tuple[VillageId, ...]) -> tuple[Village, ...]:
        """The ticket's villages; to a volunteer only the own one matters."""
        wanted = (VillageId(recipient.id),) if recipient.audience is Audience.VOLUNTEER else ids
        villages = self._country.inventory.villages
        return tuple(villages[one] for one in wanted if one in villages)

"""The courier: takes due notices from the outbox, hands them to the notifiers and records what became of each.

At least once, in doubt rather twice. That a gateway may have a message is recorded right before, and what became of it
right after; where a crash falls in between, its notices count as unknown at the next start, rest, and are sent once
more, together and under the same key (`messages`). A gateway that is down keeps its notices in the outbox: each comes
back after a growing, jittered wait, and a gateway that fails everybody is left alone for a while (`breaker`). Nobody is
flooded: what is too much for one person is folded into one message (`allowance`).
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from netmon.engine.allowance import Allowance, Limits
from netmon.engine.backoff import delay
from netmon.engine.breaker import Breaker, BreakerPolicy, Passage
from netmon.engine.letters import Letters, Undeliverable
from netmon.engine.messages import ALARMS, Message, Part, apart, by_fault, one_message, spokesman
from netmon.errors import StoreError
from netmon.model.country import Country
from netmon.model.notices import Channel, Delivery, Letter, OutboxEntry, Person, Recipient, Stage, Tried, Verdict
from netmon.model.time import Now
from netmon.model.vitals import Vital
from netmon.ports import Clock, Notifier, Parting, Store, Vitals
from netmon.rules.repetition import Serving

log = logging.getLogger(__name__)

STANDSTILL = 10.0
"""Seconds. A process that has not run for so long was stopped, or its machine was, and knows nothing of now."""
FAREWELL = 5.0
"""Seconds that a gateway has for its answer once netmon is told to stop."""
_BY_CHANNEL = {Channel.MAIL: Vital.MAILS, Channel.SMS: Vital.TEXTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierPolicy:
    """How notices leave; times in seconds."""

    noc: Person
    """Whom notices to the NOC go to."""
    at_once: int = 8
    """Letters on their way at the same time, per channel."""
    claim: int = 64
    """Notices taken from the outbox together, so that those for one person can be folded."""
    poll: float = 1.0
    """How often the outbox is looked at while nothing is due."""
    patience: float = 60.0
    """How long one delivery may take; then its outcome is unknown."""
    lease: float = 900.0
    """How long a notice stays with a courier that never reports back; longer than a round of `claim` may take."""
    doubt_hold: float = 600.0
    """How long a notice whose outcome is unknown rests before it is sent again."""
    resends: int = 1
    """How often a notice is sent again on doubt."""
    alarm_age: float = 48 * 3600.0
    """How long it is worth telling that something is wrong; a gateway may be away for a day and more."""
    news_age: float = 7 * 24 * 3600.0
    """The same for everything else."""
    limits: Limits = field(default_factory=Limits)
    """How much one person is told, and a gateway handed."""
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    """When a gateway is left alone."""
    look_first: float = 0.0
    """How long nothing is told after a standstill: what waits may be over, which fresh probes must show."""
    tried: Tried | None = None
    """What was tried before a device is believed dead, for the letters; None leaves it out."""

    def age_limit(self, stage: Stage) -> float:
        """Seconds after which a notice that only meets busy gateways is given up."""
        return self.alarm_age if stage in ALARMS else self.news_age


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A try that was made, to be recorded."""

    entry: OutboxEntry
    delivery: Delivery
    retry_at: float | None


class _NotWantedError(Exception):
    """A message is not to leave any more."""


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
        self._letters = Letters(store, country, notifiers, clock=clock, noc=policy.noc)
        self._letters.tried = policy.tried
        self._notifiers = notifiers
        self._vitals = vitals
        self._clock = clock
        self._policy = policy
        self._unrecorded: dict[Channel, list[_Outcome]] = {channel: [] for channel in Channel}
        self._recording = {channel: asyncio.Lock() for channel in Channel}
        self._free = {channel: asyncio.Semaphore(policy.at_once) for channel in Channel}
        self._breakers = {channel: Breaker(policy.breaker) for channel in Channel}
        self._allowance = Allowance(policy.limits)
        self._failing: set[Channel] = set()
        self._trouble: dict[Channel, str] = {}
        self._pulse, self._quiet_until = clock.now().monotonic, float("-inf")

    def adopt(self, policy: CourierPolicy) -> None:
        """Work by another policy from now on; who had enough, and which gateway rests, stays known."""
        self._policy = policy
        self._letters.noc, self._letters.tried = policy.noc, policy.tried
        self._allowance.limits = policy.limits

    def look_first(self) -> None:
        """Tell nothing until fresh probes have had their say: nobody has watched, and what waits may be over."""
        self._quiet_until = self._clock.now().monotonic + self._policy.look_first

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            for channel in Channel:
                group.create_task(self._serve(channel), name=f"courier-{channel}")
            group.create_task(self._beat(), name="courier-pulse")

    async def _beat(self) -> None:
        while True:
            self._is_quiet()
            await self._clock.sleep(self._policy.poll)

    def _is_quiet(self) -> bool:
        """Whether fresh probes are awaited. Asked by every task, because any of them may be the first to run again."""
        now = self._clock.now().monotonic
        if now - self._pulse > STANDSTILL:
            self.look_first()
        self._pulse = now
        return now < self._quiet_until

    async def _serve(self, channel: Channel) -> None:
        while True:
            tried = 0
            try:
                if not self._is_quiet():
                    tried = await self._round(channel, self._clock.now())
                self._trouble.pop(channel, None)
            except StoreError as error:
                if str(error) != self._trouble.get(channel):
                    log.warning("outbox cannot be used channel=%s reason=%r", channel, str(error))
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
        limit = self._limit(channel, now)
        entries = await self._store.claim(now, limit, self._policy.lease, channel) if limit else ()
        waiting: defaultdict[Recipient, list[OutboxEntry]] = defaultdict(list)
        for entry in entries:
            waiting[entry.notice.recipient].append(entry)
        # What was put back for a later try would come after this, and tell an older state last.
        rest = await self._store.claim_rest(now, entries, self._policy.lease) if entries else ()
        for entry in rest:
            waiting[entry.notice.recipient].append(entry)
        await asyncio.gather(*(self._serve_person(channel, *one) for one in waiting.items()))
        await self._record(channel)
        await self._report(channel)
        return len(entries)

    def _limit(self, channel: Channel, now: Now) -> int:
        """How many notices may be taken now."""
        passage = self._breakers[channel].passage(now.monotonic)
        most = {Passage.NONE: 0, Passage.ONE: 1, Passage.OPEN: self._policy.claim}[passage]
        return self._allowance.at_gateway(channel, most, now.monotonic)

    async def _record(self, channel: Channel) -> None:
        """Write down what was tried. While that fails nothing new is claimed, or it would be sent again and again."""
        unrecorded = self._unrecorded[channel]
        async with self._recording[channel]:
            while unrecorded:
                one = unrecorded[0]
                await self._store.settle(one.entry, one.delivery, self._clock.now(), one.retry_at)
                unrecorded.pop(0)

    async def _keep(self, channel: Channel, outcomes: Iterable[_Outcome]) -> None:
        """Record at once, so that a crash repeats as little as may be; what cannot be recorded now is kept."""
        self._unrecorded[channel].extend(outcomes)
        with contextlib.suppress(StoreError):
            await self._record(channel)

    async def _report(self, channel: Channel) -> None:
        now = self._clock.now()
        self._vitals.gauge(Vital.GATEWAY_RESTS, float(self._breakers[channel].is_tripped), channel.value)
        state = await self._store.outbox(now, channel)
        oldest = 0.0 if state.oldest_due is None else now.wall - state.oldest_due
        self._vitals.gauge(Vital.OUTBOX_WAITING, state.waiting, channel.value)
        self._vitals.gauge(Vital.OUTBOX_OLDEST, oldest, channel.value)

    async def _serve_person(self, channel: Channel, person: Recipient, entries: Sequence[OutboxEntry]) -> None:
        """First what may have left before, message by message as it was, then the news."""
        latest_only = self._tells_latest_only(channel)
        doubted, news = apart(entries, latest_only=latest_only)
        again = []
        for key, group in doubted.items():
            if parts := await self._parts(channel, group):
                again.append(one_message(parts, latest_only=latest_only, repeats=key))
        await self._repeat(channel, person, again)
        if parts := await self._parts(channel, news):
            await self._tell(channel, person, parts)

    def _tells_latest_only(self, channel: Channel) -> bool:
        return channel in self._policy.limits.latest_only

    async def _parts(self, channel: Channel, entries: Sequence[OutboxEntry]) -> list[Part]:
        """A letter for each fault, which shows it as it is now, so one is enough; none while one cannot be made."""
        groups = by_fault(entries)
        try:
            letters = [await self._letters.letter(spokesman(group).notice) for group in groups]
        except StoreError as error:
            put_back = Delivery(Verdict.RETRY, reason=str(error))
            await self._keep(channel, [self._tried(one, put_back) for one in entries])
            return []
        parts = []
        for group, letter in zip(groups, letters, strict=True):
            if isinstance(letter, Undeliverable):
                given_up = Delivery(Verdict.PERMANENT, reason=letter.value)
                await self._keep(channel, [self._tried(one, given_up) for one in group])
            else:
                parts.append(Part(group, letter))
        return parts

    async def _repeat(self, channel: Channel, person: Recipient, again: Sequence[Message]) -> None:
        """Send messages in doubt again. How many leave now is a matter of what this person may be told, not which."""
        most = self._allowance.for_person(channel, person, len(again), self._clock.now().monotonic)
        await self._each(channel, again[:most])
        await self._hold(channel, person, [entry for one in again[most:] for entry in one.entries])

    async def _tell(self, channel: Channel, person: Recipient, news: Sequence[Part]) -> None:
        """Tell one person what is new: each for itself, all in one, or later."""
        match self._allowance.serving(channel, person, len(news), self._clock.now().monotonic):
            case Serving.EACH:
                await self._each(channel, [one_message([part], latest_only=False) for part in news])
            case Serving.FOLDED:
                await self._fold(channel, news)
            case Serving.LATER:
                await self._hold(channel, person, [entry for part in news for entry in part.entries])

    async def _hold(self, channel: Channel, person: Recipient, entries: Sequence[OutboxEntry]) -> None:
        now = self._clock.now()
        wait = self._allowance.next_at(channel, person, now.monotonic) - now.monotonic
        held = Delivery(Verdict.RETRY, reason="held: enough was sent to this person for now")
        await self._keep(channel, [_Outcome(entry, held, now.wall + wait) for entry in entries])

    async def _each(self, channel: Channel, messages: Sequence[Message]) -> None:
        if not self._breakers[channel].is_tripped:
            await asyncio.gather(*(self._deliver(one) for one in messages))
            return
        for one in messages:  # the first asks the gateway for all the others
            await self._deliver(one)

    async def _fold(self, channel: Channel, news: Sequence[Part]) -> None:
        """All in one message, under the latest notice; what is about no ticket leaves for itself."""
        latest_only = self._tells_latest_only(channel)
        alone = [one_message([part], latest_only=latest_only) for part in news if part.letter.ticket is None]
        if rest := [part for part in news if part.letter.ticket is not None]:
            await self._deliver(one_message(rest, latest_only=latest_only))
        await self._each(channel, alone)

    async def _deliver(self, message: Message) -> None:
        async with self._free[message.letter.notice.channel]:
            await _to_its_end(self._deliver_now(message))

    async def _deliver_now(self, message: Message) -> None:
        channel, own = message.letter.notice.channel, message.letter.notice.key
        if self._breakers[channel].passage(self._clock.now().monotonic) is Passage.NONE:
            delivery = Delivery(Verdict.RETRY, reason="the gateway fails everybody just now")
        else:
            delivery = await self._hand_over(message)
        within = delivery
        if delivery.verdict is Verdict.SENT:
            within = replace(delivery, reason=f"told together with {own}", told_with=own)
        outcomes = [self._tried(one, delivery if one.notice.key == own else within) for one in message.entries]
        await self._keep(channel, outcomes)

    def _learn(self, channel: Channel, person: Recipient, verdict: Verdict) -> None:
        now = self._clock.now().monotonic
        self._announce(channel, verdict)
        self._breakers[channel].note(person, verdict, now)
        self._allowance.tried(channel, now)
        if verdict in {Verdict.SENT, Verdict.UNKNOWN}:
            self._allowance.told(channel, person, now)

    def _tried(self, entry: OutboxEntry, delivery: Delivery) -> _Outcome:
        for vital in (Vital.NOTICES, _BY_CHANNEL[entry.notice.channel]):
            self._vitals.count(vital, label=delivery.verdict.value)
        return self._outcome(entry, delivery, self._clock.now())

    async def _hand_over(self, message: Message) -> Delivery:
        letter = message.letter

        async def parting() -> None:
            if not await self._store.part_with(message.entries, letter.key, self._clock.now()):
                raise _NotWantedError

        try:
            delivery = await self._attempt(letter, parting)
        except StoreError as error:
            return Delivery(Verdict.RETRY, reason=str(error))
        except _NotWantedError:
            return Delivery(Verdict.RETRY, reason="what it would tell is over, or it had left already")
        self._learn(letter.notice.channel, letter.notice.recipient, delivery.verdict)
        return delivery

    async def _attempt(self, letter: Letter, parting: Parting) -> Delivery:
        notifier = self._notifiers[letter.notice.channel]
        try:
            async with asyncio.timeout(self._policy.patience):
                return await notifier.deliver(letter, parting)
        except (StoreError, _NotWantedError):
            raise
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
        if delivery.verdict is Verdict.SENT:
            log.info("notice=%s verdict=%s tries=%d", entry.notice.key, delivery.verdict, entry.attempt + 1)
        elif retry_at is None:
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


async def _to_its_end(delivery: Coroutine[None, None, None]) -> None:
    """A delivery that is under way when netmon is told to stop gets a moment to end: else it would be in doubt."""
    under_way = asyncio.ensure_future(delivery)
    try:
        await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.wait([under_way], timeout=FAREWELL)
        under_way.cancel()
        raise

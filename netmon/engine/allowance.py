"""Who may be told something now, and how much a gateway may be fed: the state that `rules.repetition` works on.

It lives in memory. After a restart every bucket is full again, which tells somebody a little more, never less.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from netmon.model.notices import Audience, Channel, Recipient
from netmon.rules.repetition import Bucket, Rate, Serving, full, next_token, serving, taken, tokens

_MANY = 50_000
"""People remembered before the full buckets are cleared away; there are 24,700 volunteers."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates; a channel that is not named is not limited."""

    person: Mapping[Channel, Rate] = field(default_factory=lambda: {Channel.MAIL: Rate(10, 3600.0)})
    """What one person is sent. The NOC is told of netmon's own blindness at once, always."""
    gateway: Mapping[Channel, Rate] = field(default_factory=dict)
    """What a gateway is handed, all people together."""
    latest_only: frozenset[Channel] = frozenset({Channel.SMS})
    """Where one text has no room for several matters, so that of what waits together only the latest is told."""


class Allowance:
    """The buckets of everybody. Times are monotonic seconds."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._people: dict[tuple[Channel, Recipient], Bucket] = {}
        self._gateways: dict[Channel, Bucket] = {}

    def at_gateway(self, channel: Channel, most: int, now: float) -> int:
        """How many messages the gateway may be handed now, at most so many."""
        rate = self.limits.gateway.get(channel)
        if rate is None:
            return most
        return _left(self._gateways.get(channel, full(rate, now)), rate, most, now)

    def for_person(self, channel: Channel, recipient: Recipient, most: int, now: float) -> int:
        """How many messages this person may be sent now, at most so many."""
        rate = self._rate(channel, recipient)
        if rate is None:
            return most
        return _left(self._bucket(channel, recipient, rate, now), rate, most, now)

    def serving(self, channel: Channel, recipient: Recipient, waiting: int, now: float) -> Serving:
        """How to tell this person what waits for them."""
        rate = self._rate(channel, recipient)
        asked = Serving.EACH
        if rate is not None:
            asked = serving(waiting, self._bucket(channel, recipient, rate, now), rate, now)
        several = waiting > 1 and channel in self.limits.latest_only
        return Serving.FOLDED if asked is Serving.EACH and several else asked

    def next_at(self, channel: Channel, recipient: Recipient, now: float) -> float:
        """When this person may be told something again."""
        rate = self._rate(channel, recipient)
        return now if rate is None else next_token(self._bucket(channel, recipient, rate, now), rate, now)

    def tried(self, channel: Channel, now: float) -> None:
        """Count one message handed to a gateway."""
        rate = self.limits.gateway.get(channel)
        if rate is not None:
            self._gateways[channel] = taken(self._gateways.get(channel, full(rate, now)), rate, now)

    def told(self, channel: Channel, recipient: Recipient, now: float) -> None:
        """Count one message that this person has got, or may have."""
        rate = self._rate(channel, recipient)
        if rate is None:
            return
        self._people[channel, recipient] = taken(self._bucket(channel, recipient, rate, now), rate, now)
        if len(self._people) > _MANY:
            self._forget(now)

    def _rate(self, channel: Channel, recipient: Recipient) -> Rate | None:
        return None if recipient.audience is Audience.NOC else self.limits.person.get(channel)

    def _bucket(self, channel: Channel, recipient: Recipient, rate: Rate, now: float) -> Bucket:
        return self._people.get((channel, recipient), full(rate, now))

    def _forget(self, now: float) -> None:
        """Leave out the buckets that are full again."""
        rates = self.limits.person
        self._people = {
            key: bucket
            for key, bucket in self._people.items()
            if tokens(bucket, rates[key[0]], now) < rates[key[0]].messages
        }


def _left(bucket: Bucket, rate: Rate, most: int, now: float) -> int:
    return max(0, min(most, int(tokens(bucket, rate, now))))

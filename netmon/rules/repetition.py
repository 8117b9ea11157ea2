"""How often one person is told something, and how fast a gateway is fed: token buckets.

A bucket fills at an even rate up to its size, and each message takes one token out. Whoever has fewer tokens than
messages gets them all folded into one; without a token the messages wait, and are folded with what has come meanwhile.
Nothing is ever dropped. Times are monotonic seconds.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Rate:
    """So many messages in so many seconds; that many may also come at once."""

    messages: int
    per: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens there were at a moment."""

    tokens: float
    at: float


class Serving(StrEnum):
    """What becomes of the messages waiting for one person."""

    EACH = "each"
    FOLDED = "folded"
    LATER = "later"


def full(rate: Rate, now: float) -> Bucket:
    """A bucket nobody has taken from."""
    return Bucket(float(rate.messages), now)


def tokens(bucket: Bucket, rate: Rate, now: float) -> float:
    """Tokens in it now."""
    return min(float(rate.messages), bucket.tokens + max(0.0, now - bucket.at) * rate.messages / rate.per)


def taken(bucket: Bucket, rate: Rate, now: float, count: int = 1) -> Bucket:
    """The bucket after so many tokens were taken; it may be in debt."""
    return Bucket(tokens(bucket, rate, now) - count, now)


def next_token(bucket: Bucket, rate: Rate, now: float) -> float:
    """When there is a whole token again; `now` if there is one."""
    missing = 1 - tokens(bucket, rate, now)
    return now + max(0.0, missing) * rate.per / rate.messages


def serving(waiting: int, bucket: Bucket, rate: Rate, now: float) -> Serving:
    """How to tell a person so many messages now."""
    there = tokens(bucket, rate, now)
    if there >= waiting:
        return Serving.EACH
    return Serving.FOLDED if there >= 1 else Serving.LATER

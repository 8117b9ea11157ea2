"""A circuit breaker: a gateway that fails one person after the other is left alone for a while, then asked once.

Only failures with different people count, because a full mailbox is no fault of the gateway. While it rests nothing
is taken from the outbox, so no notice grows older tries by it, and all of them are ready when it comes back.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from netmon.model.notices import Recipient, Verdict

_ANSWERED = frozenset({Verdict.SENT, Verdict.PERMANENT})


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a gateway is left alone, and how long; times in seconds."""

    people: int = 3
    """Different people in a row whom it failed."""
    rest: float = 30.0
    """The first rest; each further one is twice as long."""
    longest: float = 300.0
    """No rest is longer."""


class Passage(StrEnum):
    """What may be handed to the gateway now."""

    OPEN = "open"
    ONE = "one"
    NONE = "none"


@dataclass(slots=True)
class Breaker:
    """The breaker of one gateway. Times are monotonic seconds."""

    policy: BreakerPolicy
    _failed: set[Recipient] = field(default_factory=set)
    _rests: int = 0
    _until: float = 0.0

    @property
    def is_tripped(self) -> bool:
        """Whether the gateway is held to be out of order."""
        return self._rests > 0

    def passage(self, now: float) -> Passage:
        """What the gateway may be given now."""
        if not self.is_tripped:
            return Passage.OPEN
        return Passage.NONE if now < self._until else Passage.ONE

    def note(self, recipient: Recipient, verdict: Verdict, now: float) -> None:
        """Learn from one try. Tries that were under way together count for one rest."""
        if verdict in _ANSWERED:
            self._failed.clear()
            self._rests = 0
            return
        self._failed.add(recipient)
        rests_now = self.is_tripped and now < self._until
        if not rests_now and (self.is_tripped or len(self._failed) >= self.policy.people):
            self._until = now + min(self.policy.rest * 2.0 ** min(self._rests, 32), self.policy.longest)
            self._rests += 1

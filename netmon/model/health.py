"""Health of a device, what can happen to it, and why it changed. The table of moves is `netmon.rules.health`."""

from enum import IntEnum, StrEnum


class Health(IntEnum):
    """Codes are stored in the Fleet's uint8 column; `label` is the word used everywhere outside."""

    UNKNOWN = 0
    UP = 1
    SUSPECT = 2
    DOWN = 3
    UNREACHABLE = 4
    BLIND = 5
    RECOVERING = 6

    @property
    def label(self) -> str:
        """The word of DESIGN section 2."""
        return self.name.lower()


class HealthEvent(StrEnum):
    """What can happen to a device's health."""

    ANSWERED = "answered"
    MISSED = "missed"
    CONFIRMED = "confirmed"
    """The odds of a false "down" are below the policy's bound."""
    STEADY = "steady"
    """Answered without a break for the policy's time."""
    PARENT_DOWN = "parent_down"
    RELEASED = "released"
    """The parent is back (or was never dead): say nothing before a fresh probe."""
    CHILD_ANSWERED = "child_answered"
    """A device behind this one answers, so this one passes traffic."""
    UNOBSERVED = "unobserved"
    """What it is observed via has failed, or says nothing of it any more."""
    ISOLATED = "isolated"
    SIGHTED = "sighted"
    """The poller's own isolation is over."""
    INVENTORY = "inventory"
    """The device came, moved or was retired with a reload."""


class HealthReason(StrEnum):
    """Why a health holds; becomes a log field and a metric label."""

    FIRST_ANSWER = "first_answer"
    STILL_ANSWERING = "still_answering"
    FIRST_MISS = "first_miss"
    STILL_SILENT = "still_silent"
    REFUTED_BY_ANSWER = "refuted_by_answer"
    REFUTED_BY_CHILD = "refuted_by_child"
    ODDS_CONFIRMED = "odds_confirmed"
    ANSWERS_AGAIN = "answers_again"
    RELAPSED = "relapsed"
    STEADY_AGAIN = "steady_again"
    BEHIND_DEAD_PARENT = "behind_dead_parent"
    AWAITS_FRESH_PROBE = "awaits_fresh_probe"
    OBSERVER_FAILED = "observer_failed"
    POLLER_ISOLATED = "poller_isolated"
    CHANGED_INVENTORY = "changed_inventory"
    UNCHANGED = "unchanged"


class IllegalMoveError(ValueError):
    """The table has no such move: the caller made a mistake, and nothing was changed."""

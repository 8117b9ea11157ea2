"""What a confirmed-silent device may be called, given what its parent and its children say.

A child cannot tell its own death from its parent's. So before anything is said about it, its parent must have been
probed since the child fell silent: an answer from then on means the child died for itself, a confirmed death means it
is merely behind. And whoever still passes an answer of a device behind it is not dead, whatever it fails to say.
"""

from dataclasses import dataclass
from enum import StrEnum

from netmon.model.health import Health


class Blame(StrEnum):
    """What may be said of a silent device."""

    OWN = "own"
    """Down, by itself."""
    BEHIND = "behind"
    """Unreachable, behind a dead parent."""
    WAIT = "wait"
    """Nothing yet: probe the parent first."""
    REFUTED = "refuted"
    """Not down: a device behind it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """A silent device's relatives. Times are Unix seconds, None where never.

    `parent` is None for a root, for a parent that is not watched, and where nothing of the parent may be known.
    `child_answered_at` is the newest answer of any device behind the silent one, `sibling_answered_at` of any other
    device behind its parent.
    """

    first_missed_at: float
    parent: Health | None = None
    parent_probed_at: float | None = None
    parent_answered_at: float | None = None
    child_answered_at: float | None = None
    sibling_answered_at: float | None = None


_DEAD = frozenset({Health.DOWN, Health.UNREACHABLE})
_UNDECIDED = frozenset({Health.SUSPECT, Health.BLIND})


def blame(kin: Kin) -> Blame:
    """What may be said of a device that the odds confirm as silent."""
    since = kin.first_missed_at
    if _after(kin.child_answered_at, since):
        return Blame.REFUTED
    if kin.parent is None:
        return Blame.OWN
    if kin.parent in _DEAD:
        return Blame.BEHIND
    if kin.parent in _UNDECIDED:
        return Blame.WAIT
    never_probed = kin.parent is Health.UNKNOWN and kin.parent_probed_at is None
    # A parent that never answers itself (its agent hangs, it filters echo) is judged by what passes through it.
    passes = _after(kin.parent_answered_at, since) or _after(kin.sibling_answered_at, since)
    return Blame.OWN if never_probed or passes else Blame.WAIT


def _after(moment: float | None, since: float) -> bool:
    return moment is not None and moment > since

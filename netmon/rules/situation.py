"""All that a conclusion is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from netmon.model.faults import Fault
from netmon.model.ids import DeviceId
from netmon.model.time import Now
from netmon.rules.correlation import GroupKey
from netmon.rules.diagnosis import Candidate, GroupFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that is concluded from.

    `faults` are the open ones. `dead` are all current dead roots, members of faults too. `recovered` are members that
    are steadily up. `absorbed` maps a former dead root to the dead root above it, behind which it now is. `groups`
    has the facts of each feeder and amphoe that a dead root belongs to; a group without facts is not considered.
    `amphoes` is how many amphoes with villages each province (2-digit code) has.
    """

    faults: tuple[Fault, ...]
    dead: tuple[Candidate, ...]
    now: Now
    recovered: frozenset[DeviceId] = frozenset()
    retired: frozenset[DeviceId] = frozenset()
    absorbed: Mapping[DeviceId, DeviceId] = field(default_factory=dict)
    groups: Mapping[GroupKey, GroupFacts] = field(default_factory=dict)
    amphoes: Mapping[str, int] = field(default_factory=dict)

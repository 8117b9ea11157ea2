"""Is it the country that is dark, or is netmon itself cut off?

Two things prove isolation: the kernel says that link or route is gone, or every reference target (hosts outside the
village network, chosen by the operator) AND nearly every village probed in every region failed in one window. A storm
can darken most of a region, never all regions and the reference targets at once. The fleet alone proves nothing:
without reference targets, or while one of them answers, its share never blinds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from netmon.model.regions import Region


class ReferenceState(StrEnum):
    """What a reference target did in the window."""

    ANSWERED = "answered"
    FAILED = "failed"
    """Probed, and every probe missed."""
    UNTRIED = "untried"
    """No probe has ended in the window: that says nothing."""


@dataclass(frozen=True, slots=True)
class RegionSample:
    """Villages' devices probed in the window in one region, and how many of them missed every probe in it."""

    probed: int
    missed: int


@dataclass(frozen=True, slots=True)
class IsolationPolicy:
    """What counts as cut off.

    `window` (seconds) is what reference states and samples cover; decisions about tickets wait that long. `share` of
    a sample must have missed. A region with fewer than `minimum_sample` probed has no say; where no region has that
    many, all are taken together. `back` of a sample must answer to end isolation while no reference target does.
    """

    window: float = 10.0
    share: float = 0.9
    minimum_sample: int = 8
    back: float = 0.5


def judge_isolation(
    references: Sequence[ReferenceState],
    regions: Mapping[Region, RegionSample],
    link_reason: str,
    policy: IsolationPolicy,
) -> str | None:
    """Why netmon is cut off, as an English clause; None where that is not proven.

    `link_reason` is the kernel's word (`IsolationSensor.cut_off`), '' while link and route are there.
    """
    if link_reason:
        return link_reason
    if not references or any(state is not ReferenceState.FAILED for state in references):
        return None
    samples = _telling(regions, policy)
    if not samples or any(one.missed < policy.share * one.probed for one in samples):
        return None
    probed, missed = sum(one.probed for one in samples), sum(one.missed for one in samples)
    return f"all {len(references)} reference targets and {missed} of {probed} sampled devices are silent"


def judge_sighted(
    references: Sequence[ReferenceState],
    regions: Mapping[Region, RegionSample],
    link_reason: str,
    policy: IsolationPolicy,
) -> bool:
    """Whether isolation is over: the link is there, and a reference target or most of a region answers."""
    if link_reason:
        return False
    if any(state is ReferenceState.ANSWERED for state in references):
        return True
    samples = _telling(regions, policy) or [_together(regions)]
    return any(one.probed and one.probed - one.missed >= policy.back * one.probed for one in samples)


def _telling(regions: Mapping[Region, RegionSample], policy: IsolationPolicy) -> list[RegionSample]:
    large = [one for one in regions.values() if one.probed >= policy.minimum_sample]
    if large:
        return large
    return [one for one in [_together(regions)] if one.probed >= policy.minimum_sample]


def _together(regions: Mapping[Region, RegionSample]) -> RegionSample:
    return RegionSample(sum(one.probed for one in regions.values()), sum(one.missed for one in regions.values()))

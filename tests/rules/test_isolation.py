"""Is netmon cut off, or is the country dark?"""

from hypothesis import given
from hypothesis import strategies as st

from netmon.model.regions import Region
from netmon.rules.isolation import IsolationPolicy, ReferenceState, RegionSample, judge_isolation, judge_sighted

POLICY = IsolationPolicy()
DARK = RegionSample(40, 40)
FINE = RegionSample(40, 2)
FAILED, ANSWERED, UNTRIED = ReferenceState.FAILED, ReferenceState.ANSWERED, ReferenceState.UNTRIED
samples = st.dictionaries(
    st.sampled_from(list(Region)),
    st.integers(0, 60).flatmap(lambda n: st.integers(0, n).map(lambda m: RegionSample(n, m))),
)


def test_lost_link_blinds_at_once() -> None:
    assert judge_isolation([ANSWERED], {Region.NORTH: FINE}, "eth0 is down", POLICY) == "eth0 is down"


def test_silent_references_and_silent_regions_blind_together() -> None:
    regions = {Region.NORTH: DARK, Region.SOUTH: RegionSample(40, 38)}
    reason = judge_isolation([FAILED, FAILED], regions, "", POLICY)
    assert reason == "all 2 reference targets and 78 of 80 sampled devices are silent"


@given(st.lists(st.sampled_from(list(ReferenceState))), samples)
def test_fleet_alone_never_blinds_while_a_reference_answers_or_none_is_configured(
    references: list[ReferenceState], regions: dict[Region, RegionSample]
) -> None:
    assert judge_isolation([*references, ANSWERED], regions, "", POLICY) is None
    assert judge_isolation([], regions, "", POLICY) is None


def test_references_alone_never_blind_while_one_region_answers() -> None:
    assert judge_isolation([FAILED], {Region.NORTH: DARK, Region.SOUTH: FINE}, "", POLICY) is None
    assert judge_isolation([FAILED], {Region.NORTH: DARK, Region.SOUTH: RegionSample(40, 35)}, "", POLICY) is None
    assert judge_isolation([FAILED], {}, "", POLICY) is None
    assert judge_isolation([FAILED, UNTRIED], {Region.NORTH: DARK}, "", POLICY) is None


def test_small_region_has_no_say_but_small_regions_together_have() -> None:
    few = {Region.NORTH: RegionSample(3, 3), Region.SOUTH: RegionSample(3, 3), Region.EAST: RegionSample(3, 3)}
    assert judge_isolation([FAILED], few, "", POLICY) is not None
    assert judge_isolation([FAILED], {Region.NORTH: DARK, Region.SOUTH: RegionSample(3, 0)}, "", POLICY) is not None
    assert judge_isolation([FAILED], {Region.NORTH: RegionSample(3, 3)}, "", POLICY) is None


def test_sight_returns_with_a_reference_or_a_region_but_never_without_the_link() -> None:
    assert judge_sighted([ANSWERED], {}, "", POLICY)
    assert judge_sighted([FAILED], {Region.NORTH: FINE}, "", POLICY)
    assert judge_sighted([], {Region.NORTH: RegionSample(2, 0)}, "", POLICY)
    assert not judge_sighted([FAILED], {Region.NORTH: DARK}, "", POLICY)
    assert not judge_sighted([], {}, "", POLICY)
    assert not judge_sighted([ANSWERED], {Region.NORTH: FINE}, "the default route is gone", POLICY)


@given(st.lists(st.sampled_from(list(ReferenceState))), samples)
def test_isolated_and_sighted_exclude_each_other(
    references: list[ReferenceState], regions: dict[Region, RegionSample]
) -> None:
    if judge_isolation(references, regions, "", POLICY) is not None:
        assert not judge_sighted(references, regions, "", POLICY)

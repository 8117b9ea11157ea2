"""What is concluded from silent SNMP agents whose devices answer ping."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.faults import COUNTRY, Cause, EvidenceKind, Fault, Resolution, Scope
from netmon.model.ids import DeviceId, FaultId, VillageId
from netmon.model.time import Now
from netmon.rules.agents import (
    AgentFacts,
    AgentPolicy,
    AgentSituation,
    SilentAgent,
    conclude_agents,
    rounds_needed,
    wide_areas,
)

NOW = Now(monotonic=1_000.0, wall=1_700_000_000.0)
POLICY = AgentPolicy()


def silent(*devices: str, feeder: str = "olt-1") -> tuple[SilentAgent, ...]:
    return tuple(
        SilentAgent(
            device=DeviceId(one),
            silent_since=NOW.wall - 300,
            villages=(VillageId(f"3401010{at}"),),
            feeder=DeviceId(feeder),
        )
        for at, one in enumerate(devices)
    )


def conclude(faults: tuple[Fault, ...] = (), later: float = 0.0, **parts: object) -> dict[str, Fault]:
    """What is open, or has just ended, by identity; a second look finds nothing to change."""
    names = count(len(faults) + 1)
    now = Now(NOW.monotonic + later, NOW.wall + later)
    situation = AgentSituation(faults=faults, now=now, **parts)  # type: ignore[arg-type]
    changed = conclude_agents(situation, POLICY, lambda: FaultId(f"F{next(names)}"))
    merged = {fault.id: fault for fault in (*faults, *changed)}
    applied = tuple(fault for fault in merged.values() if fault.is_open)
    again = AgentSituation(faults=applied, now=now, **parts)  # type: ignore[arg-type]
    assert conclude_agents(again, POLICY, lambda: FaultId("nothing new")) == ()
    return {f"{fault.scope}/{fault.key}": fault for fault in merged.values()}


def test_a_silent_agent_is_a_fault_of_its_own_which_says_that_ping_answers() -> None:
    (fault,) = conclude(silent=silent("ap-1"), feeders={DeviceId("olt-1"): AgentFacts(20, 1)}).values()
    assert (fault.scope, fault.key, fault.cause) == (Scope.AGENT, "ap-1", Cause.AGENT)
    assert [one.kind for one in fault.evidence] == [EvidenceKind.AGENT_SILENT]
    assert fault.failed_at == NOW.wall - 300


def test_an_agent_that_answers_steadily_ends_its_fault() -> None:
    before = tuple(conclude(silent=silent("ap-1")).values())
    ended = conclude(before, speaking=frozenset({DeviceId("ap-1")}))["agent/ap-1"]
    assert ended.resolution is Resolution.RECOVERED


def test_a_device_that_is_asked_no_more_ends_its_fault_by_inventory() -> None:
    before = tuple(conclude(silent=silent("ap-1")).values())
    ended = conclude(before, retired=frozenset({DeviceId("ap-1")}))["agent/ap-1"]
    assert ended.resolution is Resolution.INVENTORY


def test_most_agents_of_a_feeder_are_one_fault_and_stragglers_join_it() -> None:
    facts = {DeviceId("olt-1"): AgentFacts(asked=8, quiet=6)}
    before = conclude(silent=silent("ap-1", "ap-2"), feeders=facts)
    assert list(before) == ["agents/olt-1"]
    after = conclude(
        tuple(before.values()),
        silent=silent("ap-1", "ap-2", "ap-3"),
        feeders={DeviceId("olt-1"): AgentFacts(asked=6, quiet=1)},
    )
    assert {member.device for member in after["agents/olt-1"].members} == {"ap-1", "ap-2", "ap-3"}
    assert (after["agents/olt-1"].evidence[0].count, after["agents/olt-1"].evidence[0].total) == (3, 8)


def test_young_faults_of_single_agents_merge_into_that_of_their_feeder_but_old_ones_and_overruled_ones_stay() -> None:
    before = conclude(silent=silent("ap-1"), feeders={DeviceId("olt-1"): AgentFacts(4, 1)})
    parts = {"silent": silent("ap-1", "ap-2", "ap-3"), "feeders": {DeviceId("olt-1"): AgentFacts(3, 2)}}
    young = conclude(tuple(before.values()), 60.0, **parts)
    assert young["agent/ap-1"].resolution is Resolution.MERGED
    assert young["agent/ap-1"].merged_into == young["agents/olt-1"].id
    assert len(young["agents/olt-1"].members) == 3
    old = conclude(tuple(before.values()), POLICY.merge_within + 1, **parts)
    assert old["agent/ap-1"].is_open


@pytest.mark.parametrize(("asked", "quiet"), [(2, 2), (20, 9)])
def test_few_agents_or_the_lesser_part_of_a_feeder_stay_single(asked: int, quiet: int) -> None:
    facts = {DeviceId("olt-1"): AgentFacts(asked, quiet)}
    assert set(conclude(silent=silent("ap-1", "ap-2"), feeders=facts)) == {"agent/ap-1", "agent/ap-2"}


def test_a_whole_area_is_one_fault_without_villages_and_ends_when_its_agents_speak() -> None:
    before = conclude(areas={COUNTRY: AgentFacts(900, 800, silent=1, spread=30), "34": AgentFacts(90, 90, 1, 4)})
    (fault,) = before.values()
    assert (fault.scope, fault.key, fault.members) == (Scope.AREA_AGENTS, COUNTRY, ())
    half = conclude(tuple(before.values()), areas={COUNTRY: AgentFacts(900, 50, silent=50, spread=9)})
    assert half[f"area_agents/{COUNTRY}"].is_open
    over = conclude(tuple(before.values()), areas={COUNTRY: AgentFacts(900, 9, silent=9, spread=9)})
    assert over[f"area_agents/{COUNTRY}"].resolution is Resolution.RECOVERED


def test_an_area_is_wide_only_with_many_on_several_feeders_and_a_silent_one_among_them() -> None:
    wide = AgentFacts(asked=100, quiet=40, silent=1, spread=3)
    assert wide_areas({"34": wide}, (), POLICY) == {"34"}
    for narrow in (
        AgentFacts(100, 9, 1, 3),
        AgentFacts(100, 40, 1, 2),
        AgentFacts(100, 40, 0, 3),
        AgentFacts(1000, 40, 1, 3),
    ):
        assert wide_areas({"34": narrow}, (), POLICY) == frozenset()


@given(sent=st.integers(0, 64), lost=st.integers(0, 64))
def test_a_lossy_line_is_waited_for_longer_within_bounds(sent: int, lost: int) -> None:
    lost = min(sent, lost)
    needed = rounds_needed(sent, lost, POLICY)
    assert POLICY.rounds <= needed <= 3 * POLICY.rounds
    if lost:
        assert needed >= rounds_needed(sent, lost - 1, POLICY)

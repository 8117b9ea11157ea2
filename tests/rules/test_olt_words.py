"""Power or line: what OLTs say of the dead, with gasps that were lost and OLTs that give no reason."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.faults import Cause, EvidenceKind, Fault, Scope
from netmon.model.ids import DeviceId
from netmon.model.inventory import Role
from netmon.model.onus import OltWord
from netmon.rules.conclude import Candidate, Witness
from netmon.rules.diagnosis import diagnose
from netmon.rules.olt_words import power_after, words_by_olt
from tests.kit.land import Land

T = 1_000_000.0
ONE_PLACE = {("3401", "olt-a"): 30, ("3401", "olt-b"): 30}
GASP, LOST, MUTE, ONLINE = OltWord.DYING_GASP, OltWord.LOSS_OF_SIGNAL, OltWord.OFFLINE, OltWord.ONLINE


def land(layout: dict[tuple[str, str], int], *words: OltWord, feeder: str = "olt-a") -> Land:
    """Villages of one feeder that died together, and what its OLT says of each."""
    here = Land.of(layout)
    for device, word in zip(here.on(feeder=feeder), words, strict=False):
        here.kill(device, T, olt=word)
    here.conclude(T + 60)
    return here


def causes(here: Land) -> Counter[tuple[Scope, Cause, int]]:
    return Counter((fault.scope, fault.cause, len(fault.villages)) for fault in here.open())


@pytest.mark.parametrize(
    ("role", "changes", "cause", "confidence"),
    [
        (Role.UPLINK, {"olt": GASP}, Cause.POWER, 0.9),
        (Role.UPLINK, {"olt": LOST}, Cause.UPLINK, 0.75),
        (Role.UPLINK, {"olt": MUTE}, Cause.UPLINK, 0.6),
        (Role.UPLINK, {"olt": ONLINE}, Cause.UPLINK, 0.65),
        (Role.AP, {"olt": GASP}, Cause.POWER, 0.9),
        (Role.AP, {"olt": LOST}, Cause.UPLINK, 0.75),
        (Role.AP, {"olt": MUTE}, Cause.UPLINK, 0.55),
        (Role.AP, {"olt": ONLINE}, Cause.ACCESS_POINT, 0.9),
        (Role.AP, {"olt": ONLINE, "uplink": Witness.SILENT}, Cause.UPLINK, 0.65),
        (Role.AP, {"olt": GASP, "uplink": Witness.ANSWERS}, Cause.ACCESS_POINT, 0.95),
        (Role.SWITCH, {"olt": ONLINE}, Cause.UNKNOWN, 0.5),
        (Role.UPS, {"olt": GASP}, Cause.AGENT, 0.6),
    ],
)
def test_one_dead_device_by_the_word_of_its_olt(
    role: Role, changes: dict[str, Any], cause: Cause, confidence: float
) -> None:
    known = {"feeder": Witness.ANSWERS, "feeder_id": DeviceId("olt"), "onu": DeviceId("onu"), **changes}
    dead = Candidate(device=DeviceId("d"), role=role, villages=(), failed_at=T, confirmed_at=T + 8, **known)
    finding = diagnose(dead, T + 20)
    assert (finding.cause, finding.confidence) == (cause, confidence)
    if known.get("uplink") is not Witness.ANSWERS:
        assert any(one.kind.startswith("olt_") and one.subject == "onu" for one in finding.evidence)
        assert not any(one.kind is EvidenceKind.UPLINK_NOT_WATCHED for one in finding.evidence)


def test_an_access_point_whose_onu_the_olt_has_online_fails_for_itself_and_joins_nobody() -> None:
    known = {"feeder": Witness.ANSWERS, "onu": DeviceId("onu"), "olt": ONLINE}
    dead = Candidate(
        device=DeviceId("ap"),
        role=Role.AP,
        villages=(),
        failed_at=T,
        confirmed_at=T,
        **known,  # type: ignore[arg-type]
    )
    assert dead.fails_for_itself


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ([GASP] * 5, Cause.POWER),
        ([GASP] * 4 + [LOST] * 2, Cause.POWER),
        ([GASP] + [LOST] * 3, Cause.POWER),
        ([LOST] * 6, Cause.UPLINK),
        ([MUTE] * 6, Cause.UPLINK),
        ([GASP] * 3 + [MUTE] * 3, Cause.POWER),
    ],
)
def test_villages_of_one_feeder_are_told_apart_by_their_gasps(words: list[OltWord], cause: Cause) -> None:
    fault = land(ONE_PLACE, *words).only()
    assert (fault.scope, fault.key, fault.cause) == (Scope.FEEDER, "olt-a", cause)


def test_the_words_stand_in_the_evidence_with_how_many_of_how_many() -> None:
    fault = land(ONE_PLACE, GASP, GASP, GASP, LOST).only()
    told = {one.kind: (one.count, one.total) for one in fault.evidence}
    assert told[EvidenceKind.OLT_DYING_GASPS] == (3, 4)
    assert told[EvidenceKind.OLT_LOSSES_OF_SIGNAL] == (1, 4)


def test_a_village_that_gasped_amid_a_cut_line_keeps_its_own_fault() -> None:
    here = land(ONE_PLACE, *[LOST] * 12, GASP)
    assert causes(here) == {(Scope.FEEDER, Cause.UPLINK, 12): 1, (Scope.DEVICE, Cause.POWER, 1): 1}


def test_two_cut_trunks_in_one_place_are_two_lines_and_no_power_cut() -> None:
    here = Land.of(ONE_PLACE)
    for device in (*here.on(feeder="olt-a")[:12], *here.on(feeder="olt-b")[:12]):
        here.kill(device, T, olt=LOST)
    here.conclude(T + 60)
    assert {fault.cause for fault in here.open()} == {Cause.UPLINK}


@pytest.mark.parametrize("seed", range(6))
def test_a_power_cut_with_lost_gasps_and_a_mute_olt_is_one_power_cut(seed: int) -> None:
    chance = random.Random(seed)
    here = Land.of({**ONE_PLACE, ("3401", "olt-c"): 20})
    for device in here.on("3401"):
        heard = chance.random() >= 0.3
        word = MUTE if here.homes[device][1] == "olt-c" else GASP if heard else LOST
        here.kill(device, T + chance.uniform(0, 90), olt=word)
    for second in range(30, 200, 10):
        here.conclude(T + second)
    fault = here.only()
    assert (fault.scope, fault.cause) == (Scope.AMPHOE, Cause.POWER)
    assert fault.confidence >= 0.9


def test_a_word_that_comes_late_relabels_a_single_and_a_common_fault_but_never_overrules_a_person() -> None:
    here = land(ONE_PLACE, *[OltWord.NOTHING] * 5)
    assert here.only().cause is Cause.UPLINK
    for device in here.on(feeder="olt-a")[:5]:
        here.kill(device, T, olt=GASP)
    here.conclude(T + 80)
    relabelled = here.only()
    assert (relabelled.cause, relabelled.scope) == (Cause.POWER, Scope.FEEDER)
    single = land(ONE_PLACE, OltWord.NOTHING)
    here_is: Fault = single.only()
    assert here_is.cause is Cause.UPLINK
    single.kill(single.on(feeder="olt-a")[0], T, olt=GASP)
    single.conclude(T + 80)
    assert single.only().cause is Cause.POWER


def test_a_feeder_that_falls_silent_after_its_villages_gasped_has_lost_its_power_too() -> None:
    here = land(ONE_PLACE, *[GASP] * 6)
    assert here.only().cause is Cause.POWER
    here.kill_feeder("olt-a", T + 70)
    here.conclude(T + 100)
    fault = here.only()
    assert fault.cause is Cause.POWER
    assert EvidenceKind.OLT_DYING_GASPS in {one.kind for one in fault.evidence}
    cut = land(ONE_PLACE, *[LOST] * 6)
    cut.kill_feeder("olt-a", T + 70)
    cut.conclude(T + 100)
    assert cut.only().cause is Cause.FEEDER


@given(st.integers(1, 30), st.integers(0, 30), st.floats(0.05, 0.95))
def test_further_gasps_only_ever_speak_for_power_and_lost_light_never_does(
    gasps: int, lost: int, before: float
) -> None:
    def after(more_gasps: int, more_lost: int) -> float:
        said = [("olt", GASP)] * (gasps + more_gasps) + [("olt", LOST)] * (lost + more_lost)
        return power_after(words_by_olt(said), before)

    assert after(1, 0) >= after(0, 0) - 1e-9
    assert after(0, 1) <= after(0, 0) + 1e-9
    assert 0.05 <= after(0, 0) <= 0.95

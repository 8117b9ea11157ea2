"""Storms: many failures that unfold over time must come out as few faults, and quickly."""

import random
import time
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from netmon.model.faults import Cause, Scope
from netmon.model.ids import DeviceId
from netmon.rules.conclude import conclude
from tests.kit.land import POLICY, Land

T = 1_567_300_000.0


@pytest.mark.parametrize("seed", range(5))
def test_outage_that_begins_staggered_over_ninety_seconds_ends_as_its_oldest_fault(seed: int) -> None:
    chance = random.Random(seed)
    here = Land.of({("3401", "olt-a"): 30, ("3401", "olt-b"): 30})
    onsets = sorted((chance.uniform(0, 90), device) for device in here.on("3401"))
    for second in range(5, 200, 5):
        for onset, device in onsets:
            if second - 5 <= onset < second:
                here.kill(device, T + onset)
        here.conclude(T + second)
    fault = here.only()
    assert fault.id == "F0001"
    assert (fault.scope, fault.key, fault.cause, len(fault.members)) == (Scope.AMPHOE, "3401", Cause.POWER, 60)
    assert all(one.merged_into == "F0001" for one in here.history.values() if one.id != "F0001")


@pytest.mark.parametrize("seed", range(5))
def test_power_cut_that_takes_a_feeder_down_too_ends_as_one_fault(seed: int) -> None:
    chance = random.Random(seed)
    here = Land.of({("3401", "olt-a"): 30, ("3401", "olt-b"): 30})
    onsets = [(chance.uniform(0, 90), device) for device in here.on("3401")]
    for second in range(5, 200, 5):
        for onset, device in onsets:
            if second - 5 <= onset < second and here.homes[device][1] not in here.dead:
                here.kill(device, T + onset)
        if second == 45:
            here.kill_feeder("olt-a", T + 40)
        here.conclude(T + second)
    fault = here.only()
    assert (fault.scope, fault.cause, len(fault.villages)) == (Scope.AMPHOE, Cause.POWER, 60)


PROVINCES = ["33", "34", "35", "37", "40", "44", "45", "46", "47", "48", "49"]


def podul() -> dict[tuple[str, str], int]:
    """11 provinces with 12 amphoes each, two feeders per amphoe."""
    return {
        (f"{province}{amphoe:02d}", f"olt-{province}{amphoe:02d}-{side}"): 14
        for province in PROVINCES
        for amphoe in range(1, 13)
        for side in "ab"
    }


def test_storm_over_eleven_provinces_is_one_fault_for_each_service_centre_not_904() -> None:
    chance = random.Random(904)
    here = Land.of(podul())
    struck = [f"{province}{number:02d}" for province in PROVINCES for number in (1, 2, 3)]
    victims = chance.sample([device for amphoe in struck for device in here.on(amphoe)], 904)
    onsets = [(chance.uniform(0, 90), device) for device in victims]
    for second in range(15, 180, 15):
        for onset, device in onsets:
            if second - 15 <= onset < second:
                here.kill(device, T + onset)
        here.conclude(T + second)
    # Of three amphoes each province's first two have a service centre in common.
    assert {village[:4] for fault in here.open() for village in fault.villages} == set(struck)
    assert len(here.open()) == 22
    assert sum(len(fault.villages) for fault in here.open()) == 904
    assert {fault.cause for fault in here.open()} == {Cause.POWER}


def test_five_thousand_dead_roots_are_concluded_in_well_under_a_second() -> None:
    layout = {(f"{10 + n // 12}{n % 12 + 1:02d}", f"olt-{n}-{side}"): 15 for n in range(200) for side in "ab"}
    here = Land.of(layout)
    chance = random.Random(5)
    for device in chance.sample(here.on(), 5000):
        here.kill(device, T + chance.uniform(0, 60))
    situation = here.situation(T + 90)
    began = time.process_time()
    changed = conclude(situation, POLICY, here.new_id)
    assert time.process_time() - began < 1.0
    assert 0 < len(changed) <= 400


class Unfolding(RuleBasedStateMachine):
    """Whatever happens in whatever order, `Land.conclude` holds the promises after each step."""

    @initialize()
    def begin(self) -> None:
        from_layout = {("3401", "olt-a"): 8, ("3401", "olt-b"): 6, ("3402", "olt-b"): 4, ("3402", "olt-c"): 5}
        self.here = Land.of(from_layout)
        self.at = T

    def pick(self, number: int) -> DeviceId:
        devices = self.here.on()
        return DeviceId(devices[number % len(devices)])

    def above(self, device: DeviceId) -> str:
        return str(self.here.homes[device][1])

    @rule(numbers=st.lists(st.integers(0, 100), min_size=1, max_size=6), ago=st.floats(0, 60))
    def uplinks_die(self, numbers: list[int], ago: float) -> None:
        for device in map(self.pick, numbers):
            if device not in self.here.dead and self.above(device) not in self.here.dead:
                self.here.kill(device, self.at - ago)

    @rule(number=st.integers(0, 100))
    def access_point_dies(self, number: int) -> None:
        device = self.pick(number)
        if device not in self.here.dead and self.above(device) not in self.here.dead:
            self.here.kill_ap(device, self.at - 20)

    @rule(feeder=st.sampled_from(["olt-a", "olt-b", "olt-c"]))
    def feeder_dies(self, feeder: str) -> None:
        if feeder not in self.here.dead:
            for device in self.here.on(feeder=feeder):
                name = DeviceId(f"ap-{self.here.homes[device][2]}")
                if self.here.dead.pop(name, None):
                    self.here.absorbed[name] = DeviceId(feeder)
            self.here.kill_feeder(feeder, self.at - 15)

    @precondition(lambda self: self.here.dead)
    @rule(numbers=st.lists(st.integers(0, 100), min_size=1, max_size=8))
    def some_recover(self, numbers: list[int]) -> None:
        dead = sorted(self.here.dead)
        back = {dead[number % len(dead)] for number in numbers}
        # What was behind a feeder that returns answers too.
        back |= {child for child, above in self.here.absorbed.items() if above in back}
        self.here.conclude(self.at, recovered=back)

    @precondition(lambda self: self.here.dead)
    @rule(number=st.integers(0, 100))
    def one_is_retired(self, number: int) -> None:
        dead = sorted(self.here.dead)
        gone = dead[number % len(dead)]
        behind = [child for child, above in self.here.absorbed.items() if above == gone]
        self.here.conclude(self.at, retired=[gone, *behind])

    @precondition(lambda self: self.here.faults)
    @rule(number=st.integers(0, 100))
    def operator_overrules(self, number: int) -> None:
        fault = self.here.open()[number % len(self.here.faults)]
        self.here.record([replace(fault, cause=Cause.POWER, overruled_by="noc")])

    @rule(seconds=st.sampled_from([5.0, 20.0, 100.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.at += seconds
        overruled = {fault.id for fault in self.here.faults.values() if fault.overruled_by}
        self.here.conclude(self.at)
        for one in overruled:
            assert self.here.history[one].cause is Cause.POWER
            assert self.here.history[one].merged_into is None


TestUnfolding = Unfolding.TestCase
TestUnfolding.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)

"""A script says what its plan says, only faster."""

import asyncio
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.readings import Measure
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.plan import PollPlan, Scope, build_plan
from netmon.probes.snmp.recording import Recording, read_recording
from netmon.probes.snmp.script import Script
from netmon.settings.profiles import load_profiles
from tests.kit.peers import find_shared, skip_or_fail

SNMPD = Path(__file__).parent / "recordings" / "debian-snmpd.snmprec"
PROFILES = load_profiles()
numbers = st.integers(-2, 200) | st.integers(-(2**31), 2**64 - 1)
values = numbers | st.sampled_from(Absent) | st.binary(max_size=6) | st.sampled_from([b"12", b"-90.5", b"n/a"])


def plan_of(device: Recording) -> PollPlan | None:
    found = asyncio.run(discover(device, PROFILES))
    plan = build_plan(found, Scope.EVERYTHING) if isinstance(found, Discovery) else None
    return plan if plan is not None and plan.requests else None


def compare(plan: PollPlan, said: list[Value], tables: dict) -> None:
    script = Script(plan, Version.V2C, b"public")
    assert script.read(said, tables) == plan.decode(said, tables)
    assert script.outline == tuple(Measure(one.quantity, one.label) for one in plan.series)


GENERIC = plan_of(read_recording(SNMPD.read_bytes()))
assert GENERIC is not None


@given(st.lists(values, min_size=len(GENERIC.oids), max_size=len(GENERIC.oids)))
def test_whatever_an_agent_answers_script_and_plan_agree(said: list[Value]) -> None:
    assert GENERIC is not None
    compare(GENERIC, said, {})


def test_script_and_plan_agree_on_every_recorded_device() -> None:
    shared = find_shared()
    if shared is None:
        skip_or_fail("The recordings of real devices are not beside the checkout; NETMON_SHARED names their folder.")
        return
    compared = 0
    for file in sorted((shared / "devices").rglob("*.snmprec")):
        device = read_recording(file.read_bytes())
        plan = plan_of(device)
        if plan is not None:
            tables = {one: [bind.value for bind in asyncio.run(device.walk(one)).rows] for one in plan.walks}
            compare(plan, asyncio.run(device.get(plan.oids)), tables)
            compared += 1
    assert compared > 10


def test_equal_devices_have_equal_plans_so_that_they_are_kept_once() -> None:
    again = plan_of(read_recording(SNMPD.read_bytes()))
    assert GENERIC is not None
    assert again is not None
    assert (GENERIC.requests, GENERIC.walks, GENERIC.series) == (again.requests, again.walks, again.series)
    assert hash(GENERIC.series) == hash(again.series)


@pytest.mark.parametrize(("raw", "expected"), [(2**64 - 1, 2**64 - 1), (2**53 + 1, 2**53 + 1), (-1, None)])
def test_a_counter_stays_the_integer_it_is(raw: int, expected: int | None) -> None:
    assert GENERIC is not None
    script = Script(GENERIC, Version.V2C, b"public")
    place = script.counters[0][0]
    said: list[Value] = [raw] * len(GENERIC.oids)
    got = script.read(said, {})[place]
    assert got == GENERIC.decode(said)[place]
    if expected is not None:
        assert got == expected
    assert got is None or not math.isnan(got)

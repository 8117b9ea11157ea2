"""What devices of one family share is found equal, and so kept once."""

import asyncio
from pathlib import Path

from netmon.model.readings import Measure, Quantity
from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.plan import PollPlan, build_plan
from netmon.probes.snmp.recording import read_recording
from netmon.probes.snmp.script import Script
from netmon.settings.profiles import load_profiles

SNMPD = Path(__file__).parent / "recordings" / "debian-snmpd.snmprec"
PROFILES = load_profiles()


def plan_of_snmpd() -> PollPlan:
    found = asyncio.run(discover(read_recording(SNMPD.read_bytes()), PROFILES))
    assert isinstance(found, Discovery)
    return build_plan(found)


def test_equal_devices_have_equal_plans_so_that_they_are_kept_once() -> None:
    one, other = plan_of_snmpd(), plan_of_snmpd()
    assert (one.requests, one.walks, one.series) == (other.requests, other.walks, other.series)
    assert hash(one.series) == hash(other.series)


def test_a_script_knows_where_its_plan_has_uptime_and_counters() -> None:
    plan = plan_of_snmpd()
    script = Script(plan, Version.V2C, b"public")
    assert script.outline[script.uptime] == Measure(Quantity.UPTIME, "")
    assert {script.outline[at].quantity for at, _ in script.counters} == {
        Quantity.RECEIVE_BYTES, Quantity.TRANSMIT_BYTES, Quantity.RECEIVE_ERRORS, Quantity.TRANSMIT_ERRORS,
    }  # fmt: skip
    assert all(bits == plan.series[at].bits for at, bits in script.counters)

"""Plans that differ in nothing but names and instances share how their answers are read, and read them alike."""

import asyncio

from netmon.probes.snmp.discover import Discovery, discover
from netmon.probes.snmp.plan import PollPlan, build_plan
from netmon.probes.snmp.recording import read_recording
from netmon.settings.profiles import load_profiles

PROFILES = load_profiles()
ENTRY = "1.3.6.1.4.1.14823.2.3.3.1.2."


def plan_of(mac: str, name: str, cpu: int) -> tuple[PollPlan, list[float | None]]:
    """An Aruba access point that knows another: its labels hold its name, its tables have its hardware address."""
    lines = [
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.14823.1.2.99",
        "1.3.6.1.2.1.1.3.0|67|100000",
        f"{ENTRY}1.1.2.{mac}|4|{name}",
        f"{ENTRY}1.1.2.2.78.77.9.9.9|4|AP-9",
        f"{ENTRY}1.1.7.{mac}|2|{cpu}",
        f"{ENTRY}1.1.8.{mac}|2|25",
        f"{ENTRY}1.1.10.{mac}|2|100",
        *(f"{ENTRY}2.1.21.{mac}.{radio}|2|{clients}" for radio, clients in ((0, 2), (1, 5))),
        "1.3.6.1.2.1.2.2.1.2.1|4|eth0",
        "1.3.6.1.2.1.2.2.1.8.1|2|1",
        "1.3.6.1.2.1.2.2.1.10.1|65|77",
    ]
    device = read_recording("\n".join(lines).encode())

    async def poll() -> tuple[PollPlan, list[float | None]]:
        found = await discover(device, PROFILES)
        assert isinstance(found, Discovery)
        plan = build_plan(found)
        return plan, plan.decode(await device.get(plan.oids))

    return asyncio.run(poll())


def test_two_access_points_with_names_of_their_own_share_one_reader_and_its_parts() -> None:
    (one, said), (other, said_too) = plan_of("2.78.77.0.0.1", "AP-1", 10), plan_of("2.78.77.0.0.2", "AP-2", 40)
    assert one.oids != other.oids
    assert [series.label for series in one.series] != [series.label for series in other.series]
    assert one._reader is other._reader
    assert all(a.method is b.method for a, b in zip(one.series, other.series, strict=True))
    differing = [place for place, pair in enumerate(zip(said, said_too, strict=True)) if pair[0] != pair[1]]
    assert {one.series[place].quantity.value for place in differing} == {"device_cpu_ratio"}

"""What netmon reads of a country's ONUs from the lab's OLTs, by its own profile and requests, while things break."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from netmon.lab.country import NO_PING, NO_SNMP, Country, CountryPlan, generate
from netmon.lab.ledger import Ledger
from netmon.lab.models.catalogue import SMARTAX
from netmon.model.inventory import Device, Role
from netmon.model.onus import DownCause, OnuRow, RowState, same_key
from netmon.model.readings import Measure, Quantity
from netmon.probes.snmp.ber import Oid
from netmon.probes.snmp.client import Result
from netmon.probes.snmp.codec import PduType
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.onus import OltTables
from netmon.probes.snmp.reasons import Failure, FailureKind
from netmon.probes.snmp.session import Asking
from netmon.settings.profiles import load_profiles
from tests.lab.country_of_agents import Fleet
from tests.lab.test_conditions import Play

RULES = load_profiles()["huawei-smartax"].onus
UNKIND = generate(CountryPlan(villages=2000, seed=4))
ONLINE, LOST = OnuRow(RowState.ONLINE), OnuRow(RowState.OFFLINE, DownCause.LOSS_OF_SIGNAL)
GASPED, MUTE = OnuRow(RowState.OFFLINE, DownCause.DYING_GASP), OnuRow(RowState.OFFLINE)
LIGHT, DISTANCE = Measure(Quantity.OPTICAL_RECEIVE_POWER, ""), Measure(Quantity.OPTICAL_DISTANCE, "")


class LabAsking(Asking):
    """netmon's way of asking one device, answered by the lab without a wire; `sent` counts requests."""

    def __init__(self, fleet: Fleet, olt: Device) -> None:
        super().__init__(Manner(has_answered=True))
        self.fleet, self.olt, self.sent = fleet, olt, 0

    async def send(self, kind: PduType, oids: tuple[Oid, ...], repetitions: int = 0) -> Result:
        self.sent += 1
        message = self.fleet.ask(self.olt, kind, oids, repetitions=repetitions)
        if message is None:
            return Failure(0, FailureKind.TIMED_OUT)
        if message.error_status:
            return Failure(0, FailureKind.AGENT_ERROR, message.error_status, message.error_index)
        return [bind.value for bind in message.varbinds] if kind is PduType.GET else message.varbinds


def tables(fleet: Fleet, olt: Device) -> tuple[OltTables, LabAsking]:
    assert RULES is not None
    asking = LabAsking(fleet, olt)
    return OltTables(asking, RULES), asking


def states(fleet: Fleet, olt: Device) -> dict[str, OnuRow]:
    """By device id: what the OLT says of the ONUs that the inventory has behind it and that it knows."""
    reader, _ = tables(fleet, olt)
    found = asyncio.run(reader.find())
    assert found is not None
    rows = {
        one.id: found[same_key(one.observed_via.key)]
        for one in fleet.country.inventory.devices
        if one.observed_via is not None
        and one.observed_via.device == olt.id
        and same_key(one.observed_via.key) in found
    }
    said = asyncio.run(reader.states(list(rows.values())))
    assert said is not None
    return dict(zip(rows, said, strict=True))


@contextmanager
def play(tmp_path: Path, country: Country, *events: dict[str, Any]) -> Iterator[Play]:
    with (tmp_path / "ledger.jsonl").open("w") as file:
        yield Play(country, list(events), Ledger(file))


def olts(country: Country) -> list[Device]:
    return [one for one in country.inventory.devices if one.role is Role.FEEDER]


def test_a_calm_olt_has_all_its_onus_online_in_one_request_each_forty() -> None:
    fleet = Fleet(UNKIND)
    olt = fleet.of_family(SMARTAX)
    said = states(fleet, olt)
    assert len(said) > 10 and set(said.values()) == {ONLINE}
    reader, asking = tables(fleet, olt)
    found = asyncio.run(reader.find())
    assert found is not None
    rows = list(dict.fromkeys(found.values()))
    asking.sent = 0
    asyncio.run(reader.states(rows))
    assert asking.sent == -(-len(rows) // 40)


def test_most_onus_are_found_and_those_recorded_at_another_olt_or_not_built_are_not() -> None:
    fleet = Fleet(UNKIND)
    found = {name for olt in olts(UNKIND) for name in states(fleet, olt)}
    onus = [one for one in UNKIND.inventory.devices if one.role is Role.UPLINK]
    missing = {one.id for one in onus} - found
    wrong = {one.id for one in onus if UNKIND.parent_of[one.id] != one.parent}
    assert missing == wrong | {one.id for one in onus if one.id in UNKIND.unbuilt}
    assert abs(sum(not one.address for one in onus) / len(onus) - NO_PING) < 0.03
    assert abs(sum(not one.credential for one in onus) / len(onus) - NO_SNMP) < 0.09


@pytest.mark.parametrize(("kind", "heard"), [("power_cut", {GASPED, LOST}), ("fibre_cut", {LOST})])
def test_rows_follow_an_event_with_the_field_s_lost_gasps_and_mute_olts(
    tmp_path: Path, kind: str, heard: set[OnuRow]
) -> None:
    event = {"at": 100, "kind": kind, "where": {"country": True}}
    with play(tmp_path, UNKIND, event) as lab:
        lab.until(300)
        told: Counter[OnuRow] = Counter()
        silent = mute = 0
        for olt in olts(UNKIND):
            if lab.conditions.is_dead(lab.index(olt)):
                silent += 1
                continue
            said = states(lab, olt)
            assert ONLINE not in said.values()
            mute += set(said.values()) == {MUTE}
            told.update(row for row in said.values() if row != MUTE)
        alive = len(olts(UNKIND)) - silent
        assert set(told) == heard
        assert 0.05 < mute / alive < 0.45
        if kind == "power_cut":
            assert silent > 0
            assert abs(told[GASPED] / told.total() - 0.7) < 0.05


def test_light_fades_with_its_event_and_the_length_of_the_fibre_is_the_onu_s(tmp_path: Path) -> None:
    country = generate(CountryPlan(villages=60, seed=11, gentle=True))
    probe = Fleet(country)
    olt = probe.of_family(SMARTAX)
    onu = probe.onu(olt)
    event = {"at": 100, "kind": "optics_fade", "db_per_minute": 2, "where": {"device": onu.id}}
    with play(tmp_path, country, event) as lab:
        reader, _ = tables(lab, olt)
        found = asyncio.run(reader.find())
        assert found is not None and onu.observed_via is not None
        row = found[onu.observed_via.key]

        def read() -> dict[Measure, float]:
            said = asyncio.run(reader.optics([row]))
            assert said is not None
            return {one: value for one, value in zip(reader.outline, said[0], strict=True) if value is not None}

        before = read()
        lab.until(100)
        lab.clock.now += 120
        after = read()
        assert 3.7 <= before[LIGHT] - after[LIGHT] <= 4.3
        assert after[DISTANCE] == before[DISTANCE] == lab.box(onu).distance()

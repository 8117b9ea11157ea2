"""Villages whose OLT tells of their ONUs: what netmon then knows, what it says, and what it asks for that."""

import pytest

from netmon.engine.olt_watch import OltPace
from netmon.model.faults import Cause, EvidenceKind, Scope
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import ObservedVia
from netmon.model.onus import OnuRow, RowState
from tests.kit.house import with_device
from tests.kit.olts import GASPED, LIGHT, LOST, MUTE, ONLINE, OltHouse, Plan, with_olts


def settled(**layout: object) -> OltHouse:
    """A house in which everything is up and every row is known."""
    house = OltHouse(with_olts(**layout))  # type: ignore[arg-type]
    house.live(50)
    return house


def kinds(house: OltHouse) -> set[EvidenceKind]:
    return {one.kind for fault in house.open_faults for one in fault.evidence}


def test_an_onu_without_an_address_has_its_health_from_its_row() -> None:
    house = settled(villages=3, no_address=[2])
    assert house.health("onu-2") is Health.UP
    house.cut_power(2)
    house.live(20)
    assert house.health("onu-2") is Health.DOWN
    assert house.health("ap-2") is Health.UNREACHABLE
    house.live(20)
    fault = house.open_faults[0]
    assert (fault.key, fault.cause) == ("onu-2", Cause.POWER)
    house.heal()
    house.say(ONLINE, 2)
    house.live(120)
    assert house.health("onu-2") is house.health("ap-2") is Health.UP
    assert house.open_faults == []


def test_a_dead_access_point_before_an_onu_without_an_address_that_is_online_is_the_access_point() -> None:
    house = settled(villages=3, no_address=[2])
    house.silence("ap-2")
    house.live_until_ticket(60)
    fault = house.open_faults[0]
    assert (fault.key, fault.cause) == ("ap-2", Cause.ACCESS_POINT)
    assert EvidenceKind.OLT_ONLINE in kinds(house)


@pytest.mark.parametrize(
    ("row", "cause", "kind"),
    [
        (GASPED, Cause.POWER, EvidenceKind.OLT_DYING_GASP),
        (LOST, Cause.UPLINK, EvidenceKind.OLT_LOSS_OF_SIGNAL),
        (MUTE, Cause.UPLINK, EvidenceKind.OLT_OFFLINE),
        (ONLINE, Cause.UPLINK, EvidenceKind.OLT_ONLINE),
    ],
)
@pytest.mark.parametrize("no_address", [(), (2,)])
def test_the_olt_s_word_stands_in_the_ticket_from_the_first(
    row: OnuRow, cause: Cause, kind: EvidenceKind, no_address: tuple[int, ...]
) -> None:
    if no_address and row is ONLINE:
        pytest.skip("an ONU that is online and has no address is not dark")
    house = settled(villages=4, no_address=no_address)
    house.cut_power(2, row=row)
    house.live_until_ticket(60)
    (fault,) = house.open_faults
    assert (fault.key, fault.cause) == ("onu-2", cause)
    assert kind in kinds(house)


def test_a_suspect_village_makes_its_olt_read_that_row_within_seconds() -> None:
    house = settled(villages=30)
    olt = house.played["olt-1"]
    others = [len(house.played[name].reads) for name in ("olt-2", "olt-3")]
    olt.reads.clear()
    house.cut_power(4)
    for _ in range(250):
        house.live(0.1)
        if Health.SUSPECT in house.healths(["onu-4", "ap-4"]):
            break
    house.live(1)
    assert any("S4" in read for read in olt.reads)
    assert house.row("onu-4") is RowState.OFFLINE
    assert all(
        len(house.played[name].reads) <= before + 3 for name, before in zip(("olt-2", "olt-3"), others, strict=True)
    )


def test_many_suspect_villages_of_one_olt_cost_few_reads_and_the_others_none() -> None:
    house = settled(villages=120, per_feeder=60)
    for olt in house.played.values():
        olt.reads.clear()
    house.cut_power(*range(1, 61))
    house.live(40)
    out_of_turn = [read for read in house.played["olt-1"].reads if len(read) < 60]
    assert out_of_turn, "nothing was read out of turn"
    assert len(house.played["olt-1"].reads) <= 25
    assert len(house.played["olt-2"].reads) <= 3


def test_all_states_are_read_in_one_go_every_round_and_rows_are_found_once() -> None:
    house = settled(villages=50, per_feeder=50)
    olt = house.played["olt-1"]
    olt.reads.clear()
    house.live(200)
    assert 9 <= len(olt.reads) <= 11
    assert all(len(read) == 50 for read in olt.reads)
    assert olt.walks == 1


def test_the_light_of_all_is_read_once_in_its_time_and_stands_on_the_onu() -> None:
    house = settled(villages=50, per_feeder=50)
    olt = house.played["olt-1"]
    house.live(200)
    assert set(olt.lit) == set(olt.serials)
    olt.lit.clear()
    house.live(200)
    # A step waits for a round of its OLT, and the shorter last one may be among them.
    assert set(olt.lit.values()) <= {1, 2} and len(olt.lit) >= 32
    index = house.country.inventory.index_of[DeviceId("onu-7")]
    assert house.country.fleet.told_readings.of(index) == {LIGHT: -24.0}


@pytest.mark.parametrize("how", ["silent to SNMP", "dead"])
def test_an_olt_that_fails_leaves_its_onus_unknown_never_down(how: str) -> None:
    house = settled(villages=6, no_address=[2, 3])
    seen: set[Health] = set()
    if how == "dead":
        house.silence(*house.below("olt-1"))
    house.played["olt-1"].silent = True
    for _ in range(80):
        house.live(1)
        seen |= house.healths(["onu-2", "onu-3"])
    assert seen <= {Health.UP, Health.UNKNOWN, Health.UNREACHABLE}
    assert house.health("onu-2") is Health.UNKNOWN
    assert house.row("onu-1") is RowState.UNREAD
    if how == "dead":
        assert [(fault.scope, fault.cause) for fault in house.open_faults] == [(Scope.FEEDER, Cause.FEEDER)]
    else:
        assert house.open_faults == []
        assert house.health("onu-1") is house.health("ap-2") is Health.UP


def test_an_olt_that_misses_one_read_is_asked_again_at_once_and_nothing_is_forgotten() -> None:
    house = settled(villages=4, no_address=[2])
    olt = house.played["olt-1"]
    olt.reads.clear()
    olt.silent = True
    while not olt.reads:
        house.live(0.1)
    olt.silent = False
    house.live(1)
    assert len(olt.reads) == 2
    assert house.health("onu-2") is Health.UP


def test_a_village_whose_olt_fails_during_its_outage_is_still_told_of() -> None:
    house = settled(villages=4, no_address=[2])
    house.played["olt-1"].silent = True
    house.cut_power(2)
    house.live_until_ticket(120)
    (fault,) = house.open_faults
    assert fault.villages and fault.cause is Cause.UNKNOWN
    assert house.health("onu-2") is Health.UNKNOWN


def test_rows_that_vanish_are_looked_for_again_and_an_unknown_key_says_nothing() -> None:
    house = settled(villages=4, no_address=[2])
    olt = house.played["olt-1"]
    del olt.said["S2"]
    house.live(30)
    assert house.health("onu-2") is Health.UNKNOWN
    assert olt.walks == 1
    house.live(620)
    assert olt.walks == 2
    olt.said["S2"] = ONLINE
    house.known["olt-1"] = Plan("olt-1")  # discovered anew: it has started again, or a day has passed
    house.live(30)
    assert olt.walks == 3
    assert house.health("onu-2") is Health.UP


def test_while_netmon_is_cut_off_no_olt_is_asked_and_nothing_is_concluded() -> None:
    house = settled(villages=40, no_address=[2])
    house.cut_off()
    house.live(30)
    assert house.country.isolation is not None
    for olt in house.played.values():
        olt.reads.clear()
    house.live(60)
    assert not any(olt.reads for olt in house.played.values())
    house.heal()
    house.live(60)
    assert house.health("onu-2") is Health.UP
    assert house.open_faults == []


def test_an_onu_that_answers_pings_is_up_whatever_its_row_says() -> None:
    house = settled(villages=4, no_address=[3])
    house.say(GASPED, 2, 3)  # rows of other boxes, by a mistake in the inventory
    house.live(120)
    assert house.health("onu-2") is Health.UP
    assert house.health("ap-3") is Health.UP
    assert house.open_faults == []


def test_a_lost_gasp_amid_neighbours_that_gasped_is_still_their_power_cut() -> None:
    house = settled(villages=20, per_feeder=10, one_amphoe=True)
    house.cut_power(*range(1, 19))
    house.say(LOST, 3, 7, 12, 15)
    house.live(60)
    (fault,) = house.open_faults
    assert (fault.scope, fault.cause) == (Scope.AMPHOE, Cause.POWER)
    assert EvidenceKind.OLT_DYING_GASPS in kinds(house)


def test_a_cut_trunk_is_the_line_though_the_place_is_dark() -> None:
    house = settled(villages=12, per_feeder=12)
    house.cut_power(*range(1, 10), row=LOST)
    house.live(60)
    (fault,) = house.open_faults
    assert (fault.scope, fault.cause) == (Scope.FEEDER, Cause.UPLINK)
    assert fault.confidence >= 0.8


def test_a_village_that_returns_while_its_olt_is_silent_ends_its_fault_all_the_same() -> None:
    house = settled(villages=4, no_address=[2])
    house.cut_power(2)
    house.live(40)
    assert [fault.key for fault in house.open_faults] == ["onu-2"]
    house.played["olt-1"].silent = True
    house.live(60)
    assert house.health("onu-2") is Health.UNKNOWN
    assert len(house.open_faults) == 1
    house.heal()
    house.live(120)
    assert house.health("ap-2") is Health.UP
    assert house.open_faults == []


def test_a_reload_keeps_what_is_known_of_onus_and_finds_their_rows_again() -> None:
    house = settled(villages=4, no_address=[2])
    house.live(60)
    inventory = house.country.inventory
    light = house.country.fleet.told_readings.of(inventory.index_of[DeviceId("onu-2")])
    assert light
    house.reload(with_device(inventory, "ap-4", name="another name"))
    house.olts.adopt(OltPace(20.0, 200.0))
    assert house.health("onu-2") is Health.UP
    house.live(30)
    assert house.played["olt-1"].walks == 2
    assert house.health("onu-2") is Health.UP
    assert house.country.fleet.told_readings.of(inventory.index_of[DeviceId("onu-2")]) == light
    moved = with_device(house.country.inventory, "onu-2", observed_via=ObservedVia(DeviceId("olt-1"), "S99"))
    house.reload(moved)
    house.olts.adopt(OltPace(20.0, 200.0))
    house.live(30)
    assert house.health("onu-2") is Health.UNKNOWN


def one_recorded_at_the_wrong_olt(*, no_address: tuple[int, ...] = (3,), untold: tuple[str, ...] = ()) -> OltHouse:
    """Villages 1 to 10 truly hang on olt-1; the inventory has village 3 at olt-2. `untold` OLTs cannot be asked yet."""
    here = ObservedVia(DeviceId("olt-2"), "HWTC0000000C")
    inventory = with_olts(20, per_feeder=10, no_address=no_address, one_amphoe=True)
    house = OltHouse(with_device(inventory, "onu-3", parent=DeviceId("olt-2"), observed_via=here))
    own, other = house.played["olt-1"], house.played["olt-2"]
    other.serials = [one for one in other.serials if one != here.key]
    del other.said[here.key]
    own.serials, own.said[here.key] = [*own.serials, here.key], ONLINE
    for olt in untold:
        house.known.pop(olt)
    house.live(60)
    return house


def test_an_olts_rows_are_found_within_seconds_of_knowing_how_it_is_asked() -> None:
    house = OltHouse(with_olts(4))
    plan = house.known.pop("olt-1")
    house.live(50)
    assert house.olts.known() == 0
    house.known["olt-1"] = plan
    house.live(3)
    assert house.olts.known() == 4


def test_an_onu_that_another_olt_lists_hangs_there_whatever_the_inventory_says() -> None:
    house = one_recorded_at_the_wrong_olt()
    index = house.country.inventory.index_of
    assert house.country.wiring.feeder_of(index[DeviceId("ap-3")]) == index[DeviceId("olt-1")]
    assert house.health("onu-3") is Health.UP
    assert house.row("onu-3") is RowState.ONLINE


def test_village_recorded_at_the_wrong_feeder_is_dark_with_its_true_one_and_refutes_not_the_other() -> None:
    house = one_recorded_at_the_wrong_olt()
    house.silence(*house.below("olt-1"), "onu-3", "ap-3")
    house.played["olt-1"].silent = True
    house.live(60)
    (fault,) = house.open_faults
    assert (fault.key, fault.cause, len(fault.villages)) == ("olt-1", Cause.FEEDER, 10)
    house.heal()
    house.played["olt-1"].silent = False
    house.live(200)
    assert house.open_faults == []
    house.silence(*(one for one in house.below("olt-2") if one not in ("onu-3", "ap-3")))
    house.played["olt-2"].silent = True
    house.live(60)
    (fault,) = house.open_faults
    assert (fault.key, fault.cause, len(fault.villages)) == ("olt-2", Cause.FEEDER, 10)


def test_village_hidden_by_a_dead_feeder_that_is_not_its_own_gets_its_ticket_once_that_is_known() -> None:
    house = one_recorded_at_the_wrong_olt(no_address=(), untold=("olt-1",))
    house.silence(*house.below("olt-2"), "onu-3", "ap-3")
    house.played["olt-2"].silent = True
    house.live(60)
    assert house.health("onu-3") is Health.UNREACHABLE
    house.played["olt-1"].said["HWTC0000000C"] = LOST
    house.known["olt-1"] = Plan("olt-1")
    house.live(60)
    assert house.health("onu-3") is Health.DOWN
    house.live(300)  # what was released may take its time
    assert {(one.key, one.cause) for one in house.open_faults} == {("olt-2", Cause.FEEDER), ("onu-3", Cause.UPLINK)}


def test_onu_without_an_address_that_stays_dark_when_its_feeder_returns_stays_in_its_fault() -> None:
    house = settled(villages=10, no_address=[2])
    house.silence(*house.below("olt-1"))
    house.played["olt-1"].silent = True
    house.live(60)
    (fault,) = house.open_faults
    house.heal(*(one for one in house.below("olt-1") if one not in ("onu-2", "ap-2")))
    house.played["olt-1"].silent = False
    house.say(GASPED, 2)
    house.live(450)
    (same,) = house.open_faults
    assert (same.id, len(same.dark_villages)) == (fault.id, 1)
    assert len(house.tickets) == 1

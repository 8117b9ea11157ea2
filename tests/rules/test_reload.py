"""The difference between two inventories."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Inventory, Lifecycle, Role
from netmon.rules.reload import InventoryDiff, ReloadPolicy, ReloadVerdict, diff, judge_reload, retired_share


def device(name: str, address: str = "10.64.0.1", lifecycle: Lifecycle = Lifecycle.ACTIVE) -> Device:
    return Device(id=DeviceId(name), role=Role.AP, address=address, lifecycle=lifecycle)


devices = st.lists(
    st.builds(device, st.sampled_from("abcdefgh"), st.sampled_from(["x", "y"]), st.sampled_from(list(Lifecycle))),
    unique_by=lambda one: one.id,
)


@given(devices)
def test_same_inventory_changes_nothing_and_keeps_every_live_row(some: list[Device]) -> None:
    change = diff(Inventory(devices=some), Inventory(devices=some))
    live = [index for index, one in enumerate(some) if one.lifecycle is not Lifecycle.RETIRED]
    assert change == InventoryDiff(kept=tuple((index, index) for index in live))


@given(devices, devices)
def test_every_live_device_is_accounted_for(before: list[Device], after: list[Device]) -> None:
    old, new = Inventory(devices=before), Inventory(devices=after)
    change = diff(old, new)
    live = {one.id for one in after if one.lifecycle is not Lifecycle.RETIRED}
    was_live = {one.id for one in before if one.lifecycle is not Lifecycle.RETIRED}
    assert set(change.added) == live - was_live
    assert set(change.retired) == was_live - live
    assert set(change.changed) <= live & was_live
    for new_index, old_index in change.kept:
        assert after[new_index].id == before[old_index].id
        assert after[new_index].address == before[old_index].address


def test_device_at_a_new_address_does_not_inherit_the_old_ones_history() -> None:
    change = diff(Inventory(devices=[device("a", "10.64.0.1")]), Inventory(devices=[device("a", "10.64.0.2")]))
    assert change == InventoryDiff(changed=(DeviceId("a"),))


def test_more_than_one_in_twenty_retired_needs_the_operators_word() -> None:
    all_of_them = [device(f"d{number}") for number in range(100)]
    old = Inventory(devices=all_of_them)
    for gone, verdict in ((5, ReloadVerdict.GO_AHEAD), (6, ReloadVerdict.NEEDS_ACCEPT)):
        change = diff(old, Inventory(devices=all_of_them[gone:]))
        assert retired_share(change, old) == gone / 100
        assert judge_reload(change, old, ReloadPolicy(), accepted=False) is verdict
    marked = [replace(one, lifecycle=Lifecycle.RETIRED) for one in all_of_them]
    change = diff(old, Inventory(devices=marked))
    assert retired_share(change, old) == 1
    assert judge_reload(change, old, ReloadPolicy(), accepted=True) is ReloadVerdict.ACCEPTED


def test_first_inventory_retires_nothing() -> None:
    assert retired_share(diff(Inventory(), Inventory(devices=[device("a")])), Inventory()) == 0.0

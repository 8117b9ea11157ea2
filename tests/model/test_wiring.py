"""Parents as they truly are, where OLTs have corrected the inventory."""

from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.wiring import Wiring
from tests.kit.house import country_of


def test_wiring_without_corrections_is_the_inventory() -> None:
    inventory = country_of(6, per_feeder=3)
    wiring = Wiring(inventory)
    for index in range(len(inventory.devices)):
        assert wiring.parent_of(index) == inventory.parent_of(index)
        assert list(wiring.below(index)) == list(inventory.below(index))
        assert wiring.villages_below(index) == inventory.villages_below(index)
        assert wiring.feeder_of(index) == inventory.feeder_of(index)


def test_moved_uplink_takes_its_village_along_and_may_be_moved_back() -> None:
    inventory = country_of(6, per_feeder=3)
    wiring, at = Wiring(inventory), inventory.index_of
    first, second, uplink, point = (at[name] for name in ("olt-1", "olt-2", "onu-2", "ap-2"))  # type: ignore[index]
    wiring.move(uplink, second)
    assert (wiring.parent_of(uplink), wiring.feeder_of(point), wiring.moved()) == (second, second, 1)
    assert uplink not in wiring.children_of(first) and point in set(wiring.below(second))
    assert (len(wiring.villages_below(first)), len(wiring.villages_below(second))) == (2, 4)
    wiring.move(uplink, second)
    assert wiring.moves == [(uplink, first, second)]
    wiring.move(uplink, first)
    assert (wiring.moved(), len(wiring.villages_below(first)), len(wiring.moves)) == (0, 3, 2)


def test_country_forgets_corrections_with_the_inventory_that_they_were_about() -> None:
    country = Country(country_of(6, per_feeder=3), Fleet(14, 1))
    at = country.inventory.index_of
    country.wiring.move(at["onu-2"], at["olt-2"])  # type: ignore[index]
    assert country.wiring.moved() == 1
    country.inventory = country_of(6, per_feeder=3)
    assert country.wiring.moved() == 0

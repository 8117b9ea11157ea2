"""When a device is discovered again."""

import pytest

from netmon.model.readings import Identity
from netmon.probes.snmp.rediscovery import DAILY, Occasion, Sighting, is_replaced, occasion
from netmon.probes.snmp.uptime import Restart

SEEN = Sighting(at=1000.0, stamp=4)


@pytest.mark.parametrize(
    ("last", "restart", "stamp", "later", "why"),
    [
        (None, Restart.UNKNOWN, None, 0.0, Occasion.FIRST_CONTACT),
        (SEEN, Restart.NO, 4, 60.0, None),
        (SEEN, Restart.UNKNOWN, None, 60.0, None),
        (SEEN, Restart.YES, 4, 60.0, Occasion.RESTARTED),
        (SEEN, Restart.NO, 5, 60.0, Occasion.INTERFACES_CHANGED),
        (Sighting(1000.0, None), Restart.NO, 5, 60.0, None),
        (SEEN, Restart.NO, 4, DAILY, Occasion.DAILY),
    ],
)
def test_a_device_is_discovered_again_on_these_occasions(
    last: Sighting | None, restart: Restart, stamp: int | None, later: float, why: Occasion | None
) -> None:
    assert occasion(last, restart, stamp, 1000.0 + later) is why


@pytest.mark.parametrize(("before", "after", "replaced"), [("A", "B", True), ("A", "A", False), ("", "B", False)])
def test_another_serial_number_is_another_device(before: str, after: str, replaced: bool) -> None:
    assert is_replaced(Identity(serial=before), Identity(serial=after)) is replaced

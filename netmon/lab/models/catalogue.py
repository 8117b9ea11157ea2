"""Which equipment stands where: by role, and for access points by chance. Tables are made when first asked for."""

from collections.abc import Callable
from functools import cache
from typing import Final

from netmon.lab.agent import MibTable
from netmon.lab.box import Box
from netmon.lab.daily import chance
from netmon.lab.models import aruba, onu, ruckus, smartax, unifi, ups
from netmon.model.inventory import Role

UNIFI, RUCKUS, ARUBA, ONU, SMARTAX = "unifi", "ruckus-unleashed", "aruba-instant", "onu", "huawei-smartax"
UPS = "ups"
_SHARES: Final = ((0.45, UNIFI), (0.75, RUCKUS), (1.0, ARUBA))
_BY_ROLE: Final = {Role.FEEDER: SMARTAX, Role.UPLINK: ONU, Role.UPS: UPS}
_TABLES: Final[dict[str, Callable[[], MibTable]]] = {
    UNIFI: unifi.table,
    RUCKUS: ruckus.table,
    ARUBA: aruba.table,
    ONU: onu.table,
    SMARTAX: smartax.table,
    UPS: ups.table,
}


def family(box: Box) -> str:
    """The family a device is of."""
    if box.device.role is not Role.AP:
        return _BY_ROLE[box.device.role]
    pick = chance(box.seed, 8)
    return next(name for upto, name in _SHARES if pick < upto)


@cache
def table_of(name: str) -> MibTable:
    """The table all devices of a family share."""
    return _TABLES[name]()

"""All the SNMP agents of a country. A device's box is made when it is first asked, its family's table likewise."""

from collections.abc import Callable, Sequence
from typing import Final

from netmon.lab.agent import MibTable, respond
from netmon.lab.box import Box
from netmon.lab.conditions import Clock, Conditions
from netmon.lab.country import Country
from netmon.lab.models import aruba
from netmon.lab.models.catalogue import ARUBA, family, table_of
from netmon.lab.snmp_codec import decode_request
from netmon.model.inventory import Role

COMMUNITY: Final = "lab-village-ro"
"""What every agent of the country wants to hear: the secret of the credential `country.CREDENTIAL`."""
_COMMUNITY: Final = COMMUNITY.encode()


class Agents:
    """Answers for every device of the country that speaks SNMP, by dense index.

    `parents` has the dense index of each device's true parent, -1 for none; `clock` gives Unix seconds.
    """

    def __init__(self, country: Country, parents: Sequence[int], clock: Clock) -> None:
        plan = country.plan
        self._devices = country.inventory.devices
        self._boxes: dict[int, tuple[Box, MibTable]] = {}
        self._box_of = self.box
        self._below = _built_below(country, parents)
        self.conditions = Conditions(clock, _flows(country, parents), seed=plan.seed, gentle=plan.gentle)

    def speaks(self, index: int) -> bool:
        """Whether the device has an agent at all."""
        return bool(self._devices[index].credential)

    def box(self, index: int) -> Box:
        """The device from the inside."""
        return self._open(index)[0]

    def answer(self, index: int, message: bytes) -> bytes | None:
        """What a living device answers to a message; None for silence."""
        request = decode_request(message)
        if request is None or request.community != _COMMUNITY or self.conditions.is_hung(index):
            return None
        box, table = self._open(index)
        return respond(table, box, request, self.conditions.clock())

    def _open(self, index: int) -> tuple[Box, MibTable]:
        known = self._boxes.get(index)
        if known is not None:
            return known
        box = Box(self._devices[index], index, self.conditions, self._box_of)
        name = family(box)
        if name == ARUBA:
            box.key = aruba.key(box)
        if box.device.role is Role.FEEDER:
            box.below = self._below.get(index, ())
        self._boxes[index] = (box, table_of(name))
        return self._boxes[index]


def _built_below(country: Country, parents: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """The built ONUs of every OLT."""
    below: dict[int, list[int]] = {}
    for index, device in enumerate(country.inventory.devices):
        if device.role is Role.UPLINK and device.id not in country.unbuilt:
            below.setdefault(parents[index], []).append(index)
    return {olt: tuple(onus) for olt, onus in below.items()}


def _flows(country: Country, parents: Sequence[int]) -> Callable[[int], int]:
    """Whose clients make a device's traffic: an ONU carries that of the access point beneath it."""
    access_point = {parents[i]: i for i, device in enumerate(country.inventory.devices) if device.role is Role.AP}
    return lambda index: access_point.get(index, index)

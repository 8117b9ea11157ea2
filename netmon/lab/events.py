"""What a scenario's events do to which devices of a country.

The place of an event becomes a set of devices; its kind picks those it kills or worsens:

    power_cut                    everything there that runs on mains, feeders too; a UPS dies with its feeder, or
                                 carries it on its battery
    fibre_cut uplink_fault flap  the uplinks there
    feeder_cut                   the feeders there (for a village: the one it truly hangs on)
    ap_fault                     the access points there
    loss delay                   everything there
    agent_hang                   everything there that speaks SNMP
    optics_fade                  the uplinks there
    no_clients                   the access points there
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from netmon.errors import ComplaintsError
from netmon.lab.conditions import Death
from netmon.lab.country import Country
from netmon.lab.scenario import AgentHang, Event, PollerIsolation, RestartNetmon, Scenario, Where, WhereKind, share
from netmon.model.faults import Cause
from netmon.model.ids import DeviceId, VillageId
from netmon.model.inventory import Role

CAUSE_OF: Final[dict[str, Cause | None]] = {
    "power_cut": Cause.POWER,
    "fibre_cut": Cause.UPLINK,
    "feeder_cut": Cause.FEEDER,
    "ap_fault": Cause.ACCESS_POINT,
    "uplink_fault": Cause.UPLINK,
    "flap": Cause.UPLINK,
    "loss": Cause.DEGRADED,
    "delay": Cause.DEGRADED,
    "agent_hang": Cause.AGENT,
    "optics_fade": Cause.DEGRADED,
    "no_clients": Cause.UNUSED,
    "poller_isolation": None,
    "restart_netmon": None,
}
"""The cause that is true, by kind of event; None where no ticket is due."""

_ROLES: Final[dict[str, frozenset[Role]]] = {
    "power_cut": frozenset({Role.FEEDER, Role.UPLINK, Role.AP, Role.UPS}),
    "fibre_cut": frozenset({Role.UPLINK}),
    "feeder_cut": frozenset({Role.FEEDER}),
    "ap_fault": frozenset({Role.AP}),
    "uplink_fault": frozenset({Role.UPLINK}),
    "flap": frozenset({Role.UPLINK}),
    "loss": frozenset({Role.FEEDER, Role.UPLINK, Role.AP, Role.UPS}),
    "delay": frozenset({Role.FEEDER, Role.UPLINK, Role.AP, Role.UPS}),
    "agent_hang": frozenset({Role.FEEDER, Role.UPLINK, Role.AP, Role.UPS}),
    "optics_fade": frozenset({Role.UPLINK}),
    "no_clients": frozenset({Role.AP}),
}

DEATH_OF: Final[dict[str, Death]] = {
    "power_cut": Death.POWER,
    "ap_fault": Death.FAULT,
    "uplink_fault": Death.FAULT,
    "fibre_cut": Death.LINE,
    "feeder_cut": Death.LINE,
    "flap": Death.LINE,
}
"""How a device dies of an event, by its kind: what loses its power or breaks starts again, what loses its line not."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One event with its name and the dense indices of the devices it is about; none for netmon's own troubles."""

    id: str
    event: Event
    devices: tuple[int, ...]

    @property
    def cause(self) -> Cause | None:
        """The cause that is true."""
        return CAUSE_OF[self.event.kind]


def place_events(scenario: Scenario, country: Country) -> tuple[Placed, ...]:
    """Find every event's devices.

    Raises:
        ComplaintsError: a place is unknown, or has nothing that the event could break; all of them at once.
    """
    atlas = _Atlas(country)
    placed, complaints = [], []
    for number, event in enumerate(scenario.events, start=1):
        name = scenario.event_id(number)
        if isinstance(event, PollerIsolation | RestartNetmon):
            placed.append(Placed(name, event, ()))
            continue
        try:
            there = atlas.devices(event.where, event.kind)
        except LookupError as unknown:
            complaints.append(f"event {number} ({event.kind}) where: {unknown.args[0]}")
            continue
        if not there:
            roles = " or ".join(sorted(_ROLES[event.kind]))
            unable = "is only planned or speaks no SNMP" if isinstance(event, AgentHang) else "is only planned"
            complaints.append(
                f"event {number} ({event.kind}) where: no {roles} stands at {event.where.kind} {event.where.name}, "
                f"or it {unable}; choose another place"
            )
        placed.append(Placed(name, event, there))
    if complaints:
        raise ComplaintsError(complaints)
    return tuple(placed)


class _Atlas:
    """Finds devices by place."""

    def __init__(self, country: Country) -> None:
        inventory = country.inventory
        self._country = country
        self._inventory = inventory
        self._names: dict[WhereKind, Sequence[str]] = {
            WhereKind.VILLAGE: tuple(inventory.villages),
            WhereKind.DEVICE: tuple(device.id for device in inventory.devices),
            WhereKind.FEEDER: tuple(d.id for d in inventory.devices if d.role is Role.FEEDER),
            WhereKind.AMPHOE: tuple(dict.fromkeys(country.amphoe_of.values())),
            WhereKind.PROVINCE: tuple(dict.fromkeys(code[:2] for code in country.amphoe_of.values())),
        }
        self._known = {kind: frozenset(names) for kind, names in self._names.items()}
        self._below: dict[DeviceId, list[int]] = {}
        for device, parent in country.parent_of.items():
            if parent is not None:
                self._below.setdefault(parent, []).append(inventory.index_of[device])

    def devices(self, where: Where, kind: str) -> tuple[int, ...]:
        """Dense indices of what an event of this kind is about there, ascending.

        Raises:
            LookupError: there is no such place; the argument is a sentence.
        """
        devices = self._inventory.devices
        there = (i for i in self._there(where, kind) if devices[i].role in _ROLES[kind])
        able = (i for i in there if kind != "agent_hang" or devices[i].credential)
        return tuple(sorted(i for i in able if devices[i].id not in self._country.unbuilt))

    def _there(self, where: Where, kind: str) -> Sequence[int]:
        if where.kind is WhereKind.COUNTRY:
            return range(len(self._inventory.devices))
        name = self._resolve(where)
        match where.kind:
            case WhereKind.DEVICE:
                return [self._inventory.index_of[DeviceId(name)]]
            case WhereKind.FEEDER:
                return self._branch(DeviceId(name))
            case WhereKind.VILLAGE:
                return self._village(VillageId(name), kind)
            case _:
                index_of = self._inventory.index_of
                return [index_of[d] for d, code in self._country.amphoe_of.items() if code.startswith(name)]

    def _resolve(self, where: Where) -> str:
        names, text = self._names[where.kind], where.name
        part = share(text)
        if part is not None and 0 <= part <= 1:
            return self._nearest_built(where.kind, min(int(part * len(names)), len(names) - 1))
        if re.fullmatch(r"#\d+", text):
            number = int(text[1:])
            if not 1 <= number <= len(names):
                raise LookupError(f"{where.kind} {text} is out of range; this country has #1 to #{len(names)}")
            return names[number - 1]
        if text not in self._known[where.kind]:
            raise LookupError(f"this country has no {where.kind} '{text}'; write its code or '#1' to '#{len(names)}'")
        return text

    def _nearest_built(self, kind: WhereKind, position: int) -> str:
        """The name there, or the next in the inventory where something is built: a share is never meant exactly."""
        names, unbuilt = self._names[kind], self._country.unbuilt
        around = (*names[position:], *names[:position])
        return next((n for n in around if DeviceId(n) not in unbuilt and DeviceId(f"ap-{n}") not in unbuilt), around[0])

    def _branch(self, top: DeviceId) -> list[int]:
        found = [self._inventory.index_of[top]]
        for index in found:
            found.extend(self._below.get(self._inventory.devices[index].id, ()))
        return found

    def _village(self, village: VillageId, kind: str) -> list[int]:
        uplink = DeviceId(f"onu-{village}")
        own = [self._inventory.index_of[uplink], self._inventory.index_of[DeviceId(f"ap-{village}")]]
        feeder = self._country.parent_of[uplink]
        if kind == "feeder_cut" and feeder is not None:
            own.append(self._inventory.index_of[feeder])
        return own

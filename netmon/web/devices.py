"""The JSON API's devices: how they are, whose SNMP agent is silent, and what has become of each. Read only."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, HTTPException, Query, Response
from numpy.typing import NDArray

from netmon.errors import StoreError
from netmon.model.chronicle import DeviceEvent
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Inventory
from netmon.web import answers
from netmon.web.sources import PageSources
from netmon.web.writing import moment_of, time_or_none, written

MOST_DEVICES = 500
"""In one answer: about 5 ms to write."""
MOST_EVENTS = 1_000
_NOT_FOUND, _LATER = 404, 503
_ANSWERING = (Health.UP, Health.RECOVERING)


def devices_router(sources: PageSources) -> APIRouter:
    """Everything under `/api/v1/devices`."""
    router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

    @router.get("", response_model=answers.DevicePage)
    async def devices(
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_DEVICES)] = 100,
        health: answers.HealthWord | None = None,
        agent: answers.AgentWord | None = None,
    ) -> Response:
        """List devices, a page at a time; `agent=silent` are those that answer ping, but SNMP no more."""
        inventory, fleet = sources.country.inventory, sources.country.fleet
        chosen = np.ones(len(inventory.devices), np.bool_)
        if health is not None:
            chosen &= fleet.health == Health[health.upper()]
        words = _agents(fleet)
        if agent is not None:
            chosen &= words == _WORDS.index(agent)
        rows = np.flatnonzero(chosen)
        shown = [_device(inventory, fleet, index, words) for index in rows[offset : offset + limit].tolist()]
        return written(answers.DevicePage(total=len(rows), offset=offset, devices=shown))

    @router.get("/{device}", response_model=answers.DeviceAnswer)
    async def device(device: str) -> Response:
        """Show one device."""
        inventory, fleet = sources.country.inventory, sources.country.fleet
        return written(_device(inventory, fleet, _index(inventory, device), _agents(fleet)))

    @router.get("/{device}/history", response_model=answers.DeviceHistoryAnswer)
    async def history(device: str, limit: Annotated[int, Query(ge=1, le=MOST_EVENTS)] = 100) -> Response:
        """List what has become of a device: met, replaced, upgraded; the latest `limit` events, oldest first."""
        index = _index(sources.country.inventory, device)
        wanted = sources.country.inventory.devices[index].id
        try:
            events = await sources.device_events([wanted], limit)
        except StoreError as error:
            raise HTTPException(_LATER, str(error)) from error
        return written(answers.DeviceHistoryAnswer(device=wanted, events=[_event(one) for one in events]))

    return router


def _index(inventory: Inventory, device: str) -> int:
    index = inventory.index_of.get(DeviceId(device))
    if index is None:
        raise HTTPException(_NOT_FOUND, "There is no such device.")
    return index


_WORDS: tuple[answers.AgentWord, ...] = ("unknown", "answering", "silent", "mute")


def _agents(fleet: Fleet) -> NDArray[np.intp]:
    """Every agent's word, as its place in _WORDS."""
    agents, is_there = fleet.agents, fleet.are(*_ANSWERING)
    words = np.zeros(fleet.size, np.intp)
    words[is_there & agents.known & (agents.answers > 0)] = _WORDS.index("answering")
    words[is_there & ~agents.known & (agents.missed > 0)] = _WORDS.index("mute")
    words[is_there & agents.silent] = _WORDS.index("silent")
    return words


def _device(inventory: Inventory, fleet: Fleet, index: int, words: NDArray[np.intp]) -> answers.DeviceAnswer:
    one, health = inventory.devices[index], Health(int(fleet.health[index]))
    return answers.DeviceAnswer(
        id=one.id,
        name=one.name,
        role=one.role.value,
        village=one.village or "",
        parent=one.parent or "",
        address=one.address,
        lifecycle=one.lifecycle.value,
        health=health.label,
        since=time_or_none(float(fleet.since[index])),
        agent=_WORDS[int(words[index])],
        agent_missed=int(fleet.agents.missed[index]),
    )


def _event(one: DeviceEvent) -> answers.DeviceChangeAnswer:
    return answers.DeviceChangeAnswer(
        at=moment_of(one.at), what=one.what.value, now=one.now, was=one.was, address=one.address
    )

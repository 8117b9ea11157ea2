"""Devices over the API: whose agent is silent, and what has become of each."""

from typing import Any

import httpx

from netmon.errors import StoreError
from netmon.model.chronicle import DeviceChange, DeviceEvent
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from tests.kit.country import NOON, before_noon
from tests.web.conftest import House

AP, OTHER, THIRD = (DeviceId(f"ap-340101{number:02}") for number in (1, 2, 3))


async def _get(client: httpx.AsyncClient, path: str = "", code: int = 200) -> Any:
    answer = await client.get(f"/api/v1/devices{path}")
    assert answer.status_code == code, answer.text
    return answer.json()


def _rows(house: House, *devices: DeviceId) -> list[int]:
    return [house.country.inventory.index_of[device] for device in devices]


async def test_silent_and_mute_agents_can_be_listed(house: House, client: httpx.AsyncClient) -> None:
    agents = house.country.fleet.agents
    silent, mute, fine = _rows(house, AP, OTHER, THIRD)
    agents.known[[silent, fine]] = True
    agents.missed[[silent, mute]], agents.answers[fine] = 7, 3
    agents.silent[silent] = True
    (found,) = (await _get(client, "?agent=silent"))["devices"]
    assert (found["id"], found["agent"], found["agent_missed"], found["health"]) == (AP, "silent", 7, "up")
    assert [one["id"] for one in (await _get(client, "?agent=mute"))["devices"]] == [OTHER]
    assert (await _get(client, f"/{THIRD}"))["agent"] == "answering"
    house.country.fleet.set_health(silent, Health.DOWN, before_noon(60))
    assert (await _get(client, "?agent=silent"))["devices"] == [], "a dead device's agent is no news"


async def test_devices_come_a_page_at_a_time_and_by_health(house: House, client: httpx.AsyncClient) -> None:
    count = len(house.country.inventory.devices)
    pages = [await _get(client, f"?limit=40&offset={offset}") for offset in range(0, count, 40)]
    assert {page["total"] for page in pages} == {count}
    assert [one["id"] for page in pages for one in page["devices"]] == [
        device.id for device in house.country.inventory.devices
    ]
    house.country.fleet.set_health(_rows(house, AP)[0], Health.DOWN, before_noon(60))
    (down,) = (await _get(client, "?health=down"))["devices"]
    assert (down["id"], down["role"], down["village"], down["since"]) == (AP, "ap", "34010101", "2023-11-14T22:12:20Z")
    assert (await client.get("/api/v1/devices?limit=501")).status_code == 422


async def test_a_devices_history_tells_what_became_of_it(house: House, client: httpx.AsyncClient) -> None:
    met = DeviceEvent(AP, NOON.wall - 90, DeviceChange.MET, now="A", address="10.96.0.1")
    replaced = DeviceEvent(AP, NOON.wall - 60, DeviceChange.REPLACED, now="B", was="A", address="10.96.0.1")
    house.store.device_history += [met, DeviceEvent(OTHER, NOON.wall, DeviceChange.MET), replaced]
    history = await _get(client, f"/{AP}/history")
    assert history["device"] == AP
    assert [(one["what"], one["now"], one["was"]) for one in history["events"]] == [
        ("met", "A", ""),
        ("replaced", "B", "A"),
    ]
    assert history["events"][0]["at"] == "2023-11-14T22:11:50Z"
    assert [one["what"] for one in (await _get(client, f"/{AP}/history?limit=1"))["events"]] == ["replaced"]


async def test_what_is_not_there_is_said(house: House, client: httpx.AsyncClient) -> None:
    for path in ("/nobody", "/nobody/history", "/..%2f..%2fetc"):
        await _get(client, path, code=404)


async def test_a_history_that_cannot_be_read_now_is_asked_for_again_later(
    house: House, client: httpx.AsyncClient
) -> None:
    async def fails(*_: object) -> tuple[DeviceEvent, ...]:
        raise StoreError("The disk of the database fails.")

    house.store.device_events = fails  # type: ignore[method-assign,assignment]
    async with house.client() as asking:
        answer = await asking.get(f"/api/v1/devices/{AP}/history")
    assert (answer.status_code, answer.json()["detail"]) == (503, "The disk of the database fails.")

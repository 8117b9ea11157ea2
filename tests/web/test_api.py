"""The JSON API against the whiteboard."""

import json
from typing import Any, get_args

import httpx
import pytest

from netmon.model.country import Isolation
from netmon.model.faults import Cause
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Inventory
from netmon.model.regions import Region
from netmon.web.answers import HealthWord, VillagePage
from tests.kit.cases import make_case
from tests.kit.country import NOON, before_noon, make_country
from tests.web.conftest import VILLAGES, House


async def _get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def _set(house: House, device: str, health: Health) -> None:
    house.country.fleet.set_health(house.country.inventory.index_of[DeviceId(device)], health, before_noon(120))


async def test_overview_counts_villages_by_health_and_region(house: House, client: httpx.AsyncClient) -> None:
    _set(house, "ap-65010101", Health.DOWN)
    _set(house, "ap-90010101", Health.UNREACHABLE)
    _set(house, "onu-34010101", Health.DOWN)
    overview = await _get(client, "overview")
    wanted = {health.label: 0 for health in Health} | {"up": VILLAGES - 2, "down": 1, "unreachable": 1}
    assert overview["villages"] == wanted
    regions = {row["region"]: row["villages"] for row in overview["regions"]}
    assert list(regions) == [str(region) for region in Region]
    assert (regions["north"]["down"], regions["north"]["up"], regions["south"]["unreachable"]) == (1, 19, 1)
    assert overview["at"] == "2023-11-14T22:13:20Z"
    assert overview["last_probe"] == "2023-11-14T22:13:00Z"
    assert overview["blind"] is None


async def test_overview_of_a_country_never_probed_claims_nothing(house: House, client: httpx.AsyncClient) -> None:
    house.country.fleet = Fleet(len(house.country.inventory.devices), generation=2)
    overview = await _get(client, "overview")
    assert overview["villages"]["unknown"] == VILLAGES
    assert overview["last_probe"] is None


async def test_blindness_is_said_with_its_reason(house: House, client: httpx.AsyncClient) -> None:
    house.country.isolation = Isolation(NOON.wall - 60, "the default route is gone")
    overview = await _get(client, "overview")
    assert overview["blind"] == {"since": "2023-11-14T22:12:20Z", "reason": "the default route is gone"}


async def test_villages_come_a_page_at_a_time_and_none_is_missed(client: httpx.AsyncClient, house: House) -> None:
    seen: list[str] = []
    for offset in range(0, VILLAGES, 20):
        page = await _get(client, f"villages?offset={offset}&limit=20")
        assert (page["total"], page["offset"]) == (VILLAGES, offset)
        assert VillagePage.model_validate(page).model_dump(mode="json") == page, "as the API's own description says"
        seen += [village["id"] for village in page["villages"]]
    assert seen == list(house.country.inventory.villages)


async def test_a_page_of_very_many_villages_is_whole(house: House) -> None:
    house.country = make_country(600)
    async with house.client() as its:
        page = await _get(its, "villages?limit=1000")
    assert [village["id"] for village in page["villages"]] == list(house.country.inventory.villages)


async def test_villages_are_chosen_by_health_and_province(client: httpx.AsyncClient, house: House) -> None:
    _set(house, "ap-65010101", Health.DOWN)
    _set(house, "ap-34010101", Health.DOWN)
    assert (await _get(client, "villages?health=down"))["total"] == 2
    page = await _get(client, "villages?health=down&province=65")
    (village,) = page["villages"]
    assert village.pop("name").startswith("บ้าน")
    assert village == {
        "id": "65010101",
        "province": "65",
        "province_name": "พิษณุโลก",
        "service_centre": "C65",
        "health": "down",
        "since": "2023-11-14T22:11:20Z",
    }


async def test_village_whose_health_was_never_concluded_has_no_since(house: House, client: httpx.AsyncClient) -> None:
    house.country.fleet = Fleet(len(house.country.inventory.devices), generation=2)
    page = await _get(client, "villages?limit=1")
    assert (page["villages"][0]["health"], page["villages"][0]["since"]) == ("unknown", None)


@pytest.mark.parametrize("query", ["limit=0", "limit=100000", "offset=-1", "health=fine", "province=6", "province=xx"])
async def test_nonsense_is_refused_and_not_guessed_at(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/api/v1/villages?{query}")).status_code == 422


async def test_reload_is_seen_at_once(house: House, client: httpx.AsyncClient) -> None:
    assert (await _get(client, "villages"))["total"] == VILLAGES
    house.country.inventory, house.country.fleet = Inventory(), Fleet(0, generation=2)
    assert (await _get(client, "villages"))["total"] == 0
    assert sum((await _get(client, "overview"))["villages"].values()) == 0


async def test_faults_and_tickets_tell_their_story(house: House, client: httpx.AsyncClient) -> None:
    villages = list(house.country.inventory.villages)[:2]
    house.country.cases = [
        make_case(7, villages, house.country.inventory, failed_at=NOON.wall - 300, cause=Cause.POWER)
    ]
    (fault,) = (await _get(client, "faults?language=en"))["faults"]
    assert (fault["cause"], fault["confidence"], fault["sentence"]) == ("power", 0.875, "<en> F7 & so on")
    assert fault["failed_at"] == "2023-11-14T22:08:20Z"
    assert fault["dark_villages"] == sorted(villages)
    tickets = (await _get(client, "tickets"))["tickets"]
    assert [ticket["number"] for ticket in tickets] == fault["tickets"] == ["TT-70", "TT-71"]
    assert [ticket["villages"] for ticket in tickets] == [[village] for village in sorted(villages)]
    assert {ticket["status"] for ticket in tickets} == {"acknowledged"}
    overview = await _get(client, "overview")
    assert (overview["faults_open"], overview["villages_affected"], overview["tickets_open"]) == (1, 2, 2)


async def test_no_answer_carries_a_phone_number(house: House, client: httpx.AsyncClient) -> None:
    house.country.cases = [
        make_case(1, list(house.country.inventory.villages)[:1], house.country.inventory, failed_at=NOON.wall)
    ]
    for path in ("/", *(f"/api/v1/{name}" for name in ("overview", "villages", "faults", "tickets", "devices"))):
        assert "812345678" not in (await client.get(path)).text


async def test_openapi_describes_every_answer(client: httpx.AsyncClient) -> None:
    described = (await client.get("/api/openapi.json")).json()
    names = ("overview", "villages", "faults", "tickets", "devices", "devices/{device}", "devices/{device}/history")
    assert set(described["paths"]) == {f"/api/v1/{name}" for name in names}
    for path in described["paths"].values():
        assert "$ref" in json.dumps(path["get"]["responses"]["200"])


def test_health_words_of_the_api_are_those_of_the_model() -> None:
    assert set(get_args(HealthWord)) == {health.label for health in Health}

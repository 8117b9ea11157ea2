"""The status page: what it says, that it is safe, and what it costs."""

import asyncio
import base64
import gzip
import hashlib
import re
import time
from dataclasses import replace

import httpx
import pytest

from netmon.model.country import Isolation
from netmon.model.faults import Cause
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.inventory import Inventory, Lifecycle
from netmon.web.board import MOST_CASES
from netmon.web.page import KEPT_SECONDS, StatusPage
from netmon.web.whiteboard import Whiteboard
from tests.kit.cases import make_case
from tests.kit.country import NOON, make_country
from tests.web.conftest import VILLAGES, House


async def _headline(client: httpx.AsyncClient) -> str:
    text = (await client.get("/")).text
    found = re.search(r"<h1>(.*?)</h1>", text)
    assert found is not None
    return found[1]


def _set(house: House, device: str, health: Health) -> None:
    house.country.fleet.health[house.country.inventory.index_of[DeviceId(device)]] = health


def _break_something(house: House, villages: int = 2) -> None:
    chosen = list(house.country.inventory.villages)[:villages]
    house.country.cases = [
        make_case(7, chosen, house.country.inventory, failed_at=NOON.wall - 7_500, cause=Cause.POWER)
    ]


async def test_all_well_is_said_only_when_every_village_is_known_to_be_up(client: httpx.AsyncClient) -> None:
    assert await _headline(client) == "ใช้งานได้ทุกหมู่บ้าน"


@pytest.mark.parametrize("health", [health for health in Health if health is not Health.UP])
async def test_one_village_not_up_is_not_all_well(house: House, client: httpx.AsyncClient, health: Health) -> None:
    _set(house, "ap-65010101", health)
    assert await _headline(client) == "ยังไม่พบเหตุขัดข้อง แต่ยังไม่แน่ใจ 1 หมู่บ้าน"


def _put(house: House, device: str, lifecycle: Lifecycle) -> None:
    inventory = house.country.inventory
    devices = [replace(one, lifecycle=lifecycle) if one.id == device else one for one in inventory.devices]
    house.country.inventory = Inventory(villages=inventory.villages, devices=devices, centres=inventory.centres)


@pytest.mark.parametrize("lifecycle", [Lifecycle.PLANNED, Lifecycle.SUSPENDED])
async def test_a_village_not_in_service_is_no_reason_to_doubt_the_others(
    house: House, client: httpx.AsyncClient, lifecycle: Lifecycle
) -> None:
    _put(house, "ap-65010101", lifecycle)
    _set(house, "ap-65010101", Health.UNKNOWN)
    assert await _headline(client) == "ใช้งานได้ทุกหมู่บ้าน ยกเว้น 1 แห่งที่ยังไม่เปิดใช้"
    assert "of the unknown, 1 not in service" in (await client.get("/")).text
    assert (await client.get("/api/v1/overview")).json()["not_in_service"] == 1


async def test_a_village_not_in_service_yet_that_answers_is_counted_as_up(
    house: House, client: httpx.AsyncClient
) -> None:
    _put(house, "ap-65010101", Lifecycle.PLANNED)
    assert await _headline(client) == "ใช้งานได้ทุกหมู่บ้าน"


async def test_villages_of_one_district_are_named_by_what_tells_them_apart(
    house: House, client: httpx.AsyncClient
) -> None:
    villages = house.country.inventory.villages
    first = next(iter(villages.values()))
    together = [one.id for one in villages.values() if one.amphoe_code == first.amphoe_code][:2]
    house.country.cases = [make_case(7, together, house.country.inventory, failed_at=NOON.wall)]
    text = (await client.get("/")).text
    assert f"<b>อ.{first.amphoe} จ.{first.province}</b>: {first.name} ต.{first.tambon}, " in text
    assert text.count(f"อ.{first.amphoe}") == 1


async def test_faults_are_the_headline_and_stand_below_with_tickets(house: House, client: httpx.AsyncClient) -> None:
    _break_something(house)
    assert await _headline(client) == "เหตุขัดข้อง 1 เหตุ กระทบ 2 หมู่บ้าน"
    text = (await client.get("/")).text
    for wanted in ("1 fault open, 2 villages affected", "ไฟฟ้าดับ", "มั่นใจ 88 %", "TT-70", "TT-71", "รอรับงาน"):
        assert wanted in text
    assert 'ตั้งแต่ <time datetime="2023-11-14T20:08:20Z">03:08 น.</time> (2 ชม. 5 นาที)' in text
    assert "บ้านหนองน้ำใส 1 ต.ในเมือง อ.เมือง จ.อุบลราชธานี" in text
    assert "ศูนย์บริการอุบลราชธานี" in text


async def test_blindness_outranks_everything_else(house: House, client: httpx.AsyncClient) -> None:
    _break_something(house)
    house.reasons.append("The store does not answer.")
    house.country.isolation = Isolation(NOON.wall - 60, "the default route is gone")
    assert await _headline(client) == "netmon มองไม่เห็นโครงข่ายตั้งแต่ 05:12 น."
    assert "the default route is gone" in (await client.get("/")).text


async def test_page_warns_of_itself_while_netmon_is_not_ready(house: House, client: httpx.AsyncClient) -> None:
    house.reasons.append("No sweep has gone round yet.")
    assert await _headline(client) == "netmon ยังไม่พร้อม อย่าเพิ่งเชื่อหน้านี้"
    assert "No sweep has gone round yet." in (await client.get("/")).text


async def test_operators_word_replaces_the_confidence(house: House, client: httpx.AsyncClient) -> None:
    _break_something(house)
    (case,) = house.country.cases
    house.country.cases = [replace(case, fault=replace(case.fault, overruled_by="สมชาย"))]
    text = (await client.get("/")).text
    assert "ยืนยันโดย สมชาย" in text
    assert "มั่นใจ" not in text


async def test_text_from_outside_cannot_become_markup(house: House, client: httpx.AsyncClient) -> None:
    inventory = house.country.inventory
    evil = {key: replace(v, name="<script>alert(1)</script>") for key, v in inventory.villages.items()}
    house.country.inventory = Inventory(villages=evil, devices=inventory.devices, centres=inventory.centres)
    _break_something(house)
    text = (await client.get("/")).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "F7 &amp; so on" in text


async def test_page_takes_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", answer.text)
    assert " style=" not in answer.text, "the policy forbids style attributes"


async def test_style_and_script_are_the_ones_the_policy_names(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    for tag in ("style", "script"):
        found = re.search(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        assert found is not None
        digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in answer.headers["content-security-policy"]


async def test_map_has_a_dot_for_every_place_coloured_by_health(house: House, client: httpx.AsyncClient) -> None:
    _set(house, "ap-65010101", Health.DOWN)
    text = (await client.get("/")).text
    down = re.search(r'<path class="down"[^>]* d="([^"]*)"', text)
    up = re.search(r'<path class="up"[^>]* d="([^"]*)"', text)
    assert down is not None
    assert up is not None
    village = next(v for v in house.country.inventory.villages.values() if v.id == "65010101")
    assert village.lat is not None
    assert village.lon is not None
    assert re.fullmatch(r"M(\d+) (\d+)h0", down[1])
    assert int(down[1].split()[1].removesuffix("h0")) == round((20.5 - village.lat) * 64)
    assert VILLAGES - 5 <= up[1].count("M") <= VILLAGES - 1


async def test_villages_without_coordinates_are_counted_below_the_map(house: House, client: httpx.AsyncClient) -> None:
    inventory = house.country.inventory
    blank = {
        key: replace(village, lat=None) if number < 3 else village
        for number, (key, village) in enumerate(inventory.villages.items())
    }
    house.country.inventory = Inventory(villages=blank, devices=inventory.devices)
    assert "3 หมู่บ้านไม่มีพิกัด" in (await client.get("/")).text


async def test_many_faults_are_cut_short_and_the_page_says_so(house: House) -> None:
    house.country = make_country(MOST_CASES + 5)
    inventory = house.country.inventory
    house.country.cases = [
        make_case(number, [village], inventory, failed_at=NOON.wall)
        for number, village in enumerate(inventory.villages)
    ]
    async with house.client() as client:
        text = (await client.get("/")).text
    assert text.count("<article>") == MOST_CASES
    assert "และอีก 5 เหตุ" in text


async def test_page_is_kept_for_two_seconds_and_then_made_anew(house: House, client: httpx.AsyncClient) -> None:
    first = await _headline(client)
    _break_something(house)
    house.clock.move(KEPT_SECONDS - 0.1)
    assert await _headline(client) == first
    house.clock.move(0.2)
    assert "1 เหตุ" in await _headline(client)


async def test_page_comes_packed_to_whoever_can_unpack(house: House) -> None:
    page = await StatusPage(house.sources(), Whiteboard(house.country)).get()
    assert gzip.decompress(page.zipped) == page.plain
    async with house.client() as client:
        packed = await client.get("/", headers={"Accept-Encoding": "gzip"})
        plain = await client.get("/", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text


async def test_empty_country_has_a_page(house: House, client: httpx.AsyncClient) -> None:
    house.country.inventory, house.country.fleet = Inventory(), Fleet(0, generation=2)
    assert (await client.get("/")).status_code == 200


async def test_page_of_the_whole_country_is_small_and_does_not_hold_the_loop(house: House) -> None:
    house.country = make_country(24_700)
    _break_something(house, villages=300)
    page = StatusPage(house.sources(), Whiteboard(house.country))
    await page.get()  # the places of a new generation are worked out once
    late: list[float] = []
    watching = asyncio.create_task(_note_lateness(late))
    for _ in range(5):
        house.clock.move(KEPT_SECONDS)
        assert len((await page.get()).plain) <= 350_000
    watching.cancel()
    # Middle of many: a busy machine may hold anybody up now and then, rendering on the loop would hold it every time.
    assert sorted(late)[len(late) // 2] <= 0.010


async def _note_lateness(late: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append(time.perf_counter() - before - 0.001)

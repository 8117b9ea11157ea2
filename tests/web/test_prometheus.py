"""A real Prometheus finds netmon's pages by discovery, scrapes them, and its answers equal the Fleet."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from netmon.model.country import Country
from netmon.model.health import Health
from netmon.model.ids import DeviceId
from netmon.model.vitals import Vital
from netmon.ports import ExporterSources
from netmon.web.app import create_app
from netmon.web.server import WebServer, address_of, listen
from netmon.web.vitals import PrometheusVitals
from netmon_exporters.prometheus import create
from tests.kit.cases import make_case
from tests.kit.country import NOON, make_country
from tests.web.conftest import House

PATIENCE = 30.0
CONFIGURATION = """
global: {{scrape_interval: 2s, scrape_timeout: 2s}}
scrape_configs:
  - job_name: netmon
    http_sd_configs: [{{url: "http://{address}/discovery/prometheus"}}]
"""


class Prometheus:
    """Asks a running Prometheus."""

    def __init__(self, address: str, client: httpx.AsyncClient) -> None:
        self._address = address
        self._client = client

    async def ask(self, query: str) -> dict[tuple[str, ...], float]:
        """An instant query's vector: values of its labels, in order of their names, -> number."""
        answer = await self._client.get(f"http://{self._address}/api/v1/query", params={"query": query})
        found = answer.raise_for_status().json()["data"]["result"]
        return {tuple(value for _, value in sorted(one["metric"].items())): float(one["value"][1]) for one in found}

    async def wait_for(self, query: str, wanted: float) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    if await self.ask(query) == {(): wanted}:
                        return
                except httpx.HTTPError:
                    pass  # still starting, and answers 503 for a while
                await asyncio.sleep(0.1)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@asynccontextmanager
async def _prometheus(netmon: str, folder: Path) -> AsyncIterator[Prometheus]:
    own = f"127.0.0.1:{_free_port()}"
    (folder / "prometheus.yml").write_text(CONFIGURATION.format(address=netmon))
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={own}",
            stdout=log,
            stderr=log,
        )
        try:
            async with httpx.AsyncClient() as client:
                yield Prometheus(own, client)
        finally:
            process.terminate()
            await process.wait()


def _mixed_country() -> Country:
    """Sixty villages of which every seventh access point has another health."""
    country = make_country(60)
    healths = [Health.DOWN, Health.UNKNOWN, Health.SUSPECT, Health.UNREACHABLE, Health.BLIND, Health.RECOVERING]
    for number, village in enumerate(list(country.inventory.villages)[::7]):
        row = country.inventory.index_of[DeviceId(f"ap-{village}")]
        country.fleet.health[row] = healths[number % len(healths)]
        country.fleet.record([], [], [row], NOON)
    villages = list(country.inventory.villages)
    country.cases = [make_case(1, villages[:1], country.inventory, failed_at=NOON.wall)]
    return country


@pytest.mark.peer("prometheus")
async def test_real_prometheus_answers_what_the_fleet_says(tmp_path: Path) -> None:
    house, vitals = House(country=_mixed_country()), PrometheusVitals()
    vitals.count(Vital.PROBES_SENT, 4_711)
    listening = listen("127.0.0.1", 0)
    sources = ExporterSources(house.country, vitals.expose, lambda: address_of(listening))
    house.exporters.append(create(sources))
    serving = asyncio.create_task(WebServer(create_app(house.sources()), listening).run())
    try:
        async with _prometheus(address_of(listening), tmp_path) as prometheus:
            await prometheus.wait_for('sum(up{job="netmon"})', 6)
            await _compare(prometheus, house.country)
    finally:
        serving.cancel()
        await asyncio.wait([serving])


async def _compare(prometheus: Prometheus, country: Country) -> None:
    inventory, fleet = country.inventory, country.fleet
    healths = [Health(code) for code in fleet.health.tolist()]
    answering = sum(health in {Health.UP, Health.SUSPECT, Health.RECOVERING} for health in healths)
    assert await prometheus.ask("count(netmon_device_up == 1)") == {(): answering}
    assert await prometheus.ask("count(netmon_device_up == 0)") == {(): healths.count(Health.DOWN)}
    assert await prometheus.ask("count(netmon_device_ping_rtt_seconds)") == {(): answering}
    spoken = Counter(healths[inventory.index_of[DeviceId(f"ap-{village}")]] for village in inventory.villages)
    wanted = {(health.label,): float(spoken[health]) for health in Health}
    assert await prometheus.ask("sum by (health) (netmon_villages)") == wanted
    row = inventory.index_of[DeviceId("ap-65010102")]
    assert await prometheus.ask('netmon_device_ping_rtt_seconds{device="ap-65010102"} * 1') == {
        ("ap-65010102", *_target(await prometheus.ask('up{province="65"}')), "65010102"): pytest.approx(
            float(fleet.rtt_statistics()[1][row]), abs=1e-7
        )
    }
    joined = "sum by (amphoe) (netmon_device_up * on (village) group_left (amphoe) netmon_village_info)"
    assert set(await prometheus.ask(joined)) == {("เมือง",)}
    assert await prometheus.ask("count by (province) (netmon_village_info)") == {
        (code,): 12.0 for code in ("34", "44", "50", "65", "90")
    }
    assert await prometheus.ask("sum(netmon_faults_open)") == {(): 1.0}
    assert await prometheus.ask("sum(netmon_icmp_requests_total)") == {(): 4_711.0}


def _target(up: dict[tuple[str, ...], float]) -> tuple[str, ...]:
    ((_name, *labels),) = up
    return tuple(labels)

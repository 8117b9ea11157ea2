"""`netmon bench exposition`: a scrape of every province, rendered by netmon and by prometheus_client.

Both render the same series from memory. What netmon keeps between scrapes is made in a first scrape, as in the daemon;
prometheus_client gets its samples ready made, so that only its writing counts.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from netmon.cli.bench.figures import Figure, Figures
from netmon.cli.bench.rows import Row
from netmon.lab.country import CountryPlan, generate
from netmon.model.country import Country
from netmon.model.fleet import Fleet
from netmon.model.health import Health
from netmon.model.inventory import Role
from netmon.model.readings import Measure, Outline, Quantity
from netmon.model.regions import REGION_OF_PROVINCE
from netmon.model.time import Now
from netmon.ports import ExporterSources, Route
from netmon.web.exporters import load_exporters
from netmon.web.vitals import PrometheusVitals

MICROSECONDS_A_SAMPLE = 2.0
LONGEST_SLICE = 10.0
"""Milliseconds."""
_PROVINCE_PATH = "/metrics/province/{code}"
_SEED = 7
_PEER_SAMPLES = 150_000
"""prometheus_client is given the first provinces up to so many samples: its rate does not depend on it."""
_INTERFACE = (Quantity.INTERFACE_UP, Quantity.RECEIVE_BYTES, Quantity.TRANSMIT_BYTES, Quantity.RECEIVE_ERRORS)
_OUTLINES: dict[Role, Outline] = {
    Role.AP: (
        *(
            Measure(quantity, "")
            for quantity in (Quantity.UPTIME, Quantity.CPU, Quantity.MEMORY, Quantity.WIFI_CLIENTS)
        ),
        *(Measure(Quantity.WIFI_CLIENTS, radio) for radio in ("radio 0", "radio 1")),
        *(Measure(Quantity.CHANNEL_UTILISATION, radio) for radio in ("radio 0", "radio 1")),
        *(Measure(quantity, "eth0") for quantity in _INTERFACE),
    ),
    Role.UPLINK: (Measure(Quantity.UPTIME, ""), *(Measure(quantity, "pon") for quantity in _INTERFACE)),
}
"""What an access point and an ONU of the field say."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """One scrape of every page: samples, CPU seconds, and the longest that the loop was held at a time (CPU, wall)."""

    samples: int
    cpu: float
    wall: float
    longest_cpu: float
    longest_wall: float


def bench_exposition(villages: int) -> Figures:
    """Measure both."""
    country = _country(villages)
    exporters = load_exporters(ExporterSources(country, PrometheusVitals().expose, lambda: "127.0.0.1:9870"))
    routes = {route.path: route for exporter in exporters for route in exporter.routes()}
    codes = sorted({village.province_code for village in country.inventory.villages.values()} & set(REGION_OF_PROVINCE))
    first = _scrape(routes, codes)
    second = min((_scrape(routes, codes) for _ in range(3)), key=lambda one: one.cpu)
    peer = _prometheus_client(routes[_PROVINCE_PATH], codes)
    ours = Row("netmon", version("netmon"), second.samples, second.samples, second.wall, second.cpu)
    rows = [ours, peer]
    ratio = ours.per_cpu_second / peer.per_cpu_second
    return Figures("exposition", rows, list(_figures(first, second, peer)), ratios={peer.who: round(ratio, 3)})


def _figures(first: Scrape, second: Scrape, peer: Row) -> Iterator[Figure]:
    yield Figure("samples of one full scrape", second.samples, "")
    yield Figure("a sample", 1e6 * second.cpu / second.samples, "µs", most=MICROSECONDS_A_SAMPLE)
    yield Figure("a sample, prometheus_client", 1e6 * peer.cpu_seconds / peer.answered, "µs")
    yield Figure("longest slice, CPU", 1000 * second.longest_cpu, "ms", most=LONGEST_SLICE)
    yield Figure("longest slice of the first scrape, CPU", 1000 * first.longest_cpu, "ms", most=LONGEST_SLICE)
    yield Figure("longest slice, wall", 1000 * second.longest_wall, "ms")
    yield Figure("first full scrape", first.cpu, "s")
    yield Figure("a full scrape", second.cpu, "s")


def _country(villages: int) -> Country:
    """A country that has been watched for a while: every device answers, and has readings."""
    inventory = generate(CountryPlan(villages=villages, seed=_SEED, gentle=True)).inventory
    size, chance = len(inventory.devices), np.random.default_rng(_SEED)
    fleet, now = Fleet(size, generation=1), Now(1_000.0, 1_700_000_000.0)
    for _ in range(3):
        fleet.record(range(size), chance.uniform(0.002, 0.030, size).tolist(), [], now)
    fleet.health[:] = Health.UP
    for index, device in enumerate(inventory.devices):
        outline = _OUTLINES.get(device.role)
        if outline is not None:
            fleet.readings.assign(index, outline)
            fleet.readings.write([index], [chance.uniform(0.0, 1e9, len(outline)).tolist()], now.monotonic)
    return Country(inventory, fleet)


def _scrape(routes: dict[str, Route], codes: Sequence[str]) -> Scrape:
    """All provinces in turn, and netmon's own page."""
    pages = [(routes[_PROVINCE_PATH], {"code": code}) for code in codes] + [(routes["/metrics"], {})]
    samples, longest_cpu, longest_wall = 0, 0.0, 0.0
    cpu, wall = time.process_time(), time.monotonic()
    for route, parameters in pages:
        chunks = route.render(parameters)
        while True:
            cpu_before, wall_before = time.thread_time(), time.monotonic()
            chunk = next(chunks, None)
            longest_cpu = max(longest_cpu, time.thread_time() - cpu_before)
            longest_wall = max(longest_wall, time.monotonic() - wall_before)
            if chunk is None:
                break
            samples += _samples_in(chunk)
    return Scrape(samples, time.process_time() - cpu, time.monotonic() - wall, longest_cpu, longest_wall)


def _samples_in(chunk: bytes) -> int:
    return chunk.count(b"\n") - chunk.count(b"# HELP ") - chunk.count(b"# TYPE ")


class _Kept:
    """A collector whose metrics are there already."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Sequence[Metric]:
        return self._metrics


def _prometheus_client(route: Route, codes: Sequence[str]) -> Row:
    """The same series of the first provinces, written by prometheus_client."""
    registries, samples = [], 0
    for code in codes:
        metrics = list(text_string_to_metric_families(b"".join(route.render({"code": code})).decode()))
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Kept(metrics))
        registries.append(registry)
        samples += sum(len(metric.samples) for metric in metrics)
        if samples >= _PEER_SAMPLES:
            break
    cpu, wall = time.process_time(), time.monotonic()
    written = sum(_samples_in(generate_latest(registry)) for registry in registries)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    return Row("prometheus_client", version("prometheus-client"), samples, written, wall, cpu)

"""`netmon bench exposition`: a scrape of every province, rendered by netmon and by prometheus_client.

Both render the same series from memory. What netmon keeps between scrapes is made in a first scrape, as in the daemon,
and between two scrapes every device is pinged and read anew. prometheus_client gets its samples ready made, so that
only its writing counts.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise

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
_SCRAPES = 3
_ROUND = 60.0
_CHANGED_EVERY = 100
"""One device in so many says other things than before when some have changed."""
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


class _Watch:
    """A country in which every device answers, as it is watched for a while."""

    def __init__(self, villages: int) -> None:
        inventory = generate(CountryPlan(villages=villages, seed=_SEED, gentle=True)).inventory
        fleet = Fleet(len(inventory.devices), generation=1)
        fleet.health[:] = Health.UP
        self.country = Country(inventory, fleet)
        self._chance = np.random.default_rng(_SEED)
        self._now = Now(1_000.0, 1_700_000_000.0)
        found = ((at, _OUTLINES.get(device.role)) for at, device in enumerate(inventory.devices))
        self._said = {at: outline for at, outline in found if outline is not None}
        for at, outline in self._said.items():
            fleet.readings.assign(at, outline)

    def go_round(self) -> None:
        """Ping and read every device once."""
        fleet, chance = self.country.fleet, self._chance
        self._now = Now(self._now.monotonic + _ROUND, self._now.wall + _ROUND)
        fleet.record(range(fleet.size), chance.uniform(0.002, 0.030, fleet.size).tolist(), [], self._now)
        readings = [chance.uniform(0.0, 1e9, len(outline)).tolist() for outline in self._said.values()]
        fleet.readings.write(list(self._said), readings, self._now.monotonic)

    def change_some(self) -> None:
        """Some devices say less than before."""
        for at in list(self._said)[::_CHANGED_EVERY]:
            self._said[at] = self._said[at][:-1]
            self.country.fleet.readings.assign(at, self._said[at])
        self.go_round()


def bench_exposition(villages: int) -> Figures:
    """Measure both."""
    watch = _Watch(villages)
    country = watch.country
    exporters = load_exporters(ExporterSources(country, PrometheusVitals().expose, lambda: "127.0.0.1:9870"))
    routes = {route.path: route for exporter in exporters for route in exporter.routes()}
    codes = sorted({village.province_code for village in country.inventory.villages.values()} & set(REGION_OF_PROVINCE))
    # As the daemon does once it has started: looking through all that is there to stay would count as somebody's slice.
    gc.freeze()
    scrapes: list[Scrape] = []
    for _ in range(1 + _SCRAPES):
        watch.go_round()
        scrapes.append(_scrape(routes, codes))
    first, usual = scrapes[0], min(scrapes[1:], key=lambda one: one.cpu)
    peer = _prometheus_client(routes[_PROVINCE_PATH], codes)
    watch.change_some()
    changed = _scrape(routes, codes)
    gc.unfreeze()
    ours = Row("netmon", version("netmon"), usual.samples, usual.samples, usual.wall, usual.cpu)
    rows = [ours, peer]
    ratio = ours.per_cpu_second / peer.per_cpu_second
    return Figures("exposition", rows, list(_figures(first, usual, changed, peer)), ratios={peer.who: round(ratio, 3)})


def _figures(first: Scrape, usual: Scrape, changed: Scrape, peer: Row) -> Iterator[Figure]:
    yield Figure("samples of one full scrape", usual.samples, "")
    yield Figure("a sample", 1e6 * usual.cpu / usual.samples, "µs", most=MICROSECONDS_A_SAMPLE)
    yield Figure("a sample, prometheus_client", 1e6 * peer.cpu_seconds / peer.answered, "µs")
    for what, scrape in (("", usual), (" of the first scrape", first), (" after changes", changed)):
        yield Figure(f"longest slice{what}, CPU", 1000 * scrape.longest_cpu, "ms", most=LONGEST_SLICE)
    yield Figure("longest slice, wall", 1000 * usual.longest_wall, "ms")
    yield Figure("first full scrape", first.cpu, "s")
    yield Figure("a full scrape", usual.cpu, "s")
    yield Figure(f"a full scrape after one device in {_CHANGED_EVERY} has changed", changed.cpu, "s")


def _scrape(routes: dict[str, Route], codes: Sequence[str]) -> Scrape:
    """All provinces in turn, and netmon's own page."""
    pages = [(routes[_PROVINCE_PATH], {"code": code}) for code in codes] + [(routes["/metrics"], {})]
    samples, cpu, wall, slices = 0, 0.0, 0.0, [(0.0, 0.0)]
    for route, parameters in pages:
        chunks, moments = [], [(time.thread_time(), time.monotonic())]
        for chunk in route.render(parameters):
            moments.append((time.thread_time(), time.monotonic()))
            chunks.append(chunk)
        moments.append((time.thread_time(), time.monotonic()))
        slices += [(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(moments)]
        cpu, wall = cpu + moments[-1][0] - moments[0][0], wall + moments[-1][1] - moments[0][1]
        samples += sum(map(_samples_in, chunks))
    return Scrape(samples, cpu, wall, *(max(one) for one in zip(*slices, strict=True)))


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

"""Prometheus: the fleet per province, the aggregates with netmon's own vital signs, and service discovery.

The fleet's series are netmon's own rendering, because they are many: prometheus_client takes 7.6 µs a sample, this
takes well under 2. What is kept between scrapes belongs to one Fleet generation and is made anew after a reload.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence

from netmon.errors import RouteNotFoundError
from netmon.model.fleet import Fleet
from netmon.model.inventory import Inventory
from netmon.ports import Exporter, ExporterSources, Route
from netmon_exporters.prometheus import discovery
from netmon_exporters.prometheus.layout import PAGES, Layout, Page, make_layout
from netmon_exporters.prometheus.province import province_series
from netmon_exporters.prometheus.readings import reading_series
from netmon_exporters.prometheus.text import CONTENT_TYPE
from netmon_exporters.prometheus.totals import VillageCounts, case_series, count_villages


class PrometheusExporter:
    """Serves `/metrics`, `/metrics/province/{code}` and `/discovery/prometheus`."""

    name = "prometheus"

    def __init__(self, sources: ExporterSources) -> None:
        self._sources = sources
        self._layout: Layout | None = None
        self._counts: VillageCounts | None = None

    def routes(self) -> Sequence[Route]:
        return (
            Route(discovery.METRICS_PATH, CONTENT_TYPE, self._metrics),
            Route(discovery.PROVINCE_PATH, CONTENT_TYPE, self._province),
            Route("/discovery/prometheus", discovery.CONTENT_TYPE, self._discovery),
        )

    def _metrics(self, _parameters: Mapping[str, str]) -> Iterator[bytes]:
        country = self._sources.country
        inventory, fleet, cases = country.inventory, country.fleet, country.cases
        counts = yield from self._counts_of(inventory, fleet)
        yield from counts.series(fleet)
        yield from case_series(cases)
        yield self._sources.vitals()

    def _province(self, parameters: Mapping[str, str]) -> Iterator[bytes]:
        code = parameters["code"]
        if code not in PAGES:
            raise RouteNotFoundError(f"{code!r} is not a province's DOPA code; write two digits, e.g. 65.")
        # A reload may come between two slices: this scrape then stays with the inventory and Fleet it began with.
        inventory, fleet = self._sources.country.inventory, self._sources.country.fleet
        layout = yield from self._layout_of(inventory, fleet)
        page = layout.pages.get(code, Page())
        yield from page.prepare(inventory)
        sheet = yield from page.prepare_readings(fleet)
        yield from province_series(page, fleet)
        yield from reading_series(sheet, page.columns, fleet)

    def _discovery(self, _parameters: Mapping[str, str]) -> Iterator[bytes]:
        country = self._sources.country
        layout = yield from self._layout_of(country.inventory, country.fleet)
        yield discovery.targets(self._sources.own_address(), self._sources.scheme, layout.pages)

    def _layout_of(self, inventory: Inventory, fleet: Fleet) -> Generator[bytes, None, Layout]:
        layout = self._layout
        if layout is None or layout.generation != fleet.generation:
            layout = self._layout = yield from make_layout(inventory, fleet.generation)
        return layout

    def _counts_of(self, inventory: Inventory, fleet: Fleet) -> Generator[bytes, None, VillageCounts]:
        counts = self._counts
        if counts is None or counts.generation != fleet.generation:
            counts = self._counts = yield from count_villages(inventory, fleet.generation)
        return counts


def create(sources: ExporterSources) -> Exporter:
    """The factory named in entry point group `netmon.exporters`."""
    return PrometheusExporter(sources)

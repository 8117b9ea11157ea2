"""What exporters for other monitoring systems get and give."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from netmon.model.country import Country


@dataclass(frozen=True, slots=True)
class Route:
    """A page an exporter offers: path ('/metrics/province/{code}'), content type, and how to render it.

    `render` gets the path's parameters and yields byte chunks, each ready within 10 ms; it may raise
    RouteNotFoundError before the first chunk.
    """

    path: str
    content_type: str
    render: Callable[[Mapping[str, str]], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class ExporterSources:
    """What an exporter may look at.

    `vitals` renders netmon's own vital signs in Prometheus' text format; `own_address` is host:port of netmon's pages,
    `scheme` how they are asked for, http or https.
    """

    country: Country
    vitals: Callable[[], bytes]
    own_address: Callable[[], str]
    scheme: str = "http"


class Exporter(Protocol):
    """A rendering of the fleet for another monitoring system; made by a factory in entry point group netmon.exporters.

    The factory's signature is `create(sources: ExporterSources) -> Exporter`.
    """

    @property
    def name(self) -> str:
        """Short name for logs."""
        ...

    def routes(self) -> Sequence[Route]:
        """Pages to serve."""
        ...

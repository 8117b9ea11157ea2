"""Exporters are found by their entry point group, so that anybody can add one without touching netmon."""

import logging
from importlib.metadata import EntryPoint, entry_points

from netmon.ports import Exporter, ExporterSources

GROUP = "netmon.exporters"

log = logging.getLogger(__name__)


def load_exporters(sources: ExporterSources) -> list[Exporter]:
    """Make every installed exporter, in order of name. One that cannot be made is logged and left out.

    It is somebody else's code, and villages must be watched whether or not it works.
    """
    # A package may be on the path twice (editable and installed); a set keeps one of equal entry points.
    found = sorted({(one.name, one.value) for one in entry_points(group=GROUP)})
    exporters = (_load(EntryPoint(name, value, GROUP), sources) for name, value in found)
    return [exporter for exporter in exporters if exporter is not None]


def _load(point: EntryPoint, sources: ExporterSources) -> Exporter | None:
    try:
        exporter: Exporter = point.load()(sources)
    except Exception as error:
        log.exception("exporter not loaded name=%s from=%s error=%s", point.name, point.value, type(error).__name__)
        return None
    log.info("exporter loaded name=%s from=%s", point.name, point.value)
    return exporter

"""An exporter that somebody else wrote, installed from outside the tree."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from netmon.ports import ExporterSources
from netmon.web.exporters import load_exporters
from tests.web.conftest import House

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "netmon-nagios"
version = "1.0"

[project.entry-points."netmon.exporters"]
nagios = "netmon_nagios:create"
"""
MODULE = """\
from netmon.model.health import Health
from netmon.ports import ExporterSources, Route


class Nagios:
    name = "nagios"

    def __init__(self, sources: ExporterSources) -> None:
        self._sources = sources

    def routes(self):
        return [Route("/nagios/{device}", "text/plain", self._render)]

    def _render(self, parameters):
        country = self._sources.country
        yield country.fleet.health_of(country.inventory.index_of[parameters["device"]]).label.encode()


def create(sources: ExporterSources) -> Nagios:
    return Nagios(sources)
"""


def _sources(house: House) -> ExporterSources:
    return ExporterSources(house.country, lambda: b"", lambda: "127.0.0.1:9640")


def _entry_point(place: Path, name: str, value: str) -> None:
    metadata = place / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[netmon.exporters]\n{name} = {value}\n")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The folder into which pip put the foreign package."""
    source, target = tmp_path / "source", tmp_path / "installed"
    (source / "netmon_nagios").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "netmon_nagios" / "__init__.py").write_text(MODULE)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, capture_output=True)
    return target


async def test_installed_exporter_of_somebody_else_is_found_and_served(
    house: House, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(installed))
    house.exporters += [one for one in load_exporters(_sources(house)) if one.name == "nagios"]
    assert len(house.exporters) == 1
    async with house.client() as client:
        assert (await client.get("/nagios/ap-65010101")).text == "up"


def test_exporter_that_cannot_be_made_is_logged_and_left_out(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "raising_exporter.py").write_text("def create(sources):\n    raise ValueError('no licence key')\n")
    _entry_point(tmp_path, "raising", "raising_exporter:create")
    _entry_point(tmp_path, "missing", "no_such_module:create")
    monkeypatch.syspath_prepend(str(tmp_path))
    with caplog.at_level(logging.ERROR, "netmon.web.exporters"):
        names = [exporter.name for exporter in load_exporters(_sources(house))]
    assert not {"raising", "missing"} & set(names)
    assert "exporter not loaded name=missing" in caplog.text
    assert "exporter not loaded name=raising from=raising_exporter:create error=ValueError" in caplog.text

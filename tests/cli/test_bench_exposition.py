"""The exposition bench renders what the daemon renders, and no slice of it holds the loop for long."""

import json
from pathlib import Path

import pytest

from netmon.cli.bench.exposition import LONGEST_SLICE, bench_exposition
from netmon.cli.bench.figures import Figures
from tests.cli.conftest import Netmon


def _values(figures: Figures) -> dict[str, float]:
    return {one.name: one.value for one in figures.figures}


def test_every_device_has_its_samples_and_both_write_all_of_them() -> None:
    figures = bench_exposition(60)
    ours, peer = figures.rows
    assert ours.who == "netmon"
    assert peer.who == "prometheus_client"
    assert ours.answered > 60 * 2 * 10
    assert peer.answered == peer.devices  # it wrote every sample it was given
    assert 0.8 * ours.answered < peer.answered <= ours.answered  # netmon's own page is ours alone
    assert figures.ratios["prometheus_client"] > 1


@pytest.mark.slow
def test_a_scrape_of_every_province_in_turn_never_holds_the_loop_for_long() -> None:
    values = _values(bench_exposition(24_700))
    # CPU, not wall: what others do on this machine is no fault of a slice's.
    assert values["longest slice, CPU"] <= LONGEST_SLICE
    assert values["longest slice of the first scrape, CPU"] <= LONGEST_SLICE
    assert values["samples of one full scrape"] > 24_700 * 20


def test_its_figures_are_written_in_the_agreed_shape(netmon: Netmon, tmp_path: Path) -> None:
    said = netmon("bench", "exposition", "--villages", "40", "--json", "figures.json")
    assert said.code in {0, 1}, said.err
    content = json.loads((tmp_path / "figures.json").read_text())
    assert [row["who"] for row in content["rows"]] == ["netmon", "prometheus_client"]
    assert list(content["ratios"]) == ["prometheus_client"]
    assert {"a sample", "longest slice, CPU"} <= {one["name"] for one in content["figures"]}

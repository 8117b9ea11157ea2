"""The chart shows the rates of a run: who is faster lies lower, and a row that does not stand is not drawn."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from netmon.cli.bench.chart import COUNTRY_DEVICES, chart, share_of
from netmon.cli.bench.rows import Row

SVG = "{http://www.w3.org/2000/svg}"
NETMON = Row("netmon", "0.1", 100_000, 100_000, 5.0, 0.8)
FPING = Row("fping", "5.1", 100_000, 100_000, 5.0, 1.6)
SLOW = Row("a <slow> one", "1", 1_000, 1_000, 5.0, 10.0)
DEAF = Row("deaf", "1", 1_000, 900, 5.0, 1.0)


def _drawn(*rows: Row) -> ET.Element:
    return ET.fromstring(chart(rows, what="ping all devices", interval=20.0))


def _texts(picture: ET.Element) -> list[str]:
    return ["".join(one.itertext()) for one in picture.iter(f"{SVG}text")]


def _line(picture: ET.Element, number: int) -> list[tuple[float, float]]:
    line = list(picture.iter(f"{SVG}polyline"))[number]
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+),([\d.]+)", line.attrib["points"])]


def test_the_share_is_devices_over_interval_and_rate() -> None:
    assert share_of(NETMON, COUNTRY_DEVICES, 20.0) == pytest.approx(49_400 / 20 / 125_000)


def test_every_row_that_stands_is_a_line_with_its_share_for_the_country() -> None:
    picture = _drawn(NETMON, FPING, SLOW, DEAF)
    texts = _texts(picture)
    assert "netmon 0.1: 2 %" in texts
    assert "fping 5.1: 4 %" in texts
    assert "a <slow> one 1: 25 cores" in texts
    assert not any("deaf" in text for text in texts)
    assert len(list(picture.iter(f"{SVG}polyline"))) == 3


def test_twice_the_rate_lies_lower_all_along_and_no_line_leaves_the_plot() -> None:
    picture = _drawn(NETMON, FPING, SLOW)
    netmon, fping, slow = (_line(picture, number) for number in range(3))
    assert netmon[-1][0] == fping[-1][0]
    assert netmon[-1][1] > fping[-1][1]
    assert all(64 <= y <= 484.1 and 78 <= x <= 648.1 for line in (netmon, fping, slow) for x, y in line)


def test_labels_of_equal_rates_do_not_overlap() -> None:
    picture = _drawn(*(Row(f"peer {n}", "1", 1_000, 1_000, 1.0, 0.01) for n in range(5)))
    heights = sorted(
        float(one.attrib["y"]) for one in picture.iter(f"{SVG}text") if "".join(one.itertext()).startswith("peer")
    )
    assert all(later - earlier >= 18 for earlier, later in pairwise(heights))

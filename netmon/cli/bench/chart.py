"""A chart of a bench's rows: the share of a core that each contender takes to ask so and so many devices at a pace.

Both axes are logarithmic, so that a rate is a straight line, and who is ten times as fast lies one decade lower.
"""

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from netmon.cli.bench.rows import Row, machine

COUNTRY_DEVICES = 49_400
_DEVICES = (100.0, 1e6)
_SHARES = (1e-4, 1e2)
"""Of a core."""
_WIDTH, _HEIGHT = 920, 560
_LEFT, _TOP, _PLOT_WIDTH, _PLOT_HEIGHT = 78, 64, 570, 420
_COLOURS = ("#0b6e4f", "#c8553d", "#3d5a80", "#8d6a9f", "#b08900", "#5c5c5c", "#1b998b")
_LABEL_GAP = 19
_FONT = "font-family='system-ui, sans-serif' font-size='13'"


def chart(rows: Sequence[Row], *, what: str, interval: float) -> str:
    """The chart as SVG: rows that stand, each asking every device once in `interval` seconds; `what` says how."""
    standing = [row for row in rows if row.stands and row.per_cpu_second]
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' {_FONT}>",
        f"<title>{escape(_title(what, interval))}</title>",
        f"<rect width='{_WIDTH}' height='{_HEIGHT}' fill='#ffffff'/>",
        f"<text x='{_LEFT}' y='26' font-size='17' font-weight='600'>{escape(_title(what, interval))}</text>",
        f"<text x='{_LEFT}' y='46' fill='#555'>{escape(machine())}</text>",
        *_grid(),
        *_country(),
        *_lines(standing, interval),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def share_of(row: Row, devices: float, interval: float) -> float:
    """Share of a core to ask so many devices once in so many seconds."""
    return devices / interval / row.per_cpu_second


def _title(what: str, interval: float) -> str:
    return f"Share of one core to {what} every {interval:g} s"


def _x(devices: float) -> float:
    low, high = map(math.log10, _DEVICES)
    return _LEFT + _PLOT_WIDTH * (math.log10(devices) - low) / (high - low)


def _y(share: float) -> float:
    low, high = map(math.log10, _SHARES)
    return _TOP + _PLOT_HEIGHT * (high - math.log10(share)) / (high - low)


def _grid() -> Iterator[str]:
    bottom, right = _TOP + _PLOT_HEIGHT, _LEFT + _PLOT_WIDTH
    for power in range(round(math.log10(_DEVICES[0])), round(math.log10(_DEVICES[1])) + 1):
        x = _x(10.0**power)
        yield f"<line x1='{x:.1f}' y1='{_TOP}' x2='{x:.1f}' y2='{bottom}' stroke='#e4e4e4'/>"
        yield f"<text x='{x:.1f}' y='{bottom + 20}' text-anchor='middle'>{10**power:,}</text>"
    for power in range(round(math.log10(_SHARES[0])), round(math.log10(_SHARES[1])) + 1):
        y, is_core = _y(10.0**power), power == 0
        stroke = "#888" if is_core else "#e4e4e4"
        yield f"<line x1='{_LEFT}' y1='{y:.1f}' x2='{right}' y2='{y:.1f}' stroke='{stroke}'/>"
        label = "one core" if is_core else f"{100 * 10.0**power:g} %" if power < 0 else f"{10**power:g} cores"
        yield f"<text x='{_LEFT - 8}' y='{y + 4:.1f}' text-anchor='end'>{label}</text>"
    yield f"<text x='{_LEFT + _PLOT_WIDTH / 2}' y='{bottom + 44}' text-anchor='middle'>devices</text>"


def _country() -> Iterator[str]:
    x = _x(COUNTRY_DEVICES)
    yield (
        f"<line x1='{x:.1f}' y1='{_TOP}' x2='{x:.1f}' y2='{_TOP + _PLOT_HEIGHT}' stroke='#888' stroke-dasharray='4 4'/>"
    )
    yield f"<text x='{x - 6:.1f}' y='{_TOP + 16}' text-anchor='end' fill='#555'>the country, {COUNTRY_DEVICES:,}</text>"


def _lines(rows: Sequence[Row], interval: float) -> Iterator[str]:
    ends = {row.who: _y(min(_SHARES[1], share_of(row, _DEVICES[1], interval))) for row in rows}
    labels = _spread(ends)
    for number, row in enumerate(rows):
        colour, width = _COLOURS[number % len(_COLOURS)], 3 if not number else 2
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _points(row, interval))
        yield f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='{width}'/>"
        at_country = share_of(row, COUNTRY_DEVICES, interval)
        text = f"{row.who} {row.version}: {_percent(at_country)}"
        weight = " font-weight='600'" if not number else ""
        yield (
            f"<text x='{_LEFT + _PLOT_WIDTH + 10}' y='{labels[row.who] + 4:.1f}' fill='{colour}'{weight}>"
            f"{escape(text)}</text>"
        )


def _points(row: Row, interval: float) -> Iterator[tuple[float, float]]:
    """Where the line enters and leaves the plot."""
    rate = row.per_cpu_second * interval
    low, high = max(_DEVICES[0], _SHARES[0] * rate), min(_DEVICES[1], _SHARES[1] * rate)
    for devices in (low, high):
        yield _x(devices), _y(devices / rate)


def _spread(wanted: dict[str, float]) -> dict[str, float]:
    """Heights near those wanted at which labels do not overlap."""
    placed: dict[str, float] = {}
    below = -math.inf
    for who, height in sorted(wanted.items(), key=lambda one: one[1]):
        below = placed[who] = max(height, below + _LABEL_GAP)
    return placed


def _percent(share: float) -> str:
    if share < 1:
        return f"{100 * share:.2g} %"
    return f"{share:.2g} {'core' if share == 1 else 'cores'}"

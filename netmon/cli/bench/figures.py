"""The bench's figures beside what DESIGN section 12 promises, and where the promise is missed."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from netmon.cli.bench.rows import Row, machine

_LARGE = 1_000
"""From here on decimals say nothing."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; `most` or `least` is what is promised of it, neither for what is only told."""

    name: str
    value: float
    unit: str
    most: float = math.inf
    least: float = -math.inf

    @property
    def is_held(self) -> bool:
        """Whether the promise is kept; what could not be measured keeps none."""
        return self.least <= self.value <= self.most or not self.is_promised

    @property
    def is_promised(self) -> bool:
        """Whether anything is promised."""
        return math.isfinite(self.most) or math.isfinite(self.least)

    @property
    def measured(self) -> str:
        """Value and unit."""
        return f"{_number(self.value)} {self.unit}".strip()

    @property
    def promise(self) -> str:
        """In words."""
        if math.isfinite(self.most):
            return f"at most {self.most:,.10g} {self.unit}".strip()
        return f"at least {self.least:,.10g} {self.unit}".strip() if math.isfinite(self.least) else ""


@dataclass(frozen=True, slots=True)
class Figures:
    """A finished bench; the first row is netmon's. `missing` says what could not be measured, and why."""

    bench: str
    rows: Sequence[Row]
    figures: Sequence[Figure]
    missing: Sequence[str] = ()
    ratios: Mapping[str, float] = field(default_factory=dict)

    def missed(self) -> tuple[str, ...]:
        """Promises not kept, as sentences."""
        return (*self._missed(), *self.missing)

    def _missed(self) -> Iterator[str]:
        for row in self.rows:
            if not row.stands:
                yield f"{row.who}: only {row.answered:,} of {row.devices:,} answered."
        for one in self.figures:
            if not one.is_held:
                yield f"{one.name}: {one.measured}, promised is {one.promise}."

    def content(self) -> dict[str, Any]:
        """What is written as JSON."""
        return {
            "bench": self.bench,
            "machine": machine(),
            "rows": [{**asdict(row), "per_cpu_second": round(row.per_cpu_second)} for row in self.rows],
            "ratios": dict(self.ratios),
            "figures": [_as_json(one) for one in self.figures],
            "missed": list(self.missed()),
        }

    def write(self, file: Path) -> None:
        """Write the figures as JSON."""
        file.write_text(json.dumps(self.content(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def show(self, console: Console) -> None:
        """Print the figures, and what was missed."""
        console.print(f"bench {self.bench} on {machine()}")
        table = Table("figure", "measured", "promised", "", box=None)
        for one in self.figures:
            mark = ("held" if one.is_held else "MISSED") if one.is_promised else ""
            table.add_row(one.name, one.measured, one.promise, mark)
        console.print(table)
        for who, ratio in self.ratios.items():
            console.print(f"netmon is {ratio:.2f}x {who}.")
        for sentence in self.missed():
            console.print(sentence)


def _as_json(one: Figure) -> dict[str, Any]:
    limits = {key: getattr(one, key) for key in ("most", "least") if math.isfinite(getattr(one, key))}
    value = one.value if math.isfinite(one.value) else None
    return {"name": one.name, "value": value, "unit": one.unit, **limits, "held": one.is_held}


def _number(value: float) -> str:
    if math.isnan(value):
        return "not measured"
    return f"{value:,.0f}" if value == round(value) or abs(value) >= _LARGE else f"{value:.3g}"

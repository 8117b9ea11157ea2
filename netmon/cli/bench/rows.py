"""What a bench measures and how it is shown: rows, ratios, limits."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ANSWERED_AT_LEAST = 0.999
FALLS_SHORT = 0.8


@dataclass(frozen=True, slots=True)
class Row:
    """One contender. `devices` counts device-rounds asked, `answered` those answered; CPU is user + system."""

    who: str
    version: str
    devices: int
    answered: int
    wall_seconds: float
    cpu_seconds: float

    @property
    def per_cpu_second(self) -> float:
        """Answers per CPU-second of the prober with its children."""
        return self.answered / self.cpu_seconds if self.cpu_seconds else 0.0

    @property
    def stands(self) -> bool:
        """Whether enough answered for the row to mean anything."""
        return self.answered >= ANSWERED_AT_LEAST * self.devices


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of DESIGN section 12: our rate must be at least `factor` times that peer's."""

    peer: str
    factor: float


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Rates once measured on an idle machine, per CPU-second, and the row that tells how this one compares."""

    row: str
    rates: Mapping[str, float]

    def remarks(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """Name peers that fall more than a fifth short, so that nobody takes their weakness for our strength."""
        shares = {one.who: one.per_cpu_second / self.rates[one.who] for one in rows if one.who in self.rates}
        pace = shares.pop(self.row, None)
        machine = "" if pace is None else f"; this machine does the {self.row} at {pace:.0%} of what that one did"
        return tuple(
            f"{who} reaches {share:.0%} of the {self.rates[who]:,.0f} it had on an idle machine{machine}."
            for who, share in shares.items()
            if share < FALLS_SHORT
        )


@dataclass(frozen=True, slots=True)
class Bench:
    """A finished bench; the first row is netmon's."""

    name: str
    rows: Sequence[Row]
    limits: Sequence[Limit]
    missing: Sequence[str] = ()
    yardstick: Yardstick | None = None

    @property
    def ratios(self) -> Mapping[str, float]:
        """Netmon's rate over each peer's, for rows that stand and took any time that counts."""
        ours = self.rows[0].per_cpu_second
        return {
            row.who: round(ours / row.per_cpu_second, 3) for row in self.rows[1:] if row.stands and row.per_cpu_second
        }

    def missed(self) -> tuple[str, ...]:
        """Limits not held, as sentences; a limit whose peer did not run is not held either."""
        sentences = [
            f"{row.who}: only {row.answered} of {row.devices} answered." for row in self.rows if not row.stands
        ]
        for limit in self.limits:
            ratio = self.ratios.get(limit.peer)
            if ratio is None:
                sentences.append(f"{limit.peer} was not measured, so the limit of {limit.factor:g}x is not shown.")
            elif ratio < limit.factor:
                sentences.append(f"{ratio:.2f}x {limit.peer}; at least {limit.factor:g}x is promised.")
        return tuple(sentences)

    def write(self, file: Path) -> None:
        """Write the figures as JSON."""
        rows = [{**asdict(row), "per_cpu_second": round(row.per_cpu_second)} for row in self.rows]
        content = {"bench": self.name, "machine": machine(), "rows": rows, "ratios": dict(self.ratios)}
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def show(self, console: Console) -> None:
        """Print the table, what is missing and what was missed."""
        table = Table(
            "who", "version", "device-rounds", "answered", "wall s", "CPU s", "per CPU-s", "netmon is", box=None
        )
        for row in self.rows:
            ratio = self.ratios.get(row.who)
            table.add_row(
                row.who, row.version, f"{row.devices:,}", f"{row.answered:,}", f"{row.wall_seconds:.2f}",
                f"{row.cpu_seconds:.2f}", f"{row.per_cpu_second:,.0f}", f"{ratio:.2f}x" if ratio else "",
            )  # fmt: skip
        console.print(f"bench {self.name} on {machine()}")
        console.print(table)
        remarks = () if self.yardstick is None else self.yardstick.remarks(self.rows)
        for sentence in (*self.missing, *remarks, *self.missed()):
            console.print(sentence)


def machine() -> str:
    """Processor, cores, kernel and Python, for whoever compares figures."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    cores = os.cpu_count()
    return f"{model}, {cores} cores, Linux {platform.release()}, Python {platform.python_version()}"

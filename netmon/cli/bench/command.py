"""`netmon bench`: figures measured here and now, and exit code 1 when a promised number is missed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import click
from rich.console import Console

from netmon.cli.bench.chart import chart
from netmon.cli.bench.country.bench import COUNTRY, bench_country
from netmon.cli.bench.country.staging import PING_INTERVAL, SNMP_INTERVAL
from netmon.cli.bench.exposition import bench_exposition
from netmon.cli.bench.icmp import bench_icmp
from netmon.cli.bench.rows import Bench
from netmon.cli.bench.snmp import bench_snmp
from netmon.cli.common import Number, WholeNumber
from netmon.errors import InputError

Command = Callable[..., Any]


class Result(Protocol):
    """A finished bench."""

    def missed(self) -> tuple[str, ...]:
        """Promises not kept, as sentences."""
        ...

    def show(self, console: Console) -> None:
        """Print everything."""
        ...

    def write(self, file: Path) -> None:
        """Write the figures as JSON."""
        ...


json_option: Callable[[Command], Command] = click.option(
    "--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here too."
)

chart_option: Callable[[Command], Command] = click.option(
    "--chart",
    "picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the share of a core over the number of devices, as SVG.",
)


@click.group()
def bench() -> None:
    """Measure netmon against its peers on this machine."""


@bench.command()
@click.option("--devices", type=WholeNumber(1, 1_000_000), default=20_000, show_default=True)
@click.option("--rounds", type=WholeNumber(1, 1000), default=5, show_default=True)
@json_option
@chart_option
def icmp(devices: int, rounds: int, file: Path | None, picture: Path | None) -> int:
    """One ICMP sweep: answers per CPU-second beside fping, gufo_ping, icmplib and blackbox_exporter."""
    return _measure(
        lambda: _drawn(bench_icmp(devices, rounds), picture, "ping all devices", PING_INTERVAL), file, picture
    )


@bench.command()
@click.option("--agents", type=WholeNumber(1, 1000), default=1000, show_default=True, help="Addresses snmpd has.")
@click.option("--rounds", type=WholeNumber(1, 10_000), default=80, show_default=True)
@json_option
@chart_option
def snmp(agents: int, rounds: int, file: Path | None, picture: Path | None) -> int:
    """SNMPv2c polls of 10 objects per CPU-second, beside gufo_snmp, snmp_exporter and pysnmp."""
    what = "poll all devices by SNMP"
    return _measure(lambda: _drawn(bench_snmp(agents, rounds), picture, what, SNMP_INTERVAL), file, picture)


@bench.command()
@click.option("--villages", type=WholeNumber(20, 100_000), default=COUNTRY, show_default=True)
@json_option
def exposition(villages: int, file: Path | None) -> int:
    """A scrape of every province: microseconds a sample, beside prometheus_client writing the same series."""
    return _measure(lambda: bench_exposition(villages), file)


@bench.command()
@click.option("--villages", type=WholeNumber(20, 500_000), default=COUNTRY, show_default=True)
@click.option("--minutes", type=Number(1, 120), default=10, show_default=True, help="From the start until measured.")
@click.option("--slower", type=Number(1, 100), default=1, show_default=True, help="Sweep so many times less often.")
@click.option(
    "--keep", "folder", type=click.Path(path_type=Path, file_okay=False), help="Keep inventory, database and logs here."
)
@json_option
def country(villages: int, minutes: float, slower: float, folder: Path | None, file: Path | None) -> int:
    """The whole daemon watching the whole country: CPU, memory, lag, scrapes, a full round, 50 page loads a second."""
    return _measure(lambda: bench_country(villages, minutes, slower, folder, click.echo), file)


def _drawn(done: Bench, picture: Path | None, what: str, interval: float) -> Bench:
    """Draw what was measured, if a picture is wanted."""
    if picture:
        picture.write_text(chart(done.rows, what=what, interval=interval), encoding="utf-8")
    return done


def _measure(run: Callable[[], Result], *files: Path | None) -> int:
    file = files[0]
    for wanted in filter(None, files):
        _try_writing(wanted)
    result = run()
    result.show(Console(width=None if Console().is_terminal else 140))
    if file:
        result.write(file)
    return 1 if result.missed() else 0


def _try_writing(file: Path) -> None:
    """A bench takes minutes: that its figures cannot be written is to be known before."""
    try:
        file.open("a", encoding="utf-8").close()
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.") from error

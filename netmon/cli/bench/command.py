"""`netmon bench`: figures measured here and now, and exit code 1 when a promised number is missed."""

from pathlib import Path

import click
from rich.console import Console

from netmon.cli.bench.icmp import bench_icmp
from netmon.cli.bench.snmp import bench_snmp


@click.group()
def bench() -> None:
    """Measure netmon against its peers on this machine."""


@bench.command()
@click.option("--devices", type=click.IntRange(1, 1_000_000), default=20_000, show_default=True)
@click.option("--rounds", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here too.")
def icmp(devices: int, rounds: int, file: Path | None) -> int:
    """One ICMP sweep: answers per CPU-second beside fping, gufo_ping, icmplib and blackbox_exporter."""
    result = bench_icmp(devices, rounds)
    result.show(Console(width=None if Console().is_terminal else 140))
    if file:
        result.write(file)
    return 1 if result.missed() else 0


@bench.command()
@click.option("--agents", type=click.IntRange(1, 1_000), default=250, show_default=True, help="Addresses snmpd has.")
@click.option("--rounds", type=click.IntRange(1, 10_000), default=80, show_default=True)
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here too.")
def snmp(agents: int, rounds: int, file: Path | None) -> int:
    """SNMPv2c polls of 10 objects per CPU-second, beside gufo_snmp, snmp_exporter and pysnmp."""
    result = bench_snmp(agents, rounds)
    result.show(Console(width=None if Console().is_terminal else 140))
    if file:
        result.write(file)
    return 1 if result.missed() else 0

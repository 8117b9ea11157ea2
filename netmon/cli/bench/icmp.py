"""`netmon bench icmp`: one ICMP sweep, netmon's whole engine against fping, gufo_ping, icmplib, blackbox_exporter.

The targets are addresses of 127.0.0.0/8, which all answer: no packet leaves the machine, and the answering side costs
every contender the same kernel time.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

from netmon.cli.bench.blackbox import measure_blackbox
from netmon.cli.bench.processes import run_contender, run_counted
from netmon.cli.bench.rows import Bench, Limit, Row

CONTENDERS = "netmon.cli.bench.icmp_contenders"
BLACKBOX_SHARE = 10
"""blackbox_exporter is asked for a tenth of the devices: its rate does not depend on it, the driver's patience does."""


def loopback_targets(count: int) -> list[str]:
    """Distinct addresses of 127.0.0.0/8, from 127.1.0.1 on."""
    return [f"127.{1 + n // 64000}.{n // 250 % 256}.{1 + n % 250}" for n in range(count)]


def bench_icmp(devices: int, rounds: int) -> Bench:
    """Measure every contender that is installed, one after the other."""
    rows, missing = [_python("netmon", version("netmon"), devices, rounds)], []
    peers: Sequence[tuple[str, Callable[[], Row | None]]] = (
        ("fping", lambda: _fping(devices, rounds)),
        ("gufo_ping", lambda: _library("gufo_ping", devices, rounds)),
        ("icmplib", lambda: _library("icmplib", devices, rounds)),
        ("blackbox_exporter", lambda: measure_blackbox(loopback_targets(max(1, devices // BLACKBOX_SHARE)))),
    )
    for name, measure in peers:
        row = measure()
        if row is None:
            missing.append(f"{name} is not installed.")
        else:
            rows.append(row)
    return Bench("icmp", rows, limits=(Limit("fping", 1.0),), missing=missing)


def _python(who: str, release: str, devices: int, rounds: int) -> Row:
    told = run_contender(CONTENDERS, who, str(devices), str(rounds))
    return Row(who, release, devices * rounds, int(told["answered"]), told["wall"], told["cpu"])


def _library(who: str, devices: int, rounds: int) -> Row | None:
    try:
        return _python(who, version(who), devices, rounds)
    except PackageNotFoundError:
        return None


def _fping(devices: int, rounds: int) -> Row | None:
    program = shutil.which("fping")
    if program is None:
        return None
    release = run_counted([program, "--version"]).stdout
    # A run of its own per round: fping 5.1 has 65,536 sequence numbers for any ten seconds and gives up beyond.
    # "-i 0.01" is its best setting here; at its default of 10 ms between packets it takes 200 s for 20,000 targets.
    targets = "\n".join(loopback_targets(devices))
    done = [run_counted([program, "-q", "-C", "1", "-i", "0.01", "-t", "1000"], stdin=targets) for _ in range(rounds)]
    answered = sum(len(re.findall(r": \d[\d.]*$", one.stderr, re.MULTILINE)) for one in done)
    number = re.search(r"\d+\.\d+", release)
    wall, cpu = sum(one.wall for one in done), sum(one.cpu for one in done)
    return Row("fping", number[0] if number else "?", devices * rounds, answered, wall, cpu)

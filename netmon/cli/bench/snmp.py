"""`netmon bench snmp`: polls of ten objects, netmon's whole engine against gufo_snmp, snmp_exporter and pysnmp.

All of them ask the same snmpd on the same loopback addresses for the same objects with the same community and time-out.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

from netmon.cli.bench.agents import find_snmpd, running_agents
from netmon.cli.bench.processes import run_contender
from netmon.cli.bench.rows import Bench, Limit, Row, Yardstick
from netmon.cli.bench.snmp_contenders import BARE_LOOP, GUFO_IN_TURN, PYSNMP_PAIRS
from netmon.cli.bench.snmp_exporter import measure_snmp_exporter
from netmon.errors import ProbeError

CONTENDERS = "netmon.cli.bench.snmp_contenders"
# Shown and not promised against: what gufo_snmp does one device at a time, as nobody could watch a country like that,
# and pysnmp with plain pairs instead of the objects that its manual's examples ask for.
LIMITS = (Limit("gufo_snmp", 1.5), Limit("snmp_exporter", 5.0), Limit("pysnmp v1arch", 100.0))
YARDSTICK = Yardstick(
    BARE_LOOP,
    {
        BARE_LOOP: 45_000,
        GUFO_IN_TURN: 17_000,
        "gufo_snmp": 17_000,
        "snmp_exporter": 4_200,
        "pysnmp v1arch": 290,
        "pysnmp v3arch": 72,
    },
)
"""DESIGN section 4, on an idle virtual machine of two cores."""
SLOW = 10
VERY_SLOW = 40
"""The slow ones get a tenth or a fortieth of the rounds: their rates do not depend on it, patience does."""


def bench_snmp(agents: int, rounds: int) -> Bench:
    """Measure every contender that is installed, one after the other.

    Raises:
        ProbeError: there is no snmpd to ask.
    """
    program = find_snmpd()
    if program is None:
        raise ProbeError("there is no snmpd to ask; install net-snmp's agent (Debian: snmpd)")
    slow, very_slow = max(1, rounds // SLOW), max(1, rounds // VERY_SLOW)
    with running_agents(program, agents) as port:
        peers: Sequence[tuple[str, Callable[[], Row | None]]] = (
            ("gufo_snmp on uvloop", lambda: _library("gufo_snmp", "gufo_snmp", agents, rounds, port, needs="uvloop")),
            ("gufo_snmp", lambda: _library(GUFO_IN_TURN, "gufo_snmp", agents, rounds, port)),
            ("snmp_exporter", lambda: measure_snmp_exporter(agents, slow, port)),
            ("pysnmp", lambda: _library("pysnmp v1arch", "pysnmp", agents, very_slow, port)),
            ("pysnmp", lambda: _library(PYSNMP_PAIRS, "pysnmp", agents, very_slow, port)),
            ("pysnmp", lambda: _library("pysnmp v3arch", "pysnmp", agents, very_slow, port)),
            ("netmon", lambda: _python("netmon SNMPv3", version("netmon"), agents, slow, port)),
            ("the bare loop", lambda: _python(BARE_LOOP, version("netmon"), agents, rounds, port)),
        )
        rows, missing = [_python("netmon", version("netmon"), agents, rounds, port)], []
        for name, measure in peers:
            row = measure()
            if row is None:
                missing.append(f"{name} is not installed.")
            else:
                rows.append(row)
    return Bench("snmp", rows, limits=LIMITS, missing=missing, yardstick=YARDSTICK)


def _python(who: str, release: str, agents: int, rounds: int, port: int) -> Row:
    told = run_contender(CONTENDERS, who, str(agents), str(rounds), str(port))
    return Row(who, release, agents * rounds, int(told["answered"]), told["wall"], told["cpu"])


def _library(who: str, package: str, agents: int, rounds: int, port: int, *, needs: str = "") -> Row | None:
    try:
        release = version(package)
        if needs:
            release += f", {needs} {version(needs)}"
    except PackageNotFoundError:
        return None
    return _python(who, release, agents, rounds, port)

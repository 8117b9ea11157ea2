"""snmp_exporter as a contender: a server that is asked for one poll per HTTP request."""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from netmon.cli.bench.agents import COMMUNITY, OIDS, agent_hosts
from netmon.cli.bench.processes import await_port, cpu_of, free_port, mortal, run_counted
from netmon.cli.bench.rows import Row

MODULE = "bench"
IN_FLIGHT = 4
"""With GOMAXPROCS=1, as for blackbox_exporter: more of either costs it more CPU a poll."""


def measure_snmp_exporter(agents: int, rounds: int, port: int) -> Row | None:
    """Poll every agent that many times; only the exporter's own CPU counts, not that of whoever asks it."""
    program = shutil.which("prometheus-snmp-exporter") or shutil.which("snmp_exporter")
    if program is None:
        return None
    told = run_counted([program, "--version"])
    release = re.search(r"version (\d[\w.]*)", told.stdout + told.stderr)
    targets = [f"{host}:{port}" for host in agent_hosts(agents)] * rounds
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "snmp.yml"
        config.write_text(module_file(), encoding="utf-8")
        address = f"127.0.0.1:{free_port()}"
        command = [program, f"--config.file={config}", f"--web.listen-address={address}", "--log.level=error"]
        env = {**os.environ, "GOMAXPROCS": "1"}
        with subprocess.Popen(mortal(command), stderr=subprocess.DEVNULL, env=env) as server:  # noqa: S603 - our own list
            try:
                await_port(address)
                before, began = cpu_of(server.pid), time.monotonic()
                answered = asyncio.run(_ask_all(f"http://{address}/snmp", targets))
                wall, cpu = time.monotonic() - began, cpu_of(server.pid) - before
            finally:
                server.terminate()
    return Row("snmp_exporter", release[1] if release else "?", len(targets), answered, wall, cpu)


def module_file() -> str:
    """snmp.yml for the bench's objects, as snmp_exporter's generator writes it for a plain list."""
    lines = [f"{MODULE}:", "  get:", *(f"  - {oid}" for oid in OIDS), "  metrics:"]
    for number, oid in enumerate(OIDS):
        column, _, instance = oid.rpartition(".")
        lines += [f"  - name: bench_{number}", f"    oid: {column}", "    type: gauge", "    help: one of ten"]
        if instance != "0":
            lines += ["    indexes:", "    - labelname: index", "      type: gauge"]
    lines += ["  version: 2", "  retries: 1", "  timeout: 2s", "  auth:", f"    community: {COMMUNITY}"]
    return "\n".join(lines) + "\n"


async def _ask_all(url: str, targets: list[str]) -> int:
    gate = asyncio.Semaphore(IN_FLIGHT)
    # Left to itself, httpx asks for gzip, and compressing costs the exporter a third of its speed.
    plain = {"accept-encoding": "identity"}
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    async with httpx.AsyncClient(limits=limits, timeout=30, trust_env=False, headers=plain) as client:

        async def ask(target: str) -> bool:
            async with gate:
                answer = await client.get(url, params={"target": target, "module": MODULE})
            return len(re.findall(r"^bench_\d", answer.text, re.MULTILINE)) == len(OIDS)

        return sum(await asyncio.gather(*(ask(target) for target in targets)))

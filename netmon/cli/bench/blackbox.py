"""blackbox_exporter as a contender: a server that is asked for one probe per HTTP request."""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from netmon.cli.bench.processes import await_port, cpu_of, free_port, mortal, run_counted
from netmon.cli.bench.rows import Row

MODULE = "modules:\n  icmp:\n    prober: icmp\n    timeout: 1s\n    icmp: {preferred_ip_protocol: ip4}\n"
IN_FLIGHT = 4
"""With GOMAXPROCS=1 its best setting here: more of either costs it up to twice the CPU a probe."""


def measure_blackbox(targets: Sequence[str]) -> Row | None:
    """Probe every target once; only the exporter's own CPU counts, not that of whoever asks it."""
    program = shutil.which("prometheus-blackbox-exporter") or shutil.which("blackbox_exporter")
    if program is None:
        return None
    told = run_counted([program, "--version"])
    release = re.search(r"version (\d[\w.]*)", told.stdout + told.stderr)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "blackbox.yml"
        config.write_text(MODULE, encoding="utf-8")
        address = f"127.0.0.1:{free_port()}"
        command = [program, f"--config.file={config}", f"--web.listen-address={address}", "--log.level=error"]
        env = {**os.environ, "GOMAXPROCS": "1"}
        with subprocess.Popen(mortal(command), stderr=subprocess.DEVNULL, env=env) as server:  # noqa: S603 - our own list
            try:
                await_port(address)
                before, began = cpu_of(server.pid), time.monotonic()
                answered = asyncio.run(_ask_all(f"http://{address}/probe", targets))
                wall, cpu = time.monotonic() - began, cpu_of(server.pid) - before
            finally:
                server.terminate()
    return Row("blackbox_exporter", release[1] if release else "?", len(targets), answered, wall, cpu)


async def _ask_all(url: str, targets: Sequence[str]) -> int:
    gate = asyncio.Semaphore(IN_FLIGHT)
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=IN_FLIGHT), timeout=30, trust_env=False) as client:

        async def ask(target: str) -> bool:
            async with gate:
                answer = await client.get(url, params={"target": target, "module": "icmp"})
            return "probe_success 1" in answer.text

        return sum(await asyncio.gather(*(ask(target) for target in targets)))

"""snmp_exporter as a contender: a server that is asked for one poll per HTTP request."""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from netmon.cli.bench.agents import COMMUNITY, OIDS, agent_hosts
from netmon.cli.bench.processes import await_port, cpu_of, free_port, mortal, run_counted
from netmon.cli.bench.rows import Row

MODULE = "bench"
IN_FLIGHT = 16
_GO = {"GOMAXPROCS": "1", "GOGC": "800"}
"""What Go offers to who has memory to spare: one thread, and collections an eighth as often. As it comes, it spends a
third of its time on collecting the 64 KB buffers that it makes for every poll."""
_WARM_UP = 200


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
        env = {**os.environ, **_GO}
        with subprocess.Popen(mortal(command), stderr=subprocess.DEVNULL, env=env) as server:  # noqa: S603 - our own list
            try:
                await_port(address)
                asyncio.run(_ask_all(address, targets[:_WARM_UP]))
                before, began = cpu_of(server.pid), time.monotonic()
                answered = asyncio.run(_ask_all(address, targets))
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


async def _ask_all(address: str, targets: list[str]) -> int:
    """Ask for every target, on a few connections that stay open; whoever asks must not keep the exporter waiting.

    So requests are written by hand: an HTTP library takes as much of the machine as the exporter itself.
    """
    left, host, port = iter(targets), *address.split(":")

    async def some() -> int:
        answered = 0
        reader, writer = await asyncio.open_connection(host, int(port))
        for target in left:
            path = f"/snmp?{urlencode({'target': target, 'module': MODULE})}"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
            body = await _read_body(reader)
            answered += len(re.findall(rb"^bench_\d", body, re.MULTILINE)) == len(OIDS)
        writer.close()
        await writer.wait_closed()
        return answered

    return sum(await asyncio.gather(*(some() for _ in range(IN_FLIGHT))))


async def _read_body(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
    if length:
        return await reader.readexactly(int(length[1]))
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body

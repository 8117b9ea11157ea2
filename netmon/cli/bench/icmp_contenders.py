"""The Python contenders of the ICMP bench, each run in a process of its own: python -m ... NAME DEVICES ROUNDS.

Prints one line of JSON: answered, wall and CPU seconds, counted from when the imports are done.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable, Coroutine

from netmon.cli.bench.icmp import loopback_targets
from netmon.cli.bench.processes import own_cpu

ROUND = 1.0
TIMEOUT = 1.0


async def sweep_netmon(devices: int, rounds: int) -> tuple[int, float, float]:
    """The whole engine: paced sweep, pinger, Fleet, judge, isolation watch."""
    from netmon.cli.bench.engine import BenchEngine

    engine = BenchEngine(loopback_targets(devices), round_seconds=ROUND, timeout=TIMEOUT)
    began, cpu = time.monotonic(), own_cpu()
    answered = await engine.sweep(rounds)
    return answered, time.monotonic() - began, own_cpu() - cpu


async def sweep_gufo(devices: int, rounds: int) -> tuple[int, float, float]:
    """gufo_ping: one Ping object, its own socket, many requests in flight."""
    from gufo.ping import Ping

    ping, gate, targets = Ping(timeout=TIMEOUT), asyncio.Semaphore(100), loopback_targets(devices)

    async def once(target: str) -> bool:
        async with gate:
            return await ping.ping(target) is not None

    began, cpu, answered = time.monotonic(), own_cpu(), 0
    for _ in range(rounds):
        answered += sum(await asyncio.gather(*(once(target) for target in targets)))
    return answered, time.monotonic() - began, own_cpu() - cpu


async def sweep_icmplib(devices: int, rounds: int) -> tuple[int, float, float]:
    """Icmplib's async_multiping, fifty at a time as its documentation has it."""
    from icmplib import async_multiping

    targets = loopback_targets(devices)
    began, cpu, answered = time.monotonic(), own_cpu(), 0
    for _ in range(rounds):
        hosts = await async_multiping(targets, count=1, timeout=TIMEOUT, concurrent_tasks=50)
        answered += sum(host.packets_received for host in hosts if host.packets_sent)
    return answered, time.monotonic() - began, own_cpu() - cpu


CONTENDERS: dict[str, Callable[[int, int], Coroutine[None, None, tuple[int, float, float]]]] = {
    "netmon": sweep_netmon,
    "gufo_ping": sweep_gufo,
    "icmplib": sweep_icmplib,
}

if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        answered, wall, cpu = asyncio.run(CONTENDERS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3])))
        sys.stdout.write(json.dumps({"answered": answered, "wall": wall, "cpu": cpu}) + "\n")

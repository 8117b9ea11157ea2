"""Run as an ordinary user by test_private_network: enters a private network, starts a lab in it, pings through it.

Prints one JSON object of what was found. `argv`: folder to work in, address of an access point.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from netmon.lab import namespace
from netmon.lab.process import LabArguments
from tests.lab.packets_of_a_peer import echo
from tests.lab.running import quiet


def ping(address: str) -> bool:
    """One echo over the unprivileged kind of socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as port:
        port.settimeout(1)
        port.sendto(echo(address)[20:], (address, 0))
        try:
            return bool(port.recvfrom(2048)[1][0] == address)
        except TimeoutError:
            return False


def main(folder: Path, address: str) -> None:
    """Do it."""
    found: dict[str, Any] = {"user": os.geteuid(), "own": namespace.may_make_namespace()}
    with socket.create_server(("127.0.0.1", 0)) as before:  # stays in the host's network, as the HTTP socket does
        found["did"] = namespace.enter_private_network()
        event = {"at": 0.1, "until": 1.2, "kind": "poller_isolation", "how": "link"}
        arguments = LabArguments(
            scenario=quiet(event, duration=2),
            ledger=folder / "truth.jsonl",
            home=namespace.Home.INHERITED,
            parent=os.getpid(),
            instant=True,
        )
        arguments.save(folder / "arguments.json")
        command = [sys.executable, "-m", "netmon.lab", str(folder / "arguments.json")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lab:
            assert lab.stdin is not None
            assert lab.stdout is not None
            found["lab"] = json.loads(lab.stdout.readline())
            found["answered"] = ping(address)
            lab.stdin.write("start\n")
            lab.stdin.flush()
            found["said"] = [json.loads(lab.stdout.readline())["lab"] for _ in range(3)]
            found["answered_after_isolation"] = ping(address)
            found["routes"] = Path("/proc/net/route").read_text()
            lab.stdin.close()
            found["exit"] = lab.wait(5)
        found["port"] = before.getsockname()[1]
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        before.accept()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

"""Daemons from one process that has imported everything already, so that a test can start and kill hundreds.

`python -m tests.daemon.nursery CONFIG LOG` says `ready`, then forks a daemon for every line on its standard input and
prints its id. The one before must be dead by then. From the fork on it is `netmon run` and nothing else.
"""

import os
import sys
from pathlib import Path

import netmon.daemon.lifecycle  # noqa: F401 - imported here, so that no daemon has to
from netmon.cli.app import run_command


def main(config: str, log: Path) -> None:
    """Serve until the input ends."""
    child = 0
    say("ready")
    while sys.stdin.readline():
        if child:
            os.waitpid(child, 0)
        child = os.fork()
        if child == 0:
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for number in (1, 2):
                os.dup2(out, number)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os._exit(run_command(["run", "--config", config]))
        say(str(child))
    if child:
        os.waitpid(child, 0)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""The command line. Every mistake of the operator's is one sentence and exit code 2, never a traceback."""

import signal
import sys


def main() -> None:
    """Entry point of the `netmon` command."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while the rooms load there is nothing to tidy up
    from netmon.cli.app import run_command

    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal without Thai
    sys.exit(run_command(sys.argv[1:]))

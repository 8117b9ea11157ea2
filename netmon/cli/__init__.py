"""The command line. Every mistake of the operator's is one sentence and exit code 2, never a traceback."""

import sys

from netmon.cli.app import run_command


def main() -> None:
    """Entry point of the `netmon` command."""
    sys.exit(run_command(sys.argv[1:]))

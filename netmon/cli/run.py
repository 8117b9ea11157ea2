"""`netmon run`: the daemon."""

import socket
from pathlib import Path

import click

from netmon.cli.common import config_option
from netmon.daemon import run_until_stopped


@click.command()
@config_option
@click.option(
    "--http-fd",
    type=click.IntRange(min=3),
    help="Serve the pages on this inherited listening socket instead of opening one.",
)
def run(config: Path, http_fd: int | None) -> None:
    """Run the daemon in the foreground. SIGHUP takes in changed files, SIGTERM and Ctrl-C end it."""
    run_until_stopped(config, http=socket.socket(fileno=http_fd) if http_fd is not None else None)

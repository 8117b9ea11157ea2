"""`netmon run`: the daemon."""

import socket
from pathlib import Path

import click

from netmon.cli.common import WholeNumber, config_option
from netmon.daemon import run_until_stopped
from netmon.errors import InputError


@click.command()
@config_option
@click.option(
    "--http-fd",
    type=WholeNumber(3, 2**31 - 1),
    help="Serve the pages on this inherited listening socket instead of opening one.",
)
def run(config: Path, http_fd: int | None) -> None:
    """Run the daemon in the foreground. SIGHUP takes in changed files, SIGTERM and Ctrl-C end it."""
    http = _inherited(http_fd) if http_fd is not None else None
    run_until_stopped(config, http=http)


def _inherited(fd: int) -> socket.socket:
    try:
        inherited = socket.socket(fileno=fd)
    except OSError as error:
        raise InputError(f"--http-fd {fd} is no open socket; give the number of a listening one.") from error
    if inherited.type == socket.SOCK_STREAM and inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return inherited
    inherited.detach()
    raise InputError(f"--http-fd {fd} does not listen; give the number of a listening stream socket.")

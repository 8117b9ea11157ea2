"""All commands under one roof, and what becomes of their mistakes."""

import os
import sys
from collections.abc import Sequence

import click

from netmon.cli.backup import backup, restore
from netmon.cli.bench.command import bench
from netmon.cli.check import check
from netmon.cli.demo.command import demo
from netmon.cli.drill.command import drill
from netmon.cli.explain import explain
from netmon.cli.inventory import inventory
from netmon.cli.outbox import outbox
from netmon.cli.probe import probe
from netmon.cli.profile import profile
from netmon.cli.reload import reload
from netmon.cli.run import run
from netmon.cli.tickets import tickets
from netmon.cli.token import token
from netmon.errors import InputError, NetmonError

OK, FAILED, BAD_INPUT = 0, 1, 2
INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="netmon")
def netmon() -> None:
    """Watch the free Wi-Fi points of Thailand's village network (เน็ตประชารัฐ)."""


COMMANDS = (
    run,
    reload,
    check,
    demo,
    drill,
    inventory,
    profile,
    probe,
    explain,
    tickets,
    outbox,
    backup,
    restore,
    token,
    bench,
)
for command in COMMANDS:
    netmon.add_command(command)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code: 0 ok, 1 failed, 2 bad input."""
    try:
        outcome = netmon.main(list(arguments), prog_name="netmon", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return OK
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (click.ClickException, NetmonError) as error:
        click.echo(_sentence(error), err=True)
        return BAD_INPUT if isinstance(error, click.ClickException | InputError) else FAILED
    except OSError as error:
        return _broken_output(error)
    return outcome if isinstance(outcome, int) else OK


def _broken_output(error: OSError) -> int:
    """Whoever read our output is gone (`netmon ... | head`), or the disk it goes to is full."""
    if not isinstance(error, BrokenPipeError):
        click.echo(f"{error.filename or 'The output'} cannot be read or written: {error.strerror}.", err=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
    return FAILED


def _sentence(error: click.ClickException | NetmonError) -> str:
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "netmon"
        return f"{error.format_message()} See: {command} --help"
    return error.format_message() if isinstance(error, click.ClickException) else str(error)

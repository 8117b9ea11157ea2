"""All commands under one roof, and what becomes of their mistakes."""

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

import click

from netmon.errors import InputError, NetmonError

OK, FAILED, BAD_INPUT = 0, 1, 2
_WRONG_PATH = frozenset({errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EACCES})
"""Errors of a path that somebody named; anything else, such as a full disk, is no fault of the input."""
INTERRUPTED = 130


COMMANDS: Mapping[str, str] = {
    "run": "netmon.cli.run",
    "reload": "netmon.cli.reload",
    "sweep": "netmon.cli.sweep",
    "check": "netmon.cli.check",
    "demo": "netmon.cli.demo.command",
    "drill": "netmon.cli.drill.command",
    "inventory": "netmon.cli.inventory",
    "profile": "netmon.cli.profile",
    "probe": "netmon.cli.probe",
    "explain": "netmon.cli.explain",
    "tickets": "netmon.cli.tickets",
    "outbox": "netmon.cli.outbox",
    "backup": "netmon.cli.backup",
    "restore": "netmon.cli.backup",
    "token": "netmon.cli.token",
    "bench": "netmon.cli.bench.command",
}
"""Every command with the module that has it, under its own name."""


class LazyGroup(click.Group):
    """Imports a command when it is asked for: all of them together take seconds, which nobody in the field has."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return found


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="netmon")
def netmon() -> None:
    """Watch the free Wi-Fi points of Thailand's village network (เน็ตประชารัฐ)."""


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code: 0 ok, 1 failed, 2 bad input."""
    if not all(map(_is_text, arguments)):
        click.echo("The command line is not UTF-8 text; type it again, or rename the file it names.", err=True)
        return BAD_INPUT
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
        return _broken_file(error)
    return outcome if isinstance(outcome, int) else OK


def _is_text(argument: str) -> bool:
    """Whether its bytes were UTF-8; what was not arrives as lone surrogates, which nothing can store or print."""
    return not any("\udc80" <= character <= "\udcff" for character in argument)


def _broken_file(error: OSError) -> int:
    """A path is wrong, whoever read our output is gone (`netmon ... | head`), or the disk it goes to is full."""
    if error.filename is not None and error.errno in _WRONG_PATH:
        click.echo(f"{error.filename} cannot be read or written: {error.strerror}.", err=True)
        return BAD_INPUT
    if not isinstance(error, BrokenPipeError):
        click.echo(f"{error.filename or 'The output'} cannot be read or written: {error.strerror}.", err=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
    return FAILED


def _sentence(error: click.ClickException | NetmonError) -> str:
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "netmon"
        return f"{error.format_message()} See: {command} --help"
    return error.format_message() if isinstance(error, click.ClickException) else str(error)

"""Every option and argument of every command, those to come included, met with what no such option can be."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from netmon.cli.app import netmon as netmon_command
from tests.cli.conftest import Netmon

NOT_UTF8 = "\udcff\udcfe"
TOO_LONG = "x" * 300
NUMBERS = ("", "many", "0x10", "nan", "inf")
FRACTIONS = ("1e3", "1.5")
TOO_LARGE = ("-99999999999999999999", "99999999999999999999", "9" * 5_000)
SETTINGS_FILES = (
    "missing", "folder", "binary", "latin", "utf16", "loop", "dangling", "list.yaml", "pipe", "/dev/zero",
    "/proc/nope/x", "binary/inside", TOO_LONG, "a/" * 3_000, "",
)  # fmt: skip
GOOD = {"village": "34010101", "target": "127.0.0.1", "number": "T-2569-000001", "text": "hello", "directory": "folder"}
"""Something fit for the arguments that a command wants before it looks at the one under test."""
ASKED_FOR_THEIR_CONFIG: dict[tuple[str, ...], tuple[str, ...]] = {("profile", "test"): ("--credential=village-read",)}
"""Options without which a command has no need of its settings file."""


@pytest.fixture(autouse=True)
def mess(tmp_path: Path) -> None:
    """Whatever may stand where a file is expected."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "latin").write_bytes("inventory: {directory: é}\n".encode("latin-1"))
    (tmp_path / "utf16").write_text("inventory: {}", encoding="utf-16")
    (tmp_path / "list.yaml").write_text("- 1\n")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("gone/away")
    os.mkfifo(tmp_path / "pipe")


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            assert one is not None, name
            yield from commands(one, (*path, name))
    else:
        yield path, command


def values_for(parameter: click.Parameter) -> Sequence[str]:
    """What this parameter must refuse, by its type alone."""
    kind = parameter.type
    if isinstance(kind, click.types.BoolParamType):
        return ()
    if parameter.name == "config":
        return (*SETTINGS_FILES, NOT_UTF8)
    if isinstance(kind, click.IntRange | click.FloatRange):
        endless = kind.min is None and kind.max is None
        fractions = isinstance(kind, click.FloatRange)
        return (*NUMBERS, *(() if fractions else FRACTIONS), *(() if endless else TOO_LARGE), NOT_UTF8)
    if isinstance(kind, click.Path) and kind.exists:
        return (
            "missing",
            "loop",
            "dangling",
            "binary/inside",
            TOO_LONG,
            NOT_UTF8,
            *(() if kind.dir_okay else ("folder",)),
        )
    if isinstance(kind, click.Choice):
        return ("", "frobnicate", NOT_UTF8)
    return (NOT_UTF8,)


def line_with(path: tuple[str, ...], command: click.Command, hostile: click.Parameter, value: str) -> list[str]:
    options, arguments = list(ASKED_FOR_THEIR_CONFIG.get(path, ()) if hostile.name == "config" else ()), []
    for parameter in command.params:
        given = value if parameter is hostile else GOOD.get(str(parameter.name), "new")
        if isinstance(parameter, click.Argument):
            arguments.append(given)
        elif parameter is hostile:
            options.append(f"{max(parameter.opts, key=len)}={given}")
    return [*path, *options, "--", *arguments]


CASES = [
    pytest.param(path, command, parameter, value, id=f"{'-'.join(path)}-{parameter.name}-{value[:20]!a}")
    for path, command in commands(netmon_command)
    for parameter in command.params
    for value in values_for(parameter)
]


def test_every_command_stands_in_the_table() -> None:
    tried = {case.values[0] for case in CASES}
    assert tried == {path for path, command in commands(netmon_command) if any(map(values_for, command.params))}
    assert tried > {("run",), ("check",), ("tickets", "show"), ("bench", "icmp")}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("path", "command", "parameter", "value"), CASES)
def test_what_an_option_cannot_be_is_a_sentence_and_exit_code_2(
    netmon: Netmon, path: tuple[str, ...], command: click.Command, parameter: click.Parameter, value: str
) -> None:
    said = netmon(*line_with(path, command, parameter, value))
    assert said.code == 2, said
    assert said.err.strip()
    assert "Traceback" not in said.err
    assert all(line.isprintable() for line in said.err.splitlines())

"""What several commands share: the settings option and the operator's own door to the store."""

import asyncio
import getpass
import math
import unicodedata
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from netmon.errors import InputError, StoreError
from netmon.ports import Store
from netmon.settings import load_settings

T = TypeVar("T")
BANGKOK = ZoneInfo("Asia/Bangkok")
SQLITE, SQLITE_MARK = "sqlite:///", b"SQLite format 3\0"
LONGEST_NAME, LONGEST_NOTE = 100, 2_000
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

config_option: Decorator = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path),
    default=Path("/etc/netmon/netmon.yaml"),
    show_default=True,
    envvar="NETMON_CONFIG",
    help="The settings file.",
)


def clock_time(wall: float) -> str:
    """Date and time in Thailand, `wall` in Unix seconds."""
    return datetime.fromtimestamp(wall, BANGKOK).strftime("%Y-%m-%d %H:%M:%S")


class WholeNumber(click.IntRange):
    """A whole number within limits, called so when it is none."""

    name = "whole number"


class Number(click.FloatRange):
    """A number within limits; "nan", which is within no limits and outside none, is not one."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        return self.fail(f"{value!r} is not a valid {self.name}.", param, ctx) if math.isnan(number) else number


class Line(click.ParamType[str]):
    """A line of text to be kept and shown to others: not empty, no longer than `longest`, nothing invisible in it."""

    name = "text"

    def __init__(self, longest: int) -> None:
        self._longest = longest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        # Thai texts may hold invisible marks where words may be broken.
        line = " ".join("".join(c for c in str(value) if unicodedata.category(c) != "Cf").split())
        if not line:
            self.fail("Write something; this is empty.", param, ctx)
        if not line.isprintable():
            self.fail("There are control characters in it; type it again.", param, ctx)
        if len(line) > self._longest:
            self.fail(f"{len(line):,} characters are too many; {self._longest:,} fit.", param, ctx)
        return line


class ExistingFile(click.Path):
    """A file that is there and ends: no pipe, which may be waited for without end, and no device."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(str(super().convert(value, param, ctx)))
        return path if path.is_file() else self.fail(f"'{path}' is a pipe or a device, not a file.", param, ctx)


author_option: Decorator = click.option(
    "--by", "author", type=Line(LONGEST_NAME), help="Who does this; your login name if not given."
)


class NoVitals:
    """`ports.Vitals` for a command that nobody scrapes."""

    def count(self, *_: object, **__: object) -> None:
        """Count nothing."""

    def gauge(self, *_: object, **__: object) -> None:
        """Set nothing."""

    def observe(self, *_: object, **__: object) -> None:
        """Observe nothing."""


def login_name() -> str:
    """The name of whoever runs this.

    Raises:
        InputError: it has none.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as containers have
        raise InputError("This user has no name here; say who you are with --by.") from None


def with_store(config: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    """Open the store the settings name, do the work, close it; a running daemon is not disturbed.

    Raises:
        InputError: the settings name no store of netmon's, or one that cannot be opened.
    """
    # The databases' libraries take a second to load, and most commands can do without them.
    from netmon.stores import open_store

    async def session() -> T:
        url = load_settings(config).store.url
        check_store_file(url, expected=True)
        try:
            store = await open_store(url, vitals=NoVitals())
        except StoreError as error:
            raise InputError(str(error)) from error
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(session())


def check_store_file(url: str, *, expected: bool = False) -> None:
    """Look at an SQLite store's file before anything is opened; other stores are not looked at.

    Args:
        url: the store's, from the settings.
        expected: whether the file must be there already.

    Raises:
        InputError: it is no database, or not there: a new, empty one would say "no tickets" and be wrong.
    """
    if not url.startswith(SQLITE):
        return
    file = Path(url.removeprefix(SQLITE))
    try:
        with file.open("rb") as content:
            start = content.read(len(SQLITE_MARK))
    except FileNotFoundError:
        if expected:
            raise InputError(
                f"There is no database {file}; the daemon makes it. If its state is elsewhere, name that folder in the "
                "environment, STATE_DIRECTORY=/var/lib/netmon, or the file in the settings, store.url."
            ) from None
    except OSError as error:
        raise InputError(f"The database {file} cannot be read: {error.strerror}.") from error
    else:
        if start and start != SQLITE_MARK:
            raise InputError(f"{file} is no database; it was left as it is. Name netmon's in the settings, store.url.")

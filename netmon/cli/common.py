"""What several commands share: the settings option and the operator's own door to the store."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from netmon.errors import InputError, StoreError
from netmon.ports import Store
from netmon.settings import load_settings
from netmon.stores import open_store

T = TypeVar("T")
BANGKOK = ZoneInfo("Asia/Bangkok")
SQLITE, SQLITE_MARK = "sqlite:///", b"SQLite format 3\0"
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


class NoVitals:
    """`ports.Vitals` for a command that nobody scrapes."""

    def count(self, *_: object, **__: object) -> None:
        """Count nothing."""

    def gauge(self, *_: object, **__: object) -> None:
        """Set nothing."""

    def observe(self, *_: object, **__: object) -> None:
        """Observe nothing."""


def with_store(config: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    """Open the store the settings name, do the work, close it; a running daemon is not disturbed.

    Raises:
        InputError: the settings name no store of netmon's, or one that cannot be opened.
    """

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

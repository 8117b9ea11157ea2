"""What several commands share: the settings option and the operator's own door to the store."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from netmon.ports import Store
from netmon.settings import load_settings
from netmon.stores import open_store

T = TypeVar("T")
BANGKOK = ZoneInfo("Asia/Bangkok")
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


class NoVitals:
    """`ports.Vitals` for a command that nobody scrapes."""

    def count(self, *_: object, **__: object) -> None:
        """Count nothing."""

    def gauge(self, *_: object, **__: object) -> None:
        """Set nothing."""

    def observe(self, *_: object, **__: object) -> None:
        """Observe nothing."""


def with_store(config: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    """Open the store the settings name, do the work, close it; a running daemon is not disturbed."""

    async def session() -> T:
        store = await open_store(load_settings(config).store.url, vitals=NoVitals())
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(session())

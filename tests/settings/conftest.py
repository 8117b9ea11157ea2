"""A tiny good inventory, and a way to spoil one file of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def good(tmp_path: Path) -> Path:
    directory = tmp_path / "inventory"
    shutil.copytree(HERE / "good", directory)
    return directory


@pytest.fixture
def with_file(good: Path) -> Callable[[str, bytes | str], Path]:
    """The good inventory with one file replaced."""

    def replace(name: str, content: bytes | str) -> Path:
        raw = content.encode() if isinstance(content, str) else content
        (good / name).write_bytes(raw)
        return good

    return replace

"""How long nobody has watched, as the next daemon learns it."""

import os
from pathlib import Path

import pytest

from netmon.daemon.assembly import MOMENT, was_just_here
from netmon.daemon.pid_file import NAME, claimed
from netmon.model.time import Now

T0 = 1_795_150_800.0


def left(folder: Path, at: float) -> None:
    """As a daemon leaves it that is killed at that time."""
    (folder / NAME).write_text("4711\n")
    os.utime(folder / NAME, (at, at))


@pytest.mark.parametrize(
    ("seconds", "just_here"), [(5.0, True), (MOMENT, True), (MOMENT + 1, False), (3600.0, False), (-60.0, False)]
)
def test_after_a_crash_the_next_daemon_knows_for_how_long_nobody_has_watched(
    tmp_path: Path, seconds: float, just_here: bool
) -> None:
    left(tmp_path, T0)
    with claimed(tmp_path) as pid_file:
        assert was_just_here(pid_file, Now(0.0, T0 + seconds)) is just_here


def test_after_an_orderly_end_it_does_not(tmp_path: Path) -> None:
    with claimed(tmp_path) as pid_file:
        assert not was_just_here(pid_file, Now(0.0, T0))
        pid_file.touch()
    with claimed(tmp_path) as pid_file:
        assert pid_file.left_at is None


def test_a_living_daemon_shows_it(tmp_path: Path) -> None:
    left(tmp_path, T0)
    with claimed(tmp_path) as pid_file:
        os.utime(tmp_path / NAME, (0, 0))
        pid_file.touch()
        assert (tmp_path / NAME).stat().st_mtime > T0 / 2

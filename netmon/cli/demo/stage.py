"""The demo's stage: one folder with the inventory, the settings, and whatever the daemon and the lab leave there."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from netmon.errors import InputError
from netmon.lab.agents import COMMUNITY
from netmon.lab.country import CREDENTIAL

MARK = ".netmon-demo"
ELSEWHERE = "name another folder with --dir (DIR= after make demo)"
_AWKWARD = frozenset(":?#%")
"""A colon ends a path in STATE_DIRECTORY, the others mean something in the store's URL."""

SETTINGS = """\
# Written by `netmon demo`. Shortened intervals, so that a bad day fits into minutes; everything else is the default.
probing: {{interval: 5s, namespace: '{namespace}'}}
health: {{recovery: {{steady: 10s}}}}
isolation: {{reference_targets: [{references}]}}
notices:
  hold: {{mail: 5s, sms: 10s}}
  noc_mail: noc@netmon.invalid
inventory: {{directory: inventory}}
web: {{listen: 127.0.0.1, port: {port}}}
credentials: {{{credential}: ./{credential}}}
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Paths inside the demo's folder."""

    folder: Path

    @property
    def settings(self) -> Path:
        """netmon.yaml."""
        return self.folder / "netmon.yaml"

    @property
    def inventory(self) -> Path:
        """The five CSV files."""
        return self.folder / "inventory"

    @property
    def state(self) -> Path:
        """The daemon's state directory: database, mail, sms."""
        return self.folder / "state"

    @property
    def ledger(self) -> Path:
        """What the lab truly did, one JSON object a line; netmon never reads it."""
        return self.folder / "ledger.jsonl"

    @property
    def log(self) -> Path:
        """The daemon's log."""
        return self.folder / "netmon.log"

    @property
    def summary(self) -> Path:
        """summary.json."""
        return self.folder / "summary.json"


@contextmanager
def set_stage(folder: Path, *, what: str = "demo", elsewhere: str = ELSEWHERE) -> Iterator[Stage]:
    """Make the folder anew and keep it for this demo; an earlier one's is cleared, anybody else's is left alone.

    Args:
        folder: where.
        what: what is played, as complaints call it.
        elsewhere: how to choose another folder, as complaints put it.

    Raises:
        InputError: the folder holds something that no demo made, another demo is playing there, or it cannot be made.
    """
    if folder.exists() and not (folder / MARK).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} holds something that is no {what}'s; {elsewhere}.")
    try:
        path = folder.resolve().as_posix()
    except (OSError, RuntimeError) as error:  # RuntimeError until Python 3.13: links in a circle
        raise InputError(f"{folder} leads nowhere: its links run in a circle; {elsewhere}.") from error
    if not path.isprintable() or set(path) & _AWKWARD:
        raise InputError(f"{str(folder)!r} has a character in its path that a database URL cannot hold; {elsewhere}.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / MARK).open("a", encoding="utf-8") as mark:
            _take(mark, f"A {what} is playing in {folder} right now; wait for its end, or {elsewhere}.")
            stage = Stage(folder.resolve())
            _clear(stage.folder)
            stage.state.mkdir()
            yield stage
    except OSError as error:
        where = f"{error.filename}" if error.filename else f"{folder}"
        raise InputError(f"{where} cannot be written: {error.strerror}; {elsewhere}.") from error


def _take(mark: IO[str], taken: str) -> None:
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(taken) from None


def _clear(folder: Path) -> None:
    for old in folder.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        elif old.name != MARK:
            old.unlink()


def write_settings(stage: Stage, *, namespace: str, references: tuple[str, ...], port: int) -> None:
    """Write the settings file for the daemon on this stage, and beside it the community that the lab's agents want."""
    text = SETTINGS.format(namespace=namespace, references=", ".join(references), port=port, credential=CREDENTIAL)
    stage.settings.write_text(text, encoding="utf-8")
    write_community(stage)


def write_community(stage: Stage) -> None:
    """Write what the settings name as the credential of every agent of the lab."""
    secret = stage.folder / CREDENTIAL
    secret.touch(mode=0o600)
    secret.write_text(f"{COMMUNITY}\n", encoding="utf-8")

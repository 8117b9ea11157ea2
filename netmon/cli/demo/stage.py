"""The demo's stage: one folder with the inventory, the settings, and whatever the daemon and the lab leave there."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from netmon.errors import InputError
from netmon.lab.agents import COMMUNITY
from netmon.lab.country import CREDENTIAL

MARK = ".netmon-demo"

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


def set_stage(folder: Path) -> Stage:
    """Make the folder anew; an earlier demo's is cleared, anybody else's is left alone.

    Raises:
        InputError: the folder holds something that no demo made.
    """
    if folder.exists() and not (folder / MARK).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} holds something that is no demo's; name another folder with --dir.")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        stage = Stage(folder.resolve())
        stage.state.mkdir(parents=True)
        (folder / MARK).touch()
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}. Name another folder with --dir.") from error
    return stage


def write_settings(stage: Stage, *, namespace: str, references: tuple[str, ...], port: int) -> None:
    """Write the settings file for the daemon on this stage, and beside it the community that the lab's agents want."""
    text = SETTINGS.format(namespace=namespace, references=", ".join(references), port=port, credential=CREDENTIAL)
    secret = stage.folder / CREDENTIAL
    secret.touch(mode=0o600)
    secret.write_text(f"{COMMUNITY}\n", encoding="utf-8")
    stage.settings.write_text(text, encoding="utf-8")

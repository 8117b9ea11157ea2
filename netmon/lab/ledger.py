"""The lab's own record of what is true, one JSON object a line. netmon never reads it; a drill's score does.

    {"truth": "country", "at", "villages", "devices", "seed", "gentle"}              first line
    {"truth": "event", "event", "kind", "cause", "where", "from", "to", "devices", "villages"}
    {"truth": "outage", "event", "device", "cause", "from", "to", "villages"}

Times are Unix seconds. An event or outage is written when it begins, with `to` null, and again when it ends; of lines
with the same event, device and `from` the last holds. `villages` of an outage are those truly behind the device.
A device that an event kills while it is dead already has an outage for each.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TextIO

from netmon.errors import InputError
from netmon.model.ids import DeviceId, VillageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One device's outage. `until` is None while it lasts; `cause` is '' where no ticket is due."""

    event: str
    device: DeviceId
    cause: str
    since: float
    until: float | None
    villages: tuple[VillageId, ...]


class Ledger:
    """Appends to the record; `flush` after every step, so that a killed lab leaves whole lines."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new, empty record.

        Raises:
            InputError: the file cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return cls(path.open("w", encoding="utf-8"))
        except OSError as trouble:
            raise InputError(f"the ledger cannot be written to {path}: {trouble.strerror}") from trouble

    def write(self, truth: str, **fields: Any) -> None:
        """One line."""
        self._file.write(json.dumps({"truth": truth, **fields}, ensure_ascii=False) + "\n")

    def outage(self, one: Outage) -> None:
        """A device died, or its outage ended."""
        self.write(
            "outage",
            event=one.event,
            device=one.device,
            cause=one.cause,
            villages=one.villages,
            **{"from": one.since, "to": one.until},
        )

    def flush(self) -> None:
        """Hand what was written to the kernel."""
        self._file.flush()

    def close(self) -> None:
        """Finish the record."""
        self._file.close()


def read_outages(path: Path) -> tuple[Outage, ...]:
    """All outages of a record in the order they began, each in its last state.

    Raises:
        InputError: the file cannot be read, or a line (not the last, which a crash may cut short) is no ledger line.
    """
    found: dict[tuple[str, str, float], Outage] = {}
    for line in read_lines(path):
        if line["truth"] == "outage":
            one = Outage(
                event=line["event"],
                device=DeviceId(line["device"]),
                cause=line["cause"],
                since=line["from"],
                until=line["to"],
                villages=tuple(VillageId(village) for village in line["villages"]),
            )
            found[one.event, one.device, one.since] = one
    return tuple(found.values())


def read_lines(path: Path) -> Iterable[dict[str, Any]]:
    """The record's lines as they are; raises as `read_outages`."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as trouble:
        raise InputError(f"the ledger {path} cannot be read: {trouble}") from trouble
    for number, line in enumerate(lines[:-1], start=1):
        try:
            yield {"truth": "", **json.loads(line)}
        except (ValueError, TypeError) as trouble:
            raise InputError(f"{path}, line {number} is not a ledger line: {trouble}") from trouble

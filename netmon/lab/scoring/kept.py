"""What a drill leaves behind, and all that its score is computed from.

    drill.json       what was played: scenario, defaults in force, when it ended, what the daemon cost
    ledger.jsonl     the truth (`netmon.lab.ledger`)
    inventory/       the operator's files
    tickets.jsonl    every state of every ticket as the desk got it, one `TicketState` a line
    mail/            every mail as the mail server got it, and `received.jsonl`: {"at", "to", "file"}
    sms.jsonl        every SMS as the gateway got it: {"at", "to", "text", "key"}

Times are Unix seconds.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.policy import default as mail_policy
from pathlib import Path
from typing import Any, Self

from netmon.errors import InputError
from netmon.lab.ledger import read_lines
from netmon.model.faults import Cause
from netmon.model.ids import CentreId, TicketNumber, VillageId
from netmon.model.tickets import TicketStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketState:
    """A ticket as its desk had it from `at` on; `dark` are those of its villages that had not recovered."""

    at: float
    number: TicketNumber
    centre: CentreId
    status: TicketStatus
    cause: Cause
    confidence: float
    opened_at: float
    villages: tuple[VillageId, ...]
    dark: tuple[VillageId, ...]

    def line(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Self:
        """What `line` wrote."""
        return cls(
            at=line["at"],
            number=TicketNumber(line["number"]),
            centre=CentreId(line["centre"]),
            status=TicketStatus(line["status"]),
            cause=Cause(line["cause"]),
            confidence=line["confidence"],
            opened_at=line["opened_at"],
            villages=tuple(map(VillageId, line["villages"])),
            dark=tuple(map(VillageId, line["dark"])),
        )


@dataclass(frozen=True, slots=True)
class Message:
    """One mail or SMS that arrived. `key` is its stable id; `ticket` and `stage` stand in mails only, '' elsewhere."""

    at: float
    channel: str
    to: str
    key: str
    ticket: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class KeptVillage:
    """A row of villages.csv as far as it matters; `is_planned` where the operator has nothing built there yet."""

    centre: CentreId
    is_planned: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A drill's folder."""

    folder: Path

    @property
    def ledger(self) -> Path:
        """The truth."""
        return self.folder / "ledger.jsonl"

    @property
    def inventory(self) -> Path:
        """The operator's five files."""
        return self.folder / "inventory"

    @property
    def tickets(self) -> Path:
        """The desk's journal."""
        return self.folder / "tickets.jsonl"

    @property
    def mail(self) -> Path:
        """Folder of the mails."""
        return self.folder / "mail"

    @property
    def sms(self) -> Path:
        """The gateway's journal."""
        return self.folder / "sms.jsonl"

    @property
    def played(self) -> Path:
        """What was played."""
        return self.folder / "drill.json"

    def read_played(self) -> Mapping[str, Any]:
        """drill.json; raises InputError where it cannot be read."""
        try:
            found: Mapping[str, Any] = json.loads(self.played.read_text(encoding="utf-8"))
        except (OSError, ValueError) as trouble:
            raise InputError(f"{self.played} does not say what was played: {trouble}") from trouble
        return found

    def read_tickets(self) -> dict[TicketNumber, list[TicketState]]:
        """Every ticket's states, oldest first."""
        found: dict[TicketNumber, list[TicketState]] = {}
        for line in _lines(self.tickets):
            state = TicketState.of(line)
            found.setdefault(state.number, []).append(state)
        return found

    def read_villages(self) -> dict[VillageId, KeptVillage]:
        """The operator's villages; one is planned while all its devices are."""
        built = {row["village"] for row in self._rows("devices") if row["lifecycle"] != "planned"}
        return {
            VillageId(row["id"]): KeptVillage(CentreId(row["service_centre"]), row["id"] not in built)
            for row in self._rows("villages")
        }

    def read_messages(self) -> Sequence[Message]:
        """Every mail and SMS, in the order in which they arrived."""
        return sorted([*self._mails(), *self._texts()], key=lambda one: one.at)

    def _rows(self, name: str) -> Iterator[dict[str, str]]:
        with (self.inventory / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)

    def _mails(self) -> Iterator[Message]:
        for line in _lines(self.mail / "received.jsonl"):
            mail = message_from_bytes((self.mail / line["file"]).read_bytes(), policy=mail_policy)
            ticket, stage = str(mail["X-Netmon-Ticket"] or ""), str(mail["X-Netmon-Stage"] or "")
            for to in line["to"]:
                yield Message(line["at"], "mail", to, str(mail["Message-ID"]), ticket, stage)

    def _texts(self) -> Iterator[Message]:
        for line in _lines(self.sms):
            yield Message(line["at"], "sms", line["to"], line["key"])


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Lines of a journal; none where nothing ever came."""
    if path.exists():
        yield from read_lines(path)

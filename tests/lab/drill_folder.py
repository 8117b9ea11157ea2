"""A drill's folder written by hand, so that a test of the score knows every second of it."""

import json
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from netmon.lab.ledger import Ledger, Outage
from netmon.lab.scoring.kept import Kept, TicketState
from netmon.model.faults import Cause
from netmon.model.ids import CentreId, DeviceId, TicketNumber, VillageId
from netmon.model.tickets import TicketStatus

T0 = 1_795_150_800.0
PATIENCE = 60.0
ENDED = T0 + 1000
CENTRE_OF = {"A": "tot-1", "B": "tot-1", "C": "tot-1", "D": "tot-2", "E": "tot-2", "P": "tot-1"}
"""Village -> service centre; nothing is built at P yet."""


class DrillFolder:
    """Seconds are counted from the scenario's start."""

    def __init__(self, folder: Path) -> None:
        self.kept = Kept(folder)
        self._ledger = Ledger.create(self.kept.ledger)
        self._states: list[TicketState] = []
        (folder / "inventory").mkdir()
        (folder / "mail").mkdir()
        self._sheet("villages", "id,service_centre", [f"{village},{centre}" for village, centre in CENTRE_OF.items()])
        lives = [f"ap-{v},{v},{'planned' if v == 'P' else 'active'}" for v in CENTRE_OF]
        self._sheet("devices", "id,village,lifecycle", lives)
        played = {"scenario": {"name": "by hand"}, "patience": PATIENCE, "ended": ENDED, "daemon": {}}
        self.kept.played.write_text(json.dumps({**played, "defaults": {"a": 1}, "changed": {}}))

    def close(self) -> None:
        self._ledger.close()

    def _sheet(self, name: str, header: str, rows: Sequence[str]) -> None:
        (self.kept.inventory / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8-sig")

    def event(self, event: str, cause: str, villages: str, since: float, until: float | None) -> None:
        """An event that truly darkens these villages (or none), each through its access point."""
        end = None if until is None else T0 + until
        kind = event.partition("-")[2]
        common: dict[str, Any] = {"event": event, "kind": kind, "cause": cause, "where": {}, "devices": []}
        self._ledger.write("event", **common, villages=list(villages), **{"from": T0 + since, "to": end})
        for village in villages if kind not in {"poller_isolation", "loss", "no_clients"} else "":
            self.outage(event, cause, village, since, until)
        self._ledger.flush()

    def outage(self, event: str, cause: str, village: str, since: float, until: float | None) -> None:
        one = Outage(
            event=event,
            device=DeviceId(f"ap-{village}"),
            cause=cause,
            since=T0 + since,
            until=None if until is None else T0 + until,
            villages=(VillageId(village),),
        )
        self._ledger.outage(one)
        self._ledger.flush()

    def ticket(self, number: str, at: float, status: str, cause: str, villages: str, dark: str = "") -> None:
        """The desk learns of a state; the centre is that of the first village."""
        earlier = [one for one in self._states if one.number == number]
        state = TicketState(
            at=T0 + at,
            number=TicketNumber(number),
            centre=CentreId(CENTRE_OF.get(villages[:1], "tot-1")),
            status=TicketStatus(status),
            cause=Cause(cause),
            confidence=0.6,
            opened_at=earlier[0].opened_at if earlier else T0 + at,
            villages=tuple(map(VillageId, villages)),
            dark=tuple(map(VillageId, dark)),
        )
        self._states.append(state)
        with self.kept.tickets.open("a") as journal:
            journal.write(state.line())

    def mail(self, to: str, ticket: str, stage: str, key: str, at: float = 0.0) -> None:
        number = len(list(self.kept.mail.glob("*.eml"))) + 1
        mail = EmailMessage()
        mail["Message-ID"] = f"<{key}@netmon.invalid>"
        if ticket:
            mail["X-Netmon-Ticket"] = ticket
        mail["X-Netmon-Stage"] = stage
        (self.kept.mail / f"{number}.eml").write_bytes(bytes(mail))
        with (self.kept.mail / "received.jsonl").open("a") as journal:
            journal.write(json.dumps({"at": T0 + at, "to": [to], "file": f"{number}.eml"}) + "\n")

    def sms(self, to: str, key: str) -> None:
        with self.kept.sms.open("a") as journal:
            journal.write(json.dumps({"at": T0, "to": to, "text": "ขัดข้อง", "key": key}) + "\n")

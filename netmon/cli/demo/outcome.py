"""What came of the demo: read from the daemon's own store and pages, and from the files it left."""

import email
import email.policy
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from netmon.cli.common import NoVitals
from netmon.cli.demo.stage import Stage
from netmon.model.cases import TicketFile
from netmon.model.inventory import Inventory
from netmon.stores import open_store


@dataclass(frozen=True, slots=True)
class Outcome:
    """Tickets with their history (newest first), and the messages as files."""

    tickets: Sequence[TicketFile]
    mails: Sequence[Path]
    sms: Sequence[Path]


async def look(stage: Stage) -> Outcome:
    """Read what there is so far; the daemon is not disturbed."""
    store = await open_store(f"sqlite:///{stage.state / 'netmon.db'}", vitals=NoVitals())
    try:
        files = [await store.ticket(ticket.number) for ticket in await store.tickets(only_open=False)]
    finally:
        await store.close()
    return Outcome(
        tickets=[file for file in files if file is not None],
        mails=sorted((stage.state / "mail").glob("*.eml"), key=_age),
        sms=sorted((stage.state / "sms").glob("*.txt"), key=_age),
    )


def _age(file: Path) -> float:
    return file.stat().st_mtime


def subject_of(mail: Path) -> str:
    """The decoded subject of an .eml file."""
    with mail.open("rb") as file:
        return str(email.message_from_binary_file(file, policy=email.policy.default)["Subject"])


def text_of(sms: Path) -> str:
    """The text of an SMS file: what follows its header."""
    return sms.read_text(encoding="utf-8").partition("\n\n")[2].strip()


def overview(address: str) -> Mapping[str, Any]:
    """The daemon's own overview, {} while its pages do not answer."""
    try:
        answer: Mapping[str, Any] = httpx.get(f"http://{address}/api/v1/overview", timeout=5, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return answer


def write_summary(
    stage: Stage, outcome: Outcome, *, inventory: Inventory, expected: int, answered: int
) -> Mapping[str, Any]:
    """summary.json: the figures a machine wants. `devices_expected` are those built, so that they can answer."""
    faults = {file.fault.id: file.fault for file in outcome.tickets}
    summary = {
        "villages": len(inventory.villages),
        "devices": len(inventory.devices),
        "devices_expected": expected,
        "devices_answered": answered,
        "faults_by_cause": dict(Counter(fault.cause.value for fault in faults.values())),
        "tickets": {
            "opened": len(outcome.tickets),
            "resolved": sum(file.ticket.resolved_at is not None for file in outcome.tickets),
            "by_status": dict(Counter(file.ticket.status.value for file in outcome.tickets)),
        },
        "mails": {"count": len(outcome.mails), "files": [str(f.relative_to(stage.folder)) for f in outcome.mails]},
        "sms": {"count": len(outcome.sms), "files": [str(f.relative_to(stage.folder)) for f in outcome.sms]},
    }
    stage.summary.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return summary

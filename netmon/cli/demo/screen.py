"""What the demo prints while it runs: what the lab truly does beside what netmon concludes, as it happens."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from netmon.cli.demo.outcome import Outcome, subject_of, text_of
from netmon.model.cases import TicketFile
from netmon.model.inventory import Inventory
from netmon.model.tickets import TicketStatus
from netmon.rules.places import villages_name

TRUTH: Mapping[str, tuple[str, str]] = {
    "poller_isolation": ("netmon's own network link is pulled", "the link is plugged in again"),
    "ap_fault": ("an access point dies", "the access point works again"),
    "fibre_cut": ("a village's fibre is cut", "the fibre is spliced"),
    "feeder_cut": ("a feeder goes dark", "the feeder is back"),
    "power_cut": ("the power fails in a district", "the power is back"),
}
"""How each kind of event of the demo's script begins and ends."""
SHOWN_AT_ONCE = 3
"""Messages of one kind printed a second; a storm's hundreds are in the folder."""


class Screen:
    """Prints each new thing once, with the seconds since the start."""

    def __init__(self, console: Console, inventory: Inventory) -> None:
        self._console = console
        self._inventory = inventory
        self._began = time.monotonic()
        self._tickets: dict[str, tuple[TicketStatus, int, str]] = {}
        self._files: set[Path] = set()
        self._blind = False

    def truth(self, said: Mapping[str, Any]) -> None:
        """What the lab has just done."""
        if said.get("lab") not in {"begin", "end"}:
            return
        text = TRUTH[said["kind"]][said["lab"] == "end"]
        extent = f" ({counted(said['devices'], 'device')}, {counted(said['villages'], 'village')})"
        self._line("lab", "magenta", text + (extent if said["devices"] else ""))

    def overview(self, overview: Mapping[str, Any]) -> None:
        """Netmon's own isolation."""
        blind = bool(overview.get("blind"))
        if blind != self._blind:
            self._blind = blind
            told = (
                "netmon is blind: cut off itself, so it says nothing about villages" if blind else "netmon sees again"
            )
            self._line("netmon", "yellow", told)

    def outcome(self, outcome: Outcome) -> None:
        """Tickets and messages that are new since the last look."""
        for file in reversed(outcome.tickets):
            self._ticket(file)
        mails = [mail for mail in outcome.mails if self._is_new(mail)]
        for mail in mails[:SHOWN_AT_ONCE]:
            self._line("mail", "cyan", f"{escape(subject_of(mail))}  [dim]{escape(mail.name)}[/]", markup=True)
        self._rest("mail", "cyan", mails)
        messages = [sms for sms in outcome.sms if self._is_new(sms)]
        for sms in messages[:SHOWN_AT_ONCE]:
            self._line("sms", "green", text_of(sms))
        self._rest("sms", "green", messages)

    def _ticket(self, file: TicketFile) -> None:
        ticket, fault = file.ticket, file.fault
        shown = (ticket.status, len(ticket.villages), fault.cause.value)
        before = self._tickets.get(ticket.number)
        if before == shown:
            return
        if before is None:
            happened = "opened" if ticket.is_open else f"opened and {ticket.status.value}"
        else:
            happened = "now" if before[0] is ticket.status else ticket.status.value
        self._tickets[ticket.number] = shown
        where = villages_name(ticket.villages[:1], self._inventory, "en") if shown[1] == 1 else ""
        self._line(
            "ticket",
            "bold red" if ticket.is_open else "bold blue",
            f"{ticket.number} {happened}: {fault.cause.value} ({fault.confidence:.0%} sure), "
            f"{where or counted(shown[1], 'village')}, service centre {ticket.centre}",
        )

    def _rest(self, who: str, style: str, files: Sequence[Path]) -> None:
        if len(files) > SHOWN_AT_ONCE:
            self._line(who, style, f"... and {len(files) - SHOWN_AT_ONCE} more like these")

    def _is_new(self, file: Path) -> bool:
        new = file not in self._files
        self._files.add(file)
        return new

    def _line(self, who: str, style: str, text: str, *, markup: bool = False) -> None:
        seconds = time.monotonic() - self._began
        shown = text if markup else escape(text)
        self._console.print(f"[dim]{seconds:6.1f} s[/]  [{style}]{who:<7}[/] {shown}", highlight=False)


def counted(number: int, what: str) -> str:
    """A number with its noun."""
    return f"{number} {what}{'' if number == 1 else 's'}"

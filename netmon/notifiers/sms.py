"""A letter as one SMS: never more than 70 characters.

Thai travels as UCS-2, 70 code units to a message; a longer text would be cut or billed twice. What must be said comes
first, and the rest is given up in fixed steps until it fits: บ้าน becomes บ., then go the ticket's short code, today's
date (the time stays), the village's name (the moo stays), another day's date, and last the number to call. The text
asks nothing and carries no link: a registered sender name cannot receive answers, and Thai operators refuse links.
Hence the number: it is the only way back.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from netmon.model.ids import VillageId
from netmon.model.inventory import Village
from netmon.model.notices import Audience, Letter, Stage
from netmon.notifiers.particulars import failed_at, point_of, recovered_at, state_of
from netmon.notifiers.rendering import LANGUAGES, Templates, clean
from netmon.notifiers.thai import clock_time, day_and_time, local_time

LONGEST = 70
"""UTF-16 code units in one message."""
_BAN = "บ้าน"


def units(text: str) -> int:
    """Length as a gateway counts it: UTF-16 code units."""
    return len(text.encode("utf-16-be")) // 2


@dataclass(frozen=True, slots=True)
class _Parts:
    """What may stand in the text and may be given up."""

    name: str
    when: str
    code: str
    contact: str


class SmsRenderer:
    """Makes texts of letters; how they travel is the driver's business."""

    def __init__(self, templates: Templates, contact: str) -> None:
        self._templates = templates
        self._contact = contact

    def render(self, letter: Letter) -> str:
        """The text, NFC, at most LONGEST code units.

        Raises:
            InputError: an operator's template is unusable; the sentence says which.
        """
        village = village_of(letter)
        state = _state(letter, village)
        at = _moment(letter, village, state)
        text = ""
        for parts in _steps(self._first_parts(letter, village, at), at, letter.at):
            text = self._fill(letter, village, state, parts)
            if units(text) <= LONGEST:
                return text
        # Only an operator's own template gets here; a cut message is better than none.
        return _cut(text)

    def _first_parts(self, letter: Letter, village: Village | None, at: float) -> _Parts:
        name = clean(village.name) if village is not None else ""
        code = letter.ticket.short_code if letter.ticket is not None else ""
        return _Parts(name, day_and_time(at), code, self._contact)

    def _fill(self, letter: Letter, village: Village | None, state: str, parts: _Parts) -> str:
        text = self._templates.render(
            f"{letter.person.language if letter.person.language in LANGUAGES else LANGUAGES[0]}/sms.txt",
            state=state,
            cause=letter.fault.cause.value if letter.fault is not None else "",
            audience=letter.notice.recipient.audience.value,
            name=parts.name,
            point=point_of(village.id) if village is not None else 0,
            moo=village.moo if village is not None else 0,
            others=0 if letter.notice.recipient.audience is Audience.VOLUNTEER else max(0, len(letter.villages) - 1),
            when=parts.when,
            code=parts.code,
            contact=parts.contact,
        )
        return unicodedata.normalize("NFC", " ".join(text.split()))


def village_of(letter: Letter) -> Village | None:
    """The village the text is about: the volunteer's own, else the ticket's first; None where there is none."""
    own = VillageId(letter.notice.recipient.id)
    return next((one for one in letter.villages if one.id == own), letter.villages[0] if letter.villages else None)


def _steps(parts: _Parts, at: float, now: float) -> Iterator[_Parts]:
    """What is given up, in this order."""
    yield parts
    if parts.name.startswith(_BAN):
        parts = replace(parts, name=f"บ.{parts.name.removeprefix(_BAN)}")
        yield parts
    parts = replace(parts, code="")
    yield parts
    if local_time(at).date() == local_time(now).date():
        parts = replace(parts, when=clock_time(at))
        yield parts
    parts = replace(parts, name="")
    yield parts
    parts = replace(parts, when=clock_time(at))
    yield parts
    yield replace(parts, contact="")


def _state(letter: Letter, village: Village | None) -> str:
    """A village that is back is back, whatever then ended the fault."""
    fault = letter.fault
    if letter.notice.stage is Stage.RESOLVED and fault is not None and village is not None:
        # A member's own recovery, not the fault's end.
        back = any(village.id in member.villages and member.recovered_at is not None for member in fault.members)
        if back and village.id not in fault.dark_villages:
            return "recovered"
    return state_of(letter)


def _moment(letter: Letter, village: Village | None, state: str) -> float:
    """The time the text names (Unix seconds): of the failure, or of the end."""
    fault = letter.fault
    if fault is None:
        return float(letter.notice.revision) if letter.notice.stage is Stage.BLIND else letter.at
    if state in {"recovered", "normal", "closed", "withdrawn"}:
        back = recovered_at(fault, village.id) if village is not None else None
        return back or fault.resolved_at or letter.at
    return failed_at(fault, [village.id] if village is not None else [])


def _cut(text: str) -> str:
    """The longest beginning that fits, with no half of a character pair and no mark torn off its consonant."""
    while units(text) > LONGEST:
        text = text[:-1]
        while text and unicodedata.combining(text[-1]):
            text = text[:-1]
    return text.rstrip()

"""What an OLT says of an ONU in its tables: whether it is online, and why it went.

Vendors have dozens of numbers for this; a profile maps those that are sure to these few. What is not sure is untold.
"""

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique
from typing import TypeAlias

OnuIndex: TypeAlias = tuple[int, ...]
"""The arcs that name an ONU's row in the tables of its OLT."""


@unique
class RowState(IntEnum):
    """Run state of an ONU; codes are stored in the Fleet's uint8 column."""

    UNREAD = 0
    """Not read, or the OLT says something no profile knows."""
    ONLINE = 1
    OFFLINE = 2
    MISSING = 3
    """The OLT has no such row any more."""


@unique
class DownCause(IntEnum):
    """Why an ONU went offline; codes are stored in the Fleet's uint8 column."""

    UNTOLD = 0
    DYING_GASP = 1
    """It told with its last breath that its power was going (ITU-T G.988, IEEE 802.3ah)."""
    LOSS_OF_SIGNAL = 2
    """Its light went out: the fibre, or the power of an ONU whose gasp was not heard."""
    RESET = 3
    """Somebody, or it itself, restarted it."""
    DEACTIVATED = 4
    """Somebody switched it off at the OLT."""


@dataclass(frozen=True, slots=True)
class OnuRow:
    """One reading of one ONU's row."""

    state: RowState
    cause: DownCause = DownCause.UNTOLD


@unique
class OltWord(StrEnum):
    """What the OLT says of the ONU that a silent device is, or stands behind, since that fell silent."""

    NOTHING = "nothing"
    ONLINE = "online"
    OFFLINE = "offline"
    """Offline, for no reason that tells power from line."""
    DYING_GASP = "dying_gasp"
    LOSS_OF_SIGNAL = "loss_of_signal"


def word_of(state: RowState, cause: DownCause) -> OltWord:
    """What a row says."""
    if state is RowState.ONLINE:
        return OltWord.ONLINE
    if state is not RowState.OFFLINE:
        return OltWord.NOTHING
    told = {DownCause.DYING_GASP: OltWord.DYING_GASP, DownCause.LOSS_OF_SIGNAL: OltWord.LOSS_OF_SIGNAL}
    return told.get(cause, OltWord.OFFLINE)


_SEPARATORS = re.compile(r"[\s:_-]+")
_BLANKS = re.compile(r"\s+")
_ALL_HEXADECIMAL = re.compile(r"[0-9A-F]{16}")


def same_key(text: str) -> str:
    """One spelling for all spellings of an ONU's key.

    A GPON serial number is four letters and eight hexadecimal digits on the box (HWTC1A2B3C4D), with a separator in
    some command lines, and sixteen digits in others (485754431A2B3C4D). In a port index (GPON0/2:1, 4194304000.5)
    separators mean something, so only blanks go.
    """
    if "/" in text or "." in text:
        return _BLANKS.sub("", text).upper()
    plain = _SEPARATORS.sub("", text).upper()
    if _ALL_HEXADECIMAL.fullmatch(plain):
        letters = bytes.fromhex(plain[:8])
        if letters.isalpha() and letters.isascii():
            return letters.decode().upper() + plain[8:]
    return plain

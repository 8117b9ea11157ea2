"""The log: lines of a fixed text and key=value pairs on standard error, and no secret or telephone number in any.

Code that logs says nothing secret on purpose. What is not on purpose, the text of an exception nobody foresaw above
all, is caught here: whatever is known to be secret is blacked out in every line before it is written.
"""

import logging
import os
import re
from collections.abc import Iterable, Mapping

from netmon.errors import InputError
from netmon.model.inventory import Inventory
from netmon.settings import Settings
from netmon.settings.credentials import CredentialSource, resolve

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
BLACKED_OUT = "***"
_SHORTEST_SECRET = 5
"""Characters. A community such as "tot" blacked out would make the log unreadable and give itself away."""
_RUN = re.compile(r"\d(?:[\s().-]{0,2}\d){8,}")
"""Nine digits or more, grouped in any way."""
_MOBILE, _FIXED = 9, 8
"""Digits of a number without 0 or +66 before it. The latter alone could be a village's code, so it needs these."""


class Discretion:
    """What must not be written, and how to keep it out of a text."""

    def __init__(self) -> None:
        self._secrets: tuple[str, ...] = ()
        self._numbers: frozenset[str] = frozenset()

    def learn(self, settings: Settings, inventory: Inventory) -> None:
        """Take the secrets and numbers of these files for those to keep."""
        secrets = set(_secrets(settings.credentials, os.environ))
        self._secrets = tuple(sorted((one for one in secrets if len(one) >= _SHORTEST_SECRET), key=len, reverse=True))
        self._numbers = frozenset(form for one in _numbers(inventory) for form in _forms(_digits(one)))

    def keep(self, text: str) -> str:
        """The text without them."""
        for secret in self._secrets:
            text = text.replace(secret, BLACKED_OUT)
        return _RUN.sub(self._without_numbers, text) if self._numbers else text

    def _without_numbers(self, found: re.Match[str]) -> str:
        run, places = found[0], [place for place, one in enumerate(found[0]) if one.isdigit()]
        digits, said, at = _digits(run), "", 0
        for first in range(len(digits)):
            for size in (_MOBILE, _FIXED + 2, _FIXED + 1):
                if places[first] >= at and digits[first : first + size] in self._numbers:
                    said += run[at : places[first]] + BLACKED_OUT
                    at = places[first + size - 1] + 1
        return said + run[at:]


class DiscreetFormatter(logging.Formatter):
    """Formats as FORMAT says, tracebacks below, and keeps secrets out of all of it."""

    def __init__(self, discretion: Discretion) -> None:
        super().__init__(FORMAT)
        self._discretion = discretion

    def format(self, record: logging.LogRecord) -> str:
        return self._discretion.keep(super().format(record))


def start_log(level: str) -> Discretion:
    """Write netmon's lines from that level on, and of libraries only when something is wrong.

    Below that they write down what they send: httpx each address with its query, a gateway's password and number in it.
    uvicorn counts as wrong what strangers send, so that it could be made to fill the log: from it only errors.
    """
    discretion = Discretion()
    handler = logging.StreamHandler()
    handler.setFormatter(DiscreetFormatter(discretion))
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one.formatter, DiscreetFormatter)]
    if not root.handlers:
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    for ours in ("netmon", "netmon_exporters"):
        logging.getLogger(ours).setLevel(level.upper())
    return discretion


def _secrets(credentials: Mapping[str, CredentialSource], environ: Mapping[str, str]) -> Iterable[str]:
    for name, source in credentials.items():
        try:
            yield resolve(name, source, environ).reveal()
        except InputError:
            continue  # whoever needs it says that it is not there


def _numbers(inventory: Inventory) -> Iterable[str]:
    yield from (one.mobile for one in inventory.technicians)
    yield from (one.mobile for one in inventory.volunteers.values())
    yield from (one.phone for one in inventory.centres.values())


def _forms(digits: str) -> Iterable[str]:
    """How a number may end in a text, whatever stands before that."""
    own = re.sub("^(?:0066|66|0)", "", digits)
    if len(own) == _MOBILE:
        yield own
    elif len(own) == _FIXED:
        yield from (f"0{own}", f"66{own}")


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isascii() and one.isdigit())

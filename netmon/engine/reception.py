"""Delivery reports: the address that a gateway is given for each message, and what comes back to it.

The address carries the notice's key and a seal that only netmon can make (HMAC-SHA256 over the key), so a report needs
no other login, and a forged one is told without a look at the database. Who listens on the line to a gateway in the
clear can repeat a report, or make up another word for that one notice, and nothing else.

A gateway that knows one fixed address only is given one that is sealed, too, and says by its own id which message its
report is about. Whoever has that address can make up reports about ids that he guesses.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from hashlib import sha256

from netmon.model.notices import REPORTS_PATH, Receipt
from netmon.model.vitals import Vital
from netmon.ports import Clock, ReportReader, Store, Vitals

_SEAL_BYTES = 16
_LONGEST_TOKEN = 1024
_ABOUT_NOTHING = "unknown"
_ANY = "*"
"""Sealed in the fixed address; no notice has this key."""
_PATIENCE = (0.0, 1.0, 3.0)
"""Seconds between looks for an id: a report may be sooner than the answer that names it."""


class Seal:
    """Seals keys with a secret of 32 bytes."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def token(self, key: str) -> str:
        """The key and its seal, in characters that stay as they are in any address (RFC 4648 section 5)."""
        return f"{_text(key.encode())}.{_text(self._mac(key))}"

    def key_in(self, token: str) -> str | None:
        """The key, or None where the seal is not ours."""
        written, _, mac = token.partition(".")
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        try:
            key, given = _bytes(written).decode(), _bytes(mac)
        except (binascii.Error, ValueError):
            return None
        return key if hmac.compare_digest(given, self._mac(key)) else None

    def _mac(self, key: str) -> bytes:
        return hmac.digest(self._secret, key.encode(), sha256)[:_SEAL_BYTES]


class ReportAddresses:
    """Where reports about each message come: `chosen` by the operator, else netmon's own pages once they are open."""

    def __init__(self, seal: Seal, chosen: str, own: Callable[[], str]) -> None:
        self._seal = seal
        self._chosen = chosen
        self._own = own

    def fixed(self) -> str:
        """The address for a gateway that says by its own id what its reports are about."""
        return self.of(_ANY)

    def of(self, key: str) -> str:
        """The address for the notice with this key; '' while there is none."""
        base = self._chosen or self._own()
        return f"{base.rstrip('/')}{REPORTS_PATH}{self._seal.token(key)}" if base else ""


class Reception:
    """Takes reports in; `reader` is the SMS driver, None where it has no reports."""

    def __init__(self, store: Store, reader: ReportReader | None, seal: Seal, *, vitals: Vitals, clock: Clock) -> None:
        self._store = store
        self._reader = reader
        self._seal = seal
        self._vitals = vitals
        self._clock = clock

    async def take(self, token: str, said: object) -> Receipt:
        """Record one report.

        Raises:
            StoreError: it cannot be recorded now; the gateway should come again.
        """
        key = self._seal.key_in(token)
        if key is None:
            return self._counted(Receipt.FORGED, Receipt.FORGED)
        report = None if self._reader is None else self._reader.read_report(said)
        if report is None:
            return self._counted(Receipt.UNREADABLE, Receipt.UNREADABLE)
        if key == _ANY:
            key = await self._meant(said) or _ANY
        is_known = await self._store.report(key, report, self._clock.now())
        return self._counted(Receipt.TAKEN, report.progress.value if is_known else _ABOUT_NOTHING)

    async def _meant(self, said: object) -> str | None:
        """The key of the notice that a report to the fixed address is about."""
        reference = "" if self._reader is None else self._reader.reference_in(said)
        for pause in _PATIENCE if reference else ():
            if pause:
                await self._clock.sleep(pause)
            key = await self._store.key_of(reference)
            if key is not None:
                return key
        return None

    def _counted(self, receipt: Receipt, outcome: str) -> Receipt:
        self._vitals.count(Vital.SMS_REPORTS, label=outcome)
        return receipt


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)

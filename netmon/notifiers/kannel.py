"""SMS through Kannel's smsbox.

sendsms answers 202 with `0: Accepted for delivery` where a gateway has the message, and with `3: Queued for later
delivery` where none is connected just now: Kannel keeps that on disk and sends it, so for netmon both are sent, the
second as queued. It names no id of its own, so the reference is the notice's key, and the key goes along
as the account, which Kannel writes into its access log: a second copy is recognisable there. It would take a request
without text and send an empty message, hence the text is never empty here. Thai goes as UCS-2 (coding 2).

What became of a message Kannel tells by calling dlr-url, once for each step and not always in their order; where that
call is answered 5xx it comes again (`http-request-retry` of its smsbox group).
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from netmon.model.notices import Delivery, Progress, Report, Verdict
from netmon.notifiers.rendering import clean
from netmon.notifiers.sms import SmsRenderer
from netmon.notifiers.web_calls import Answer
from netmon.notifiers.web_sms import WebSms

_UCS2 = "2"
_LONGEST_REASON = 120
_QUEUED = "3:"
_TAKEN = ("0:", _QUEUED)
_EVERY_STEP = "31"
"""dlr-mask: delivered 1, not delivered 2, buffered 4, taken by the network 8, refused by it 16."""
_STEPS = {
    "1": (Progress.DELIVERED, ""),
    "2": (Progress.FAILED, "not delivered to the phone"),
    "4": (Progress.BUFFERED, "the phone does not answer yet"),
    "8": (Progress.ACCEPTED, "the phone network has it"),
    "16": (Progress.FAILED, "refused by the phone network"),
    "34": (Progress.FAILED, "expired before the phone answered"),
}
_RECEIPT = re.compile(r"stat:(\w{1,10})(?:.{0,20}?err:(\w{1,10}))?")
"""The network's own words in an SMPP receipt (SMPP 3.4 appendix B)."""
_LONGEST_ACCOUNT = 64
"""Characters; smsbox refuses more (1.4.5, gw/smsbox.c ACCOUNT_MAX_LEN)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smsbox:
    """Where sendsms is. `validity` and `timeout` are seconds; `sender` '' leaves it to the smsbox."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    validity: float = 14_400.0
    timeout: float = 20.0


class KannelSms(WebSms):
    """Sends each letter as one SMS, and reads what Kannel reports of it."""

    def __init__(self, smsbox: Smsbox, renderer: SmsRenderer, *, report_to: Callable[[str], str] | None = None) -> None:
        """Make it; `report_to` gives the address for reports about a key, '' for none."""
        super().__init__(renderer, smsbox.timeout)
        self._smsbox = smsbox
        self._report_to = report_to

    async def send(self, number: str, text: str, key: str) -> Delivery:
        if not text:
            return Delivery(Verdict.RETRY, reason="the template sms.txt makes an empty text")
        answer = await self._web.call("GET", self._smsbox.url, params=self._parameters(number, text, key))
        if isinstance(answer, Delivery):
            return answer
        return _delivery(answer, key)

    def read_report(self, said: object) -> Report | None:
        if not isinstance(said, Mapping) or str(said.get("type")) not in _STEPS:
            return None
        progress, reason = _STEPS[str(said["type"])]
        words = _RECEIPT.search(str(said.get("said", "")))
        return Report(progress, " ".join(filter(None, (reason, *(words.groups() if words else ())))))

    def reference_in(self, said: object) -> str:
        return ""  # each message has an address of its own

    def _parameters(self, number: str, text: str, key: str) -> dict[str, str]:
        box = self._smsbox
        given = {
            "username": box.user,
            "password": box.password,
            "from": box.sender,
            "to": number,
            "coding": _UCS2,
            "charset": "UTF-8",
            "account": account_of(key),
            "validity": str(max(1, round(box.validity / 60))),
            "text": text,
        }
        address = "" if self._report_to is None else self._report_to(key)
        if address:
            given |= {"dlr-mask": _EVERY_STEP, "dlr-url": f"{address}?type=%d&said=%A"}
        return {name: value for name, value in given.items() if value}


def account_of(key: str) -> str:
    """A notice's key as Kannel's account: itself, or what identifies it where it is too long or not plain."""
    if len(key) <= _LONGEST_ACCOUNT and key.isascii() and key.isprintable() and not set("[]") & set(key):
        return key
    return hashlib.sha256(key.encode()).hexdigest()


def _delivery(answer: Answer, key: str) -> Delivery:
    said = clean(answer.text)[:_LONGEST_REASON]
    if said.startswith(_TAKEN):
        return Delivery(Verdict.SENT, reference=key, reason=said, is_queued=said.startswith(_QUEUED))
    # A page of something else that happens to listen there, or a newer Kannel.
    return Delivery(Verdict.UNKNOWN, reason=f"the smsbox's answer is not known: {said}")

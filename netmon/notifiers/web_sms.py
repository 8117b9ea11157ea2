"""What the SMS drivers over HTTP have in common: a number, a text, one call."""

from abc import ABC, abstractmethod
from dataclasses import replace

from netmon.model.notices import Channel, Delivery, Letter, Verdict
from netmon.notifiers.making import made
from netmon.notifiers.numbers import NumberForm, gateway_number, masked
from netmon.notifiers.sms import SmsRenderer
from netmon.notifiers.web_calls import Web
from netmon.ports import Parting, parting_unrecorded


class WebSms(ABC):
    """Renders the text, and masks the number in whatever the gateway says."""

    channel = Channel.SMS
    number_form = NumberForm.E164

    def __init__(self, renderer: SmsRenderer, timeout: float) -> None:
        self._renderer = renderer
        self._web = Web(timeout)

    async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
        number = gateway_number(letter.person.mobile, self.number_form)
        if not number:
            who = letter.notice.recipient
            return Delivery(Verdict.PERMANENT, reason=f"{who.audience} {who.id} has no usable mobile number.")
        text = await made(letter, self._renderer.render)
        if isinstance(text, Delivery):
            return text
        await parting()
        delivery = await self.send(number, text, letter.key)
        return replace(delivery, reason=masked(delivery.reason, number), reference=masked(delivery.reference, number))

    @abstractmethod
    async def send(self, number: str, text: str, key: str) -> Delivery:
        """Hand one text to the gateway; `key` is the letter's."""

    async def close(self) -> None:
        """Close what is open."""
        await self._web.close()

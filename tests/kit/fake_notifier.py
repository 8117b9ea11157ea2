"""A Notifier for tests of whoever uses one: keeps the letters and answers by a script."""

from collections import deque
from collections.abc import Iterable

from netmon.model.notices import Channel, Delivery, Letter, Verdict
from netmon.ports import Parting, parting_unrecorded


class FakeNotifier:
    """Answers with the deliveries of the script in turn, then `sent`; like the real ones it needs an address."""

    def __init__(self, channel: Channel, script: Iterable[Delivery] = ()) -> None:
        self.channel = channel
        self.script = deque(script)
        self.letters: list[Letter] = []

    async def deliver(self, letter: Letter, parting: Parting = parting_unrecorded) -> Delivery:
        address = letter.person.email if self.channel is Channel.MAIL else letter.person.mobile
        if not address:
            return Delivery(Verdict.PERMANENT, reason=f"{letter.notice.recipient.id} has no address.")
        await parting()
        self.letters.append(letter)
        return self.script.popleft() if self.script else Delivery(Verdict.SENT, reference=letter.key)

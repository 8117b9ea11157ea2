"""How many objects a device bears in one request is found out when it is discovered, and its family is asked so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from netmon.model.readings import Measure, Quantity
from netmon.model.vitals import Vital
from netmon.probes.snmp.ber import Tag
from netmon.probes.snmp.codec import ErrorStatus, Message, PduType, Version
from netmon.probes.snmp.poller import SnmpPoller
from tests.probes.snmp.test_first_contact import Requests
from tests.probes.snmp.test_poller import CountedVitals, Script, device, discovered, played, poll, said, with_poller

PROCESSORS = 12
PATIENT = 4
"""Requests: the system group, the plan with its witnesses, and one more for each that may be."""


@dataclass
class Limited(Script):
    """Bears so many objects in one GET; to more it says tooBig, or nothing."""

    most: int = 128
    is_mute: bool = False

    def answer(self, request: Message) -> Message | None:
        if request.pdu_type != PduType.GET or len(request.varbinds) <= self.most:
            return super().answer(request)
        if self.is_mute:
            return None
        refusal = (request.community, PduType.RESPONSE, request.request_id, ErrorStatus.TOO_BIG, 0, request.varbinds)
        return Message(Version.V2C, *refusal)


def talkative(**limits: Any) -> Limited:
    """A generic device with as many processors, so that a poll asks for more than ten objects."""
    objects: dict[tuple[int, ...], tuple[Tag, int | bytes]] = {
        (1, 3, 6, 1, 2, 1, 1, 1, 0): (Tag.OCTET_STRING, b"router of many processors"),
        (1, 3, 6, 1, 2, 1, 1, 3, 0): (Tag.TIME_TICKS, 100_000),
        (1, 3, 6, 1, 2, 1, 2, 1, 0): (Tag.INTEGER, 1),
    }
    for number in range(1, PROCESSORS + 1):
        objects[1, 3, 6, 1, 2, 1, 25, 3, 3, 1, 2, number] = (Tag.INTEGER, 50)
    return Limited(objects, **limits)


async def polled(poller: SnmpPoller, requests: Requests, plan: object) -> float:
    """How many requests a poll takes that is answered; what discovery has heard already is let go."""
    await poll(poller, plan)  # type: ignore[arg-type]
    requests.since()
    batch = await poll(poller, plan)  # type: ignore[arg-type]
    assert (batch.answered, batch.changed) == ([7], [])
    assert said(batch)[Measure(Quantity.CPU, "")] == 0.5
    return requests.since()


@pytest.mark.parametrize(("limits", "expected"), [({}, 1), ({"most": 10}, 2), ({"most": 10, "is_mute": True}, 2)])
def test_a_poll_takes_as_few_requests_as_the_device_bears(new_agent: Callable, limits: dict, expected: int) -> None:
    vitals = CountedVitals()

    async def use(poller: SnmpPoller) -> None:
        requests = Requests(poller, vitals)
        first = await discovered(poller, device(address))
        assert await polled(poller, requests, first) == expected
        second = await discovered(poller, device(address))
        assert requests.since() <= PATIENT
        assert await polled(poller, requests, second) == expected

    with played(new_agent, talkative(**limits)) as address:
        with_poller(use, address[1], vitals)


def test_what_a_device_says_on_first_contact_is_its_first_poll(new_agent: Callable) -> None:
    vitals = CountedVitals()

    async def use(poller: SnmpPoller) -> None:
        requests = Requests(poller, vitals)
        await discovered(poller, device(address))
        second = await discovered(poller, device(address))
        requests.since()
        batch = await poll(poller, second)
        assert said(batch)[Measure(Quantity.CPU, "")] == 0.5
        assert requests.since() == 0
        await poll(poller, second)
        assert requests.since() > 0

    with played(new_agent, talkative()) as address:
        with_poller(use, address[1], vitals)


def test_a_family_member_that_bears_less_is_asked_in_smaller_requests(new_agent: Callable) -> None:
    vitals, script = CountedVitals(), talkative()

    async def use(poller: SnmpPoller) -> None:
        requests = Requests(poller, vitals)
        first = await discovered(poller, device(address))
        assert await polled(poller, requests, first) == 1
        script.most = 10
        other = await discovered(poller, device(address))
        assert await polled(poller, requests, other) == 2

    with played(new_agent, script) as address:
        with_poller(use, address[1], vitals)
    assert vitals.counted[Vital.SNMP_REQUESTS, ""] > 0

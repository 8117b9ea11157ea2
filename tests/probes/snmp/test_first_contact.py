"""First contact made short: who is like a device that is known is asked as that one is, and nobody else."""

import asyncio
from collections.abc import Callable

import pytest

from netmon.model.profiles import IdentityRules, Object, TextPiece
from netmon.model.readings import Identity, Quantity
from netmon.model.vitals import Vital
from netmon.probes.snmp import poller as poller_module
from netmon.probes.snmp.ber import Absent, Tag
from netmon.probes.snmp.downgrade import Manner
from netmon.probes.snmp.families import Families, FamilyName, Kin, NamedBy
from netmon.probes.snmp.poller import SnmpPoller
from netmon.probes.snmp.script import Script as PollScript
from tests.probes.snmp.test_poller import (
    IN_OCTETS,
    CountedVitals,
    Script,
    device,
    discovered,
    played,
    poll,
    small_router,
    with_poller,
)

NAME = FamilyName("router", (1, 3, 6, 1, 4, 1, 99), "", "read")
ENTRY = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IF_NUMBER = (1, 3, 6, 1, 2, 1, 2, 1, 0)
SHORT = 4
"""Requests: the system group, and the plan with its witnesses in one or two."""


def router_of_a_family() -> Script:
    script = small_router()
    script.objects[IF_NUMBER] = (Tag.INTEGER, 1)
    return script


class Requests:
    """Counts the requests between two looks."""

    def __init__(self, poller: SnmpPoller, vitals: CountedVitals) -> None:
        self._poller, self._vitals, self._seen = poller, vitals, 0.0

    def since(self) -> float:
        self._poller.harvest(asyncio.get_running_loop().time())
        total = self._vitals.counted.get((Vital.SNMP_REQUESTS, ""), 0.0)
        grown, self._seen = total - self._seen, total
        return grown


def test_the_second_of_a_family_takes_the_plan_of_the_first_in_a_few_requests(new_agent: Callable) -> None:
    vitals = CountedVitals()

    async def use(poller: SnmpPoller) -> None:
        requests = Requests(poller, vitals)
        first = await discovered(poller, device(address))
        assert requests.since() > SHORT
        second = await discovered(poller, device(address))
        assert requests.since() <= SHORT
        assert second is not first
        assert second.outline is first.outline
        assert (await poll(poller, second)).answered == [7]

    with played(new_agent, router_of_a_family()) as address:
        with_poller(use, address[1], vitals)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("another name of the interface", {(*ENTRY, 2, 1): (Tag.OCTET_STRING, b"wan9")}),
        ("one interface more", {IF_NUMBER: (Tag.INTEGER, 2)}),
        ("an object less", {IN_OCTETS: None}),
        ("another firmware", {(1, 3, 6, 1, 2, 1, 1, 1, 0): (Tag.OCTET_STRING, b"router 2.0")}),
    ],
)
def test_who_is_not_quite_alike_is_discovered(new_agent: Callable, what: str, change: dict) -> None:
    script, vitals = router_of_a_family(), CountedVitals()

    async def use(poller: SnmpPoller) -> None:
        requests = Requests(poller, vitals)
        await discovered(poller, device(address))
        requests.since()
        for oid, value in change.items():
            if value is None:
                del script.objects[oid]
            else:
                script.objects[oid] = value
        other = await discovered(poller, device(address))
        assert requests.since() > SHORT, what
        names = {measure.label for measure in other.outline if measure.quantity is Quantity.INTERFACE_UP}
        assert names == {"wan9" if "name" in what else "wan"}
        counted = any(measure.quantity is Quantity.RECEIVE_BYTES for measure in other.outline)
        assert counted is (what != "an object less")

    with played(new_agent, script) as address:
        with_poller(use, address[1], vitals)


def test_a_device_that_restarted_unchanged_keeps_its_plan_and_once_a_day_it_is_looked_at_whole(
    new_agent: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitals = CountedVitals()

    async def use(poller: SnmpPoller) -> None:
        requests = Requests(poller, vitals)
        plan = await discovered(poller, device(address))
        requests.since()
        again = await discovered(poller, device(address), plan)
        assert requests.since() <= SHORT
        monkeypatch.setattr(poller_module, "DAILY", 0.0)
        await discovered(poller, device(address), again)
        assert requests.since() > SHORT

    with played(new_agent, router_of_a_family()) as address:
        with_poller(use, address[1], vitals)


def test_devices_that_come_at_once_wait_for_the_first_of_their_family(new_agent: Callable) -> None:
    vitals = CountedVitals()

    async def use(poller: SnmpPoller) -> None:
        requests = Requests(poller, vitals)
        await discovered(poller, device(address))
        alone = requests.since()
        script.objects[1, 3, 6, 1, 2, 1, 1, 1, 0] = (Tag.OCTET_STRING, b"router 2.0")
        plans = await asyncio.gather(*(discovered(poller, device(address)) for _ in range(3)))
        assert requests.since() <= alone + 2 * SHORT
        assert len({id(plan.outline) for plan in plans}) == 1

    script = router_of_a_family()
    with played(new_agent, script) as address:
        # They are one agent at one address, and each must have its turn at it in the time of an answer.
        with_poller(use, address[1], vitals, timeout=5)


def _kin() -> Kin:
    script = object.__new__(PollScript)
    script.oids = (IN_OCTETS,)
    return Kin(script, Manner(), {}, NamedBy(IdentityRules(), (), Identity()))


SERIALS, FIRMWARE = (1, 3, 6, 1, 4, 1, 99, 1), (1, 3, 6, 1, 4, 1, 99, 2, 0)


def test_a_kin_has_a_serial_number_of_its_own_but_the_same_firmware() -> None:
    script = object.__new__(PollScript)
    script.oids = (IN_OCTETS,)
    rules = IdentityRules(
        serial=((TextPiece(object=Object("serial", SERIALS, is_column=True)),),),
        firmware=((TextPiece(object=Object("firmware", FIRMWARE, is_column=False)),),),
    )
    kin = Kin(script, Manner(), {}, NamedBy(rules, ((*SERIALS, 7), FIRMWARE), Identity("", "S1", "4.2")))
    assert kin.oids == (IN_OCTETS, (*SERIALS, 7), FIRMWARE)
    assert kin.fits([1, b"S2", b"4.2"]) == Identity("", "S2", "4.2")
    assert kin.fits([1, Absent.NO_SUCH_INSTANCE, b"4.2"]) == Identity("", "", "4.2")
    assert kin.fits([1, b"S2", b"4.3"]) is None
    assert kin.fits([Absent.NO_SUCH_OBJECT, b"S2", b"4.2"]) is None


def test_a_family_whose_devices_all_differ_is_left_alone() -> None:
    families = Families()
    families.add(NAME, _kin())
    for _ in range(8):
        assert families.candidates(NAME)
        families.missed(NAME)
    assert families.candidates(NAME) == ()


def test_what_fitted_last_is_tried_first_and_no_more_than_two() -> None:
    families, kins = Families(), [_kin() for _ in range(4)]
    for kin in kins:
        families.add(NAME, kin)
    families.fitted(NAME, kins[3])
    assert families.candidates(NAME) == (kins[3], kins[0])


def test_descriptions_that_never_repeat_do_not_fill_the_memory() -> None:
    families = Families()
    for number in range(3_000):
        families.add(FamilyName(f"build {number}", (), "", ""), _kin())
    assert len(families._families) <= 1_000
    assert families.candidates(FamilyName("build 2999", (), "", ""))

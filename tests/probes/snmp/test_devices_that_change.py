"""Devices that are not tomorrow what they are today: renumbered, rebuilt, replaced, and full of nonsense."""

import math
from collections.abc import Callable

import pytest

from netmon.model.readings import Measure, Quantity
from netmon.probes.snmp.ber import Absent, Tag
from netmon.probes.snmp.poller import SnmpPoller
from tests.probes.snmp.test_poller import (
    DOWNLOAD,
    IN_OCTETS,
    UPTIME,
    device,
    discovered,
    played,
    poll,
    said,
    small_router,
    with_poller,
)

IF_ENTRY = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IF_X_ENTRY = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
TABLE_CHANGED = (1, 3, 6, 1, 2, 1, 31, 1, 5, 0)
OPER_STATUS = (*IF_ENTRY, 8, 1)
UPS = (1, 3, 6, 1, 2, 1, 33, 1)


def test_an_interface_renumbered_by_a_reboot_keeps_its_name_and_its_place(new_agent: Callable) -> None:
    script = small_router()

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        first = said(await poll(poller, plan))
        for name in [name for name in script.objects if name[: len(IF_ENTRY)] == IF_ENTRY]:
            script.objects[(*name[:-1], 7)] = script.objects.pop(name)
        script.objects[UPTIME] = (Tag.TIME_TICKS, 10)
        batch = await poll(poller, plan)
        assert batch.changed == [7]
        assert math.isnan(said(batch)[DOWNLOAD]), "nobody knows what stands in the old row now"
        again = await discovered(poller, device(address), plan)
        second = said(await poll(poller, again))
        assert second.keys() == first.keys()
        assert second[Measure(Quantity.INTERFACE_UP, "wan")] == 1

    with played(new_agent, script) as address:
        with_poller(use, address[1])


def test_a_changed_interface_table_makes_discovery_look_again(new_agent: Callable) -> None:
    script = small_router()
    script.objects[TABLE_CHANGED] = (Tag.TIME_TICKS, 5)

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        assert (await poll(poller, plan)).changed == []
        assert (await poll(poller, plan)).changed == []
        script.objects[TABLE_CHANGED] = (Tag.TIME_TICKS, 99_000)
        assert (await poll(poller, plan)).changed == [7]

    with played(new_agent, script) as address:
        with_poller(use, address[1])


def test_another_device_at_the_same_address_has_another_serial_number_and_counters_of_its_own(
    new_agent: Callable,
) -> None:
    script = small_router()
    serial = (1, 3, 6, 1, 4, 1, 25053, 1, 15, 1, 1, 1, 1, 15, 0)
    script.objects[(1, 3, 6, 1, 2, 1, 1, 2, 0)] = (Tag.OCTET_STRING, b"1.3.6.1.4.1.25053.3.1.5.20")
    script.objects[serial] = (Tag.OCTET_STRING, b"SERIAL-A")

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        assert plan.identity.serial == "SERIAL-A"
        await poll(poller, plan)
        script.objects[serial] = (Tag.OCTET_STRING, b"SERIAL-B")
        script.objects[IN_OCTETS] = (Tag.COUNTER32, 40)
        again = await discovered(poller, device(address), plan)
        assert again.identity.serial == "SERIAL-B"
        assert said(await poll(poller, again))[DOWNLOAD] == 40, "no wrap of the old device's counter"

    with played(new_agent, script) as address:
        with_poller(use, address[1])


@pytest.mark.parametrize(
    ("tag", "value"),
    [(Tag.INTEGER, 4), (Tag.INTEGER, 99), (Tag.INTEGER, -1), (Tag.NULL, Absent.NULL), (Tag.OCTET_STRING, b"up")],
    ids=["unknown", "no such state", "negative", "NULL", "text"],
)
def test_an_interface_state_that_is_none_is_absent_and_never_0(
    new_agent: Callable, tag: Tag, value: int | bytes | Absent
) -> None:
    script = small_router()

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        assert said(await poll(poller, plan))[Measure(Quantity.INTERFACE_UP, "wan")] == 1
        script.objects[OPER_STATUS] = (tag, value)  # type: ignore[assignment]
        assert math.isnan(said(await poll(poller, plan))[Measure(Quantity.INTERFACE_UP, "wan")])

    with played(new_agent, script) as address:
        with_poller(use, address[1])


@pytest.mark.parametrize("charge", [-1, 255, 101, 2**31 - 1])
def test_a_sentinel_or_an_impossible_number_is_absent(new_agent: Callable, charge: int) -> None:
    script = small_router()
    script.objects |= {(*UPS, 4, 1, 0): (Tag.INTEGER, 3), (*UPS, 2, 4, 0): (Tag.INTEGER, 80)}

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        full = Measure(Quantity.UPS_CHARGE, "")
        assert said(await poll(poller, plan))[full] == 0.8
        script.objects[(*UPS, 2, 4, 0)] = (Tag.INTEGER, charge)
        assert math.isnan(said(await poll(poller, plan))[full])

    with played(new_agent, script) as address:
        with_poller(use, address[1])


def test_counters_of_64_bits_are_read_where_the_device_has_them(new_agent: Callable) -> None:
    script = small_router()
    script.objects |= {
        (*IF_X_ENTRY, 1, 1): (Tag.OCTET_STRING, b"wan"),
        (*IF_X_ENTRY, 6, 1): (Tag.COUNTER64, 2**40),
    }

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        assert said(await poll(poller, plan))[DOWNLOAD] == 2**40
        script.objects[(*IF_X_ENTRY, 6, 1)] = (Tag.COUNTER64, 2**40 + 5)
        assert said(await poll(poller, plan))[DOWNLOAD] == 2**40 + 5

    with played(new_agent, script) as address:
        with_poller(use, address[1])


def test_an_uptime_that_wraps_after_497_days_is_no_restart(new_agent: Callable) -> None:
    script = small_router()
    script.objects[UPTIME] = (Tag.TIME_TICKS, 2**32 - 20)

    async def use(poller: SnmpPoller) -> None:
        plan = await discovered(poller, device(address))
        await poll(poller, plan)
        script.objects[UPTIME], script.objects[IN_OCTETS] = (Tag.TIME_TICKS, 30), (Tag.COUNTER32, 50)
        batch = await poll(poller, plan)
        assert batch.changed == []
        assert said(batch)[DOWNLOAD] == 2**32 + 50

    with played(new_agent, script) as address:
        with_poller(use, address[1])

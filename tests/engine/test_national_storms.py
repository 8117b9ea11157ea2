"""Storms over the whole country: how soon a village is on a ticket, what that costs, and who has to wait for it."""

import logging
import random
from pathlib import Path

import pytest

from netmon.engine.slices import SLICE
from netmon.lab.scoring.figures import percentile
from netmon.model.health import Health
from netmon.model.ids import VillageId
from netmon.model.notices import NoticeState, Stage
from tests.kit.house import REFERENCES
from tests.kit.nation import Nation, nation

log = logging.getLogger(__name__)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TOLD_WITHIN = 60.0
"""Seconds from a village's failure to its ticket that DESIGN section 12 promises for 99 of 100."""
DECIDED_WITHIN = 2.0
"""CPU seconds for concluding that 5,000 villages are dark and why."""
MOST_HELD = 0.1
"""CPU seconds the loop's thread may spend in one go."""
ONE_FAULT_AT_MOST = 1_500


def seconds_to_ticket(country: Nation, failed_at: dict[VillageId, float]) -> list[float]:
    """Of each village, in order; a village without a ticket takes for ever."""
    return [country.listed_at.get(village, float("inf")) - at for village, at in failed_at.items()]


async def test_three_hundred_villages_without_power_are_on_a_ticket_within_a_minute(tmp_path: Path) -> None:
    async with nation(tmp_path) as country:
        chance, waiting = random.Random(7), country.built("43")
        assert 290 <= len(waiting) <= 330
        chance.shuffle(waiting)
        failed_at: dict[VillageId, float] = {}

        async def fail_some() -> None:
            for village in [waiting.pop() for _ in range(min(4, len(waiting)))]:
                country.pinger.silent.update(country.addresses({village}))
                failed_at[village] = country.clock.now().monotonic

        await country.live(90, also=fail_some)
        assert not waiting
        await country.live(70)
        p99 = percentile(seconds_to_ticket(country, failed_at), 0.99)
        assert p99 is not None and p99 <= TOLD_WITHIN
        assert set(country.listed_at) == set(failed_at)
        assert country.late_devices == 0


async def test_five_thousand_villages_at_once_are_decided_in_two_seconds_and_hold_nobody_up(tmp_path: Path) -> None:
    async with nation(tmp_path) as country:
        dark = [village for province in ("30", "31", "32", "33", "34") for village in country.built(province)]
        assert len(dark) >= 5_000
        country.pinger.silent.update(country.addresses(set(dark)))
        began = country.clock.now().monotonic
        await country.live(75)
        cost = country.cost
        p99 = percentile(seconds_to_ticket(country, dict.fromkeys(dark, began)), 0.99)
        assert p99 is not None and p99 <= TOLD_WITHIN
        assert set(country.listed_at) == set(dark)
        log.info("%s", cost)
        assert sum(cost.casework) + cost.decided <= DECIDED_WITHIN, str(cost)
        assert cost.longest_turn <= MOST_HELD, str(cost)
        assert country.late_devices == 0
        assert len(cost.commits) > 20, "a storm is written in slices"
        assert max(cost.commits) <= SLICE + ONE_FAULT_AT_MOST


async def test_isolation_of_the_whole_country_is_one_alarm_no_ticket_and_a_quick_return(tmp_path: Path) -> None:
    async with nation(tmp_path) as country:
        fleet = country.country.fleet
        everybody = {one.address for one in country.inventory.devices if one.address}
        alive = fleet.health == Health.UP
        known = set(country.pinger.silent)
        country.pinger.silent.update(everybody | set(REFERENCES))
        await country.live(120)
        assert (fleet.health == Health.BLIND).all()
        country.pinger.silent -= (everybody | set(REFERENCES)) - known
        back = country.clock.now().monotonic
        await country.live(60)
        assert (fleet.answered_at[alive] > back).all(), "a device was not tested again within a minute"
        assert (fleet.health[alive] == Health.UP).all()
        await country.live(60)
        assert await country.store.tickets(only_open=False) == ()
        alarms = await country.store.notices(tuple(NoticeState), 100)
        assert [one.notice.stage for one in alarms].count(Stage.BLIND) == 1

"""Restarts told from wraps, and uptimes that lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.profiles import UptimeSource
from netmon.probes.snmp.uptime import WRAP, Restart, choose_uptime, restarted

SYS, HR, ENGINE = UptimeSource.SYS_UP_TIME, UptimeSource.HR_SYSTEM_UPTIME, UptimeSource.SNMP_ENGINE_TIME
DAY = 86_400.0
EVERY = (SYS, HR, ENGINE)


@given(
    before=st.floats(0, WRAP, exclude_max=True),
    elapsed=st.floats(0, 30 * DAY),
    drift=st.floats(-0.02, 0.02),
)
def test_a_device_that_ran_on_never_counts_as_restarted_across_the_wrap_too(
    before: float, elapsed: float, drift: float
) -> None:
    after = (before + elapsed * (1 + drift)) % WRAP
    assert restarted(before, after, elapsed) is Restart.NO


@given(before=st.floats(3600, 400 * DAY), elapsed=st.floats(60, 7 * DAY), share=st.floats(0, 1))
def test_a_restart_since_the_last_poll_is_seen(before: float, elapsed: float, share: float) -> None:
    after = elapsed * share
    assert restarted(before, after, elapsed) is not Restart.UNKNOWN
    if before + elapsed - after > 2 * (60 + 0.02 * elapsed):
        assert restarted(before, after, elapsed) is Restart.YES


@pytest.mark.parametrize(("before", "after"), [(None, 5.0), (5.0, None), (None, None)])
def test_a_missing_uptime_says_nothing(before: float | None, after: float | None) -> None:
    assert restarted(before, after, 60.0) is Restart.UNKNOWN


def test_a_clock_that_jumps_says_nothing() -> None:
    assert restarted(10 * DAY, 12 * DAY, 60.0) is Restart.UNKNOWN


def test_the_netonix_switch_25_days_later_did_not_restart() -> None:
    assert restarted(40_764_573.54, 40_764_573.54 + 26 * DAY - WRAP, 26 * DAY) is Restart.NO


def test_raisecoms_engine_time_counted_from_the_year_2000_is_not_believed() -> None:
    assert choose_uptime({SYS: 621_001.0, ENGINE: 947_306_093.0}, EVERY) == 621_001.0


def test_engine_time_that_agrees_unwraps_the_uptime() -> None:
    assert choose_uptime({SYS: 1_000.0, ENGINE: WRAP + 1_002.0}, EVERY) == pytest.approx(WRAP + 1_000.0)


def test_engine_time_alone_is_never_believed() -> None:
    assert choose_uptime({ENGINE: 5_000.0}, EVERY) is None


def test_engine_time_is_not_looked_at_where_the_profile_leaves_it_out() -> None:
    assert choose_uptime({SYS: 1_000.0, ENGINE: WRAP + 1_002.0}, (SYS, HR)) == 1_000.0


def test_a_negative_engine_time_changes_nothing() -> None:
    assert choose_uptime({SYS: 1_000.0, ENGINE: -5.0}, EVERY) == 1_000.0


def test_the_profile_says_whose_uptime_counts() -> None:
    seconds = {SYS: 2.0, HR: 5_000.0}
    assert (choose_uptime(seconds, EVERY), choose_uptime(seconds, (HR, SYS))) == (2.0, 5_000.0)

"""How a device's signs change the manner in which it is asked."""

from dataclasses import replace

import pytest

from netmon.probes.snmp.codec import Version
from netmon.probes.snmp.downgrade import Change, Manner, Sign, after

FRESH = Manner()
KNOWN = Manner(has_answered=True)
V1 = Manner(version=Version.V1)


@pytest.mark.parametrize(
    ("before", "sign", "changed_fields", "change"),
    [
        (FRESH, Sign.ANSWERED, {"has_answered": True}, None),
        (KNOWN, Sign.ANSWERED, {}, None),
        (KNOWN, Sign.TOO_BIG, {"objects_per_request": 5}, Change.FEWER_OBJECTS),
        (replace(KNOWN, objects_per_request=3), Sign.TOO_BIG, {"objects_per_request": 1}, Change.FEWER_OBJECTS),
        (replace(KNOWN, objects_per_request=1), Sign.TOO_BIG, {}, None),
        (FRESH, Sign.TIMED_OUT, {"version": Version.V1}, Change.TRY_V1),
        (FRESH, Sign.BULK_TIMED_OUT, {"version": Version.V1}, Change.TRY_V1),
        (V1, Sign.TIMED_OUT, {"version": Version.V2C}, Change.TRY_V2C),
        (replace(V1, has_answered=True), Sign.TIMED_OUT, {}, None),
        (KNOWN, Sign.TIMED_OUT, {}, None),
        (KNOWN, Sign.BULK_TIMED_OUT, {"max_repetitions": 5}, Change.FEWER_REPETITIONS),
        (replace(KNOWN, max_repetitions=1), Sign.BULK_TIMED_OUT, {"max_repetitions": 0}, Change.NO_GETBULK),
        (replace(KNOWN, max_repetitions=2), Sign.TIMED_OUT, {"max_repetitions": 10}, Change.GETBULK_AGAIN),
        (replace(KNOWN, max_repetitions=2), Sign.ANSWERED, {"proven_repetitions": 2}, None),
        (KNOWN, Sign.BULK_TOO_BIG, {"max_repetitions": 5}, Change.FEWER_REPETITIONS),
        (KNOWN, Sign.BULK_BROKEN, {"max_repetitions": 0, "proven_repetitions": 0}, Change.NO_GETBULK),
    ],
)
def test_each_sign_changes_only_what_it_is_about(before, sign, changed_fields, change):
    assert after(before, sign) == (replace(before, **changed_fields), change)


def follow(manner, *signs):
    for sign in signs:
        manner, _ = after(manner, sign)
    return manner


def test_a_device_that_hangs_on_getbulk_ends_at_getnext_and_stays_there():
    manner = follow(KNOWN, *[Sign.BULK_TIMED_OUT] * 4, Sign.ANSWERED)
    assert not manner.may_use_bulk
    assert not follow(manner, Sign.TIMED_OUT).may_use_bulk


def test_a_device_that_dies_during_a_walk_keeps_its_getbulk():
    assert follow(KNOWN, *[Sign.BULK_TIMED_OUT] * 4, Sign.TIMED_OUT) == KNOWN


def test_a_device_that_never_answers_is_tried_in_both_versions_in_turn():
    seen = [follow(FRESH, *[Sign.TIMED_OUT] * rounds).version for rounds in range(4)]
    assert seen == [Version.V2C, Version.V1, Version.V2C, Version.V1]


def test_a_device_that_once_answered_is_never_tried_in_another_version():
    assert follow(FRESH, Sign.ANSWERED, *[Sign.TIMED_OUT] * 50).version is Version.V2C


def test_snmpv1_never_uses_getbulk():
    assert not V1.may_use_bulk


@pytest.mark.parametrize("sign", Sign)
def test_any_sign_forever_comes_to_rest_or_alternates_within_bounds(sign):
    manner = FRESH
    for _ in range(40):
        manner, _ = after(manner, sign)
        assert manner.objects_per_request >= 1
        assert manner.max_repetitions >= 0

"""When a walk ends."""

import pytest

from netmon.probes.snmp.ber import Absent
from netmon.probes.snmp.codec import VarBind
from netmon.probes.snmp.walk import WalkEnd, WalkGuard

ROOT = (1, 3, 6, 1, 2)


def rows(*suffixes):
    return [VarBind((*ROOT, *suffix) if isinstance(suffix, tuple) else (*ROOT, suffix), 2, 0) for suffix in suffixes]


OUTSIDE = VarBind((1, 3, 6, 1, 3, 1), 2, 0)
END = VarBind((*ROOT, 9), 0x82, Absent.END_OF_MIB_VIEW)


@pytest.mark.parametrize(
    ("answers", "kept", "end"),
    [
        ([rows(1, 2), rows(3)], 3, None),
        ([[*rows(1, 2), OUTSIDE]], 2, WalkEnd.LEFT_SUBTREE),
        ([[*rows(1, 2), END]], 2, WalkEnd.END_OF_MIB),
        ([rows(1, 2, 2)], 2, WalkEnd.NOT_INCREASING),
        ([rows(1, 2), rows(1, 2)], 2, WalkEnd.NOT_INCREASING),
        ([rows(5, 3)], 1, WalkEnd.NOT_INCREASING),
        ([rows((1, 9), (1, 10))], 2, None),
        ([rows((1, 127), (1, 128), (1, 16_383), (1, 16_384))], 4, None),
        ([rows(1), []], 1, WalkEnd.EMPTY_ANSWER),
        ([[VarBind(ROOT, 2, 0)]], 0, WalkEnd.NOT_INCREASING),
        ([rows(*range(1, 9))], 5, WalkEnd.ROW_CAP),
    ],
    ids=[
        "goes on",
        "leaves the subtree",
        "end of the MIB",
        "repeats a row",
        "starts over",
        "goes back",
        "compares arcs as numbers",
        "compares arcs wider than an octet as numbers",
        "nothing in the answer",
        "answers the root itself",
        "row cap",
    ],
)
def test_a_walk_ends_in_time_and_keeps_what_came(answers, kept, end):
    guard = WalkGuard(ROOT, row_cap=5)
    outcome = None
    for answer in answers:
        assert outcome is None
        outcome = guard.take(answer)
    assert (len(guard.rows), outcome) == (kept, end)

"""A storm's decisions in slices: nothing lost, the order kept, and mergers whole."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from netmon.engine.slices import CaseChange, slices
from netmon.model.decisions import OpenFault
from netmon.model.faults import Cause, Fault, Resolution, Scope
from netmon.model.ids import FaultId


def change(number: int, size: int, merged_into: int | None = None) -> CaseChange:
    fault = Fault(
        id=FaultId(f"F{number}"),
        scope=Scope.DEVICE,
        key=f"ap-{number}",
        cause=Cause.UNKNOWN,
        confidence=0.5,
        opened_at=0.0,
        members=(),
    )
    if merged_into is not None:
        into = FaultId(f"F{merged_into}")
        fault = replace(fault, resolved_at=1.0, resolution=Resolution.MERGED, merged_into=into)
    return CaseChange(fault, [OpenFault(fault)] * size)


def test_few_decisions_are_one_slice() -> None:
    assert [len(part) for part in slices([change(1, 3), change(2, 3)], most=10)] == [2]


def test_a_storm_is_cut_between_faults() -> None:
    parts = list(slices([change(number, 4) for number in range(10)], most=8))
    assert [len(part) for part in parts] == [2] * 5


def test_one_large_fault_stays_whole() -> None:
    assert [len(part) for part in slices([change(1, 50), change(2, 1)], most=8)] == [1, 1]


def test_a_fault_is_written_with_all_that_are_merged_into_it() -> None:
    changes = [change(1, 9), change(2, 9, merged_into=5), change(3, 9), change(4, 9), change(5, 9), change(6, 9)]
    assert [[one.fault.id for one in part] for part in slices(changes, most=8)] == [
        ["F1"],
        ["F2", "F3", "F4", "F5"],
        ["F6"],
    ]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 12)), max_size=20), st.integers(1, 30))
def test_nothing_is_lost_and_no_merger_is_split(shape: list[tuple[int, int]], most: int) -> None:
    # Even ones survive, odd ones may be merged into one of them: the rules name the last heir of a chain of mergers.
    changes = [
        change(number, size, 2 * into if number % 2 and 2 * into < len(shape) else None)
        for number, (size, into) in enumerate(shape)
    ]
    parts = list(slices(changes, most))
    assert [one for part in parts for one in part] == changes
    for part in parts:
        outside = {one.fault.id for other in parts if other is not part for one in other}
        assert not outside & {one.fault.merged_into for one in part}

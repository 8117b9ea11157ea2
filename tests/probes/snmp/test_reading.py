"""Raw values into readings: what cannot be true is absent."""

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.profiles import Condition, Conversion, Gather, Object, Rule
from netmon.model.readings import NATURE, Quantity
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.reading import Cell, Gathered, RowCount, Tables, evaluate, gather
from netmon.probes.snmp.text import clean, number_in

COLUMN = Object("x", (1, 3, 6, 1), is_column=True)
OTHER = Object("y", (1, 3, 6, 2), is_column=True)
RAW: st.SearchStrategy[Value] = st.one_of(
    st.integers(-(2**63), 2**64 - 1), st.binary(max_size=30), st.sampled_from(Absent), st.just("1.3.6.1")
)


def cell(quantity: Quantity = Quantity.TEMPERATURE, **rule: Any) -> Cell:
    made = Rule(quantity=quantity, source=COLUMN, **rule)
    at = iter(range(1, 9))
    return Cell(
        rule=made,
        scale=made.scale,
        source=0,
        plus=tuple(next(at) for _ in made.plus),
        minus=tuple(next(at) for _ in made.minus),
        of=next(at) if made.of else None,
        conditions=tuple((next(at), one) for one in made.only_if),
    )


@pytest.mark.parametrize(
    ("rule", "values", "reading"),
    [
        ({}, [21], 21),
        ({"scale": 0.1}, [305], 30.5),
        ({"scale": 1e-7}, [160_000_000], 16),
        ({"absent": frozenset((2147483647,))}, [2147483647], None),
        ({"absent": frozenset((-1,))}, [-1], None),
        ({}, [2147483647], None),  # hotter than the world
        ({}, [Absent.NULL], None),
        ({}, [Absent.NO_SUCH_INSTANCE], None),
        ({}, [b"23"], 23),
        ({}, [b" 23.5\x00"], 23.5),
        ({}, [b"53S"], None),
        ({}, [b"-Inf"], None),
        ({}, [b""], None),
        ({}, ["1.3.6.1"], None),
        ({"accept": (None, -2.0)}, [-1], None),
        ({"within": (0.0, 10.0)}, [11], None),
        ({"plus": (OTHER,)}, [1, 2], 3),
        ({"minus": (OTHER,)}, [3, Absent.NULL], None),
        ({"only_if": (Condition(object=OTHER, is_not=(0,)),)}, [40, 0], None),
        ({"only_if": (Condition(object=OTHER, is_not=(0,)),)}, [40, 3302], 40),
        ({"only_if": (Condition(object=OTHER, is_not=(0,)),)}, [40, Absent.NULL], None),
        ({"only_if": (Condition(object=OTHER, is_one_of=(1, 2)),)}, [40, 3], None),
    ],
)
def test_a_raw_value_becomes_this_temperature(rule: dict[str, Any], values: list[Value], reading: float | None) -> None:
    found = evaluate(cell(**rule), values)
    assert found == (None if reading is None else pytest.approx(reading))


@pytest.mark.parametrize(
    ("rule", "values", "reading"),
    [
        ({"of": OTHER}, [58, 100], 0.58),
        ({"of": OTHER}, [58, 0], None),
        ({"of": OTHER, "complement": 1.0}, [25, 100], 0.75),
        ({"of": OTHER}, [101, 100], None),  # more than all of it
        ({"scale": 0.01, "complement": 1.0}, [81], 0.19),
    ],
)
def test_a_share_is_between_nothing_and_all_of_it(
    rule: dict[str, Any], values: list[Value], reading: float | None
) -> None:
    found = evaluate(cell(Quantity.MEMORY, **rule), values)
    assert found == (None if reading is None else pytest.approx(reading))


@pytest.mark.parametrize(
    ("conversion", "raw", "dbm"),
    [
        (Conversion.MILLIWATT_TO_DBM, b"0.5", -3.0103),
        (Conversion.MILLIWATT_TO_DBM, b"0", None),
        (Conversion.MICROWATT_TO_DBM, 100, -10.0),
        (Conversion.MICROWATT_TO_DBM, -1, None),
    ],
)
def test_watts_become_dbm_and_darkness_has_no_level(conversion: Conversion, raw: Value, dbm: float | None) -> None:
    found = evaluate(cell(Quantity.OPTICAL_RECEIVE_POWER, conversion=conversion), [raw])
    assert found == (None if dbm is None else pytest.approx(dbm, abs=1e-4))


def test_huaweis_olt_level_of_an_onu_is_shifted_by_a_hundred_dbm() -> None:
    shifted = cell(Quantity.OPTICAL_RECEIVE_POWER, offset=-10_000.0, scale=0.01)
    assert evaluate(shifted, [7_543]) == pytest.approx(-24.57)


def test_a_state_that_is_not_in_the_mib_is_absent() -> None:
    states = cell(Quantity.UPS_ON_BATTERY, states={3: 0.0, 5: 1.0})
    assert [evaluate(states, [raw]) for raw in (3, 5, 2, 99)] == [0, 1, None, None]


def test_a_counter_of_64_bits_keeps_every_bit() -> None:
    assert evaluate(cell(Quantity.RECEIVE_BYTES), [2**64 - 1]) == 2**64 - 1


@pytest.mark.parametrize("raw", [-1, -(2**63), 2**64, b"1.5", b"99999999999999999999"])
def test_what_no_counter_can_be_is_none(raw: Value) -> None:
    assert evaluate(cell(Quantity.RECEIVE_BYTES), [raw]) is None


@given(
    quantity=st.sampled_from(sorted(Quantity)),
    values=st.lists(RAW, min_size=3, max_size=3),
    scale=st.sampled_from((1.0, 0.01, -1.0)),
    complement=st.sampled_from((None, 1.0)),
)
def test_whatever_comes_a_reading_is_possible_or_absent(
    quantity: Quantity, values: list[Value], scale: float, complement: float | None
) -> None:
    found = evaluate(cell(quantity, scale=scale, complement=complement, plus=(OTHER,), of=OTHER), values)
    nature = NATURE[quantity]
    if found is not None and nature.is_counter:
        assert 0 <= found < 2**64
    elif found is not None:
        assert math.isfinite(found)
        assert nature.least is None or found >= nature.least
        assert nature.most is None or found <= nature.most


HOSTILE = [
    piece * (60_000 // len(piece)) + end
    for piece in (b".", b" ", b" .", b".  00", b"\xc3", b"1", b"-")
    for end in (b"", b"x")
]


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: repr(raw[:6] + raw[-1:]))
def test_no_text_however_long_keeps_the_sweep_waiting(raw: bytes) -> None:
    def seconds() -> float:
        started = time.thread_time()
        clean(raw)
        number_in(raw)
        return time.thread_time() - started

    assert min(seconds() for _ in range(5)) < 0.010


def test_a_text_that_is_cut_off_is_cut_between_characters() -> None:
    text = clean("ก".encode() * 1000)
    assert set(text) == {"ก"}
    assert len(text.encode()) in range(1_020, 1_025)


@given(raw=st.binary(max_size=60))
def test_text_from_any_bytes_is_printable_and_on_one_line(raw: bytes) -> None:
    text = clean(raw)
    assert text == text.strip()
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"716GE\x00\x00\x00", "716GE"),
        (b"10.7.110.17\x00\x00\n00 00 00 00", "10.7.110.17"),
        (b"eth-0............................", "eth-0"),
        (
            b"BDCOM(tm) Software, Version 74104\nhardware version: A",
            "BDCOM(tm) Software, Version 74104 hardware version: A",
        ),
        ("บ้านหนองบัว".encode(), "บ้านหนองบัว"),
        (b"", ""),
    ],
)
def test_padding_and_rubbish_are_cut_off(raw: bytes, text: str) -> None:
    assert clean(raw) == text


@given(number=st.integers(-(10**18), 10**18))
def test_a_number_written_as_text_is_that_number(number: int) -> None:
    assert number_in(str(number).encode()) == number


def test_a_sum_with_a_row_missing_is_absent_rather_than_too_small() -> None:
    assert gather(Gather.SUM, [4.0, None, 14.0]) is None


def test_a_mean_makes_do_with_the_rows_that_answer() -> None:
    assert gather(Gather.MEAN, [0.2, None, 0.4]) == pytest.approx(0.3)


def test_the_first_alternative_with_a_value_wins_at_every_poll_anew() -> None:
    hundredths = cell(Quantity.OPTICAL_RECEIVE_POWER, scale=0.01, accept=(None, -2.0))
    microwatts = cell(Quantity.OPTICAL_RECEIVE_POWER, conversion=Conversion.MICROWATT_TO_DBM, accept=(1.0, None))
    method = Gathered(((Gather.FIRST, (hundredths,)), (Gather.FIRST, (microwatts,))))
    assert [method.read([raw], {}) for raw in (-849, 1000, 0, -1)] == [
        pytest.approx(-8.49),
        pytest.approx(0),
        None,
        None,
    ]


def test_rows_are_counted_by_their_text_and_an_empty_table_counts_nobody() -> None:
    table: Tables = {(1, 2): [b"ssid1", b"ssid2", b"ssid1\x00"]}
    assert RowCount((1, 2), "ssid1").read([], table) == 2
    assert RowCount((1, 2), None).read([], table) == 3
    assert RowCount((1, 2), None).read([], {(1, 2): []}) == 0
    assert RowCount((1, 2), None).read([], {}) is None

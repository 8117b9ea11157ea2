"""The text format, read back by the reference parser."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from netmon_exporters.prometheus.text import SLICE, Family, label_head, label_tail, label_text, samples

# Everything that UTF-8 can carry; a lone surrogate cannot come out of a file that was read.
texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.floats(allow_nan=False) | st.just(math.nan)


@given(st.lists(st.tuples(texts, numbers), max_size=20))
def test_every_label_and_number_comes_back_and_absent_ones_have_no_line(rows: list[tuple[str, float]]) -> None:
    family = Family("netmon_something", "Help with \\ and \n in it.")
    heads = [label_head({"device": f"d{place}"}) for place in range(len(rows))]
    tails = [label_tail({"name": name}) for name, _ in rows]
    values = np.array([number for _, number in rows], np.float64)
    text = family.header + b"".join(samples(family.name, heads, values, tails))
    (read,) = text_string_to_metric_families(text.decode())
    assert (read.name, read.documentation, read.type) == (family.name, family.help, "gauge")
    wanted = [
        ({"device": f"d{place}"} | ({"name": name} if name else {}), number)
        for place, (name, number) in enumerate(rows)
        if not math.isnan(number)
    ]
    assert [(sample.labels, sample.value) for sample in read.samples] == wanted


def test_many_samples_come_in_slices_and_none_is_lost() -> None:
    heads = [label_head({"device": str(number)}) for number in range(2 * SLICE + 1)]
    chunks = list(samples("netmon_x", heads, np.arange(len(heads), dtype=np.float64)))
    assert [chunk.count(b"\n") for chunk in chunks] == [SLICE, SLICE, 1]
    assert b"".join(chunks).splitlines()[-1] == f'netmon_x{{device="{2 * SLICE}"}} {2.0 * SLICE}'.encode()


@given(texts, texts)
def test_a_label_text_is_the_same_in_one_piece_or_two(name: str, place: str) -> None:
    first, last = {"device": "d", "name": name}, {"place": place}
    assert label_head(first) + label_tail(last) == label_text(first | last)


def test_slice_without_any_known_value_yields_nothing() -> None:
    assert list(samples("netmon_x", [b"{"] * 3, np.full(3, np.nan))) == []

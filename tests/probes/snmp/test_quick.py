"""The fast way and the plain way to a reading say the same."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from netmon.model.profiles import Condition, Conversion, Gather, Object, Rule, UptimeSource
from netmon.model.readings import Quantity
from netmon.probes.snmp.ber import Absent, Value
from netmon.probes.snmp.quick import prepare
from netmon.probes.snmp.reading import Cell, Gathered, Series, Uptime

COLUMN = Object("x", (1, 3, 6, 1), is_column=True)
RAW: st.SearchStrategy[Value] = st.one_of(
    st.integers(-200, 200), st.integers(-(2**63), 2**64 - 1), st.binary(max_size=5), st.sampled_from(Absent)
)
LIMITS = st.tuples(*[st.one_of(st.none(), st.floats(-100, 100))] * 2)
RULES = st.builds(
    Rule,
    quantity=st.sampled_from(sorted(Quantity)),
    source=st.just(COLUMN),
    offset=st.sampled_from((0.0, -10_000.0)),
    complement=st.sampled_from((None, 1.0)),
    conversion=st.sampled_from((None, None, Conversion.MILLIWATT_TO_DBM)),
    states=st.one_of(st.none(), st.just({1: 0.0, 2: 1.0})),
    absent=st.frozensets(st.integers(-5, 5)),
    accept=st.one_of(st.just((None, None)), LIMITS),
    within=LIMITS,
    only_if=st.sampled_from(((), (Condition(object=COLUMN, is_not=(0,)),))),
    of=st.sampled_from((None, None, COLUMN)),
)
TERMS = st.sampled_from(((), (1,), (2, 3)))


@given(
    rules=st.lists(RULES, min_size=1, max_size=3),
    scale=st.sampled_from((1.0, 0.01, -1.0, 1e-7)),
    values=st.lists(RAW, min_size=4, max_size=4),
    terms=st.tuples(TERMS, TERMS),
)
def test_a_quick_reading_is_the_same_to_the_last_bit(
    rules: list[Rule], scale: float, values: list[Value], terms: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    plus, minus = terms
    rules = [replace(rule, plus=(COLUMN,) * len(plus), minus=(COLUMN,) * len(minus)) for rule in rules]
    cells = [
        Cell(rule, scale, at, plus, minus, None if rule.of is None else 3, tuple((3, one) for one in rule.only_if))
        for at, rule in enumerate(rules)
    ]
    methods = [
        Gathered(tuple((Gather.FIRST, (cell,)) for cell in cells)),
        *(Gathered(((how, tuple(cells)),)) for how in Gather),
    ]
    reader = prepare([Series(rules[0].quantity, "", method) for method in methods])
    assert reader.read(values, {}) == [method.read(values, {}) for method in methods]


@given(value=RAW, source=st.sampled_from(UptimeSource))
def test_an_uptime_is_the_same_both_ways(value: Value, source: UptimeSource) -> None:
    method = Uptime(((source, 0),), tuple(UptimeSource))
    assert prepare([Series(Quantity.UPTIME, "", method)]).read([value], {}) == [method.read([value], {})]

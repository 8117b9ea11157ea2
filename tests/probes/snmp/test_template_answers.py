"""Reading an answer at one go: only what the full decoder finds in it too, and only the answer that is waited for."""

from hypothesis import example, given
from hypothesis import strategies as st

from netmon.errors import SnmpDecodeError
from netmon.probes.snmp.ber import Absent, Tag, Value
from netmon.probes.snmp.codec import (
    Message,
    PduType,
    VarBind,
    Version,
    decode_message,
    encode_message,
    encode_pdu,
    read_pdu,
)
from netmon.probes.snmp.layouts import _LEARN_EVERY, _MOST_OF_A_LENGTH
from netmon.probes.snmp.template import RequestTemplate, compile_get, read_head

OIDS = tuple((1, 3, 6, 1, 2, 1, 2, 2, 1, column, 70_000) for column in range(1, 5))
ID = 1 << 24
NUMBERS: st.SearchStrategy[tuple[int, Value]] = st.one_of(
    st.tuples(st.just(Tag.INTEGER), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.sampled_from((Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS)), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(Tag.COUNTER64), st.integers(0, 2**64 - 1)),
)
VALUES: st.SearchStrategy[tuple[int, Value]] = st.one_of(
    NUMBERS,
    st.tuples(st.just(Tag.OCTET_STRING), st.binary(max_size=200)),
    st.just((Tag.NO_SUCH_INSTANCE, Absent.NO_SUCH_INSTANCE)),
)


def answer(values: list[tuple[int, Value]], request_id: int = ID, community: bytes = b"public") -> bytes:
    binds = tuple(VarBind(oid, *value) for oid, value in zip(OIDS, values, strict=True))
    return encode_message(Message(Version.V2C, community, PduType.RESPONSE, request_id, 0, 0, binds))


def taught(data: bytes, *, walks: int = 0) -> RequestTemplate:
    """A template of its own that has read this answer the long way, and then so often by walking it."""
    template = compile_get.__wrapped__(Version.V2C, b"public", OIDS)
    head = read_head(data)
    if head is not None and template.read_values(data, head[3], head[4]):
        template.learn(data, head[3], head[4])
    for _ in range(walks):
        template.read_answer(data, ID)
    return template


def as_long(value: tuple[int, Value], content: int) -> tuple[int, Value]:
    """Another value of the same type that takes as many octets."""
    tag, number = value
    assert isinstance(number, int)
    if tag == Tag.INTEGER:
        size = (number + (number < 0)).bit_length() // 8 + 1
        low, high = 1 << max(0, 8 * size - 9), (1 << 8 * size - 1) - 1
        there = low + content % (high - low + 1) if size > 1 else content % 128
        return tag, there if content % 2 else -there - 1
    size = number.bit_length() // 8 + 1
    low, most = (1 << max(0, 8 * size - 9)) if size > 1 else 0, 2**64 - 1 if tag == Tag.COUNTER64 else 2**32 - 1
    return tag, low + content % (min((1 << 8 * size - 1) - 1, most) - low + 1)


@given(values=st.lists(VALUES, min_size=4, max_size=4), others=st.lists(NUMBERS, min_size=4, max_size=4))
def test_an_answer_of_known_length_is_read_as_the_full_decoder_reads_it(
    values: list[tuple[int, Value]], others: list[tuple[int, Value]]
) -> None:
    template = taught(answer(values))
    for data in (answer(values), answer(others)):
        found = template.read_answer(data, ID)
        assert found is None or found == [bind.value for bind in decode_message(data).varbinds]
    if all(len(str(value)) < 20 for _, value in values):
        assert template.read_answer(answer(values), ID) == [value for _, value in values]


@given(
    values=st.lists(NUMBERS, min_size=4, max_size=4),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3),
    cut=st.integers(-3, 3),
    walks=st.sampled_from((0, _LEARN_EVERY)),
)
@example(values=[(Tag.COUNTER32, 1)] * 4, changes=[], cut=2, walks=_LEARN_EVERY)
def test_a_changed_answer_is_left_to_the_long_way_or_read_as_the_full_decoder_reads_it(
    values: list[tuple[int, Value]], changes: list[tuple[int, int]], cut: int, walks: int
) -> None:
    template = taught(answer(values), walks=walks)
    data = bytearray(answer(values))
    for place, octet in changes:
        data[place % len(data)] = octet
    changed = bytes(data[:cut] if cut < 0 else data + bytes(cut))
    found = template.read_answer(changed, ID)
    if found is None:
        return
    try:
        message = decode_message(changed)
    except SnmpDecodeError as error:
        raise AssertionError("a value was taken from what the full decoder refuses") from error
    assert (message.version, message.community, message.request_id) == (Version.V2C, b"public", ID)
    assert (message.pdu_type, message.error_status) == (PduType.RESPONSE, 0)
    assert [(bind.oid, bind.value) for bind in message.varbinds] == list(zip(OIDS, found, strict=True))


def test_neither_another_id_nor_another_community_is_taken() -> None:
    values: list[tuple[int, Value]] = [(Tag.COUNTER32, 1)] * 4
    template = taught(answer(values))
    assert template.read_answer(answer(values), ID) == [1, 1, 1, 1]
    assert template.read_answer(answer(values, ID + 1), ID) is None
    assert template.read_answer(answer(values, community=b"publiC"), ID) is None


@given(
    values=st.lists(NUMBERS, min_size=4, max_size=4), contents=st.lists(st.integers(0, 2**70), min_size=4, max_size=4)
)
def test_an_answer_laid_out_as_one_that_was_learnt_is_read_as_the_full_decoder_reads_it(
    values: list[tuple[int, Value]], contents: list[int]
) -> None:
    template = taught(answer(values), walks=_LEARN_EVERY)
    others = [as_long(value, content) for value, content in zip(values, contents, strict=True)]
    for alike in (values, others):
        data = answer(alike, ID + 5)
        assert len(data) == len(answer(values))
        assert template._layouts.read(data, ID + 5) == [bind.value for bind in decode_message(data).varbinds]
        assert template._layouts.read(data, ID) is None


def test_layouts_are_learnt_of_what_comes_often_and_only_a_few_of_each_length() -> None:
    template = taught(answer([(Tag.COUNTER32, 1)] * 4))
    tags = (Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS)
    kinds: list[list[tuple[int, Value]]] = [
        [(one, 1), (two, 1), (Tag.GAUGE32, 1), (Tag.GAUGE32, 1)] for one in tags for two in tags
    ]
    for kind in kinds:
        for _ in range(_LEARN_EVERY):
            template.read_answer(answer(kind), ID)
    known = [kind for kind in kinds if template._layouts.read(answer(kind), ID)]
    assert known == kinds[-_MOST_OF_A_LENGTH:]


@given(
    values=st.lists(VALUES, min_size=4, max_size=4),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=2),
)
def test_a_pdu_alone_is_read_as_the_full_decoder_reads_it(
    values: list[tuple[int, Value]], changes: list[tuple[int, int]]
) -> None:
    template = compile_get(Version.V2C, b"", OIDS)
    binds = tuple(VarBind(oid, *value) for oid, value in zip(OIDS, values, strict=True))
    data = bytearray(encode_pdu(PduType.RESPONSE, (ID, 0, 0), binds))
    for place, octet in changes:
        data[place % len(data)] = octet
    found = template.read_pdu(bytes(data), 0, ID)
    if found is None:
        assert changes or any(isinstance(value, bytes) for _, value in values)
        return
    pdu = read_pdu(bytes(data), 0)
    assert (pdu.pdu_type, pdu.request_id, pdu.error_status) == (PduType.RESPONSE, ID, 0)
    assert [(bind.oid, bind.value) for bind in pdu.varbinds] == list(zip(OIDS, found, strict=True))
    assert read_pdu(template.pdu(ID), 0).request_id == ID

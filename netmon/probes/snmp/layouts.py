"""Answers that are laid out as one before them: checked and read by two operations instead of object by object.

Two answers to one request differ in the request-id and in their values. Where their values are as long, everything else
stands at the same places and is the same, octet for octet: so the whole answer is compared at once, as one large number
under a mask, and all values are unpacked at once. A family's devices have few layouts, for uptimes, counters and gauges
seldom change their length. What fits no known layout is walked by `template`, and each so many times learnt.
"""

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Any, NamedTuple
from weakref import WeakSet

_LEARN_EVERY = 64
"""Walks after which a layout is learnt: whose request nobody shares does not fill the memory with them at once."""
_MOST_OF_A_LENGTH = 8
_MOST = 4_000
"""Layouts of all templates, of 1 KB each; then all are forgotten, and those that are used often are soon back."""
_INTEGER = 0x02
_UNSIGNED32 = frozenset((0x41, 0x42, 0x43, 0x47))
_COUNTER64 = 0x46
_ID_SIZE = 4
_UNSIGNED, _SIGNED = {1: "B", 2: "H", 4: "I", 8: "Q"}, {1: "b", 2: "h", 4: "i", 8: "q"}
_NEVER = 1 << 64

Span = tuple[int, int, int]
"""A value in an answer: its tag, and where its content starts and stops."""


class _Odd(NamedTuple):
    """A value of a length that nothing unpacks: what is in front of it is unpacked with it and taken off again."""

    at: int
    in_front: int
    negative_from: int
    range: int


class _Layout(NamedTuple):
    mask: int
    pattern: int
    id_shift: int
    unpack: Any
    odd: tuple[_Odd, ...]


class Layouts:
    """The layouts known of the answers to one request; none ever if it does not learn."""

    __slots__ = ("__weakref__", "_by_length", "_learns", "_walks")

    def __init__(self, *, learns: bool = True) -> None:
        self._by_length: dict[int, list[_Layout]] = {}
        self._learns = learns
        self._walks = 0
        _shelf.all.add(self)

    def read(self, data: bytes, request_id: int) -> list[Any] | None:
        """The values of an answer, all of them numbers, if it is laid out as one that was learnt and has this id."""
        known = self._by_length.get(len(data))
        if known is None:
            return None
        number = int.from_bytes(data, "big")
        mask, pattern, id_shift, unpack, odd = known[0]
        if number & mask != pattern + (request_id << id_shift):
            found = self._other(known, number, request_id)
            if found is None:
                return None
            _, _, _, unpack, odd = found
        values = list(unpack(data))
        for at, in_front, negative_from, size in odd:
            value = values[at] - in_front
            values[at] = value - size if value >= negative_from else value
        return values

    def _other(self, known: list[_Layout], number: int, request_id: int) -> _Layout | None:
        """The one that fits and is not the first; which it is from now on."""
        for place in range(1, len(known)):
            mask, pattern, id_shift, _, _ = known[place]
            if number & mask == pattern + (request_id << id_shift):
                known.insert(0, known.pop(place))
                return known[0]
        return None

    def forget(self) -> None:
        """Know none."""
        self._by_length.clear()

    def walked(self, data: bytes, id_at: int, spans: Iterator[Span]) -> None:
        """A good answer had to be walked; `spans` are its values, and it ends with the last."""
        self._walks += 1
        if self._walks < _LEARN_EVERY or not self._learns:
            return
        self._walks = 0
        layout = _layout_of(data, id_at, list(spans))
        if layout is None:
            return
        _shelf.make_room()
        known = self._by_length.setdefault(len(data), [])
        known.insert(0, layout)
        del known[_MOST_OF_A_LENGTH:]


class _Shelf:
    """All there are, so that together they stay few."""

    def __init__(self) -> None:
        self.all: WeakSet[Layouts] = WeakSet()
        self._count = 0

    def make_room(self) -> None:
        """One more is going to be learnt."""
        if self._count >= _MOST:
            self._count = 0
            for one in self.all:
                one.forget()
        self._count += 1


_shelf = _Shelf()


def _layout_of(data: bytes, id_at: int, spans: Sequence[Span]) -> _Layout | None:
    """The layout of an answer; None if a value is no number."""
    mask = bytearray(b"\xff" * len(data))
    pattern, code, odd, end = bytearray(data), [">"], [], 0
    for at, (tag, start, stop) in enumerate(spans):
        most = 8 if tag in (_INTEGER, _COUNTER64) else 4 if tag in _UNSIGNED32 else 0
        # An unsigned number may have a zero in front, which is then part of what must be the same.
        first = max(start, stop - most) if tag != _INTEGER else start
        size = stop - first
        if not 1 <= size <= most:
            return None
        width = 1 << (size - 1).bit_length()
        begin = stop - width
        if width == size:
            code.append(f"{begin - end}x{(_SIGNED if tag == _INTEGER else _UNSIGNED)[width]}")
        else:
            code.append(f"{begin - end}x{_UNSIGNED[width]}")
            in_front = int.from_bytes(data[begin:first], "big") << 8 * size
            odd.append(_Odd(at, in_front, 1 << 8 * size - 1 if tag == _INTEGER else _NEVER, 1 << 8 * size))
        mask[first:stop] = bytes(size)
        pattern[first:stop] = bytes(size)
        end = stop
    pattern[id_at : id_at + _ID_SIZE] = bytes(_ID_SIZE)
    return _Layout(
        int.from_bytes(mask, "big"),
        int.from_bytes(pattern, "big"),
        8 * (len(data) - id_at - _ID_SIZE),
        Struct("".join(code)).unpack,
        tuple(odd),
    )

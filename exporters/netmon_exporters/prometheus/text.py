"""Prometheus' text format 0.0.4, written for many series of few names.

A series' label text is rendered once and kept, in two parts: its head says whose series it is and is shared by all of
a device's, its tail says of what, and is shared by all devices. A scrape joins them with name and number. orjson writes
the numbers, a whole column in one call, each as short as it reads back the same: in Python that alone would cost more
than all the rest. Everything comes in slices, so that no single join holds the event loop.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SLICE = 2_000
"""Samples in one chunk: about 1 ms."""
TURN = b""
"""An empty chunk: nothing to send, but a place where the event loop may take its turn."""

STRIDE = 100
"""Devices or villages prepared between two turns: 1 to 3 ms."""

_T = TypeVar("_T")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name, what it means, and `gauge` or `counter`; `header` is the HELP and TYPE lines."""

    name: str
    help: str
    kind: str = "gauge"
    header: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        text = self.help.replace("\\", "\\\\").replace("\n", "\\n")
        header = f"# HELP {self.name} {text}\n# TYPE {self.name} {self.kind}\n"
        object.__setattr__(self, "header", header.encode())


TAIL = b"} "
"""Of a label text to which nothing is added."""


def label_text(labels: Mapping[str, str]) -> bytes:
    """`{name="value",...} ` as it stands between metric name and number; a label without a value is left out."""
    return label_head(labels) + TAIL


def label_head(labels: Mapping[str, str]) -> bytes:
    """The same without its TAIL."""
    return b"{" + _pairs(labels)


def label_tail(labels: Mapping[str, str]) -> bytes:
    """What makes a label text of a head that has labels already: further ones, or TAIL itself where there are none."""
    pairs = _pairs(labels)
    return b",%b%b" % (pairs, TAIL) if pairs else TAIL


def _pairs(labels: Mapping[str, str]) -> bytes:
    return ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items() if value).encode()


def samples(
    name: str, heads: Sequence[bytes], values: NDArray[np.float64], tails: Sequence[bytes] = ()
) -> Iterator[bytes]:
    """One line per value; `heads` and, unless all are TAIL, `tails` match `values` one to one.

    NaN means absent: no line at all.
    """
    front = name.encode()
    for start in range(0, len(values), SLICE):
        end = start + SLICE
        part, first, last = values[start:end], heads[start:end], tails[start:end]
        absent = np.isnan(part)
        if absent.any():
            known = (~absent).tolist()
            part, first, last = part[~absent], list(compress(first, known)), list(compress(last, known))
        if len(part):
            lines = [b"\n" + front, b"", TAIL, b""] * len(part)
            lines[0] = front
            lines[1::4], lines[3::4] = first, _numbers(part)
            if last:
                lines[2::4] = last
            lines.append(b"\n")
            yield b"".join(lines)


def _numbers(values: NDArray[np.float64]) -> list[bytes]:
    if not np.isfinite(values).all():  # JSON has no word for infinity
        return [repr(value).encode() for value in values.tolist()]
    return orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")


def whole(
    family: Family, heads: Sequence[bytes], values: NDArray[np.float64], tails: Sequence[bytes] = ()
) -> Iterator[bytes]:
    """The `samples` of a family with its header, which stands even where there is none."""
    chunks = samples(family.name, heads, values, tails)
    yield family.header + next(chunks, b"")
    yield from chunks


def strides(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """The items in runs of STRIDE."""
    return (items[start : start + STRIDE] for start in range(0, len(items), STRIDE))

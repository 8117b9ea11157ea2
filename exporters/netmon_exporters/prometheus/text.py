"""Prometheus' text format 0.0.4, written for many series of few names.

A series' label text is rendered once and kept; a scrape joins it with the numbers. Families of one province share the
label texts, since only the name in front differs. orjson writes the numbers, a whole column in one call, each as
short as it reads back the same: in Python that alone would cost more than all the rest. Everything comes in slices,
so that no single join holds the event loop.
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


def label_text(labels: Mapping[str, str]) -> bytes:
    """`{name="value",...} ` as it stands between metric name and number; a label without a value is left out."""
    return b"{%b} " % pairs(labels)


def longer(text: bytes, more: bytes) -> bytes:
    """A label text that has labels already, with more `pairs` behind those."""
    return b"%b,%b} " % (text[:-2], more) if more else text


def pairs(labels: Mapping[str, str]) -> bytes:
    """`name="value",...`."""
    return ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items() if value).encode()


def samples(name: str, labels: Sequence[bytes], values: NDArray[np.float64]) -> Iterator[bytes]:
    """One line per value; `labels` matches `values` one to one, and NaN means absent: no line at all."""
    front = name.encode()
    for start in range(0, len(values), SLICE):
        part, texts = values[start : start + SLICE], labels[start : start + SLICE]
        absent = np.isnan(part)
        if absent.any():
            known = ~absent
            part, texts = part[known], list(compress(texts, known.tolist()))
        if len(part):
            lines = [b"\n" + front] * (3 * len(part) + 1)
            lines[0], lines[-1] = front, b"\n"
            lines[1::3], lines[2::3] = texts, _numbers(part)
            yield b"".join(lines)


def _numbers(values: NDArray[np.float64]) -> list[bytes]:
    if not np.isfinite(values).all():  # JSON has no word for infinity
        return [repr(value).encode() for value in values.tolist()]
    return orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")


def whole(family: Family, labels: Sequence[bytes], values: NDArray[np.float64]) -> Iterator[bytes]:
    """A family with its header, which stands even where there is no sample."""
    chunks = samples(family.name, labels, values)
    yield family.header + next(chunks, b"")
    yield from chunks


def strides(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """The items in runs of STRIDE."""
    return (items[start : start + STRIDE] for start in range(0, len(items), STRIDE))

"""Prometheus' text format 0.0.4, written for many series of few names.

A series' label text is rendered once and kept; a scrape joins it with the numbers. Families of one province share the
label texts, since only the name in front differs, and the name is the string that joins them. Everything comes in
slices, so that no single join holds the event loop.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import add
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SLICE = 2_000
"""Samples in one chunk: about 2 ms."""
TURN = b""
"""An empty chunk: nothing to send, but a place where the event loop may take its turn."""

STRIDE = 250
"""Devices or villages prepared between two turns: 1 to 3 ms."""

_T = TypeVar("_T")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name, what it means, and `gauge` or `counter`."""

    name: str
    help: str
    kind: str = "gauge"

    @property
    def header(self) -> bytes:
        """The HELP and TYPE lines."""
        text = self.help.replace("\\", "\\\\").replace("\n", "\\n")
        return f"# HELP {self.name} {text}\n# TYPE {self.name} {self.kind}\n".encode()


def label_text(labels: Mapping[str, str]) -> str:
    """`{name="value",...} ` as it stands between metric name and number; a label without a value is left out."""
    pairs = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items() if value)
    return f"{{{pairs}}} "


def samples(name: str, labels: Sequence[str], values: NDArray[np.float64]) -> Iterator[bytes]:
    """One line per value; `labels` matches `values` one to one, and NaN means absent: no line at all."""
    for start in range(0, len(values), SLICE):
        part = values[start : start + SLICE]
        known = ~np.isnan(part)
        if known.any():
            texts = compress(labels[start : start + SLICE], known.tolist())
            lines = f"\n{name}".join(map(add, texts, map(repr, part[known].tolist())))
            yield f"{name}{lines}\n".encode()


def strides(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """The items in runs of STRIDE."""
    return (items[start : start + STRIDE] for start in range(0, len(items), STRIDE))

"""CSV files as people keep them in Excel, as rows of clean cells.

Excel writes UTF-8 with a byte order mark, Windows-874 (the Thai code page), or UTF-16 ("Unicode text"), and the
delimiter of its country: comma, semicolon or tab. Rows count as in a spreadsheet, the heading being row 1.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from netmon.settings.complaints import Page, did_you_mean, shorten
from netmon.settings.regular import size_of

_BLANKS = " \t\r\n\v\f\u00a0\u200b\u2007\u202f\u3000\ufeff"
_QUOTES = _BLANKS + '"'
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_LARGEST = 256 * 1024 * 1024


Texts = dict[str, str]
"""Texts met so far, each to itself: a million devices name a thousand centres, and one string does for all of them."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a file may hold: its columns in order, those it cannot do without, and those whose texts hardly repeat."""

    file: str
    names: tuple[str, ...]
    required: tuple[str, ...]
    varied: tuple[str, ...] = ()


def read_rows(directory: Path, columns: Columns, page: Page, texts: Texts) -> Iterator[tuple[int, list[str]]]:
    """Rows of a file as (row, cells in the order of `columns.names`); blank rows are skipped, absent cells are ''.

    Cells that repeat, in this file or those read with the same `texts` before, are one string.
    """
    raw = _read(directory / columns.file, columns, page)
    text = _decode(raw, page) if raw is not None else None
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, columns), strict=True)
    row = 0
    try:
        heading = [_clean(cell) for cell in next(reader, [])]
        while heading and not heading[-1]:
            heading.pop()
        row = 1
        order = _order(heading, columns, page)
        if order is None:
            return
        pick = itemgetter(*order)
        repeating = [place for place, name in enumerate(columns.names) if name not in columns.varied]
        for record in reader:
            row += 1
            cells = _cells(record, heading, row, page)
            if cells is not None:
                found = list(pick(cells))
                for place in repeating:
                    found[place] = texts.setdefault(found[place], found[place])
                yield row, found
    except csv.Error:
        page.unreadable(row + 1, "a quotation mark is not closed or stands inside a value", "repair the quotes")


def _cells(record: list[str], heading: Sequence[str], row: int, page: Page) -> list[str] | None:
    """Clean cells, as many as the heading has, with '' behind them for columns that are absent."""
    cells = [_clean(cell) for cell in record]
    if not any(cells):
        return None
    missing = len(heading) - len(cells)
    if missing < 0:
        if any(cells[len(heading) :]):
            page.wrong(row, "", "has more values than the heading has columns", "put a value with a comma in quotes")
        del cells[len(heading) :]
    cells.extend([""] * (missing + 1 if missing > 0 else 1))
    return cells


def _clean(cell: str) -> str:
    """A cell without blanks round it, control characters and invisible ones."""
    if cell.isprintable():
        return cell.strip(_BLANKS)
    visible = cell.translate(_INVISIBLE)
    return " ".join("".join(c if c.isprintable() else " " for c in visible).split())


def _read(path: Path, columns: Columns, page: Page) -> bytes | None:
    try:
        if size_of(path) > _LARGEST:
            page.unreadable(0, "is too large", "is it the right file?")
            return None
        raw = path.read_bytes()
    except FileNotFoundError:
        page.unreadable(0, f"no such file in {path.parent}", f"make it with the heading {','.join(columns.names)}")
        return None
    except OSError as error:
        page.unreadable(0, f"cannot be read: {error.strerror}", "check its owner and mode")
        return None
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        page.unreadable(0, "is an Excel workbook", "in Excel choose 'Save as', 'CSV UTF-8'")
        return None
    return raw


def _decode(raw: bytes, page: Page) -> str | None:
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp874"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            row = raw.count(b"\n", 0, error.start) + 1
    page.unreadable(row, "is neither UTF-8 nor Windows-874", "in Excel choose 'Save as', 'CSV UTF-8'")
    return None


def _delimiter(text: str, columns: Columns) -> str:
    """The delimiter that finds the most known columns in the heading."""
    first = next(io.StringIO(text, newline=""), "")

    def known(delimiter: str) -> int:
        return sum(cell.strip(_QUOTES).lower() in columns.names for cell in first.split(delimiter))

    return max(",;\t", key=known)


def _order(heading: Sequence[str], columns: Columns, page: Page) -> list[int] | None:
    """Where each column of `columns.names` stands in a row, -1 for absent; None where the heading is useless."""
    wanted = f"the heading is {','.join(columns.names)}"
    titles = [title.lower() for title in heading]
    if not set(titles) & set(columns.names):  # whatever stands there is not quoted: it may be somebody's number
        page.unreadable(1, "has no heading", wanted)
        return None
    found: dict[str, int] = {}
    for position, name in enumerate(titles):
        if name in found:
            page.wrong(1, name, "this column stands twice", "keep one of them")
        elif name in columns.names:
            found[name] = position
        elif not name:
            page.wrong(1, f"column {position + 1}", "has no heading", "name it or delete it")
        else:
            page.wrong(1, shorten(heading[position]), "unknown column", did_you_mean(name, columns.names))
    absent = [name for name in columns.required if name not in found]
    if absent:
        page.unreadable(1, f"has no column {' and no column '.join(absent)}", wanted)
        return None
    return [found.get(name, -1) for name in columns.names]

"""Text as agents send it: padded with NULs and blanks, multi-line, in no particular encoding; pure."""

import re

from netmon.probes.snmp.ber import Value

MOST_OCTETS = 1_024
"""Of a text; what follows is cut off. A DisplayString has 255 (RFC 2579), and patterns may take the square of this."""

_NUMBER = re.compile(r"\s*[+-]?\d{1,20}(?:\.\d{1,20})?\s*")
# Agents that pad with NULs show as dots, or as dots and a dump in hexadecimal, in some proxies and recordings.
_DUMP = re.compile(r"(?<!\.)\.+(?:\s+[0-9A-F]{2}){4,}$")
_LINES = re.compile(r"[\t\r\n]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def clean(value: Value) -> str:
    """Turn a string or object identifier into printable text on one line; "" for anything else.

    What follows a NUL or another control character is padding or rubbish (Calix, BDCOM) and is cut off, and so is what
    is longer than any text a device has to say.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        return ""
    text = _CONTROL.split(_LINES.sub(" ", _decoded(value[:MOST_OCTETS])), maxsplit=1)[0]
    text = _DUMP.sub("", text.rstrip())
    return (text.rstrip(".") if text.endswith("...") else text).strip()


def _decoded(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        is_cut = len(octets) == MOST_OCTETS and error.start > MOST_OCTETS - 4
        return octets[: error.start].decode("utf-8") if is_cut else octets.decode("latin-1")


def number_in(value: Value) -> int | float | None:
    """Read a number, or text that is a number and nothing else: "53S" and "-Inf" are none."""
    if isinstance(value, int):
        return value
    if not isinstance(value, bytes) or not _NUMBER.fullmatch(text := clean(value)):
        return None
    return float(text) if "." in text else int(text)

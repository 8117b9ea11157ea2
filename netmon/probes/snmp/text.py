"""Text as agents send it: padded with NULs and blanks, multi-line, in no particular encoding; pure."""

import re

from netmon.probes.snmp.ber import Value

_NUMBER = re.compile(r"\s*[+-]?\d{1,20}(?:\.\d{1,20})?\s*")
# Agents that pad with NULs show as dots, or as dots and a dump in hexadecimal, in some proxies and recordings.
_PADDING = re.compile(r"\.+(?:\s+[0-9A-F]{2}){4,}\s*$|\.{3,}$|\s+$")
_LINES = re.compile(r"[\t\r\n]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def clean(value: Value) -> str:
    """Turn a string or object identifier into printable text on one line; "" for anything else.

    What follows a NUL or another control character is padding or rubbish (Calix, BDCOM) and is cut off.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        return ""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    text = _CONTROL.split(_LINES.sub(" ", text), maxsplit=1)[0]
    return _PADDING.sub("", text).strip()


def number_in(value: Value) -> int | float | None:
    """Read a number, or text that is a number and nothing else: "53S" and "-Inf" are none."""
    if isinstance(value, int):
        return value
    if not isinstance(value, bytes) or not _NUMBER.fullmatch(text := clean(value)):
        return None
    return float(text) if "." in text else int(text)

"""Kinds of values that stand in netmon.yaml: durations, shares, paths, addresses.

Relative paths start at the settings file's folder, except for what netmon writes, which goes to the state directory
(systemd's STATE_DIRECTORY, else `var` in the working directory). Both come in as the validation context.
"""

import ipaddress
import math
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from pathlib import Path
from string import Formatter
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_STORE_SCHEMES = ("sqlite", "postgresql", "postgresql+psycopg")


class Section(BaseModel):
    """A part of the settings: unknown keys are mistakes, and nothing changes after loading."""

    # Defaults are validated as well, again in every section, because that is when their paths become absolute.
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, revalidate_instances="always")

    @model_validator(mode="before")
    @classmethod
    def _section_of_comments(cls, value: Any) -> Any:
        return {} if value is None else value  # every key of it is commented out


@dataclass(frozen=True, slots=True)
class Bases:
    """Folders that relative paths start at."""

    settings: Path
    state: Path


def seconds(value: Any) -> float:
    """Read a duration: a number of seconds, or a number with ms, s, m, h or d.

    Raises:
        ValueError: it is neither; the message is for the operator.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _finite(value)
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("should be a duration: seconds, or a number with ms, s, m, h or d, e.g. 20s, 5m, 24h")
    return _finite(float(match[1]) * _SECONDS[match[2]])


def _hold(value: Any) -> float | None:
    if value is None:
        return None
    hold = math.inf if value == "never" else seconds(value)
    if hold < 0:
        raise ValueError("should be a duration or never")
    return hold


def _finite(value: float) -> float:
    # Integers beyond a double and YAML's .inf and .nan all fail this one comparison.
    if not abs(value) <= 1e9:  # noqa: PLR2004
        raise ValueError("should be a duration of less than 30 years")
    return float(value)


def _share(value: Any) -> Any:
    match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        return float(match[1]) / 100
    if isinstance(value, bool):
        raise ValueError("should be a number from 0 to 1, or a percentage")
    return value


def _from_settings(path: Path, info: ValidationInfo) -> Path:
    return info.context.settings / _plain(path) if isinstance(info.context, Bases) else _plain(path)


def _from_state(path: Path, info: ValidationInfo) -> Path:
    return info.context.state / _plain(path) if isinstance(info.context, Bases) else _plain(path)


def _plain(path: Path) -> Path:
    if not str(path).isprintable():
        raise ValueError("should be a path without control characters")
    return path


def _store_url(url: str, info: ValidationInfo) -> str:
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in _STORE_SCHEMES:
        raise ValueError("should be a database URL, sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    if scheme == "sqlite":
        file = Path(rest.removeprefix("/"))
        if not rest.startswith("/") or not file.name:
            raise ValueError("should name a file after three slashes, e.g. sqlite:///netmon.db")
        return f"sqlite:///{_from_state(file, info)}"
    if ":" in rest.rpartition("@")[0] or "password=" in rest:
        raise ValueError("has a password in it; take it out and give it in PGPASSFILE or PGPASSWORD")
    return url


def ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read a numeric IPv4 or IPv6 address.

    Raises:
        ValueError: the text is none, or carries a scope ('fe80::1%eth0').
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        raise ValueError("link-local address with a scope")
    return address


def _ip(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("should be a numeric IPv4 or IPv6 address") from None


def mail_address(text: str) -> str:
    """Check an e-mail address (RFC 5322 addr-spec, ASCII).

    Raises:
        ValueError: it is none.
    """
    try:
        address = Address(addr_spec=text)
    except (MessageError, ValueError, IndexError, TypeError, AttributeError):  # the parser's answers to scraps
        address = Address()
    if not text.isascii() or not text.isprintable() or "." not in address.domain or address.addr_spec != text:
        raise ValueError("is no e-mail address")
    return text


def _mail(text: str) -> str:
    try:
        return mail_address(text) if text else text
    except ValueError:
        raise ValueError("should be one e-mail address such as noc@example.org") from None


def _map_link(template: str) -> str:
    try:
        names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError:
        names = {"?"}
    if template and names != {"lat", "lon"}:
        raise ValueError("should have the places {lat} and {lon} and no other")
    return template


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("should be one line of plain text")
    return text


def _token_digest(text: str) -> str:
    if text and not re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError("should be the line that 'netmon token' gives for it, 64 hexadecimal digits; never the token")
    return text


_DURATION_SCHEMA = {
    "oneOf": [
        {"type": "number", "minimum": 0},
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d)$"},
    ]
}
_SHARE_SCHEMA = {
    "oneOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*%$"},
    ]
}

Count = Annotated[int, Field(strict=True)]
"""A whole number; `true` is none."""
Positive = Annotated[float, BeforeValidator(seconds), Field(gt=0), WithJsonSchema(_DURATION_SCHEMA)]
"""A duration above zero, seconds."""
Duration = Annotated[float, BeforeValidator(seconds), Field(ge=0), WithJsonSchema(_DURATION_SCHEMA)]
"""A duration, zero allowed, seconds."""
HoldOrNever = Annotated[
    float | None,
    BeforeValidator(_hold),
    WithJsonSchema({"oneOf": [*_DURATION_SCHEMA["oneOf"], {"const": "never"}]}),
]
"""A duration, seconds, or `never` (infinity); None where it was left out."""
Share = Annotated[float, BeforeValidator(_share), Field(ge=0, le=1, allow_inf_nan=False), WithJsonSchema(_SHARE_SCHEMA)]
"""A part of a whole, 0..1; may be written in percent."""
ConfigPath = Annotated[Path, AfterValidator(_from_settings)]
"""A path that starts at the settings file's folder."""
StatePath = Annotated[Path, AfterValidator(_from_state)]
"""A path that starts at the state directory."""
StoreUrl = Annotated[str, AfterValidator(_store_url)]
"""A database URL; a relative SQLite file starts at the state directory."""
IpAddress = Annotated[str, AfterValidator(_ip)]
MailAddress = Annotated[str, AfterValidator(_mail)]
"""An e-mail address, '' for none."""
MapLink = Annotated[str, AfterValidator(_map_link)]
Line = Annotated[str, AfterValidator(_one_line)]
TokenDigest = Annotated[str, AfterValidator(_token_digest)]
"""SHA-256 of a token in hexadecimal, '' for none."""

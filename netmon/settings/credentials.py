"""Secrets by name. netmon.yaml says only where a secret is found, never what it is.

`systemd` reads $CREDENTIALS_DIRECTORY/NAME (LoadCredential= in the unit), `environment` reads NETMON_CREDENTIAL_NAME,
and a path reads the first line of that file.

The credential of a device is a community of SNMPv1/v2c, unless it stands as a section with a user: then it is an SNMPv3
user, and the secret is its authentication passphrase. Its privacy passphrase is the same, or the secret of another
credential, named by `priv_credential`.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, ValidationInfo, WithJsonSchema

from netmon.errors import InputError
from netmon.model.snmp_users import Privacy, SnmpUser
from netmon.settings.complaints import did_you_mean
from netmon.settings.regular import size_of
from netmon.settings.snmp_users import read_user, user_schema, written
from netmon.settings.values import Bases

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_WHERE: Final = "should be systemd, environment or a path with a slash in it (the secret itself never stands here)"
_LONGEST = 4096
_SHORTEST_PASSPHRASE: Final = 8  # RFC 3414 section 11.2


class Secret:
    """A secret that shows itself only when asked to."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself; for the socket it is meant for and nothing else."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


class SourceKind(StrEnum):
    """Where a secret is read from."""

    SYSTEMD = "systemd"
    ENVIRONMENT = "environment"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """Where one secret is read from; `path` is for the kind `file`.

    `user` is the SNMPv3 user whose passphrase it is, None where it is no user's; `priv_credential` names the credential
    with the user's other passphrase, '' where it has only one.
    """

    kind: SourceKind
    path: Path = Path()
    user: SnmpUser | None = None
    priv_credential: str = ""

    def __str__(self) -> str:
        return str(self.path) if self.kind is SourceKind.FILE else self.kind.value


def _source(value: Any, info: ValidationInfo) -> CredentialSource:
    if isinstance(value, CredentialSource):
        return value
    if isinstance(value, dict):
        section = read_user(value)
        return replace(_source(section.source, info), user=section.user, priv_credential=section.priv_credential)
    if value in (SourceKind.SYSTEMD, SourceKind.ENVIRONMENT):
        return CredentialSource(SourceKind(value))
    if not isinstance(value, str) or "/" not in value or not value.isprintable():
        raise ValueError(_WHERE)
    base = info.context.settings if isinstance(info.context, Bases) else Path()
    return CredentialSource(SourceKind.FILE, base / value)


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("is no name for a credential; write small letters, digits and hyphens")
    return text


def _dumped(source: CredentialSource) -> str | dict[str, str]:
    return (
        str(source) if source.user is None else {"source": str(source), **written(source.user, source.priv_credential)}
    )


CredentialName = Annotated[str, AfterValidator(_name)]
_PLACE_SCHEMA = {"type": "string", "pattern": "^(systemd|environment|.*/.*)$"}
Source = Annotated[
    CredentialSource,
    BeforeValidator(_source),
    PlainSerializer(_dumped),
    WithJsonSchema({"oneOf": [_PLACE_SCHEMA, user_schema(_PLACE_SCHEMA)]}),
]


def resolve(name: str, source: CredentialSource, environ: Mapping[str, str]) -> Secret:
    """Read one secret.

    Raises:
        InputError: it is not there; the sentence names the place, never the content.
    """
    if source.kind is SourceKind.ENVIRONMENT:
        variable = f"NETMON_CREDENTIAL_{name.upper().replace('-', '_')}"
        value = environ.get(variable, "")
        if not value:
            raise InputError(f"credential '{name}': the environment variable {variable} is not set")
        return Secret(value)
    path = source.path
    if source.kind is SourceKind.SYSTEMD:
        directory = environ.get("CREDENTIALS_DIRECTORY", "")
        if not directory:
            raise InputError(f"credential '{name}': not started by systemd with LoadCredential={name}")
        path = Path(directory) / name
    return Secret(_first_line(name, path))


@dataclass(frozen=True, slots=True)
class SnmpCredential:
    """What a device is asked with: a community, or an SNMPv3 user with its passphrases (`privacy` None: no privacy)."""

    secret: Secret
    user: SnmpUser | None = None
    privacy: Secret | None = None


def resolve_snmp(name: str, credentials: Mapping[str, CredentialSource], environ: Mapping[str, str]) -> SnmpCredential:
    """Read what a device is asked with.

    Raises:
        InputError: there is no such credential, or a secret is not there or too short for SNMPv3.
    """
    source = _declared(name, credentials)
    secret = resolve(name, source, environ)
    user = source.user
    if user is None:
        return SnmpCredential(secret)
    _check_length(name, secret)
    if user.privacy is Privacy.NONE:
        return SnmpCredential(secret, user)
    if not source.priv_credential:
        return SnmpCredential(secret, user, secret)
    second = resolve(source.priv_credential, _declared(source.priv_credential, credentials), environ)
    _check_length(source.priv_credential, second)
    return SnmpCredential(secret, user, second)


def _declared(name: str, credentials: Mapping[str, CredentialSource]) -> CredentialSource:
    source = credentials.get(name)
    if source is None:
        hint = did_you_mean(name, credentials)
        raise InputError(f"the settings have no credential '{name}'" + (f"; {hint}" if hint else ""))
    return source


def _check_length(name: str, passphrase: Secret) -> None:
    if len(passphrase.reveal().encode()) < _SHORTEST_PASSPHRASE:
        raise InputError(f"credential '{name}': a passphrase of SNMPv3 has {_SHORTEST_PASSPHRASE} characters or more")


def _first_line(name: str, path: Path) -> str:
    try:
        size_of(path)
        with path.open(encoding="utf-8") as file:
            line = file.readline(_LONGEST).rstrip("\r\n")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8; its text would quote the content
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise InputError(f"credential '{name}': cannot read {path}: {reason}") from None
    if not line:
        raise InputError(f"credential '{name}': the first line of {path} is empty")
    return line

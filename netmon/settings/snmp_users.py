"""An SNMPv3 user as it stands under `credentials` in netmon.yaml: a section, where a plain secret has one word.

v3-olt: {source: systemd, user: netmon, auth: sha256, priv: aes128, priv_credential: v3-olt-priv}
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from netmon.model.snmp_users import Authentication, Privacy, SnmpUser
from netmon.settings.complaints import did_you_mean

_KEYS: Final = ("source", "user", "auth", "priv", "priv_credential")
_LONGEST_NAME: Final = 32  # RFC 3414 section 5, usmUserName
T = TypeVar("T", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class UserSection:
    """The section, checked; `source` says where the authentication passphrase is, in the words of a plain secret."""

    source: str
    user: SnmpUser
    priv_credential: str


def read_user(section: Mapping[str, Any]) -> UserSection:
    """Check a section.

    Raises:
        ValueError: it is wrong; the sentence is for the operator and quotes no value that could be a secret.
    """
    for key, value in section.items():
        if key not in _KEYS:
            raise ValueError(
                _with_hint(f"has an unknown key '{key}'" if key.isidentifier() else "has an unknown key", key)
            )
        if not isinstance(value, str):
            raise ValueError(f"should have text for '{key}'; put it in quotes")
    for key in ("source", "user"):
        if not section.get(key):
            raise ValueError(f"is an SNMPv3 user without '{key}'; add it, e.g. {{source: systemd, user: netmon}}")
    name = section["user"]
    if not name.isprintable() or len(name.encode()) > _LONGEST_NAME:
        raise ValueError(f"should have a user of at most {_LONGEST_NAME} bytes, on one line")
    privacy = _protocol(section, "priv", Privacy.AES128)
    if privacy is Privacy.NONE and section.get("priv_credential"):
        raise ValueError("has a 'priv_credential' though 'priv' is none; leave one of them out")
    user = SnmpUser(name, _protocol(section, "auth", Authentication.SHA256), privacy)
    return UserSection(section["source"], user, section.get("priv_credential", ""))


def written(user: SnmpUser, priv_credential: str) -> dict[str, str]:
    """Write a user as it stands in the file."""
    more = {"priv_credential": priv_credential} if priv_credential else {}
    return {"user": user.name, "auth": user.authentication.value, "priv": user.privacy.value, **more}


def user_schema(place: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema of the section; `place` is the schema of a plain secret's word."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["source", "user"],
        "properties": {
            "source": {**place, "description": "Where the authentication passphrase is found."},
            "user": {"type": "string", "description": "Name of the SNMPv3 user."},
            "auth": {"enum": list(Authentication), "description": "Authentication protocol. Default sha256."},
            "priv": {"enum": list(Privacy), "description": "Privacy protocol; none for authNoPriv. Default aes128."},
            "priv_credential": {
                "type": "string",
                "description": "Name of the credential with the privacy passphrase. Default: the same passphrase.",
            },
        },
    }


def _protocol(section: Mapping[str, Any], key: str, default: T) -> T:
    known = type(default)
    word = section.get(key, default.value)
    if word not in list(known):
        raise ValueError(_with_hint(f"has '{key}' that is none of {', '.join(known)}", word, list(known)))
    return known(word)


def _with_hint(sentence: str, word: str, known: Collection[str] = _KEYS) -> str:
    hint = did_you_mean(word, known)
    return f"{sentence}; {hint}" if hint else sentence

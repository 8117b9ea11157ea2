"""What an SNMPv3 user is, passphrases aside (RFC 3414, 3826, 7860)."""

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Authentication(StrEnum):
    """How a message proves who sent it."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


@unique
class Privacy(StrEnum):
    """How a message is encrypted.

    AES beyond 128 bits was never standardised: `aes192` and `aes256` lengthen the key as net-snmp does (Blumenthal's
    draft), `aes192c` and `aes256c` as Cisco and whoever followed it do (Reeder's draft).
    """

    NONE = "none"
    DES = "des"
    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"
    AES192C = "aes192c"
    AES256C = "aes256c"


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """An SNMPv3 user: its name and protocols; authNoPriv where `privacy` is NONE."""

    name: str
    authentication: Authentication
    privacy: Privacy = Privacy.NONE

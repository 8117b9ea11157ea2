"""As whom a device is asked: a community, or an SNMPv3 user."""

from dataclasses import dataclass, field
from typing import TypeAlias

from netmon.model.snmp_users import SnmpUser


@dataclass(frozen=True, slots=True)
class UserAccess:
    """An SNMPv3 user with its passphrases, of 8 characters at least (RFC 3414 section 11.2)."""

    user: SnmpUser
    authentication_passphrase: bytes = field(repr=False)
    privacy_passphrase: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class CommunityAccess:
    """A community of SNMPv1 or v2c."""

    community: bytes = field(repr=False)


Access: TypeAlias = UserAccess | CommunityAccess

"""SNMPv3's user-based security model (RFC 3414, 3826, 7860): keys, and messages sealed and opened with them; pure.

Bytes from the network raise `SnmpDecodeError` and nothing else. Whether a message is fresh is told by its message id,
which is random, the asker's own, and covered by the digest: nobody who replays an old message can know it. So the clock
of an agent is believed whatever it says now, also after it was set back (RFC 3414 3.2.7 would refuse such an agent
until its clock has caught up).
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from netmon.errors import SnmpDecodeError
from netmon.model.snmp_users import Authentication, Privacy, SnmpUser
from netmon.probes.snmp.access import UserAccess
from netmon.probes.snmp.ber import Tag, encode, encode_integer, enter, integer_at, octets_at
from netmon.probes.snmp.codec import MAX_MESSAGE

_VERSION, _USM = 3, 3
_AUTHENTICATED, _ENCRYPTED, _REPORTABLE = 1, 2, 4
_STRETCHED = 1 << 20  # octets of repeated passphrase that a key is made of (RFC 3414 A.2)
_USERS_KEPT = 256
_MOST_ENGINE_ID = 32  # octets (RFC 3411, SnmpEngineID)
_MOST_CLOCK = (1 << 31) - 1
_HASHES = {
    Authentication.MD5: ("md5", 12),
    Authentication.SHA1: ("sha1", 12),
    Authentication.SHA224: ("sha224", 16),
    Authentication.SHA256: ("sha256", 24),
    Authentication.SHA384: ("sha384", 32),
    Authentication.SHA512: ("sha512", 48),
}
"""The hash, and how many octets of its HMAC are sent."""
_KEY_SIZES = {
    Privacy.DES: 16,
    Privacy.AES128: 16,
    Privacy.AES192: 24,
    Privacy.AES192C: 24,
    Privacy.AES256: 32,
    Privacy.AES256C: 32,
}


class Keys(NamedTuple):
    """A user's keys at one engine; `privacy` is empty for authNoPriv."""

    authentication: bytes
    privacy: bytes


class Clock(NamedTuple):
    """An engine's boots and time, seconds."""

    boots: int = 0
    time: int = 0


@dataclass(frozen=True, slots=True)
class SealedMessage:
    """A message as far as anybody may read it; `data` is the whole datagram as far as the message goes."""

    data: bytes = field(repr=False)
    message_id: int
    flags: int
    engine_id: bytes
    clock: Clock
    user: bytes
    digest_at: tuple[int, int]
    salt: bytes
    scoped_at: int

    @property
    def is_authenticated(self) -> bool:
        """Whether it claims to be."""
        return bool(self.flags & _AUTHENTICATED)

    @property
    def is_encrypted(self) -> bool:
        """Whether it claims to be."""
        return bool(self.flags & _ENCRYPTED)


def localise(access: UserAccess, engine_id: bytes) -> Keys:
    """Make a user's keys for one engine (RFC 3414 2.6): quick, but for a passphrase's first use and Reeder's keys."""
    name, _ = _HASHES[access.user.authentication]
    privacy = b""
    if access.user.privacy is not Privacy.NONE:
        privacy = _privacy_key(name, access.user.privacy, access.privacy_passphrase, engine_id)
    return Keys(_localised(name, _stretched(name, access.authentication_passphrase), engine_id), privacy)


def _privacy_key(name: str, privacy: Privacy, passphrase: bytes, engine_id: bytes) -> bytes:
    key = last = _localised(name, _stretched(name, passphrase), engine_id)
    while len(key) < _KEY_SIZES[privacy]:
        if privacy in (Privacy.AES192C, Privacy.AES256C):  # draft-reeder-snmpv3-usm-3desede section 2.1
            last = _localised(name, _stretch(name, last), engine_id)
            key += last
        else:  # draft-blumenthal-aes-usm section 3.1.2.1
            key += hashlib.new(name, key).digest()
    return key[: _KEY_SIZES[privacy]]


@lru_cache(_USERS_KEPT)
def _stretched(name: str, passphrase: bytes) -> bytes:
    return _stretch(name, passphrase)


def _stretch(name: str, secret: bytes) -> bytes:
    times, rest = divmod(_STRETCHED, len(secret))
    return hashlib.new(name, secret * times + secret[:rest]).digest()


def _localised(name: str, key: bytes, engine_id: bytes) -> bytes:
    return hashlib.new(name, key + engine_id + key).digest()


def seal(user: SnmpUser, keys: Keys, engine_id: bytes, clock: Clock, message_id: int, pdu: bytes) -> bytes:
    """Write a request that only this engine can read, and only this user can have sent."""
    scoped = _scoped(engine_id, pdu)
    flags, salt = _REPORTABLE | _AUTHENTICATED, b""
    if user.privacy is not Privacy.NONE:
        flags |= _ENCRYPTED
        salt = _salt(user.privacy, clock)
        scoped = encode(Tag.OCTET_STRING, _encrypt(user.privacy, keys.privacy, clock, salt, scoped))
    name, size = _HASHES[user.authentication]
    salt_field = encode(Tag.OCTET_STRING, salt)
    security = _security(engine_id, clock, user.name.encode(), bytes(size), salt_field)
    message = bytearray(_message(message_id, flags, security, scoped))
    digest_at = len(message) - len(scoped) - len(salt_field) - size
    message[digest_at : digest_at + size] = hmac.digest(keys.authentication, message, name)[:size]
    return bytes(message)


def ask_for_engine(message_id: int, pdu: bytes) -> bytes:
    """Write the message that makes an agent tell its engine id (RFC 3414 section 4)."""
    security = _security(b"", Clock(), b"", b"", encode(Tag.OCTET_STRING, b""))
    return _message(message_id, _REPORTABLE, security, _scoped(b"", pdu))


def _message(message_id: int, flags: int, security: bytes, scoped: bytes) -> bytes:
    header = encode_integer(message_id) + encode_integer(MAX_MESSAGE - 1)
    header += encode(Tag.OCTET_STRING, bytes((flags,))) + encode_integer(_USM)
    whole = encode_integer(_VERSION) + encode(Tag.SEQUENCE, header) + encode(Tag.OCTET_STRING, security) + scoped
    return encode(Tag.SEQUENCE, whole)


def _security(engine_id: bytes, clock: Clock, user: bytes, digest: bytes, salt_field: bytes) -> bytes:
    return encode(
        Tag.SEQUENCE,
        encode(Tag.OCTET_STRING, engine_id)
        + encode_integer(clock.boots)
        + encode_integer(clock.time)
        + encode(Tag.OCTET_STRING, user)
        + encode(Tag.OCTET_STRING, digest)
        + salt_field,
    )


def _scoped(engine_id: bytes, pdu: bytes) -> bytes:
    return encode(Tag.SEQUENCE, encode(Tag.OCTET_STRING, engine_id) + encode(Tag.OCTET_STRING, b"") + pdu)


def read_sealed(data: bytes) -> SealedMessage:
    """Read a message as far as its security parameters, whoever it is from.

    Raises:
        SnmpDecodeError: no SNMPv3 message under the user-based security model.
    """
    if len(data) > MAX_MESSAGE:
        raise SnmpDecodeError("message over 64 KiB")
    pos, end = enter(data, 0, len(data), Tag.SEQUENCE)
    version, pos = integer_at(data, pos, end)
    inner, header_end = enter(data, pos, end, Tag.SEQUENCE)
    message_id, inner = integer_at(data, inner, header_end)
    _, inner = integer_at(data, inner, header_end)
    flags, inner = octets_at(data, inner, header_end)
    model, inner = integer_at(data, inner, header_end)
    if version != _VERSION or model != _USM or len(flags) != 1 or inner != header_end:
        raise SnmpDecodeError("not SNMPv3 with users")
    pos, security_end = enter(data, header_end, end, Tag.OCTET_STRING)
    pos, stop = enter(data, pos, security_end, Tag.SEQUENCE)
    engine_id, pos = octets_at(data, pos, stop)
    boots, pos = integer_at(data, pos, stop)
    time, pos = integer_at(data, pos, stop)
    user, pos = octets_at(data, pos, stop)
    digest_at = enter(data, pos, stop, Tag.OCTET_STRING)
    salt, pos = octets_at(data, digest_at[1], stop)
    is_possible = len(engine_id) <= _MOST_ENGINE_ID and 0 <= boots <= _MOST_CLOCK and 0 <= time <= _MOST_CLOCK
    if pos != stop or stop != security_end or not is_possible:
        raise SnmpDecodeError("impossible security parameters")
    return SealedMessage(
        data[:end], message_id, flags[0], engine_id, Clock(boots, time), user, digest_at, salt, security_end
    )


def is_genuine(message: SealedMessage, user: SnmpUser, keys: Keys) -> bool:
    """Tell whether the holder of these keys wrote the message and nobody changed it."""
    name, size = _HASHES[user.authentication]
    start, stop = message.digest_at
    if not message.is_authenticated or stop - start != size:
        return False
    blank = message.data[:start] + bytes(size) + message.data[stop:]
    return hmac.compare_digest(hmac.digest(keys.authentication, blank, name)[:size], message.data[start:stop])


def open_pdu(message: SealedMessage, user: SnmpUser, keys: Keys) -> tuple[bytes, int]:
    """Take the PDU out of a message; whether it is genuine is for the caller to have asked.

    Returns:
        Octets, and where in them the PDU begins; it goes to their end.

    Raises:
        SnmpDecodeError: it is no scoped PDU, or was encrypted with another key.
    """
    data, pos, end = message.data, message.scoped_at, len(message.data)
    if message.is_encrypted:
        sealed, pos = octets_at(data, pos, end)
        if pos != end or len(message.salt) != 8 or not sealed or not keys.privacy:  # noqa: PLR2004
            raise SnmpDecodeError("encrypted otherwise than agreed")
        data, pos = _decrypt(user.privacy, keys.privacy, message.clock, message.salt, sealed), 0
        end = len(data)
    pos, stop = enter(data, pos, end, Tag.SEQUENCE)  # what follows is DES's padding
    _, pos = octets_at(data, pos, stop)
    _, pos = octets_at(data, pos, stop)
    return data[:stop], pos


class _Salts:
    """Salts that this process never uses twice (RFC 3826 3.1.4.1: from a random start on)."""

    def __init__(self) -> None:
        self._next = int.from_bytes(os.urandom(8), "big")

    def fresh(self) -> int:
        self._next = (self._next + 1) % (1 << 64)
        return self._next


_salts = _Salts()


def _salt(privacy: Privacy, clock: Clock) -> bytes:
    fresh = _salts.fresh()
    if privacy is Privacy.DES:  # RFC 3414 8.1.1.1
        return clock.boots.to_bytes(4, "big") + (fresh % (1 << 32)).to_bytes(4, "big")
    return fresh.to_bytes(8, "big")


def _encrypt(privacy: Privacy, key: bytes, clock: Clock, salt: bytes, plain: bytes) -> bytes:
    worker = _cipher(privacy, key, clock, salt).encryptor()
    padding = bytes(-len(plain) % 8) if privacy is Privacy.DES else b""
    return worker.update(plain + padding) + worker.finalize()


def _decrypt(privacy: Privacy, key: bytes, clock: Clock, salt: bytes, sealed: bytes) -> bytes:
    if privacy is Privacy.DES and len(sealed) % 8:
        raise SnmpDecodeError("DES of no whole number of blocks")
    worker = _cipher(privacy, key, clock, salt).decryptor()
    return worker.update(sealed) + worker.finalize()


def _cipher(privacy: Privacy, key: bytes, clock: Clock, salt: bytes) -> "Cipher[CBC] | Cipher[CFB]":
    if privacy is Privacy.DES:
        # Three times the same key is plain DES, which the library has no longer under its own name.
        return Cipher(TripleDES(key[:8] * 3), CBC(bytes(a ^ b for a, b in zip(key[8:], salt, strict=True))))
    return Cipher(AES(key), CFB(clock.boots.to_bytes(4, "big") + clock.time.to_bytes(4, "big") + salt))

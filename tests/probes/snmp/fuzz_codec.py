"""What libFuzzer does to the codec and the client; a program of its own, because libFuzzer ends the process it runs in.

Any input must end in a message or in `SnmpDecodeError`, whichever way it comes in, also as SNMPv3, and a value may
reach the sweep only if the full decoder finds the same in it. Inputs that took long under the fuzzer's instruments are
left in a folder for whoever started this to measure without them.

    python fuzz_codec.py SLOW_FOLDER [libFuzzer's arguments]
"""

import hashlib
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["netmon.probes.snmp"]):
    from netmon.probes.snmp.access import UserAccess
    from netmon.probes.snmp.client import Patience, SnmpClient
    from netmon.probes.snmp.codec import (
        MAX_MESSAGE,
        Message,
        PduType,
        VarBind,
        Version,
        decode_message,
        encode_message,
        encode_pdu,
        read_pdu,
    )
    from netmon.probes.snmp.sockets import Sockets
    from netmon.probes.snmp.template import compile_get
    from netmon.probes.snmp.usm import Clock, ask_for_engine, is_genuine, localise, open_pdu, read_sealed, seal

from netmon.errors import SnmpDecodeError
from netmon.model.snmp_users import Authentication, Privacy, SnmpUser
from netmon.probes.snmp.ber import Absent, Tag, Value

OIDS = tuple((1, 3, 6, 1, 2, 1, 2, 2, 1, column, 70_000) for column in range(1, 11))
VALUES: tuple[tuple[int, Value], ...] = (
    (Tag.INTEGER, -5),
    (Tag.OCTET_STRING, b"wlan0"),
    (Tag.OBJECT_IDENTIFIER, "1.3.6.1.4.1.2011.2.70000"),
    (Tag.IP_ADDRESS, bytes(4)),
    (Tag.COUNTER32, 2**32 - 1),
    (Tag.GAUGE32, 0),
    (Tag.TIME_TICKS, 4_294_967_295),
    (Tag.COUNTER64, 2**64 - 1),
    (Tag.NO_SUCH_INSTANCE, Absent.NO_SUCH_INSTANCE),
    (Tag.NULL, Absent.NULL),
)
TEMPLATE = compile_get(Version.V2C, b"public", OIDS)
PATIENCE = Patience(1.0, 0)
ADDRESS = ("192.0.2.1", 161)
STRANGER = ("192.0.2.2", 161)
MARK = (1 << 30).to_bytes(4, "big")
"""Stands in the seeds for the request-id, which no fuzzer could guess; the id in flight is put in its place."""
USERS = [
    UserAccess(SnmpUser("fuzz", Authentication.SHA1, privacy), b"first-passphrase", b"second-passphrase")
    for privacy in (Privacy.NONE, Privacy.AES128, Privacy.DES)
]
KEYS = [localise(user, b"engine") for user in USERS]
WORTH_A_SECOND_LOOK = 0.002  # seconds; instrumented code is several times slower
MOST_KEPT = 200


def seeds() -> list[bytes]:
    """Messages to start from: answers, errors, listings, traps; and SNMPv3's."""
    binds = tuple(VarBind(oid, *value) for oid, value in zip(OIDS, VALUES, strict=True))
    said = encode_pdu(PduType.RESPONSE, (1 << 30, 0, 0), binds)
    users = zip(USERS, KEYS, strict=True)
    plain = [
        encode_message(Message(version, b"public", pdu, 1 << 30, status, index, varbinds))
        for version in Version
        for pdu in (PduType.RESPONSE, PduType.GETBULK, PduType.TRAP)
        for status, index, varbinds in ((0, 0, binds), (2, 1, binds[:1]), (1, 0, ()))
    ]
    sealed = [seal(access.user, keys, b"engine", Clock(1, 4711), 1 << 30, said) for access, keys in users]
    return [*plain, *sealed, ask_for_engine(1 << 30, said)]


class Wire:
    """In place of a UDP socket: what was sent last, and one datagram to receive."""

    def __init__(self) -> None:
        self.sent = b""
        self.arriving: list[tuple[bytes, tuple[str, int]]] = []

    def sendto(self, packet: bytearray, address: tuple[str, int]) -> None:
        """Keep what is sent."""
        self.sent = bytes(packet)

    def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int]]:
        """Hand over the next datagram."""
        if not self.arriving:
            raise BlockingIOError
        return self.arriving.pop(0)

    def recvmsg(self, size: int, ancillary: int) -> tuple[bytes, list[tuple[int, int, bytes]], int, tuple[str, int]]:
        """Hand over the next datagram, with nothing from the kernel beside it."""
        data, source = self.recvfrom(size)
        return data, [], 0, source


def decoded(data: bytes) -> Message | None:
    """Read a message, or nothing."""
    try:
        return decode_message(data)
    except SnmpDecodeError:
        return None


def opened(data: bytes) -> None:
    """Read a message as SNMPv3's, and what is in it whether it is genuine or not."""
    try:
        message = read_sealed(data)
    except SnmpDecodeError:
        return
    for access, keys in zip(USERS, KEYS, strict=True):
        try:
            is_genuine(message, access.user, keys)
            read_pdu(*open_pdu(message, access.user, keys))
        except SnmpDecodeError:
            continue


class Target:
    """One client that asks one device again and again; every input is an answer to a request of its own."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.client = SnmpClient(Sockets(ipv4=self.wire))  # type: ignore[arg-type]
        self.now = 0.0

    def one_input(self, data: bytes) -> int:
        """Give one input to the decoder, and to the client from a stranger and from the device it asked.

        Returns:
            How many answers with values the client made of it.
        """
        opened(data)
        wire, client = self.wire, self.client
        self.now += 10.0  # by now no id of the last request rests any more
        client.expire(self.now)
        client.request(7, ADDRESS, TEMPLATE, self.now, PATIENCE)
        arriving = data
        if MARK in data:
            arriving = data.replace(MARK, wire.sent[wire.sent.index(b"\x02\x04") + 2 :][:4], 1)[:MAX_MESSAGE]
        may_match = arriving is not data
        if may_match:
            wire.arriving = [(arriving, STRANGER)]
            client.on_readable(wire, self.now)  # type: ignore[arg-type]
            assert client.in_flight == 1, "a stranger ended a request"
        wire.arriving = [(arriving, ADDRESS)] * (2 if may_match else 1)
        client.on_readable(wire, self.now)  # type: ignore[arg-type]
        harvest = client.harvest(self.now + 2.0)
        assert len(harvest.answers) + len(harvest.failures) == 1
        assert client.in_flight == 0
        assert not harvest.listings
        message = decoded(arriving)
        for _, values in harvest.answers:
            assert message is not None, "a value was taken from what the full decoder refuses"
            assert (message.version, message.community, message.error_status) == (Version.V2C, b"public", 0)
            assert [(bind.oid, bind.value) for bind in message.varbinds] == list(zip(OIDS, values, strict=True))
        return len(harvest.answers)


def main() -> None:
    """Hand a target to libFuzzer."""
    folder, target = Path(sys.argv.pop(1)), Target()
    kept: set[str] = set()

    def timed(data: bytes) -> None:
        started = time.thread_time()
        target.one_input(data)
        if time.thread_time() - started > WORTH_A_SECOND_LOOK and len(kept) < MOST_KEPT:
            name = hashlib.sha256(data).hexdigest()
            kept.add(name)
            (folder / name).write_bytes(data)

    atheris.Setup(sys.argv, timed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

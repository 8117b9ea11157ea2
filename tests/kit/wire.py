"""A network of one's own: a namespace with a TUN device whose far end is the test itself.

Whatever the namespace sends to 10.99.0.0/16 or fd00:99::/64 the test reads as packets, and it writes back whatever it
likes. Nothing can leave the machine, because no other device is in there.
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from select import select

from netmon.probes.namespace import open_in_namespace
from tests.kit.peers import skip_or_fail

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x1, 0x1000
_PACKET = 65536
_ICMP, _ICMPV6 = 1, 58
_REQUESTS = {_ICMP: 8, _ICMPV6: 128}
_REPLIES = {_ICMP: 0, _ICMPV6: 129}


def make_namespace() -> int:
    """Make a network namespace with loopback up; it lives as long as the file descriptor returned stays open."""
    found: list[int] = []

    def make() -> None:
        if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) == 0:
            found.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if not found:
        skip_or_fail("Making a network namespace is not allowed here; run the tests as root.")
    return found[0]


class Network:
    """A namespace made for a test, by path, with what is needed to arrange it."""

    def __init__(self) -> None:
        self._handle = make_namespace()
        self.path = f"/proc/{os.getpid()}/fd/{self._handle}"
        self.ip("link set lo up")

    def ip(self, arguments: str) -> None:
        """Run `ip` in the namespace."""
        self.run(f"ip {arguments}")

    def run(self, command: str) -> None:
        """Run a program in the namespace."""
        subprocess.run(["nsenter", f"--net={self.path}", *command.split()], check=True, capture_output=True)

    def allow_ping_sockets(self, groups: str) -> None:
        """Set net.ipv4.ping_group_range, which is the namespace's own."""
        setting = Path("/proc/sys/net/ipv4/ping_group_range")
        open_in_namespace(self.path, lambda: setting.write_text(groups))

    def close(self) -> None:
        """Let go of the namespace."""
        os.close(self._handle)


@dataclass(frozen=True, slots=True)
class Echo:
    """An ICMP message that came out of the namespace, with its addresses."""

    source: str
    destination: str
    message: bytes


class Wire:
    """The far end of the namespace's TUN device."""

    def __init__(self, network: Network) -> None:
        self._tun = open_in_namespace(network.path, _open_tun)
        network.ip("address add 10.99.0.1/16 dev wire")
        network.ip("address add fd00:99::1/64 dev wire nodad")
        network.ip("link set wire up")

    def requests(self, count: int = 1, patience: float = 2.0) -> list[Echo]:
        """Read echo requests until there are `count`, or none came for `patience` seconds."""
        found: list[Echo] = []
        while len(found) < count and select([self._tun], [], [], patience)[0]:
            echo = _parse(os.read(self._tun, _PACKET))
            if echo is not None:
                found.append(echo)
        return found

    def answer(self, echo: Echo, *, source: str = "", message: bytes = b"", options: bytes = b"") -> None:
        """Write the reply to a request into the namespace: honest, unless the test names another source or message."""
        source, message = source or echo.destination, message or honest_reply(echo)
        os.write(self._tun, _packet(source, echo.source, message, options))

    def close(self) -> None:
        """Take the device away."""
        os.close(self._tun)


@contextlib.contextmanager
def open_wire() -> Iterator[tuple[Network, Wire]]:
    """A network with a wire, gone afterwards."""
    network = Network()
    try:
        wire = Wire(network)
        try:
            yield network, wire
        finally:
            wire.close()
    finally:
        network.close()


def honest_reply(echo: Echo) -> bytes:
    """The message a decent host would send back; its checksum is filled in when it is written."""
    protocol = _ICMPV6 if ":" in echo.source else _ICMP
    return bytes([_REPLIES[protocol]]) + echo.message[1:]


def _open_tun() -> int:
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        skip_or_fail("There is no /dev/net/tun here, so no hostile peer can be put on a wire.")
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", b"wire", _IFF_TUN | _IFF_NO_PI))
    return tun


def _parse(packet: bytes) -> Echo | None:
    if packet[0] >> 4 == 4:
        header = (packet[0] & 15) * 4
        protocol, source, destination = packet[9], packet[12:16], packet[16:20]
        family, message = socket.AF_INET, packet[header:]
    else:
        protocol, source, destination = packet[6], packet[8:24], packet[24:40]
        family, message = socket.AF_INET6, packet[40:]
    if message[:1] != bytes([_REQUESTS.get(protocol, 256) & 0xFF]) or protocol not in _REQUESTS:
        return None
    return Echo(socket.inet_ntop(family, source), socket.inet_ntop(family, destination), message)


def _packet(source: str, destination: str, message: bytes, options: bytes) -> bytes:
    if ":" in source:
        addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
        pseudo = addresses + struct.pack("!II", len(message), _ICMPV6)
        header = struct.pack("!IHBB", 6 << 28, len(message), _ICMPV6, 64) + addresses
        return header + _with_checksum(message, 2, pseudo)
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    size = 20 + len(options)
    header = struct.pack("!BBHHHBBH", 0x40 | size // 4, 0, size + len(message), 0, 0, 64, _ICMP, 0)
    return _with_checksum(header + addresses + options, 10, b"") + _with_checksum(message, 2, b"")


def _with_checksum(data: bytes, at: int, pseudo: bytes) -> bytes:
    blank = data[:at] + b"\0\0" + data[at + 2 :]
    return data[:at] + struct.pack("!H", checksum(pseudo + blank)) + data[at + 2 :]


def checksum(data: bytes) -> int:
    """RFC 1071, word by word."""
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2))
    total: int = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF

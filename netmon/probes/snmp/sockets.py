"""The client's two UDP sockets: opening, sizing, and what the kernel says it dropped."""

import errno
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TypeAlias

RECEIVE_BUFFER = 4 << 20  # octets: about 2 s of 5,000 short replies a second while the loop is busy

_SO_RXQ_OVFL = 40  # asm-generic/socket.h; Python does not name these
_SO_RCVBUFFORCE = 33
_IP_MTU_DISCOVER = 10  # linux/in.h: IP_PMTUDISC_DO and IP_PMTUDISC_WANT
_WHOLE, _MAY_BE_CUT = 2, 1
_DROPS_SIZE = 4
_DROPS_SPACE = socket.CMSG_SPACE(_DROPS_SIZE)
_WRAP = 1 << 32
_MOST_PORT = 65_535

Address: TypeAlias = tuple[str, int]
"""Host and UDP port as `canonical_address` spells them, since they are compared with what the kernel reports."""


@dataclass(frozen=True, slots=True)
class Sockets:
    """At most one non-blocking UDP socket per address family; None where there is none to use."""

    ipv4: socket.socket | None = None
    ipv6: socket.socket | None = None

    def all(self) -> list[socket.socket]:
        """List the sockets there are."""
        return [sock for sock in (self.ipv4, self.ipv6) if sock is not None]


def canonical_address(host: str, port: int = 161) -> Address:
    """Spell a numeric address as the kernel does; names are not looked up.

    Raises:
        ValueError: not a numeric IPv4 or IPv6 address (a scope such as %eth0 is not supported), or not a port.
    """
    if _is_dotted(host) and 1 <= port <= _MOST_PORT:
        return host, port
    address = ip_address(host)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError("IPv6 scopes are not supported")
    if not 1 <= port <= _MOST_PORT:
        raise ValueError("not a UDP port")
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    return socket.inet_ntop(family, address.packed), port


def _is_dotted(host: str) -> bool:
    """Whether this is an IPv4 address as the kernel writes it: four numbers without leading zeros, nothing else."""
    try:
        return socket.inet_ntop(socket.AF_INET, socket.inet_pton(socket.AF_INET, host)) == host
    except (OSError, ValueError):
        return False


def open_socket(family: socket.AddressFamily) -> socket.socket:
    """Open one prepared UDP socket in the calling thread's network namespace.

    Raises:
        OSError: the family is not available.
    """
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    prepare(sock)
    return sock


def prepare(sock: socket.socket, receive_buffer: int = RECEIVE_BUFFER) -> int:
    """Make an opened UDP socket fit for the client: non-blocking, a large receive buffer, drops reported.

    Returns:
        The receive buffer the kernel granted, octets; less than asked means net.core.rmem_max is low.
    """
    sock.setblocking(False)  # noqa: FBT003
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _WHOLE)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    with suppress(PermissionError):  # needs CAP_NET_ADMIN; the line above gave what an ordinary user gets
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, receive_buffer)
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # the kernel doubles it for its own needs


def send(sock: socket.socket, packet: bytes | bytearray, address: Address) -> None:
    """Send one datagram, whole if the path takes it so.

    What is never cut needs no number by which its pieces are found again (RFC 6864 4.1), and that number takes 0.4 of
    the 3 µs the kernel spends on sending. Requests are short; one that is longer than the path takes is cut.

    Raises:
        OSError: as `socket.sendto`.
    """
    try:
        sock.sendto(packet, address)
    except OSError as error:
        if error.errno != errno.EMSGSIZE or sock.family != socket.AF_INET:
            raise
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _MAY_BE_CUT)
        try:
            sock.sendto(packet, address)
        finally:
            sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _WHOLE)


class DropMeter:
    """Adds up what the kernel dropped; its own count per socket is cumulative and wraps at 2**32."""

    space = _DROPS_SPACE

    def __init__(self) -> None:
        self._last: dict[socket.socket, int] = {}

    def newly_dropped(self, sock: socket.socket, ancillary: Iterable[tuple[int, int, bytes]]) -> int:
        """Return how many datagrams were dropped since the last call, given recvmsg's ancillary data."""
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL and len(data) == _DROPS_SIZE:
                total = int.from_bytes(data, sys.byteorder)
                grown = (total - self._last.get(sock, 0)) % _WRAP
                self._last[sock] = total
                return grown
        return 0

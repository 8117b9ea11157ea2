"""Which ICMP socket the kernel grants, and how it is set up.

A datagram ping socket needs no privilege, only a group within net.ipv4.ping_group_range (which rules IPv6 too); a raw
socket needs CAP_NET_RAW. Neither implies the other, so the datagram socket is tried first and the raw one next.
"""

import array
import contextlib
import errno
import logging
import secrets
import socket
import struct
from dataclasses import dataclass

from netmon.errors import SocketRefusedError
from netmon.probes.icmp.wire import IPV4, Family

log = logging.getLogger(__name__)

RECEIVE_BUFFER = 4 << 20
"""Bytes asked for. Holds some 10,000 replies: two seconds of a busy loop at 5,000 a second."""
SEND_BUFFER = 1 << 20
IP_HEADER = 20
"""Bytes before the ICMP message on a raw IPv4 socket, options aside."""

SO_TIMESTAMPNS = 35
_SO_ATTACH_FILTER = 26
_SO_RCVBUFFORCE = 33
NO_PING_SOCKETS = {errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EINVAL}
"""What the kernel says where it grants no ping socket."""


@dataclass(frozen=True, slots=True)
class EchoSocket:
    """An open socket, the identifier in its requests, and the bytes that stand before each message it receives."""

    sock: socket.socket
    ident: int
    header: int


def open_socket(family: Family) -> EchoSocket:
    """Open the socket this process is allowed for the family, ready to use.

    Raises:
        SocketRefusedError: neither kind is granted; the sentence says what to set.
    """
    try:
        sock = socket.socket(family.af, socket.SOCK_DGRAM, family.protocol)
    except OSError as error:
        if error.errno not in NO_PING_SOCKETS:
            raise SocketRefusedError(f"this system opens no {family.name} socket: {error.strerror}") from None
        return _open_raw(family)
    sock.bind((family.any_address, 0))
    _set_up(sock, family)
    return EchoSocket(sock, ident=sock.getsockname()[1], header=0)


def advice(name: str) -> str:
    """Say what to set where neither kind of socket of the family so called is granted."""
    return (
        f"the kernel grants netmon no {name} socket: either set the sysctl net.ipv4.ping_group_range so that it "
        "includes netmon's group (for example '0 2147483647'), or give netmon the capability CAP_NET_RAW"
    )


def _open_raw(family: Family) -> EchoSocket:
    try:
        sock = socket.socket(family.af, socket.SOCK_RAW, family.protocol)
    except OSError:
        raise SocketRefusedError(advice(family.name)) from None
    ident = secrets.randbits(16)
    _attach_filter(sock, family, ident)
    _set_up(sock, family)
    # What arrived before the filter was there is not ours.
    with contextlib.suppress(BlockingIOError):
        while True:
            sock.recv(1)
    return EchoSocket(sock, ident, header=IP_HEADER if family is IPV4 else 0)


def _attach_filter(sock: socket.socket, family: Family, ident: int) -> None:
    """Let the kernel drop all but echo replies to our identifier, as it does by itself on a ping socket."""
    # Classic BPF. A raw IPv4 socket's filter sees the IP header, of variable length; an IPv6 one does not.
    message_offset = (0xB1, 0, 0, 0) if family is IPV4 else (0x01, 0, 0, 0)  # X = IP header length, or 0
    program = (
        message_offset,
        (0x48, 0, 0, 0),  # A = type and code
        (0x15, 0, 3, family.reply),  # unless an echo reply, drop
        (0x48, 0, 0, 4),  # A = identifier
        (0x15, 0, 1, ident),  # unless ours, drop
        (0x06, 0, 0, 0xFFFFFFFF),  # pass
        (0x06, 0, 0, 0),  # drop
    )
    code = array.array("B", b"".join(struct.pack("HBBI", *instruction) for instruction in program))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program), code.buffer_info()[0]))


def _set_up(sock: socket.socket, family: Family) -> None:
    sock.settimeout(0)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    granted = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # the kernel doubles it for bookkeeping
    kind = "raw" if sock.type == socket.SOCK_RAW else "datagram"
    log.info("icmp socket opened family=%s kind=%s receive_buffer=%d", family.name, kind, granted)
    if granted < RECEIVE_BUFFER:
        log.warning(
            "icmp receive buffer is short family=%s bytes=%d advice='set the sysctl net.core.rmem_max to %d'",
            family.name, granted, RECEIVE_BUFFER,
        )  # fmt: skip

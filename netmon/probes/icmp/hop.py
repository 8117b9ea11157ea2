"""Who answers an echo request that may go only so many hops, without any privilege.

A ping socket hears only replies, but the kernel also puts ICMP errors about its requests into its error queue, with the
sender of each: IP_RECVERR, ip(7) and ipv6(7), as tracepath uses it. A raw socket (icmplib's way) needs CAP_NET_RAW,
which netmon's unit does not have.
"""

import select
import socket
import struct
from dataclasses import dataclass
from time import monotonic

from netmon.probes.icmp.wire import IPV4, IPV6, Family

_IP_RECVERR, _IPV6_RECVERR = 11, 25  # linux/in.h, linux/in6.h; Python names neither
_ERROR = struct.Struct("=IBBBBII")  # sock_extended_err: errno, origin, type, code, pad, info, data
_FROM_ICMP = {IPV4: 2, IPV6: 3}  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6; everything else is our own machine
_HEADER = struct.Struct("!HHHH")


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered, and after how many seconds."""

    address: str
    rtt: float


def ask(address: str, hops: int, timeout: float) -> Answer | None:
    """Send one echo request that may go so many hops; None where nobody answers within `timeout` seconds.

    Raises:
        OSError: no ping socket is granted, or there is no route.
    """
    family = IPV6 if ":" in address else IPV4
    with socket.socket(family.af, socket.SOCK_DGRAM, family.protocol) as sock:
        if family is IPV4:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        sock.settimeout(0)
        # The kernel fills in identifier and checksum.
        began = monotonic()
        sock.sendto(_HEADER.pack(family.request, 0, 0, hops) + bytes(8), (address, 0))
        heard = _heard(sock, family, began + timeout)
        return None if heard is None else Answer(heard, monotonic() - began)


def _heard(sock: socket.socket, family: Family, until: float) -> str | None:
    """Who answered: the device itself, or whoever could not pass the request on."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)  # errors are always told
    while (rest := until - monotonic()) > 0:
        for _, event in waiting.poll(rest * 1000):
            if event & select.POLLERR:
                sender = _sender_of_error(sock, family)
                if sender is not None:
                    return sender
            elif event & select.POLLIN:
                return str(sock.recvfrom(512)[1][0]).partition("%")[0]
    return None


def _sender_of_error(sock: socket.socket, family: Family) -> str | None:
    _, ancillary, _, _ = sock.recvmsg(512, 512, socket.MSG_ERRQUEUE)
    for _, _, data in ancillary:
        if len(data) >= _ERROR.size and _ERROR.unpack_from(data)[1] == _FROM_ICMP[family]:
            begins = _ERROR.size + family.address_at  # a sockaddr follows
            return socket.inet_ntop(family.af, data[begins : begins + family.address_size])
    return None

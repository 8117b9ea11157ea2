"""What an echo request looks like on the wire, and what IPv4 and IPv6 do differently.

The payload is 56 bytes, as ping's: the request's 32-bit slot number, because ICMP's 16 bits of sequence are too few
for many requests in flight; 8 random bytes that a reply must bring back; and a constant that names the sender to
whoever captures it. Messages are numpy records, so that a burst is built by a dozen assignments.
"""

import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netmon.errors import InputError

MESSAGE = np.dtype(
    [
        ("kind", ">u2"),  # type and code
        ("checksum", ">u2"),
        ("ident", ">u2"),
        ("sequence", ">u2"),
        ("slot", ">u4"),
        ("token", ">u8"),
        ("filler", "S44"),
    ]
)
MESSAGE_SIZE = MESSAGE.itemsize
FILLER = b"netmon availability probe".ljust(44, b".")
SLOT_MASK = 0xFFFFFFFF
SEQUENCE_MASK = 0xFFFF
_ONES = 0xFFFF
_FILLER_SUM = int.from_bytes(FILLER, "big") % _ONES


@dataclass(frozen=True, slots=True)
class Family:
    """An address family: its ICMP, and where its socket address keeps the address (offset and size in bytes)."""

    name: str
    af: socket.AddressFamily
    protocol: int
    request: int
    reply: int
    sockaddr_size: int
    address_at: int
    address_size: int

    @property
    def any_address(self) -> str:
        """The address that stands for none in particular."""
        return "0.0.0.0" if self.af == socket.AF_INET else "::"  # noqa: S104  # a ping socket listens to no stranger


IPV4 = Family("icmp4", socket.AF_INET, socket.IPPROTO_ICMP, 0x0800, 0x0000, 16, 4, 4)
IPV6 = Family("icmp6", socket.AF_INET6, socket.IPPROTO_ICMPV6, 0x8000, 0x8100, 28, 8, 16)


def family_of(address: str) -> Family:
    """The family of a numeric address.

    Raises:
        InputError: it is not one.
    """
    family = IPV6 if ":" in address else IPV4
    try:
        socket.inet_pton(family.af, address)
    except (OSError, ValueError, UnicodeError):
        raise InputError(f"'{address}' is not an IPv4 or IPv6 address; write it in numbers, without a zone") from None
    return family


def socket_addresses(family: Family, addresses: Sequence[str]) -> NDArray[np.uint8]:
    """Rows of `struct sockaddr_in` or `sockaddr_in6`, one per address; zeros for '' and for the other family's."""
    table = np.zeros((len(addresses), family.sockaddr_size), np.uint8)
    rows = [row for row, address in enumerate(addresses) if address and family_of(address) is family]
    if rows:
        packed = b"".join(socket.inet_pton(family.af, addresses[row]) for row in rows)
        table[rows, :2] = np.frombuffer(int(family.af).to_bytes(2, sys.byteorder), np.uint8)
        table[rows, family.address_at : family.address_at + family.address_size] = np.frombuffer(
            packed, np.uint8
        ).reshape(len(rows), family.address_size)
    return table


def checksums(messages: NDArray[np.void]) -> NDArray[np.int64]:
    """RFC 1071 checksums of messages whose filler is FILLER.

    Adding 16-bit words with end-around carry is arithmetic modulo 65535, and 65536 is 1 there: so a field of 32 or 64
    bits at an even offset counts as the number it is.
    """
    total = (messages["token"] % np.uint64(_ONES)).astype(np.int64) + _FILLER_SUM
    for field in ("kind", "ident", "sequence", "slot"):
        total += messages[field]
    sums: NDArray[np.int64] = _ONES - total % _ONES
    return sums

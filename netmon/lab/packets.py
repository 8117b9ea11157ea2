"""The few packets the wire writes: echo replies, time exceeded, port unreachable (RFC 791, 792).

An echo reply is the request with its ends swapped, so both checksums are corrected, not computed again (RFC 1624).
"""

from struct import Struct
from typing import Final

IP_HEADER: Final = 20
PLAIN_IP: Final = 0x45
"""IPv4, header without options."""
ICMP: Final = 1
UDP: Final = 17
ECHO_REQUEST: Final = 8
ECHO_HEADER: Final = IP_HEADER + 8
FRAGMENT: Final = 0xBF
"""Bits of byte 6 that are set in fragments (all but don't-fragment)."""

_DEST_UNREACHABLE: Final = 3
_PORT_UNREACHABLE: Final = 3
_TIME_EXCEEDED: Final = 11
_QUOTED: Final = IP_HEADER + 8
_ROUTER_TTL: Final = 64
_TTL_PROTOCOL_SUM = Struct("!BBH")
_ICMP_ERROR = Struct("!BBHI")
_IP = Struct("!BBHHHBBH4s4s")


def echo_reply(request: bytes, ttl: int) -> bytes:
    """The reply to an echo request (IPv4 without options, not a fragment), arriving with this TTL."""
    ip_sum = (request[10] << 8 | request[11]) + ((request[8] - ttl) << 8)
    if ip_sum < 0:
        ip_sum += 0xFFFF
    icmp_sum = (request[22] << 8 | request[23]) + (ECHO_REQUEST << 8)
    return (
        request[:8]
        + _TTL_PROTOCOL_SUM.pack(ttl, ICMP, (ip_sum & 0xFFFF) + (ip_sum >> 16))
        + request[16:20]
        + request[12:16]
        + b"\0\0"
        + ((icmp_sum & 0xFFFF) + (icmp_sum >> 16)).to_bytes(2, "big")
        + request[24:]
    )


def time_exceeded(packet: bytes, sender: bytes) -> bytes:
    """What a hop says of a packet whose TTL ran out there; `sender` is the hop's address, 4 bytes."""
    return _icmp_error(packet, sender, _TIME_EXCEEDED, 0)


def port_unreachable(packet: bytes) -> bytes:
    """What a host says of a UDP packet nobody listens for."""
    return _icmp_error(packet, packet[16:20], _DEST_UNREACHABLE, _PORT_UNREACHABLE)


def _icmp_error(packet: bytes, sender: bytes, kind: int, code: int) -> bytes:
    quoted = packet[:_QUOTED]
    body = _ICMP_ERROR.pack(kind, code, 0, 0) + quoted
    body = _ICMP_ERROR.pack(kind, code, checksum(body), 0) + quoted
    length = IP_HEADER + len(body)
    header = _IP.pack(PLAIN_IP, 0, length, 0, 0, _ROUTER_TTL, ICMP, 0, sender, packet[12:16])
    header = _IP.pack(PLAIN_IP, 0, length, 0, 0, _ROUTER_TTL, ICMP, checksum(header), sender, packet[12:16])
    return header + body


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF

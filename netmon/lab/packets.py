"""The few packets the wire writes: echo replies, time exceeded, port unreachable, UDP (RFC 768, 791, 792).

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
UDP_HEADER: Final = IP_HEADER + 8
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
_UDP = Struct("!2s2sHH")
_PSEUDO = Struct("!8sBBH")


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


def datagram(packet: bytes) -> tuple[int, bytes] | None:
    """Port and data of a UDP packet (IPv4 without options, not a fragment); None if it is cut short.

    Its checksum is not looked at: on a veth pair the kernel leaves that to hardware which is not there.
    """
    if len(packet) < UDP_HEADER:
        return None
    end = IP_HEADER + int.from_bytes(packet[24:26], "big")
    if not UDP_HEADER <= end <= len(packet):
        return None
    return int.from_bytes(packet[22:24], "big"), packet[UDP_HEADER:end]


def udp_reply(request: bytes, data: bytes, ttl: int) -> bytes:
    """A UDP packet back to where one came from, arriving with this TTL."""
    length = 8 + len(data)
    ends = request[16:20] + request[12:16]
    ports = (request[22:24], request[20:22])
    body = _UDP.pack(*ports, length, 0) + data
    body = _UDP.pack(*ports, length, checksum(_PSEUDO.pack(ends, 0, UDP, length) + body)) + data
    header = _IP.pack(PLAIN_IP, 0, IP_HEADER + length, 0, 0, ttl, UDP, 0, ends[:4], ends[4:])
    return header[:10] + checksum(header).to_bytes(2, "big") + header[12:] + body


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071); never 0, which would mean no checksum in UDP.

    Folding 16-bit words is arithmetic modulo 2^16 - 1, so one division does what a loop would.
    """
    if len(data) % 2:
        data += b"\0"
    return 0xFFFF - int.from_bytes(data, "big") % 0xFFFF

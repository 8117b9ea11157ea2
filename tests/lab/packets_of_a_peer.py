"""Packets as a kernel would send them to the wire, and what a peer reads in the answers; written apart from the lab."""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address


def internet_sum(data: bytes) -> int:
    """Ones' complement sum; 0xFFFF over data that carries a right checksum."""
    words = struct.unpack(f"!{len(data) // 2}H", data if len(data) % 2 == 0 else data[:-1])
    total: int = sum(words) + (data[-1] << 8 if len(data) % 2 else 0)
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def ip(payload: bytes, to: str, ttl: int, protocol: int, *, flags: int = 0x4000) -> bytes:
    source, target = IPv4Address("10.127.255.254").packed, IPv4Address(to).packed
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 77, flags, ttl, protocol, 0, source, target)
    ones = ~internet_sum(head) & 0xFFFF
    return head[:10] + struct.pack("!H", ones) + head[12:] + payload


def echo(to: str, *, ttl: int = 64, identifier: int = 4, sequence: int = 9, data: bytes = b"netmon-x") -> bytes:
    body = struct.pack("!BBHHH", 8, 0, 0, identifier, sequence) + data
    body = body[:2] + struct.pack("!H", ~internet_sum(body) & 0xFFFF) + body[4:]
    return ip(body, to, ttl, 1)


def udp(to: str, *, ttl: int = 64) -> bytes:
    return ip(struct.pack("!HHHH", 40000, 33434, 12, 0) + b"abcd", to, ttl, 17)


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, read and found whole."""

    sender: str
    kind: int
    code: int
    ttl: int
    body: bytes


def read(packet: bytes) -> Heard:
    assert internet_sum(packet[:20]) == 0xFFFF, "IP header checksum"
    assert internet_sum(packet[20:]) == 0xFFFF, "ICMP checksum"
    assert struct.unpack("!H", packet[2:4])[0] == len(packet)
    assert packet[16:20] == IPv4Address("10.127.255.254").packed
    return Heard(str(IPv4Address(packet[12:16])), packet[20], packet[21], packet[8], packet[24:])
